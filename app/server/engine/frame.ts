import type { Socket } from 'node:net';
import { StatusError } from '../../core/status.ts';

/** One message on an engine socket: a small JSON header and the bytes of its tensors in one aligned buffer. */
export interface Frame {
  readonly header: unknown;
  readonly payload: ArrayBuffer;
}

/** Where a tensor's bytes lie in a payload. */
export interface PayloadPlace {
  readonly offset: number;
  readonly length: number;
}

/** Tensors start at multiples of this, so that any typed array can view them in place. */
const ALIGNMENT = 8;
const PREFIX_BYTES = 8;
const PADDING = Buffer.alloc(ALIGNMENT);
/** Up to here one copy into one buffer is cheaper than a vectored write. */
const SMALL_PAYLOAD_BYTES = 16 * 1024;

/** A peer that has not shown its token yet may send no more than this. */
export const HELLO_LIMIT_BYTES = 1024;
const HEADER_LIMIT_BYTES = 256 * 1024 * 1024;

function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

/** The places of tensors that are written one after the other; `parts` are the buffers of each. */
export function placeTensors(tensors: readonly (readonly Uint8Array[])[]): PayloadPlace[] {
  let offset = 0;
  return tensors.map((parts) => {
    const length = parts.reduce((total, part) => total + part.byteLength, 0);
    const place = { offset, length };
    offset += padded(length);
    return place;
  });
}

/** Writes one frame. A tensor may be given in several buffers; none is copied here. */
export function writeFrame(
  socket: Socket,
  header: unknown,
  tensors: readonly (readonly Uint8Array[])[] = [],
): void {
  const places = placeTensors(tensors);
  const last = places.at(-1);
  const payloadLength = last ? last.offset + padded(last.length) : 0;
  const text = JSON.stringify(header);
  const headerLength = Buffer.byteLength(text);
  const isSmall = payloadLength <= SMALL_PAYLOAD_BYTES;
  const headerEnd = PREFIX_BYTES + headerLength;
  const start = Buffer.allocUnsafe(headerEnd + (isSmall ? payloadLength : 0));
  start.writeUInt32LE(headerLength, 0);
  start.writeUInt32LE(payloadLength, 4);
  start.write(text, PREFIX_BYTES);
  if (isSmall) {
    for (const [index, parts] of tensors.entries()) {
      let at = headerEnd + (places[index]?.offset ?? 0);
      for (const part of parts) {
        start.set(part, at);
        at += part.byteLength;
      }
    }
    socket.write(start);
    return;
  }
  socket.cork();
  socket.write(start);
  for (const [index, parts] of tensors.entries()) {
    for (const part of parts) if (part.byteLength > 0) socket.write(part);
    const length = places[index]?.length ?? 0;
    if (padded(length) > length) socket.write(PADDING.subarray(0, padded(length) - length));
  }
  socket.uncork();
}

/** Where a socket puts what it reads (`onread` of `net.connect`). */
interface ReadPlace {
  readonly buffer: () => Uint8Array;
  readonly callback: (byteLength: number, buffer: Uint8Array) => boolean;
}

/** What is smaller comes through a buffer that is used again and again. */
const DIRECT_BYTES = 32 * 1024;
const SCRATCH_BYTES = 64 * 1024;
/** Up to here the memory of a payload is used for the next one. */
const KEPT_PAYLOAD_BYTES = 8 * 1024 * 1024;

type ReadState =
  | { readonly kind: 'prefix' }
  | { readonly kind: 'header'; readonly payloadLength: number }
  | { readonly kind: 'payload'; readonly header: unknown };

/**
 * Puts frames together from what a socket brings. Each payload has an ArrayBuffer of its own; with `reusesPayload` that
 * of the one before, as far as it is large enough: for a side that is done with a frame before the next one comes.
 */
export class FrameReader {
  readonly #onFrame: (frame: Frame) => void;
  readonly #reusesPayload: boolean;
  readonly #scratch = new Uint8Array(SCRATCH_BYTES);
  #kept = new ArrayBuffer(0);
  #state: ReadState = { kind: 'prefix' };
  #target = new Uint8Array(PREFIX_BYTES);
  #filled = 0;
  /** Largest header that is accepted now. */
  limitBytes = HELLO_LIMIT_BYTES;

  constructor(onFrame: (frame: Frame) => void, { reusesPayload = false } = {}) {
    this.#onFrame = onFrame;
    this.#reusesPayload = reusesPayload;
  }

  /** For `net.connect`: the bytes of a large payload are read right into their place, nothing is allocated to read. */
  readonly onread: ReadPlace = {
    buffer: () => {
      const isLarge = this.#target.byteLength - this.#filled >= DIRECT_BYTES;
      return isLarge ? this.#target.subarray(this.#filled) : this.#scratch;
    },
    callback: (byteLength, buffer) => {
      if (buffer === this.#scratch) this.push(buffer.subarray(0, byteLength));
      else {
        this.#filled += byteLength;
        if (this.#filled === this.#target.byteLength) this.push(new Uint8Array());
      }
      return true;
    },
  };

  /** After this, headers of any sensible size are accepted. */
  trust(): void {
    this.limitBytes = HEADER_LIMIT_BYTES;
  }

  /** Takes the next bytes. @throws StatusError `invalid-argument` on a frame that is too large. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.byteLength || this.#filled === this.#target.byteLength) {
      const taken = Math.min(this.#target.byteLength - this.#filled, chunk.byteLength - at);
      this.#target.set(chunk.subarray(at, at + taken), this.#filled);
      at += taken;
      this.#filled += taken;
      if (this.#filled < this.#target.byteLength) return;
      this.#advance();
    }
  }

  #expect(state: ReadState, byteLength: number): void {
    this.#state = state;
    this.#target = state.kind === 'payload' ? this.#payloadRoom(byteLength) : new Uint8Array(byteLength);
    this.#filled = 0;
  }

  #payloadRoom(byteLength: number): Uint8Array<ArrayBuffer> {
    if (!this.#reusesPayload || byteLength > KEPT_PAYLOAD_BYTES) return new Uint8Array(byteLength);
    if (this.#kept.byteLength < byteLength) this.#kept = new ArrayBuffer(byteLength);
    return new Uint8Array(this.#kept, 0, byteLength);
  }

  #advance(): void {
    const state = this.#state;
    const bytes = this.#target;
    switch (state.kind) {
      case 'prefix': {
        const view = new DataView(bytes.buffer);
        const headerLength = view.getUint32(0, true);
        if (headerLength === 0 || headerLength > this.limitBytes) {
          throw new StatusError('invalid-argument', `frame header of ${headerLength} bytes`);
        }
        this.#expect({ kind: 'header', payloadLength: view.getUint32(4, true) }, headerLength);
        return;
      }
      case 'header': {
        const header: unknown = JSON.parse(Buffer.from(bytes.buffer).toString('utf8'));
        this.#expect({ kind: 'payload', header }, state.payloadLength);
        return;
      }
      case 'payload':
        this.#expect({ kind: 'prefix' }, PREFIX_BYTES);
        this.#onFrame({ header: state.header, payload: bytes.buffer });
        return;
    }
  }
}
