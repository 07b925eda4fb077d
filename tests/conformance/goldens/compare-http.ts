import { gunzipSync, inflateSync } from 'node:zlib';
import { compareTexts, shorten } from './compare-json.ts';
import { headerOf, type WireAnswer } from './http-exchange.ts';
import type { RecordedResponse } from './recording.ts';
import { different, EXACT, same, worst, type Verdict } from './verdict.ts';

function unpack(body: Buffer, encoding: string | undefined): Buffer {
  if (encoding === 'gzip') return gunzipSync(body);
  return encoding === 'deflate' ? inflateSync(body) : body;
}

/** The head of an answer in one line. Of the headers only those that a client reads. */
function headLine(status: number, headers: WireAnswer['headers']): string {
  const read = ['content-type', 'content-encoding'].map((name) => headerOf(headers, name) ?? '-');
  return `${status} ${read.join(' ')}`;
}

/** Compares JSON followed by tensors: the header as data, the tensors byte for byte. */
function compareBinary(want: Buffer, got: Buffer, wantLength: number, gotLength: number): Verdict {
  const isSameTail = got.subarray(gotLength).equals(want.subarray(wantLength));
  const head = compareTexts(want.toString('utf8', 0, wantLength), got.toString('utf8', 0, gotLength));
  if (isSameTail) return head;
  return different(
    `tensors ${shorten(want.toString('hex', wantLength))}`,
    `tensors ${shorten(got.toString('hex', gotLength))}`,
  );
}

/** Compares an answer with the recorded one. `place` puts the recorded places for our real paths. */
export function compareHttp(
  expected: RecordedResponse,
  answer: WireAnswer,
  place: (text: string) => string,
  compareBody: (want: string, got: string) => Verdict = compareTexts,
): Verdict {
  const encoding = headerOf(expected.headers, 'content-encoding');
  const want = Buffer.from(expected.body_base64 ?? '', 'base64');
  const heads = [headLine(expected.status, expected.headers), headLine(answer.status, answer.headers)];
  if (heads[0] !== heads[1]) {
    const got = answer.status < 0 ? answer.reason : shorten(answer.body.toString('utf8'));
    return different(`${heads[0]} ${shorten(want.toString('utf8'))}`, `${heads[1]} ${got}`);
  }
  const isSameReason = expected.reason === undefined || expected.reason === answer.reason;
  const body = compareBodies(unpack(want, encoding), unpack(answer.body, encoding));
  return worst([isSameReason ? EXACT : same(expected.reason, answer.reason), body]);

  function compareBodies(wantBody: Buffer, gotBody: Buffer): Verdict {
    const lengths = [expected.headers, answer.headers].map((headers) =>
      Number(headerOf(headers, 'inference-header-content-length') ?? -1),
    );
    const [wantLength = -1, gotLength = -1] = lengths;
    if (wantLength >= 0 && gotLength >= 0)
      return wantBody.equals(gotBody) ? EXACT : compareBinary(wantBody, gotBody, wantLength, gotLength);
    return compareBody(wantBody.toString('utf8'), place(gotBody.toString('utf8')));
  }
}
