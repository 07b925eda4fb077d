import type { Datatype } from '../../datatypes.ts';
import { describeFindings } from '../format-description.ts';
import type { Candidate } from '../format.ts';
import type { Dim, ModelDescription, ModelNotice, TensorSignature } from '../model-description.ts';
import { ProtobufReader, type ProtobufField } from '../protobuf-reader.ts';
import { WindowReader } from '../window-reader.ts';

/** TensorFlow's `DataType` numbers. */
const TENSORFLOW_TYPES: ReadonlyMap<bigint, Datatype> = new Map([
  [1n, 'FP32'],
  [2n, 'FP64'],
  [3n, 'INT32'],
  [4n, 'UINT8'],
  [5n, 'INT16'],
  [6n, 'INT8'],
  [7n, 'BYTES'],
  [9n, 'INT64'],
  [10n, 'BOOL'],
  [14n, 'BF16'],
  [17n, 'UINT16'],
  [19n, 'FP16'],
  [22n, 'UINT32'],
  [23n, 'UINT64'],
]);
const MAX_SIGNATURES = 1_000;
const MAX_TENSORS = 1_000;

interface TensorInfo {
  key: string;
  type: bigint;
  dims: Dim[] | null;
}

interface Signature {
  name: string;
  readonly inputs: TensorInfo[];
  readonly outputs: TensorInfo[];
}

/** Describes a SavedModel by its serving signature. The graph and the weights are not read. */
export async function inspectSavedModel(candidate: Candidate): Promise<ModelDescription> {
  const { signatures, version, tags } = await new SavedModelReader(
    new ProtobufReader(new WindowReader(candidate.source)),
  ).read();
  const serving =
    signatures.find(({ name }) => name === 'serving_default') ??
    signatures.find(({ inputs }) => inputs.length > 0);
  return describeFindings(candidate, {
    format: 'saved-model',
    formatName: 'TensorFlow SavedModel',
    byteSize: await folderSize(candidate),
    facts: [
      ['TensorFlow', version],
      ['Tags', tags.join(', ')],
      ['Signature', serving?.name ?? ''],
    ],
    inputs: (serving?.inputs ?? []).map(signatureOf),
    outputs: (serving?.outputs ?? []).map(signatureOf),
    notices: [conversion(candidate.path)],
    verdict: {
      kind: 'needs-container',
      backend: 'tensorflow',
      reason:
        'Triton dropped TensorFlow with release 25.03: the container 25.02 is the last that serves a SavedModel. As ONNX the model runs here and in every release.',
    },
  });
}

function conversion(path: string): ModelNotice {
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.';
  return {
    severity: 'info',
    text: 'Converted to ONNX, the model runs here.',
    fix: {
      text: 'Convert the folder with tf2onnx:',
      lines: [
        'pip install tf2onnx',
        `python -m tf2onnx.convert --saved-model "${folder}" --opset 17 --output model.onnx`,
      ],
      language: 'sh',
    },
  };
}

async function folderSize({ path, tree }: Candidate): Promise<number> {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  let size = 0;
  for (const file of tree.paths) if (file.startsWith(folder)) size += (await tree.open(file)).size;
  return size;
}

function signatureOf({ key, type, dims }: TensorInfo): TensorSignature {
  const datatype = TENSORFLOW_TYPES.get(type) ?? null;
  return {
    name: key,
    datatype: { value: datatype, provenance: 'model', reason: 'The serving signature declares it.' },
    dims: { value: dims, provenance: 'model', reason: 'The serving signature declares these dimensions.' },
    ...(datatype === null ? { unsupported: `Triton has no datatype for TensorFlow's type ${type}` } : {}),
  };
}

class SavedModelReader {
  readonly #reader: ProtobufReader;
  readonly #signatures: Signature[] = [];
  readonly #tags: string[] = [];
  #version = '';

  constructor(reader: ProtobufReader) {
    this.#reader = reader;
  }

  async read(): Promise<{ signatures: Signature[]; version: string; tags: string[] }> {
    await this.#reader.walk(0, this.#reader.window.size, (field) =>
      field.number === 2 ? this.#metaGraph(field) : undefined,
    );
    return { signatures: this.#signatures, version: this.#version, tags: this.#tags };
  }

  async #metaGraph(field: ProtobufField): Promise<void> {
    await this.#message(field, (part) => {
      if (part.number === 1) return this.#info(part);
      return part.number === 5 && this.#signatures.length < MAX_SIGNATURES
        ? this.#signature(part)
        : undefined;
    });
  }

  async #info(field: ProtobufField): Promise<void> {
    await this.#message(field, (part) => {
      if (part.number === 4 && part.wireType === 2 && this.#tags.length < 20)
        return this.#reader.takeText(part, (tag) => this.#tags.push(tag));
      return part.number === 5 && part.wireType === 2
        ? this.#reader.takeText(part, (version) => (this.#version = version))
        : undefined;
    });
  }

  async #signature(field: ProtobufField): Promise<void> {
    const signature: Signature = { name: '', inputs: [], outputs: [] };
    await this.#message(field, (part) => {
      if (part.number === 1 && part.wireType === 2)
        return this.#reader.takeText(part, (name) => (signature.name = name));
      if (part.number !== 2) return undefined;
      return this.#message(part, (entry) => {
        if (entry.number === 1) return this.#tensor(entry, signature.inputs);
        return entry.number === 2 ? this.#tensor(entry, signature.outputs) : undefined;
      });
    });
    this.#signatures.push(signature);
  }

  async #tensor(field: ProtobufField, into: TensorInfo[]): Promise<void> {
    if (into.length >= MAX_TENSORS) return;
    const tensor: TensorInfo = { key: '', type: 0n, dims: null };
    into.push(tensor);
    await this.#message(field, (part) => {
      if (part.number === 1 && part.wireType === 2)
        return this.#reader.takeText(part, (key) => (tensor.key = key));
      if (part.number !== 2) return undefined;
      return this.#message(part, (detail) => {
        if (detail.number === 2) tensor.type = detail.varint;
        return detail.number === 3 ? this.#shape(detail, tensor) : undefined;
      });
    });
  }

  async #shape(field: ProtobufField, tensor: TensorInfo): Promise<void> {
    const dims: Dim[] = [];
    let isUnknown = false;
    await this.#message(field, (part) => {
      if (part.number === 3) isUnknown = part.varint === 1n;
      if (part.number !== 2 || dims.length >= 64) return undefined;
      const index = dims.push({ kind: 'fixed', size: 0 }) - 1;
      return this.#message(part, (detail) => {
        const size = BigInt.asIntN(64, detail.varint);
        if (detail.number === 1)
          dims[index] = size < 0n ? { kind: 'unknown' } : { kind: 'fixed', size: Number(size) };
      });
    });
    tensor.dims = isUnknown ? null : dims;
  }

  async #message(
    field: ProtobufField,
    visit: (part: ProtobufField) => Promise<void> | undefined | void,
  ): Promise<void> {
    if (field.wireType === 2) await this.#reader.walk(field.offset, field.offset + field.length, visit);
  }
}
