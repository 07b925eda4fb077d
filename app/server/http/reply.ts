import { httpStatusOf, printErrorBody } from '../../core/open-inference/error-body.ts';
import { statusOf } from '../../core/status.ts';

/** What a handler answers. `parts` are written one after the other. */
export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly parts: readonly (string | Uint8Array)[];
  /** Sent in chunks, without a length. */
  readonly isChunked?: boolean;
  /** Hears when the answer begins to be sent, and when it has been. */
  readonly sending?: (phase: 'start' | 'end') => void;
  /** Close the connection after this answer: its request was not read to the end. */
  readonly closes?: boolean;
}

export const JSON_TYPE = 'application/json';
export const TEXT_TYPE = 'text/plain';

/** 200 with a JSON body. */
export function jsonReply(body: string): Reply {
  return { status: 200, contentType: JSON_TYPE, parts: [body] };
}

/** A status without a body. */
export function emptyReply(status: number, contentType = TEXT_TYPE): Reply {
  return { status, contentType, parts: [] };
}

/** A failure with Triton's body; its status follows from its code. */
export function failureReply(cause: unknown, contentType = JSON_TYPE): Reply {
  const { code, message } = statusOf(cause);
  return { status: httpStatusOf(code), contentType, parts: [printErrorBody(message)] };
}

/** A failure with a status of its own. */
export function errorReply(status: number, message: string, contentType = TEXT_TYPE): Reply {
  return { status, contentType, parts: [printErrorBody(message)] };
}
