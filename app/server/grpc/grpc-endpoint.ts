import { readFile } from 'node:fs/promises';
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { decodeGrpcMessage, encodeGrpcMessage } from '../../core/grpc/grpc-messages.ts';
import { GRPC_RPCS, type PlainRpcName, type RpcName } from '../../core/grpc/grpc-rpcs.ts';
import { StatusError } from '../../core/status.ts';
import type { MessageParts } from '../../core/grpc/write-infer-response.ts';
import type { ListeningEndpoint } from '../../core/server-events/server-event.ts';
import type { GrpcOptions } from '../grpc-options.ts';
import { allowedHostNames } from '../http/check-origin.ts';
import { listen } from '../listen.ts';
import type { ServerContext } from '../http/handle-request.ts';
import { ConnectionCare } from './connection-care.ts';
import { GrpcCall, type OutgoingMessage } from './grpc-call.ts';
import { GrpcFailure, isForeseen } from './grpc-failure.ts';
import { handleModelInfer, handleModelStreamInfer } from './infer-call.ts';
import { chooseMessageEncoding } from './message-compression.ts';
import { PLAIN_RPC_HANDLERS } from './plain-rpc-handlers.ts';

/** The gRPC port while it is open. */
export interface GrpcEndpoint extends ListeningEndpoint {
  /** Connections that are open now. */
  readonly connectionCount: number;
  /** Takes no new connections and no new calls; calls that run are answered. */
  stopAccepting(): void;
  /** Closes every connection at once. */
  close(): void;
}

/** gRPC's own limit, and the largest message of protobuf. */
const MAX_MESSAGE_BYTES = 2 ** 31 - 1;
const STREAM_WINDOW_BYTES = 8 * 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;
const SETTINGS = {
  initialWindowSize: STREAM_WINDOW_BYTES,
  maxFrameSize: 1024 * 1024,
  maxConcurrentStreams: 4096,
  maxHeaderListSize: 64 * 1024,
};
/** What Node may keep for one connection, in MB: queued answers count, so that it must be large. */
const MAX_SESSION_MEGABYTES = 4096;
const RESTRICTION_PREFIX = 'triton-grpc-protocol-';

const PATHS: ReadonlyMap<string, RpcName> = new Map(
  (Object.keys(GRPC_RPCS) as RpcName[]).map((name) => [`/${GRPC_RPCS[name].service}/${name}`, name]),
);

function isPlain(name: RpcName): name is PlainRpcName {
  return name !== 'ModelInfer' && name !== 'ModelStreamInfer';
}

async function answerPlain(
  name: PlainRpcName,
  bytes: Uint8Array,
  context: ServerContext,
): Promise<MessageParts> {
  const { request, response } = GRPC_RPCS[name];
  // The table holds for each name a handler of its own messages; TypeScript cannot follow a name that is a variable.
  const handler = PLAIN_RPC_HANDLERS[name] as unknown as (
    request: object,
    context: ServerContext,
  ) => Promise<object>;
  const message = await handler(decodeGrpcMessage(request, bytes), context);
  const encoded = encodeGrpcMessage(response, message);
  return { parts: [encoded], byteLength: encoded.byteLength };
}

/** One gRPC port: takes streams, finds the RPC, and answers. */
class Endpoint {
  readonly #context: ServerContext;
  readonly #options: GrpcOptions;
  readonly #allowedHosts: ReadonlySet<string>;
  readonly #cares = new WeakMap<ServerHttp2Session, ConnectionCare>();
  readonly sessions = new Set<ServerHttp2Session>();

  constructor(context: ServerContext) {
    this.#context = context;
    this.#options = context.options.grpc;
    this.#allowedHosts = allowedHostNames(this.#options.address, context.options.allowedHosts);
  }

  addSession(session: ServerHttp2Session): void {
    this.sessions.add(session);
    session.once('close', () => this.sessions.delete(session));
    session.on('error', () => session.destroy());
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    this.#cares.set(session, new ConnectionCare(session, this.#options.connection));
  }

  take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    if (headers[':method'] !== 'POST' || !String(headers['content-type']).startsWith('application/grpc')) {
      stream.on('error', () => undefined);
      stream.respond({ ':status': headers[':method'] === 'POST' ? 415 : 405 }, { endStream: true });
      return;
    }
    const { httpMaxInputBytes } = this.#context.options;
    const call = new GrpcCall(stream, headers, {
      maxMessageBytes: MAX_MESSAGE_BYTES,
      maxDecompressedBytes: httpMaxInputBytes,
    });
    const care = stream.session && this.#cares.get(stream.session as ServerHttp2Session);
    if (care) {
      care.begin();
      stream.once('close', () => care.end());
      call.onSend = () => care.sent();
    }
    try {
      this.#dispatch(call);
    } catch (cause) {
      call.fail(cause);
    }
  }

  #checkAuthority(call: GrpcCall): void {
    const authority = call.header(':authority') ?? call.header('host');
    if (authority === undefined) return;
    const name = authority.toLowerCase().replace(/:\d+$/, '');
    if (this.#allowedHosts.has(name)) return;
    throw new GrpcFailure(
      'PERMISSION_DENIED',
      `this server does not answer for the host '${name}'; start it with --conch-allow-host to allow that name`,
    );
  }

  #checkRestriction(name: RpcName, call: GrpcCall): void {
    const restriction = this.#options.restrictedApis.get(GRPC_RPCS[name].api);
    if (!restriction) return;
    const header = `${RESTRICTION_PREFIX}${restriction.header}`;
    if (call.header(header.toLowerCase()) === restriction.value) return;
    throw new GrpcFailure('UNAVAILABLE', `This protocol is restricted, expecting header '${header}'`);
  }

  #dispatch(call: GrpcCall): void {
    this.#checkAuthority(call);
    const name = PATHS.get(call.header(':path') ?? '');
    if (name === undefined) throw new GrpcFailure('UNIMPLEMENTED', '');
    this.#checkRestriction(name, call);
    if (isPlain(name)) this.#answerOne(call, (bytes) => answerPlain(name, bytes, this.#context));
    else {
      const level = this.#options.responseCompressionLevel;
      call.compressWith(chooseMessageEncoding(level, call.header('grpc-accept-encoding')));
      if (name === 'ModelStreamInfer') handleModelStreamInfer(this.#context, call);
      else this.#answerOne(call, (bytes) => handleModelInfer(this.#context, call, bytes));
    }
  }

  #logBug(cause: unknown): void {
    if (isForeseen(cause)) return;
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    this.#context.log.write('error', `internal failure: ${text}`);
  }

  #answerOne(call: GrpcCall, answer: (bytes: Uint8Array) => Promise<OutgoingMessage>): void {
    let hasMessage = false;
    const respond = async (bytes: Uint8Array): Promise<void> => {
      try {
        await call.sendLast(await answer(bytes));
      } catch (cause) {
        this.#logBug(cause);
        call.fail(cause);
      }
    };
    call.receive(
      (bytes) => {
        if (hasMessage) call.fail(new GrpcFailure('UNIMPLEMENTED', 'more than one message for this call'));
        else void respond(bytes);
        hasMessage = true;
      },
      () => {
        if (!hasMessage) call.fail(new GrpcFailure('UNIMPLEMENTED', 'no message for this call'));
      },
    );
  }
}

async function openServer({ tls }: GrpcOptions): Promise<Http2Server | Http2SecureServer> {
  const options = { settings: SETTINGS, maxSessionMemory: MAX_SESSION_MEGABYTES };
  if (!tls) return createServer(options);
  if (tls.serverCert === '' || tls.serverKey === '')
    throw new StatusError(
      'unavailable',
      'failed to start GRPC service: TLS needs a certificate and its key (--grpc-server-cert, --grpc-server-key)',
    );
  const read = (path: string): Promise<Buffer | undefined> =>
    path === '' ? Promise.resolve(undefined) : readFile(path);
  const [cert, key, ca] = await Promise.all([tls.serverCert, tls.serverKey, tls.rootCert].map(read));
  return createSecureServer({
    ...options,
    allowHTTP1: false,
    minVersion: 'TLSv1.2',
    requestCert: tls.isMutual,
    rejectUnauthorized: tls.isMutual,
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(ca ? { ca } : {}),
  });
}

/** Opens the gRPC port. Rejects with the system's error (`EADDRINUSE`, `EACCES`; `ENOENT` for a certificate); with a StatusError where TLS is asked for without one. */
export async function openGrpcEndpoint(
  context: ServerContext,
  address: string,
  port: number,
): Promise<GrpcEndpoint> {
  const endpoint = new Endpoint(context);
  const server = await openServer(context.options.grpc);
  server.on('session', (session) => endpoint.addSession(session));
  server.on('stream', (stream, headers) => endpoint.take(stream, headers));
  // Bytes that are no HTTP/2, or a TLS handshake that fails, end that connection and nothing else.
  server.on('sessionError', () => undefined);
  server.on('tlsClientError', () => undefined);
  server.on('unknownProtocol', (socket) => socket.destroy());
  const bound = await listen(server, address, port);
  return {
    ...bound,
    get connectionCount() {
      return endpoint.sessions.size;
    },
    stopAccepting: () => {
      server.close();
      for (const session of endpoint.sessions) session.close();
    },
    close: () => {
      server.close();
      for (const session of endpoint.sessions) session.destroy();
    },
  };
}
