import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WebSocketServer } from 'ws';
import type { Channel, HostMessage } from '../../app/contract/channel.ts';
import { StatusError } from '../../app/core/status.ts';
import { contentSecurityPolicy, newStyleNonce, SECURITY_HEADERS } from '../page/content-security-policy.ts';
import { findPageFile, readIndexHtml } from '../page/page-files.ts';
import { AccessGuard, type Refusal } from './access-guard.ts';
import { refusalPage } from './refusal-page.ts';
import { websocketChannel } from './websocket-channel.ts';

/** URL path prefix of downloads. */
export const DOWNLOAD_PATH = '/downloads/';
const CHANNEL_PATH = '/channel';
const HAND_OVER_PATH = '/hand-over';
/** The largest message of the contract: an upload chunk or a request's tensors. */
const MESSAGE_BYTES_LIMIT = 64 * 1024 * 1024;
const HAND_OVER_BYTES_LIMIT = 1024 * 1024;

/** A file on its way to the browser. */
export interface Download {
  readonly fileName: string;
  readonly byteSize: number;
  readonly stream: Readable;
}

/** What the page server serves. */
export interface PageServerParts {
  /** The built page: `dist/renderer`. */
  readonly pageFolder: string;
  /** Wanted ports in order; 0 is any free one. */
  readonly ports: readonly number[];
  /** Called for every tab; the returned function ends its service. */
  serveChannel(channel: Channel<HostMessage, unknown>): () => void;
  /** Rejects as `not-found` where there is no such download. */
  openDownload(id: string): Promise<Download>;
  /** Takes the paths of a second start on the same data folder. */
  takePaths(paths: readonly string[]): void;
}

/** The running page server. */
export interface PageServer {
  readonly port: number;
  /** The address with its token, for the person who started us. */
  readonly url: string;
  /** The address with a token that works once, to hand to a browser in a command line. */
  readonly issueUrl: () => string;
  /** Where and by which secret a second start hands over its paths. */
  readonly handOverAddress: string;
  close(): Promise<void>;
}

/** Serves the page, its channel and its downloads on one loopback port. Rejects where no wanted port is free. */
export async function startPageServer(parts: PageServerParts): Promise<PageServer> {
  const server = createServer();
  const port = await listenOnFirst(server, parts.ports);
  const guard = new AccessGuard(port);
  const handOver = new AccessGuard(port);
  server.on('request', (request, response) => {
    answer({ parts, guard, handOver, request, response }).catch(() => response.destroy());
  });
  const sockets = serveChannels(server, parts, guard);
  return {
    port,
    url: `http://127.0.0.1:${port}/?token=${guard.token}`,
    issueUrl: () => `http://127.0.0.1:${port}/?token=${guard.issueTicket()}`,
    handOverAddress: `http://127.0.0.1:${port}${HAND_OVER_PATH}?token=${handOver.token}`,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listenOn(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

async function listenOnFirst(server: Server, ports: readonly number[]): Promise<number> {
  let lastReason = '';
  for (const port of ports) {
    try {
      return await listenOn(server, port);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
      lastReason =
        code === 'EADDRINUSE'
          ? `Port ${port} is taken by another program; choose one with --port.`
          : `Port ${port} cannot be opened (${code}); choose one above 1023 with --port.`;
    }
  }
  throw new StatusError('unavailable', lastReason);
}

function serveChannels(server: Server, parts: PageServerParts, guard: AccessGuard): WebSocketServer {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_LIMIT,
    perMessageDeflate: false,
    clientTracking: true,
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const { path } = targetOf(request);
    const refusal = guard.checkUpgrade(request);
    if (refusal !== null || path !== CHANNEL_PATH) {
      socket.end(
        `HTTP/1.1 ${refusal?.status ?? 404} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate());
      const stop = parts.serveChannel(websocketChannel(webSocket));
      webSocket.once('close', stop);
    });
  });
  return sockets;
}

interface Exchange {
  readonly parts: PageServerParts;
  readonly guard: AccessGuard;
  readonly handOver: AccessGuard;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function answer(exchange: Exchange): Promise<void> {
  const { parts, guard, handOver, request, response } = exchange;
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  const styleNonce = newStyleNonce();
  const host = request.headers.host ?? '';
  response.setHeader('Cache-Control', 'no-store');
  const wrongAddress = guard.checkAddress(request);
  const policy = contentSecurityPolicy(styleNonce, wrongAddress ? [] : [`ws://${host}`]);
  response.setHeader('Content-Security-Policy', policy);
  if (wrongAddress) return refuse(exchange, wrongAddress);

  const { path, query } = targetOf(request);
  const token = query.get('token');
  if (path === HAND_OVER_PATH && request.method === 'POST') {
    if (token === null || !handOver.admits(token)) return end(response, 403);
    return takeHandOver(exchange);
  }
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return end(response, 405, { Allow: 'GET, HEAD' });
  if (path === '/' && token !== null && guard.admits(token)) {
    return end(response, 303, { Location: '/', 'Set-Cookie': guard.setCookie });
  }
  const stranger = guard.checkSession(request);
  if (stranger) return refuse(exchange, stranger);
  if (path === '/') return sendHtml(response, 200, await readIndexHtml(parts.pageFolder, styleNonce));
  if (path.startsWith(DOWNLOAD_PATH)) return sendDownload(exchange, path.slice(DOWNLOAD_PATH.length));
  return sendFile(exchange, path);
}

function targetOf(request: IncomingMessage): { readonly path: string; readonly query: URLSearchParams } {
  const url = request.url ?? '/';
  const at = url.includes('?') ? url.indexOf('?') : url.length;
  return { path: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) };
}

function end(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'Content-Length': 0, ...headers }).end();
}

function sendHtml(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': Buffer.byteLength(html),
  });
  response.end(html);
}

function refuse({ request, response }: Exchange, { status, sentence }: Refusal): void {
  // A link on another site opens us without our strict cookie; asking once more from here brings it along.
  const isFromElsewhere = request.headers['sec-fetch-site'] === 'cross-site' && status === 401;
  sendHtml(response, status, refusalPage(sentence, isFromElsewhere));
}

async function sendFile({ parts, request, response }: Exchange, urlPath: string): Promise<void> {
  const file = await findPageFile(parts.pageFolder, urlPath);
  if (!file) return end(response, 404);
  response.writeHead(200, {
    'Content-Type': file.contentType,
    'Content-Length': file.byteSize,
    'Cache-Control': file.cacheControl,
  });
  if (request.method === 'HEAD') response.end();
  else await pipeline(createReadStream(file.path), response);
}

async function sendDownload({ parts, request, response }: Exchange, id: string): Promise<void> {
  let download: Download;
  try {
    download = await parts.openDownload(decodeURIComponent(id));
  } catch {
    return end(response, 404);
  }
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': download.byteSize,
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(download.fileName)}`,
  });
  if (request.method === 'HEAD') {
    download.stream.destroy();
    response.end();
  } else await pipeline(download.stream, response);
}

async function takeHandOver({ parts, guard, request, response }: Exchange): Promise<void> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > HAND_OVER_BYTES_LIMIT) return end(response, 403);
  }
  const paths: unknown = JSON.parse(text);
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string')) return end(response, 403);
  parts.takePaths(paths);
  const host = request.headers.host ?? '';
  const body = JSON.stringify({ url: `http://${host}/?token=${guard.token}` });
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
