import type { Duplex } from 'node:stream';
import { matchRoute } from './routes.ts';
import { refuseMethod } from './refuse-method.ts';
import { errorReply, type Reply } from './reply.ts';

/** What Node says of a request that it could not parse. */
export interface ParseFailure extends Error {
  readonly code?: string;
  readonly rawPacket?: Uint8Array;
}

function replyTo({ code, rawPacket }: ParseFailure): Reply | null {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return errorReply(408, 'Request Timeout');
  if (code !== 'HPE_INVALID_METHOD') return null;
  const head = Buffer.from(rawPacket ?? []).toString('latin1');
  const path = /^[A-Z]+ ([^\s?]+)\S* HTTP\/1\.[01]\r\n/.exec(head)?.[1];
  if (path === undefined) return null;
  const route = matchRoute(path);
  return route ? refuseMethod(route) : errorReply(404, 'Not Found');
}

const REASONS: Readonly<Record<number, string>> = {
  404: 'Not Found',
  405: 'Not Allowed',
  408: 'Request Timeout',
};

/**
 * Answers a request that Node's parser gave up: a verb that it does not know is refused like any other that the route
 * does not take; everything else is closed without an answer, as in Triton.
 */
export function refuseMalformed(failure: ParseFailure, socket: Duplex): void {
  const reply = socket.writable ? replyTo(failure) : null;
  if (!reply) {
    socket.destroy();
    return;
  }
  const { status, contentType, parts } = reply;
  const body = parts.join('');
  const head = `HTTP/1.1 ${status} ${REASONS[status] ?? ''}\r\nContent-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
  socket.end(head + body);
}
