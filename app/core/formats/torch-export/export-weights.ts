import { bytesSource, type ByteSource } from '../byte-source.ts';
import { MalformedFile } from '../malformed-file.ts';
import { entryStorage, readStoredObjects, type StoredValue } from '../torch/stored-objects.ts';
import { checkStoredTensor, type StoredTensor, type TorchStorage } from '../torch/stored-tensor.ts';
import { torchArchive, type TorchArchive } from '../torch/torch-archive.ts';
import { readZipDirectory, zipEntryOffset } from '../zip-directory.ts';
import { readTensorMeta } from './export-graph.ts';
import {
  entriesOf,
  listOf,
  member,
  objectOf,
  parseProgramJson,
  textOf,
  unionOf,
  type Json,
} from './program-json.ts';

/** A parameter, buffer or constant of a program: a tensor of its file, or why it is none. */
export type ExportWeight = StoredTensor | { readonly why: string };

/** Parameters, buffers and constants by their names in the module. */
export type ExportWeights = Map<string, ExportWeight>;

/** An archive with the source that it is read from. */
export interface SourcedArchive {
  readonly archive: TorchArchive;
  readonly source: ByteSource;
}

function windowOf(source: ByteSource, start: number, size: number): ByteSource {
  return {
    size,
    read: (offset, length) => source.read(start + offset, Math.max(0, Math.min(length, size - offset))),
  };
}

/** Adds the tensors that a `torch.save` of a dictionary holds. */
async function addSaved(
  source: ByteSource,
  base: number | null,
  name: string,
  weights: ExportWeights,
): Promise<void> {
  if (source.size === 0) return;
  const archive = torchArchive({ zip: await readZipDirectory(source), source });
  if (archive === null) throw new MalformedFile(`${name} is no archive of torch.save`);
  const saved = await readStoredObjects(archive, source, 'data.pkl', 'data', { base });
  addValues(saved, name, weights);
}

function addValues(saved: StoredValue, name: string, weights: ExportWeights): void {
  if (saved.kind === 'tensor') weights.set(name, saved.tensor);
  if (saved.kind !== 'dict') return;
  for (const [key, value] of saved.entries) {
    if (key.kind !== 'value' || typeof key.value !== 'string') continue;
    const why = value.kind === 'unreadable' ? value.why : `a ${value.kind} is no tensor`;
    weights.set(key.value, value.kind === 'tensor' ? value.tensor : { why });
  }
}

/** Adds the tensors of an entry that is a `torch.save` of its own; nothing where there is no such entry. */
export async function addSavedEntry(
  { archive, source }: SourcedArchive,
  name: string,
  weights: ExportWeights,
): Promise<void> {
  const entry = archive.entries.get(name);
  if (entry === undefined) return;
  if (entry.method === 0) {
    const start = await zipEntryOffset(source, entry);
    await addSaved(windowOf(source, start, entry.size), start, name, weights);
    return;
  }
  const bytes = (await archive.read(name)) ?? new Uint8Array();
  await addSaved(bytesSource(bytes), null, name, weights);
}

/** Adds a constant that stands in the program itself, as PyTorch 2.1 writes them: base64 of a `torch.save`. */
export async function addInlineConstant(name: string, text: string, weights: ExportWeights): Promise<void> {
  await addSaved(bytesSource(fromBase64(text)), null, name, weights);
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function fromBase64(text: string): Uint8Array {
  const digits = Array.from(text.replaceAll(/[\s=]/g, ''), (digit) => BASE64.indexOf(digit));
  if (digits.includes(-1)) throw new MalformedFile('a constant of the program is no base64');
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  for (let at = 0; at < bytes.byteLength; at++) {
    const place = Math.floor((at * 4) / 3);
    const shift = 2 * (at % 3) + 2;
    bytes[at] = ((digits[place] ?? 0) << shift) | ((digits[place + 1] ?? 0) >> (6 - shift));
  }
  return bytes;
}

/**
 * Adds the tensors that a config of a folder lists (`data/weights/model_weights_config.json`): each is a view of a file of
 * raw elements, which several may share. @throws MalformedFile where one lies outside of its file.
 */
export async function addListed(
  { archive, source }: SourcedArchive,
  config: string,
  weights: ExportWeights,
): Promise<void> {
  const bytes = await archive.read(config);
  if (bytes === null) return;
  const folder = config.slice(0, config.lastIndexOf('/') + 1);
  const storages = new Map<string, TorchStorage>();
  const storageOf = async (name: string): Promise<TorchStorage> => {
    const storage = storages.get(name) ?? (await entryStorage(archive, source, name));
    storages.set(name, storage);
    return storage;
  };
  const listed = member(parseProgramJson(bytes, config), 'config');
  for (const [key, value] of entriesOf(listed, config)) {
    const payload = objectOf(value, key);
    const meta = member(payload, 'tensor_meta');
    if (member(payload, 'use_pickle') === true || meta === null) {
      weights.set(key, { why: `${key} is an object of Python in a pickle, no plain tensor` });
      continue;
    }
    const path = `${folder}${textOf(member(payload, 'path_name'), `the file of ${key}`)}`;
    weights.set(key, await listedTensor(key, meta, await storageOf(path)));
  }
}

async function listedTensor(key: string, meta: Json, storage: TorchStorage): Promise<ExportWeight> {
  const object = objectOf(meta, key);
  const { dtype, sizes } = readTensorMeta(object);
  if (dtype === null) return { why: `${key} is of dtype number ${JSON.stringify(member(object, 'dtype'))}` };
  const numbers = (values: readonly Json[]): number[] =>
    values.map((value) => (typeof value === 'number' ? value : Number(unionOf(value, key)[1])));
  const offset = member(object, 'storage_offset');
  const tensor: StoredTensor = {
    storage,
    dtype,
    size: sizes.map((size) => (typeof size === 'number' ? size : Number.NaN)),
    stride: numbers(listOf(member(object, 'strides'), key)),
    offset: numbers([offset ?? 0])[0] ?? 0,
  };
  checkStoredTensor(tensor);
  return tensor;
}
