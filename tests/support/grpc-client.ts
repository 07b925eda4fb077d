import { fileURLToPath } from 'node:url';
import {
  Client,
  credentials,
  Metadata,
  status,
  type ChannelCredentials,
  type ClientDuplexStream,
  type ClientUnaryCall,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';

const PROTOS = fileURLToPath(new URL('../../resources/proto', import.meta.url));

const definition = loadSync(['grpc_service.proto', 'health.proto'], {
  includeDirs: [PROTOS],
  keepCase: true,
  longs: Number,
  enums: String,
});

type Method = MethodDefinition<object, object>;
const METHODS = {
  ...definition['inference.GRPCInferenceService'],
  ...definition['grpc.health.v1.Health'],
} as unknown as Readonly<Record<string, Method>>;

/** How a call ended, and what it answered. */
export interface GrpcAnswer {
  /** `OK`, `NOT_FOUND`, … */
  readonly code: string;
  readonly details: string;
  /** Of a call that is not OK, empty. */
  readonly response: Readonly<Record<string, unknown>>;
}

/** How to make a call. */
export interface GrpcCallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly deadlineMilliseconds?: number;
}

/** A streaming call that ended. */
export interface GrpcStreamAnswer {
  readonly code: string;
  readonly details: string;
  readonly responses: readonly Readonly<Record<string, unknown>>[];
}

function codeName(code: number): string {
  return status[code] ?? String(code);
}

function method(name: string): Method {
  const found = METHODS[name];
  if (!found) throw new Error(`the protos have no RPC ${name}`);
  return found;
}

function metadataOf({ metadata = {} }: GrpcCallOptions): Metadata {
  const list = new Metadata();
  for (const [key, value] of Object.entries(metadata)) list.set(key, value);
  return list;
}

const deadlineOf = ({ deadlineMilliseconds = 30_000 }: GrpcCallOptions): { deadline: number } => ({
  deadline: Date.now() + deadlineMilliseconds,
});

/** The client of gRPC's own library for Node, with the messages of our proto files. */
export class GrpcTestClient {
  readonly client: Client;

  constructor(
    port: number,
    options: Readonly<Record<string, string | number>> = {},
    channel: ChannelCredentials = credentials.createInsecure(),
    host = '127.0.0.1',
  ) {
    this.client = new Client(`${host}:${port}`, channel, {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      ...options,
    });
  }

  /** Makes one call of one request and one answer. */
  call(name: string, request: object = {}, options: GrpcCallOptions = {}): Promise<GrpcAnswer> {
    return this.start(name, request, options).answer;
  }

  /** As {@link call}, with the way to cancel it. */
  start(
    name: string,
    request: object = {},
    options: GrpcCallOptions = {},
  ): { readonly answer: Promise<GrpcAnswer>; readonly cancel: () => void } {
    const { path, requestSerialize, responseDeserialize } = method(name);
    return this.#unary(path, requestSerialize(request), responseDeserialize, options);
  }

  /** Sends bytes as they are. */
  callWithBytes(path: string, bytes: Buffer, options: GrpcCallOptions = {}): Promise<GrpcAnswer> {
    return this.#unary(path, bytes, () => ({}), options).answer;
  }

  #unary(
    path: string,
    bytes: Buffer,
    read: (bytes: Buffer) => object,
    options: GrpcCallOptions,
  ): { answer: Promise<GrpcAnswer>; cancel: () => void } {
    let call: ClientUnaryCall | null = null;
    const answer = new Promise<GrpcAnswer>((resolve) => {
      const settle = (error: ServiceError | null, response?: object): void =>
        resolve({
          code: codeName(error?.code ?? 0),
          details: error?.details ?? '',
          response: { ...response },
        });
      call = this.client.makeUnaryRequest(
        path,
        (each: Buffer) => each,
        read,
        bytes,
        metadataOf(options),
        deadlineOf(options),
        settle,
      );
    });
    return { answer, cancel: () => call?.cancel() };
  }

  /** Opens a ModelStreamInfer call. */
  stream(options: GrpcCallOptions = {}): {
    readonly call: ClientDuplexStream<object, object>;
    readonly ended: Promise<GrpcStreamAnswer>;
  } {
    const { path, requestSerialize, responseDeserialize } = method('ModelStreamInfer');
    const call = this.client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadataOf(options),
      deadlineOf(options),
    );
    const responses: Record<string, unknown>[] = [];
    call.on('data', (response: object) => responses.push({ ...response }));
    call.on('error', () => undefined);
    const ended = new Promise<GrpcStreamAnswer>((resolve) => {
      call.on('status', ({ code, details }: StatusObject) =>
        resolve({ code: codeName(code), details, responses }),
      );
    });
    return { call, ended };
  }

  /** Sends all requests of one stream and waits for its end. */
  async streamAll(requests: readonly object[], options: GrpcCallOptions = {}): Promise<GrpcStreamAnswer> {
    const { call, ended } = this.stream(options);
    for (const request of requests) call.write(request);
    call.end();
    return ended;
  }

  close(): void {
    this.client.close();
  }
}
