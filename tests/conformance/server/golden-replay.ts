import { gunzipSync, inflateSync } from 'node:zlib';
import { callPort, type Answer } from './server-under-test.ts';

/** One recorded exchange with a real Triton. */
export interface Golden {
  readonly file: string;
  readonly name: string;
  readonly repositories?: readonly string[];
  readonly flags?: readonly string[];
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body_base64?: string;
    readonly port?: string;
  };
  readonly response: {
    readonly status: number;
    readonly headers: readonly (readonly [string, string])[];
    readonly body_base64?: string;
  };
  /** The body with what varies replaced by "*". */
  readonly masked?: string;
}

/** How our answer compares: byte-equal, equal as JSON (what varies left out), or different. */
export type Verdict = 'exact' | 'same' | 'different';

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(sorted);
    const isNamed = items.every((item) => typeof item === 'object' && item !== null && 'name' in item);
    return isNamed
      ? items.sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1))
      : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, each]) => [key, sorted(each)] as const);
  return Object.fromEntries(members.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** JSON as data in which neither the order of named things nor durations count; undefined for anything else. */
function comparable(text: string): unknown {
  const still = text
    .replaceAll(/"(ns|last_inference)":\d+/g, '"$1":0')
    .replaceAll(/(?<=[[,:])(-?Infinity|NaN)/g, '"$1"');
  try {
    return sorted(JSON.parse(still));
  } catch {
    return undefined;
  }
}

function isAlike(got: unknown, want: unknown): boolean {
  if (want === '*') return true;
  if (Array.isArray(want)) {
    return (
      Array.isArray(got) &&
      got.length === want.length &&
      want.every((each, index) => isAlike(got[index], each))
    );
  }
  if (typeof want !== 'object' || want === null) return Object.is(got, want);
  if (typeof got !== 'object' || got === null) return false;
  const keys = Object.keys(want);
  return (
    keys.length === Object.keys(got).length &&
    keys.every((key) =>
      isAlike((got as Record<string, unknown>)[key], (want as Record<string, unknown>)[key]),
    )
  );
}

function unpack(body: Buffer, encoding: string | undefined): Buffer {
  if (encoding === 'gzip') return gunzipSync(body);
  return encoding === 'deflate' ? inflateSync(body) : body;
}

function header(golden: Golden, name: string): string | undefined {
  return golden.response.headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

function compareJson(got: string, want: string): Verdict {
  const [left, right] = [comparable(got), comparable(want)];
  return right !== undefined && isAlike(left, right) ? 'same' : 'different';
}

function compare(golden: Golden, answer: Answer, place: (text: string) => string): Verdict {
  if (answer.status !== golden.response.status) return 'different';
  const encoding = header(golden, 'content-encoding');
  if (answer.headers['content-encoding'] !== encoding) return 'different';
  if (header(golden, 'content-type') !== answer.headers['content-type']) return 'different';
  const got = unpack(answer.body, encoding);
  const want = unpack(Buffer.from(golden.response.body_base64 ?? '', 'base64'), encoding);
  const text = place(got.toString('latin1'));
  if (text === want.toString('latin1')) return 'exact';
  if (golden.masked !== undefined) return compareJson(text, golden.masked);
  const length = header(golden, 'inference-header-content-length');
  if (length === undefined) return compareJson(text, want.toString('latin1'));
  const [gotEnd, wantEnd] = [Number(answer.headers['inference-header-content-length']), Number(length)];
  const isEqualTail = got.subarray(gotEnd).equals(want.subarray(wantEnd));
  return isEqualTail
    ? compareJson(got.toString('latin1', 0, gotEnd), want.toString('latin1', 0, wantEnd))
    : 'different';
}

/** Sends the recorded request to our server and compares. `place` puts the recorded places for our real paths. */
export async function replay(
  golden: Golden,
  port: number,
  place: (text: string) => string,
): Promise<Verdict> {
  const { method, path, headers, body_base64: encoded } = golden.request;
  const body = Buffer.from(encoded ?? '', 'base64');
  const isChunked = headers?.['Transfer-Encoding'] === 'chunked';
  const length = method === 'POST' && !isChunked ? { 'Content-Length': body.byteLength } : {};
  try {
    const answer = await callPort(port, path === '' ? '/' : path, {
      method,
      headers: { ...length, ...headers },
      ...(body.byteLength > 0 ? { body } : {}),
    });
    return compare(golden, answer, place);
  } catch {
    return 'different';
  }
}
