import type { IncomingHttpHeaders } from 'node:http';

/** Of an answer that is no JSON error. */
const LONGEST_TEXT = 300;

/** What is known of an answer that is not the one that was asked for. */
export interface FailedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** Whether an answer is for a browser. */
export function isPage({ headers }: FailedAnswer): boolean {
  return /^text\/html\b/i.test(headers['content-type'] ?? '');
}

/** The server's own reason, where its answer is one of Triton's: `{"error": "…"}`. */
function ownReason(text: string): string | null {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === 'string' ? error : null;
  } catch {
    return null;
  }
}

/** Why an answer of another status than 200 is none: the server's own words where it has some. */
export function answerFailure(answer: FailedAnswer, baseUrl: string): string {
  const { status, headers, body } = answer;
  const text = new TextDecoder().decode(body);
  const reason = ownReason(text);
  if (reason !== null) return reason;
  const to = headers.location;
  if (status >= 300 && status < 400)
    return `${baseUrl} sends on to ${to ?? 'another address'} (HTTP status ${status}), which was not asked: name that address if it is the server.`;
  if (status === 401 || status === 403)
    return `${baseUrl} wants to know who asks (HTTP status ${status}): give the header that it needs, as Authorization: Bearer ….`;
  if (isPage(answer)) return pageInstead(baseUrl, status);
  if (text.trim() === '') return `The server answered with HTTP status ${status}.`;
  // A page of a proxy says nothing in its thousandth character that it did not say in its first.
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}… (HTTP status ${status})` : text;
}

/** Why an answer that should be JSON is none. */
export function notJson(answer: FailedAnswer, address: string): string {
  return isPage(answer)
    ? pageInstead(address, answer.status)
    : `${address} answered something that is not JSON.`;
}

function pageInstead(address: string, status: number): string {
  return `${address} answered with a web page (HTTP status ${status}): it is no inference server, or a proxy stands before it.`;
}
