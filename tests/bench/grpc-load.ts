import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { encodeGrpcMessage } from '../../app/core/grpc/grpc-messages.ts';
import { measureClosedLoop, type LoadClient, type Measured } from './http-load.ts';

const SERVICE = '/inference.GRPCInferenceService';
const PREFIX_BYTES = 5;
/** So large that no answer of the benchmark waits for a window update. */
const WINDOW_BYTES = 16 * 1024 * 1024;

/** A `ModelInferRequest` of one raw input, behind gRPC's prefix: a flag and the length. */
export function grpcInferRequest(
  model: string,
  input: { readonly name: string; readonly shape: number[]; readonly data: Uint8Array },
): Buffer {
  const message = encodeGrpcMessage('ModelInferRequest', {
    model_name: model,
    inputs: [{ name: input.name, datatype: 'FP32', shape: input.shape }],
    raw_input_contents: [input.data],
  });
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([prefix, message]);
}

/** A connection of its own that sends the same message again and again over bare HTTP/2, by calls or on one stream. */
class RawGrpcClient implements LoadClient {
  readonly #session: ClientHttp2Session;
  readonly #message: Buffer;
  readonly #answerBytes: number;
  readonly #isStreamed: boolean;
  #stream: ClientHttp2Stream | null = null;
  #received = 0;
  #expected = Number.POSITIVE_INFINITY;
  #prefix = Buffer.alloc(0);
  #done: (() => void) | null = null;
  #failed: ((cause: Error) => void) | null = null;

  constructor(port: number, message: Buffer, answerBytes: number, isStreamed: boolean) {
    this.#message = message;
    this.#answerBytes = answerBytes;
    this.#isStreamed = isStreamed;
    this.#session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: WINDOW_BYTES } });
    this.#session.once('connect', () => this.#session.setLocalWindowSize(WINDOW_BYTES));
    this.#session.on('error', (cause) => this.#failed?.(cause));
  }

  send(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#received = 0;
      this.#expected = Number.POSITIVE_INFINITY;
      this.#prefix = Buffer.alloc(0);
      if (!this.#isStreamed) this.#open('ModelInfer').end(this.#message);
      else (this.#stream ??= this.#open('ModelStreamInfer')).write(this.#message);
    });
  }

  #open(rpc: string): ClientHttp2Stream {
    const stream = this.#session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: `${SERVICE}/${rpc}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('error', (cause) => this.#failed?.(cause));
    // A call is over when its status is there, a message on a stream when its last byte is.
    stream.once('end', () => {
      if (this.#received >= this.#expected) this.#done?.();
      else this.#failed?.(new Error('the gRPC call ended without an answer'));
    });
    return stream;
  }

  #take(chunk: Buffer): void {
    this.#received += chunk.byteLength;
    if (this.#expected === Number.POSITIVE_INFINITY) {
      this.#prefix = Buffer.concat([this.#prefix, chunk]);
      if (this.#prefix.byteLength < PREFIX_BYTES) return;
      this.#expected = PREFIX_BYTES + this.#prefix.readUInt32BE(1);
      if (this.#expected < this.#answerBytes) this.#failed?.(new Error('the gRPC answer holds no tensor'));
    }
    if (this.#isStreamed && this.#received >= this.#expected) this.#done?.();
  }

  close(): void {
    this.#failed = null;
    this.#done = null;
    this.#session.destroy();
  }
}

/** Clients that each send `message` as soon as they have the answer, of at least `answerBytes`, to the one before. */
export function measureGrpc(
  port: number,
  message: Buffer,
  answerBytes: number,
  isStreamed: boolean,
  concurrency: number,
  seconds: number,
): Promise<Measured> {
  const clients = Array.from(
    { length: concurrency },
    () => new RawGrpcClient(port, message, answerBytes, isStreamed),
  );
  return measureClosedLoop(clients, seconds);
}
