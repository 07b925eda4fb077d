import type { RequestParameter } from '../open-inference/infer-request.ts';
import type { NamedTensor } from '../tensors/tensor.ts';

/** What a model answered, as the cache keeps it. */
export interface CachedResponse {
  /** In wire shape. */
  readonly outputs: readonly NamedTensor[];
  readonly parameters: readonly (readonly [string, RequestParameter])[];
}

/** Whose responses: a version of a model that is loaded. Loaded again it is another one. */
export type CacheOwner = object;

/** A text that two lists of inputs share only if they are equal: name, datatype, shape and bytes. */
export type InputDigest = (inputs: readonly NamedTensor[]) => string;

/** Where a response to some inputs is kept. */
export interface CacheKey {
  readonly owner: CacheOwner;
  /** How often the owner's responses had been forgotten when the key was made. */
  readonly generation: number;
  readonly text: string;
}

interface CacheEntry {
  readonly owner: CacheOwner;
  readonly response: CachedResponse;
  readonly byteLength: number;
}

interface OwnerRecord {
  readonly id: number;
  generation: number;
}

const ENTRY_OVERHEAD_BYTES = 256;
const TENSOR_OVERHEAD_BYTES = 128;

/**
 * Responses by what was asked: at most `capacityBytes` of them, those that were not used for longest given up first
 * (Triton's `local` cache). Its key covers the inputs alone, whatever their order, and an entry answers only for
 * outputs that it has: unlike Triton's it never gives the outputs of another request.
 */
export class ResponseCache {
  readonly capacityBytes: number;
  readonly #digest: InputDigest;
  readonly #entries = new Map<string, CacheEntry>();
  readonly #owners = new WeakMap<CacheOwner, OwnerRecord>();
  #ownerCount = 0;
  #usedBytes = 0;

  constructor(capacityBytes: number, digest: InputDigest) {
    this.capacityBytes = capacityBytes;
    this.#digest = digest;
  }

  /** Bytes that the entries take. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Responses that are kept. */
  get entryCount(): number {
    return this.#entries.size;
  }

  #ownerOf(owner: CacheOwner): OwnerRecord {
    const known = this.#owners.get(owner);
    if (known) return known;
    this.#ownerCount += 1;
    const fresh = { id: this.#ownerCount, generation: 0 };
    this.#owners.set(owner, fresh);
    return fresh;
  }

  /** Where the response to these inputs is, or would be. */
  keyOf(owner: CacheOwner, inputs: readonly NamedTensor[]): CacheKey {
    const { id, generation } = this.#ownerOf(owner);
    return { owner, generation, text: `${String(id)}:${this.#digest(sortByName(inputs))}` };
  }

  /** The response that is kept there, with these outputs alone; undefined if it lacks one of them. */
  find({ text }: CacheKey, outputs: readonly string[]): CachedResponse | undefined {
    const entry = this.#entries.get(text);
    if (!entry) return undefined;
    const found = entry.response.outputs.filter(({ name }) => outputs.includes(name));
    if (found.length < new Set(outputs).size) return undefined;
    this.#entries.delete(text);
    this.#entries.set(text, entry);
    return { ...entry.response, outputs: found };
  }

  /**
   * Keeps a response, beside other outputs that are kept there already. False if it is larger than the whole cache,
   * or if its owner's responses were forgotten since the key was made: it may be an answer of what was before.
   */
  keep({ owner, generation, text }: CacheKey, response: CachedResponse): boolean {
    if (generation !== this.#ownerOf(owner).generation) return false;
    const names = new Set(response.outputs.map(({ name }) => name));
    const older = this.#entries.get(text)?.response.outputs.filter(({ name }) => !names.has(name)) ?? [];
    const outputs = sortByName([...response.outputs, ...older]);
    const byteLength = sizeOf(outputs);
    this.#drop(text);
    if (byteLength > this.capacityBytes) return false;
    this.#makeRoom(byteLength);
    const kept = { ...response, outputs: outputs.map(detach) };
    this.#entries.set(text, { owner, response: kept, byteLength });
    this.#usedBytes += byteLength;
    return true;
  }

  #makeRoom(byteLength: number): void {
    for (const text of this.#entries.keys()) {
      if (this.#usedBytes + byteLength <= this.capacityBytes) return;
      this.#drop(text);
    }
  }

  #drop(text: string): void {
    const entry = this.#entries.get(text);
    if (!entry) return;
    this.#entries.delete(text);
    this.#usedBytes -= entry.byteLength;
  }

  /** Forgets the responses of one owner: it was unloaded, or what it stands on has changed. */
  forget(owner: CacheOwner): void {
    this.#ownerOf(owner).generation += 1;
    for (const [text, entry] of this.#entries) if (entry.owner === owner) this.#drop(text);
  }
}

function sortByName<Item extends { readonly name: string }>(items: readonly Item[]): readonly Item[] {
  return [...items].sort((left, right) => (left.name < right.name ? -1 : 1));
}

function sizeOf(outputs: readonly NamedTensor[]): number {
  const bytes = outputs.reduce((total, { data }) => total + data.byteLength + TENSOR_OVERHEAD_BYTES, 0);
  return bytes + ENTRY_OVERHEAD_BYTES;
}

/** Tensors are views into the buffers that they came in; one that is kept must not hold the rest of it. */
function detach(tensor: NamedTensor): NamedTensor {
  return { ...tensor, data: tensor.data.slice() };
}
