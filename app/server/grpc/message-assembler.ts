/** One message as it came over the wire: its length prefix is off, its bytes are still compressed if it says so. */
export interface FramedMessage {
  readonly isCompressed: boolean;
  readonly bytes: Uint8Array;
}

/** A message prefix that no client of gRPC sends, or a message larger than the server takes. */
export class BadFraming extends Error {
  readonly isTooLarge: boolean;
  constructor(text: string, isTooLarge: boolean) {
    super(text);
    this.isTooLarge = isTooLarge;
  }
}

const PREFIX_BYTES = 5;
/** Room for a message is made once this part of it has come: a prefix alone must not take memory. */
const RESERVE_AFTER = 1 / 8;

/**
 * Puts the length-prefixed messages of gRPC together from the chunks of an HTTP/2 stream. A message that lies in one
 * chunk is a view into it.
 */
export class MessageAssembler {
  readonly #maxBytes: number;
  readonly #onMessage: (message: FramedMessage) => void;
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixFilled = 0;
  #isCompressed = false;
  #length = 0;
  #chunks: Uint8Array[] = [];
  #target: Uint8Array | null = null;
  #filled = 0;

  constructor(maxBytes: number, onMessage: (message: FramedMessage) => void) {
    this.#maxBytes = maxBytes;
    this.#onMessage = onMessage;
  }

  /** Whether a message has begun and is not whole. */
  get isInside(): boolean {
    return this.#prefixFilled > 0;
  }

  /** Takes the next bytes. @throws BadFraming */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.byteLength) {
      if (this.#prefixFilled < PREFIX_BYTES) {
        at += this.#takePrefix(chunk, at);
        if (this.#prefixFilled < PREFIX_BYTES) return;
        if (this.#length > 0) continue;
      } else at += this.#takeBody(chunk, at);
      if (this.#filled === this.#length) this.#finish();
    }
  }

  #takePrefix(chunk: Uint8Array, at: number): number {
    const taken = Math.min(PREFIX_BYTES - this.#prefixFilled, chunk.byteLength - at);
    this.#prefix.set(chunk.subarray(at, at + taken), this.#prefixFilled);
    this.#prefixFilled += taken;
    if (this.#prefixFilled < PREFIX_BYTES) return taken;
    const [flag = 0] = this.#prefix;
    if (flag > 1) throw new BadFraming(`a message begins with the unknown flags ${flag}`, false);
    this.#isCompressed = flag === 1;
    this.#length = new DataView(this.#prefix.buffer).getUint32(1);
    if (this.#length > this.#maxBytes) {
      throw new BadFraming(`Received message larger than max (${this.#length} vs. ${this.#maxBytes})`, true);
    }
    return taken;
  }

  #takeBody(chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.#length - this.#filled, chunk.byteLength - at);
    const part = chunk.subarray(at, at + taken);
    if (this.#target) this.#target.set(part, this.#filled);
    else this.#chunks.push(part);
    this.#filled += taken;
    const isLast = this.#filled === this.#length;
    if (!this.#target && !isLast && this.#filled >= this.#length * RESERVE_AFTER) this.#reserve();
    return taken;
  }

  #reserve(): void {
    const target = Buffer.allocUnsafeSlow(this.#length);
    let at = 0;
    for (const each of this.#chunks) {
      target.set(each, at);
      at += each.byteLength;
    }
    this.#target = target;
    this.#chunks = [];
  }

  #finish(): void {
    const [only, ...others] = this.#chunks;
    const bytes = this.#target ?? (others.length === 0 ? only : Buffer.concat(this.#chunks));
    const message = { isCompressed: this.#isCompressed, bytes: bytes ?? new Uint8Array() };
    this.#prefixFilled = 0;
    this.#length = 0;
    this.#filled = 0;
    this.#chunks = [];
    this.#target = null;
    this.#onMessage(message);
  }
}

/** The five bytes before a message. */
export function messagePrefix(byteLength: number, isCompressed: boolean): Uint8Array {
  const prefix = new Uint8Array(PREFIX_BYTES);
  prefix[0] = isCompressed ? 1 : 0;
  new DataView(prefix.buffer).setUint32(1, byteLength);
  return prefix;
}
