import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { setTimeout as startTimer } from 'node:timers';
import { encodeGrpcMessageHeader, GRPC_CODES } from '../../core/grpc/grpc-status.ts';
import type { MessageParts } from '../../core/grpc/write-infer-response.ts';
import { GrpcFailure, grpcStatusOf, type GrpcStatus } from './grpc-failure.ts';
import { BadFraming, MessageAssembler, messagePrefix } from './message-assembler.ts';
import {
  ACCEPTED_ENCODINGS,
  compressMessage,
  decompressMessage,
  type MessageEncoding,
} from './message-compression.ts';

/** Limits of one call. */
export interface CallLimits {
  readonly maxMessageBytes: number;
  readonly maxDecompressedBytes: number;
}

const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1;
/** Up to here a message is copied into one piece: one write is cheaper than several. */
const SMALL_MESSAGE_BYTES = 16 * 1024;
/** Nobody reads it; without a reason each call that ends costs a DOMException with its stack trace. */
const GIVEN_UP = 'nobody waits for the call any more';

function readTimeout(text: string | string[] | undefined): number | null {
  const match = /^(\d{1,8})([HMSmun])$/.exec(String(text ?? ''));
  return match ? Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1) : null;
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** A message to send, and who wants to know when that begins and ends. */
export interface OutgoingMessage extends MessageParts {
  readonly sending?: (phase: 'start' | 'end') => void;
}

/** One RPC over one HTTP/2 stream: messages in, messages out, one status at the end. */
export class GrpcCall {
  /** When the client began it, on `performance.now()`. */
  readonly startedAt = performance.now();
  readonly headers: IncomingHttpHeaders;
  readonly #stream: ServerHttp2Stream;
  readonly #limits: CallLimits;
  readonly #aborted = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #encoding: MessageEncoding | null = null;
  #hasResponded = false;
  #isFinished = false;
  #status: GrpcStatus | null = null;
  /** Told before anything is sent. */
  onSend: () => void = () => undefined;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, limits: CallLimits) {
    this.#stream = stream;
    this.headers = headers;
    this.#limits = limits;
    stream.on('error', () => this.#abort());
    stream.on('close', () => this.#abort());
    stream.on('wantTrailers', () => this.#sendTrailers());
    const timeout = readTimeout(headers['grpc-timeout']);
    if (timeout !== null) {
      this.#timer = startTimer(
        () => {
          this.#abort();
          this.finish({ code: 'DEADLINE_EXCEEDED', details: 'Deadline Exceeded' });
        },
        Math.min(timeout, MAX_TIMER_MILLISECONDS),
      );
    }
  }

  /** Aborted when the client gives up, its connection breaks or its deadline has passed. */
  get signal(): AbortSignal {
    return this.#aborted.signal;
  }

  /** Whether a status was sent, or nobody is there to take one. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  #abort(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#stream.closed || this.#stream.destroyed) this.#isFinished = true;
    if (!this.#aborted.signal.aborted) this.#aborted.abort(GIVEN_UP);
  }

  /** The first value of a header. */
  header(name: string): string | undefined {
    return firstOf(this.headers[name]);
  }

  /** Compresses what is sent from now on. */
  compressWith(encoding: MessageEncoding | null): void {
    this.#encoding = encoding;
  }

  /**
   * Hands over the messages in their order, decompressed, then calls `onEnd`. What is wrong with the framing ends the
   * call with a status.
   */
  receive(onMessage: (bytes: Uint8Array) => void, onEnd: () => void): void {
    const encoding = this.header('grpc-encoding') ?? 'identity';
    let waitingCount = 0;
    let turns: Promise<void> = Promise.resolve();
    const takeTurn = async (before: Promise<void>, action: () => void | Promise<void>): Promise<void> => {
      await before;
      try {
        if (!this.#isFinished) await action();
      } catch (cause) {
        this.fail(cause);
      } finally {
        waitingCount -= 1;
      }
    };
    const inTurn = (action: () => void | Promise<void>): void => {
      waitingCount += 1;
      turns = takeTurn(turns, action);
    };
    const assembler = new MessageAssembler(this.#limits.maxMessageBytes, (message) => {
      if (!message.isCompressed && waitingCount === 0) onMessage(message.bytes);
      else {
        inTurn(async () => {
          const bytes = await decompressMessage(message, encoding, this.#limits.maxDecompressedBytes);
          if (!this.#isFinished) onMessage(bytes);
        });
      }
    });
    this.#stream.on('data', (chunk: Uint8Array) => {
      if (this.#isFinished) return;
      try {
        assembler.push(chunk);
      } catch (cause) {
        this.fail(cause);
      }
    });
    this.#stream.on('end', () => {
      if (this.#isFinished) return;
      if (assembler.isInside) this.fail(new GrpcFailure('INTERNAL', 'the last message is cut short'));
      else if (waitingCount === 0) onEnd();
      else inTurn(onEnd);
    });
  }

  /** Takes no more messages for now. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  #respond(): void {
    if (this.#hasResponded) return;
    this.#hasResponded = true;
    this.#stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-accept-encoding': ACCEPTED_ENCODINGS,
        ...(this.#encoding === null ? {} : { 'grpc-encoding': this.#encoding }),
      },
      { waitForTrailers: true },
    );
  }

  /** Sends one message; resolves when the next one may be sent. Nothing is sent if the call is over. */
  async send(message: OutgoingMessage): Promise<void> {
    message.sending?.('start');
    try {
      await this.#send(message);
    } finally {
      message.sending?.('end');
    }
  }

  async #send(message: MessageParts): Promise<void> {
    const compressed = this.#encoding === null ? null : await compressMessage(message.parts, this.#encoding);
    if (this.#isFinished) return;
    this.onSend();
    this.#respond();
    const isRoomLeft = compressed
      ? this.#write([messagePrefix(compressed.byteLength, true), compressed], compressed.byteLength)
      : this.#write([messagePrefix(message.byteLength, false), ...message.parts], message.byteLength);
    if (!isRoomLeft) await this.#drained();
  }

  /** Sends the only message of a call, and its good end with it. */
  async sendLast(message: OutgoingMessage): Promise<void> {
    if (this.#encoding !== null || message.byteLength > SMALL_MESSAGE_BYTES || this.#isFinished) {
      await this.send(message);
    } else {
      message.sending?.('start');
      this.onSend();
      this.#respond();
      this.#stream.write(Buffer.concat([messagePrefix(message.byteLength, false), ...message.parts]));
      message.sending?.('end');
    }
    this.finish({ code: 'OK', details: '' });
  }

  #write(parts: readonly Uint8Array[], byteLength: number): boolean {
    const stream = this.#stream;
    if (byteLength <= SMALL_MESSAGE_BYTES) return stream.write(Buffer.concat(parts));
    stream.cork();
    for (const part of parts) if (part.byteLength > 0) stream.write(part);
    stream.uncork();
    return !stream.writableNeedDrain;
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        this.#stream.off('drain', settle);
        this.#stream.off('close', settle);
        resolve();
      };
      this.#stream.on('drain', settle);
      this.#stream.on('close', settle);
    });
  }

  /** Ends the call with a failure. */
  fail(cause: unknown): void {
    if (cause instanceof BadFraming) {
      const code = cause.isTooLarge ? 'RESOURCE_EXHAUSTED' : 'INTERNAL';
      this.finish({ code, details: cause.message });
    } else this.finish(grpcStatusOf(cause));
  }

  /** Ends the call. */
  finish(status: GrpcStatus): void {
    if (this.#isFinished || this.#stream.destroyed) return;
    this.#isFinished = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#status = status;
    this.onSend();
    if (this.#hasResponded) {
      this.#stream.end();
      return;
    }
    this.#hasResponded = true;
    this.#stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', ...this.#trailers() },
      { endStream: true },
    );
    this.#stopReading();
  }

  #trailers(): Record<string, string | number> {
    const { code, details } = this.#status ?? { code: 'UNKNOWN', details: '' };
    return {
      'grpc-status': GRPC_CODES[code],
      ...(details === '' ? {} : { 'grpc-message': encodeGrpcMessageHeader(details) }),
    };
  }

  #sendTrailers(): void {
    if (this.#stream.destroyed) return;
    this.#stream.sendTrailers(this.#trailers());
    this.#stopReading();
  }

  /** A client that still sends is told to stop; what it sent is thrown away. */
  #stopReading(): void {
    const stream = this.#stream;
    if (stream.readableEnded || stream.endAfterHeaders) return;
    stream.resume();
    setImmediate(() => {
      if (!stream.readableEnded && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR);
    });
  }
}
