import type { ByteSource } from '../byte-source.ts';
import { MalformedFile } from '../malformed-file.ts';
import { globalName, textOf, type PickleNode } from '../pickle/pickle-node.ts';
import { scanPickle } from '../pickle/scan-pickle.ts';
import { zipEntryOffset } from '../zip-directory.ts';
import { checkStoredTensor, type StoredTensor, type TorchStorage } from './stored-tensor.ts';
import type { TorchArchive } from './torch-archive.ts';
import { isOwnGlobal } from './torch-pickle.ts';
import { dtypeOfStorage } from './torch-dtypes.ts';

/** A value of an archive's pickles, before any program runs: data, tensors and objects, each with its identity. */
export type StoredValue =
  | { readonly kind: 'value'; readonly value: null | boolean | string | number | bigint }
  | { readonly kind: 'tensor'; readonly tensor: StoredTensor }
  | { readonly kind: 'list' | 'tuple'; readonly items: readonly StoredValue[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [StoredValue, StoredValue])[] }
  | { readonly kind: 'object'; readonly className: string; readonly attributes: Map<string, StoredValue> }
  | { readonly kind: 'device'; readonly type: string }
  /** Something that is not read: only who uses it is told why. */
  | { readonly kind: 'unreadable'; readonly why: string };

/** Up to here a storage is read at once: numbers that decide how the program goes. */
const SMALL_BYTES = 1024;
const MAX_DEPTH = 200;

const PASSED_ON: ReadonlySet<string> = new Set([
  'torch.jit._pickle.build_intlist',
  'torch.jit._pickle.build_tensorlist',
  'torch.jit._pickle.build_doublelist',
  'torch.jit._pickle.build_boollist',
  'torch.jit._pickle.restore_type_tag',
  'torch._utils._rebuild_parameter',
]);

/**
 * The storage that an entry of an archive is. `base`: where the archive begins in the file, if it lies in another one; null
 * where it is not in a file as it is.
 */
export async function entryStorage(
  archive: TorchArchive,
  source: ByteSource,
  name: string,
  base: number | null = 0,
): Promise<TorchStorage> {
  const entry = archive.entries.get(name);
  if (entry === undefined) throw new MalformedFile(`${name} is missing`);
  const read = async (): Promise<Uint8Array> => {
    // PyTorch stores tensors as they are: what is compressed gets no more than a pickle may have.
    const bytes = await (entry.method === 0 ? archive.read(name, entry.size) : archive.read(name));
    if (bytes === null) throw new MalformedFile(`${name} is missing`);
    return bytes;
  };
  return {
    entry: name,
    offset: entry.method === 0 && base !== null ? base + (await zipEntryOffset(source, entry)) : null,
    byteLength: entry.size,
    bytes: entry.size <= SMALL_BYTES ? await read() : null,
    read,
  };
}

/**
 * Reads a pickle of an archive, whose tensors lie in a folder of it. `isShapeOnly`: the tensors have sizes, but no bytes.
 * `base` as {@link entryStorage} has it.
 * @throws MalformedFile naming what is missing or reaches outside.
 */
export async function readStoredObjects(
  archive: TorchArchive,
  source: ByteSource,
  pickle: string,
  folder: string,
  { isShapeOnly = false, base = 0 }: { readonly isShapeOnly?: boolean; readonly base?: number | null } = {},
): Promise<StoredValue> {
  const scan = scanPickle((await archive.read(pickle)) ?? new Uint8Array());
  if (scan.root === null) throw new MalformedFile(`${pickle}: ${scan.problem ?? 'it is cut short'}`);
  const foreign = scan.globals.find((name) => !isOwnGlobal(name));
  if (foreign !== undefined)
    throw new MalformedFile(
      `${pickle} names ${foreign}, which no model is made of: loading such a file in Python would run it`,
    );
  const storages = new Map<string, TorchStorage>();
  for (const key of storageKeys(scan.persistent)) {
    const name = `${folder}/${key}`;
    if (archive.has(name)) storages.set(key, await entryStorage(archive, source, name, base));
  }
  return new ObjectReader(storages, folder, isShapeOnly).read(scan.root, 0);
}

/** The storages that a pickle names: `('storage', FloatStorage, '0', 'cpu', 4)`. */
function storageKeys(persistent: readonly PickleNode[]): ReadonlySet<string> {
  return new Set(persistent.map((id) => textOf(itemsOf(id)[2]) ?? ''));
}

/** Makes values of pickle nodes. Nodes that are shared give values that are shared. */
class ObjectReader {
  readonly #storages: ReadonlyMap<string, TorchStorage>;
  readonly #folder: string;
  readonly #isShapeOnly: boolean;
  readonly #known = new Map<PickleNode, StoredValue>();

  constructor(storages: ReadonlyMap<string, TorchStorage>, folder: string, isShapeOnly: boolean) {
    this.#storages = storages;
    this.#folder = folder;
    this.#isShapeOnly = isShapeOnly;
  }

  read(node: PickleNode, depth: number): StoredValue {
    if (depth > MAX_DEPTH) throw new MalformedFile('the objects of the archive nest too deep');
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const value = this.#make(node, depth + 1);
    this.#known.set(node, value);
    return value;
  }

  #make(node: PickleNode, depth: number): StoredValue {
    switch (node.kind) {
      case 'value':
        return readNumberNode(node);
      case 'list':
      case 'set':
        return { kind: 'list', items: node.items.map((item) => this.read(item, depth)) };
      case 'tuple':
        return { kind: 'tuple', items: node.items.map((item) => this.read(item, depth)) };
      case 'dict':
        return {
          kind: 'dict',
          entries: node.entries.map(([key, value]) => [this.read(key, depth), this.read(value, depth)]),
        };
      case 'call':
        return this.#call(node, depth);
      case 'bytes':
      case 'global':
      case 'persistent':
        return { kind: 'unreadable', why: `a ${node.kind} of the pickle` };
    }
  }

  #call(node: Extract<PickleNode, { kind: 'call' }>, depth: number): StoredValue {
    const name = globalName(node.callee) ?? '';
    const [first] = itemsOf(node.arguments);
    if (name === 'torch._utils._rebuild_tensor_v2') return this.#tensor(itemsOf(node.arguments));
    if (PASSED_ON.has(name) && first !== undefined) return this.read(first, depth);
    if (name === 'torch.device') return { kind: 'device', type: textOf(first) ?? 'cpu' };
    if (name === 'collections.OrderedDict')
      return {
        kind: 'dict',
        entries: node.entries.map(([key, value]) => [this.read(key, depth), this.read(value, depth)]),
      };
    if (!name.startsWith('__torch__.'))
      return { kind: 'unreadable', why: `${name || 'a computed name'} is not read` };
    const object: StoredValue = { kind: 'object', className: name, attributes: new Map() };
    this.#known.set(node, object);
    const state = node.state;
    if (state?.kind === 'dict')
      for (const [key, value] of state.entries)
        object.attributes.set(textOf(key) ?? '', this.read(value, depth));
    else if (state !== undefined)
      return { kind: 'unreadable', why: `${name} restores its state by code of its own` };
    return object;
  }

  #tensor(parts: readonly PickleNode[]): StoredValue {
    const [storage, offset, size, stride] = parts;
    const id = storage?.kind === 'persistent' ? itemsOf(storage.id) : [];
    const storageName = (globalName(id[1]) ?? '').replace(/^.*\.(\w+)Storage$/, '$1');
    const dtype = dtypeOfStorage(storageName);
    const key = textOf(id[2]) ?? '';
    if (dtype === undefined)
      return { kind: 'unreadable', why: `tensors of ${storageName} are not translated` };
    const found = this.#storages.get(key);
    if (found === undefined) throw new MalformedFile(`${this.#folder}/${key} is missing`);
    const tensor: StoredTensor = {
      storage: found,
      dtype,
      size: numbersOf(size),
      stride: numbersOf(stride),
      offset: numbersOf(offset)[0] ?? 0,
    };
    if (!this.#isShapeOnly) checkStoredTensor(tensor);
    return { kind: 'tensor', tensor };
  }
}

function readNumberNode(node: Extract<PickleNode, { kind: 'value' }>): StoredValue {
  const { value, isFloat } = node;
  // A bigint is an int, a number a float: the pickle machine has both as numbers.
  if (typeof value === 'number' && isFloat !== true) {
    if (!Number.isFinite(value)) throw new MalformedFile('a pickle has a number that is too large');
    return { kind: 'value', value: BigInt(Math.trunc(value)) };
  }
  return { kind: 'value', value };
}

function itemsOf(node: PickleNode | undefined): readonly PickleNode[] {
  return node?.kind === 'tuple' || node?.kind === 'list' ? node.items : [];
}

function numbersOf(node: PickleNode | undefined): number[] {
  const items = node?.kind === 'value' ? [node] : itemsOf(node);
  return items.map((item) =>
    item.kind === 'value' && item.value !== null ? Number(item.value) : Number.NaN,
  );
}
