import { connect, type Socket } from 'node:net';

/** A request as bytes on the wire: nothing is added but Host and a length. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly chunks?: readonly Buffer[];
}

export interface WireAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Without the framing of chunks, still compressed. */
  readonly body: Buffer;
}

export const NO_ANSWER = -1;

/** The value of a header, whatever the case of its name. */
export function headerOf(headers: WireAnswer['headers'], name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

function unchunk(bytes: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16);
    if (size === 0) return Buffer.concat(parts);
    const start = end + 2;
    if (bytes.byteLength < start + size + 2) return null;
    parts.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}

function readBody(
  bytes: Buffer,
  headers: WireAnswer['headers'],
  isBodyless: boolean,
  hasEnded: boolean,
): Buffer | null {
  if (isBodyless) return Buffer.alloc(0);
  if (headerOf(headers, 'transfer-encoding') === 'chunked') return unchunk(bytes);
  const length = headerOf(headers, 'content-length');
  if (length === undefined) return hasEnded ? bytes : null;
  return bytes.byteLength >= Number(length) ? bytes.subarray(0, Number(length)) : null;
}

/** The answer at the start of the bytes; null while it is not whole. */
export function readAnswer(bytes: Buffer, method: string, hasEnded: boolean): WireAnswer | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const match = /^HTTP\/\d\.\d (\d+) ?(.*)$/.exec(first);
  if (!match) return null;
  const status = Number(match[1]);
  const rest = bytes.subarray(end + 4);
  if (status < 200) return readAnswer(rest, method, hasEnded);
  const headers = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const isBodyless = method === 'HEAD' || status === 204 || status === 304;
  const body = readBody(rest, headers, isBodyless, hasEnded);
  return body && { status, reason: match[2] ?? '', headers, body };
}

function has(headers: Readonly<Record<string, string>>, ...names: readonly string[]): boolean {
  return Object.keys(headers).some((key) => names.includes(key.toLowerCase()));
}

function encodeChunks(chunks: readonly Buffer[]): Buffer {
  const framed = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.byteLength.toString(16)}\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...framed, Buffer.from('0\r\n\r\n')]);
}

function encodeRequest(port: number, request: WireRequest): Buffer {
  const { method, path, headers = {}, body = Buffer.alloc(0), chunks } = request;
  const isChunked = chunks !== undefined || headers['Transfer-Encoding'] === 'chunked';
  const all: Record<string, string> = { Host: `127.0.0.1:${port}` };
  if (!has(headers, 'accept-encoding')) all['Accept-Encoding'] = 'identity';
  Object.assign(all, headers);
  if (chunks) all['Transfer-Encoding'] = 'chunked';
  const wantsLength = body.byteLength > 0 || method === 'POST';
  if (!isChunked && wantsLength && !has(headers, 'content-length'))
    all['Content-Length'] = String(body.byteLength);
  const lines = Object.entries(all).map(([key, value]) => `${key}: ${value}\r\n`);
  const head = Buffer.from(
    `${method} ${path === '' ? '/' : path} HTTP/1.1\r\n${lines.join('')}\r\n`,
    'latin1',
  );
  return Buffer.concat([head, isChunked ? encodeChunks(chunks ?? [body]) : body]);
}

/** Sends a request on a connection of its own; status -1 if the server closes it without an answer. */
export function exchange(port: number, request: WireRequest, milliseconds = 60_000): Promise<WireAnswer> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1');
    let bytes = Buffer.alloc(0);
    const finish = (answer: WireAnswer): void => {
      socket.destroy();
      resolve(answer);
    };
    const none = (reason: string): void =>
      finish({ status: NO_ANSWER, reason, headers: [], body: Buffer.alloc(0) });
    socket.setTimeout(milliseconds, () => none(`no answer within ${milliseconds} ms`));
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      const answer = readAnswer(bytes, request.method, false);
      if (answer) finish(answer);
    });
    socket.on('end', () => {
      const answer = readAnswer(bytes, request.method, true);
      if (answer) finish(answer);
      else none('closed without an answer');
    });
    socket.on('error', (cause) => none(cause.message));
    socket.write(encodeRequest(port, request));
  });
}

/** Sends bytes as they are; what came until the server closed or stayed silent. */
export function exchangeBytes(
  port: number,
  bytes: Buffer,
  silentMilliseconds: number,
): Promise<{ readonly bytes: Buffer; readonly isClosed: boolean }> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    const finish = (isClosed: boolean): void => {
      socket.destroy();
      resolve({ bytes: Buffer.concat(chunks), isClosed });
    };
    socket.setTimeout(silentMilliseconds, () => finish(false));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => finish(true));
    socket.on('error', () => finish(true));
    socket.write(bytes);
  });
}
