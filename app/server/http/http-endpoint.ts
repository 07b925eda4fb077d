import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ListeningEndpoint } from '../../core/server-events/server-event.ts';
import { listen } from '../listen.ts';
import { allowedHostNames, checkOrigin } from './check-origin.ts';
import { handleRequest, type ServerContext } from './handle-request.ts';
import { BodyRefused } from './read-body.ts';
import { refuseMalformed } from './refuse-malformed.ts';
import { failureReply, TEXT_TYPE, type Reply } from './reply.ts';

/** The HTTP port while it is open. */
export interface HttpEndpoint extends ListeningEndpoint {
  /** Takes no new connections; those that are idle are closed, the others after their answer. */
  stopAccepting(): void;
  /** Closes every connection at once. */
  close(): void;
}

const KEEP_ALIVE_MILLISECONDS = 75_000;
const HEADERS_TIMEOUT_MILLISECONDS = 60_000;
const REQUEST_TIMEOUT_MILLISECONDS = 300_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** Up to here a body is sent as a string of bytes: Node then writes it in one piece with the head. */
const SMALL_BODY_BYTES = 16 * 1024;

function asBytesString(part: string | Uint8Array): string {
  const bytes =
    typeof part === 'string' ? Buffer.from(part) : Buffer.from(part.buffer, part.byteOffset, part.byteLength);
  return bytes.toString('latin1');
}

/** To a client that speaks HTTP/1.0: without a length, the end of the connection ends the answer. */
function writeOldReply(
  response: ServerResponse,
  { status, contentType, headers, parts, sending }: Reply,
): void {
  const { socket } = response;
  if (!socket) return;
  sending?.('start');
  socket.once('close', () => sending?.('end'));
  const lines = Object.entries({ ...headers, 'Content-Type': contentType }).map(
    ([name, text]) => `${name}: ${text}\r\n`,
  );
  const reason = status === 405 ? 'Not Allowed' : (STATUS_CODES[status] ?? '');
  socket.write(`HTTP/1.0 ${status} ${reason}\r\n${lines.join('')}\r\n`);
  for (const part of parts) socket.write(part);
  socket.end();
}

function writeReply(response: ServerResponse, reply: Reply, isHead: boolean): void {
  const { status, contentType, headers, parts, closes, isChunked, sending } = reply;
  // Triton says neither when nor for how long.
  response.sendDate = false;
  if (response.req.httpVersion !== '1.0') response.removeHeader('Connection');
  if (sending) {
    sending('start');
    response.once('close', () => sending('end'));
  }
  const byteLength = parts.reduce((total, part) => total + Buffer.byteLength(part), 0);
  response.writeHead(status, status === 405 ? 'Not Allowed' : undefined, {
    ...headers,
    'Content-Type': contentType,
    ...(isChunked ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': byteLength }),
    ...(closes || !response.shouldKeepAlive ? { Connection: 'close' } : {}),
  });
  const [only] = parts;
  if (isHead || only === undefined) {
    response.end();
    return;
  }
  if (byteLength <= SMALL_BODY_BYTES) {
    response.end(parts.map(asBytesString).join(''), 'latin1');
    return;
  }
  if (parts.length === 1) {
    response.end(only);
    return;
  }
  response.socket?.cork();
  for (const part of parts) response.write(part);
  response.end();
  response.socket?.uncork();
}

async function respond(
  context: ServerContext,
  allowedHosts: ReadonlySet<string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let reply: Reply;
  try {
    reply = checkOrigin(request, allowedHosts) ?? (await handleRequest(context, request));
  } catch (cause) {
    context.log.write(
      'error',
      `internal failure: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`,
    );
    reply = failureReply(cause, TEXT_TYPE);
  }
  if (response.destroyed) return;
  const closes = context.isExiting() || (!request.complete && isUnread(request));
  const isOld = request.httpVersion === '1.0' && !/keep-alive/i.test(request.headers.connection ?? '');
  if (isOld) writeOldReply(response, reply);
  else writeReply(response, closes ? { ...reply, closes } : reply, request.method === 'HEAD');
  if (!request.complete) request.resume();
}

function isUnread(request: IncomingMessage): boolean {
  return request.isPaused() || request.readableFlowing === null
    ? Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding'] !== undefined
    : false;
}

/** Opens the HTTP port. Rejects with the system's error (`EADDRINUSE`, `EACCES`). */
export async function openHttpEndpoint(
  context: ServerContext,
  address: string,
  port: number,
): Promise<HttpEndpoint> {
  const allowedHosts = allowedHostNames(address, context.options.allowedHosts);
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
      headersTimeout: HEADERS_TIMEOUT_MILLISECONDS,
      requestTimeout: REQUEST_TIMEOUT_MILLISECONDS,
      maxHeaderSize: MAX_HEADER_BYTES,
      noDelay: true,
      // Programs that leave it out are served, as by Triton; a page in a browser cannot leave it out.
      requireHostHeader: false,
    },
    (request, response) => {
      respond(context, allowedHosts, request, response).catch((cause: unknown) => {
        if (!(cause instanceof BodyRefused)) context.log.write('error', `answer not sent: ${String(cause)}`);
        response.destroy();
      });
    },
  );
  server.on('clientError', refuseMalformed);
  const bound = await listen(server, address, port);
  return {
    ...bound,
    stopAccepting: () => {
      server.close();
      server.closeIdleConnections();
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
