import type { ByteSource } from '../byte-source.ts';
import { MalformedFile } from '../malformed-file.ts';
import type { Dim } from '../model-description.ts';
import { ProtobufReader, type FieldVisitor, type ProtobufField } from '../protobuf-reader.ts';
import { WindowReader } from '../window-reader.ts';
import { ONNX_ELEMENT_TYPES } from './element-types.ts';
import { emptyOnnxModel, type OnnxExternalTensor, type OnnxModel, type OnnxType } from './onnx-model.ts';

type Pending = Promise<void> | undefined;

/** Graphs nested deeper than this exceed protobuf's own limit of 100 messages (a graph is a node, an attribute, a graph). */
const MAX_GRAPH_DEPTH = 32;
const MAX_VALUES = 10_000;
const MAX_METADATA = 10_000;
const MAX_INITIALIZERS = 2_000_000;
const MAX_DISTINCT_OPERATORS = 100_000;
const MAX_DIMS = 64;

/** Fields of `TypeProto` that are no tensor. */
const OTHER_TYPES: ReadonlyMap<number, Exclude<OnnxType['kind'], 'tensor'>> = new Map([
  [4, 'sequence'],
  [5, 'map'],
  [7, 'opaque'],
  [8, 'sparse tensor'],
  [9, 'optional'],
]);

/**
 * Reads what an ONNX file says of itself, jumping over the weights. What was read before the bytes turn bad is kept
 * in `model`. Throws {@link MalformedFile} with the offset for anything that is no ONNX protobuf.
 */
export async function readOnnx(source: ByteSource, model: OnnxModel = emptyOnnxModel()): Promise<OnnxModel> {
  await new OnnxReader(new ProtobufReader(new WindowReader(source)), model).readModel(source.size);
  return model;
}

class OnnxReader {
  readonly #reader: ProtobufReader;
  readonly #model: OnnxModel;

  constructor(reader: ProtobufReader, model: OnnxModel) {
    this.#reader = reader;
    this.#model = model;
  }

  async readModel(size: number): Promise<void> {
    const model = this.#model;
    await this.#reader.walk(0, size, (field) => {
      switch (field.number) {
        case 1:
          model.irVersion = signed(field);
          return undefined;
        case 2:
          return this.#text(field, (text) => (model.producerName = text));
        case 3:
          return this.#text(field, (text) => (model.producerVersion = text));
        case 4:
          return this.#text(field, (text) => (model.domain = text));
        case 5:
          model.modelVersion = signed(field);
          return undefined;
        case 6:
          return this.#text(field, (text) => (model.docString = text));
        case 7:
          return this.#graph(field, 1);
        case 8:
          return this.#opset(field);
        case 14:
          return this.#pair(field, (key, value) => {
            if (model.metadata.size < MAX_METADATA) model.metadata.set(key, value);
          });
        case 25:
          return this.#function(field);
        default:
          return undefined;
      }
    });
  }

  #graph(field: ProtobufField, depth: number): Pending {
    const model = this.#model;
    if (depth > MAX_GRAPH_DEPTH) {
      throw new MalformedFile(`graphs are nested more than ${MAX_GRAPH_DEPTH} deep`, field.offset);
    }
    model.graphDepth = Math.max(model.graphDepth, depth);
    const isMain = depth === 1;
    if (isMain) model.hasGraph = true;
    return this.#message(field, (part) => {
      switch (part.number) {
        case 1:
          return this.#node(part, depth);
        case 2:
          return isMain ? this.#text(part, (text) => (model.graphName = text)) : undefined;
        case 5:
          return this.#tensor(part, (name, elements) =>
            this.#addInitializer(name, elements, isMain, part.offset),
          );
        case 11:
          return isMain ? this.#value(part, 'inputs') : undefined;
        case 12:
          return isMain ? this.#value(part, 'outputs') : undefined;
        case 15:
          return this.#sparseTensor(part, isMain);
        default:
          return undefined;
      }
    });
  }

  #addInitializer(name: string, elements: bigint, isMain: boolean, offset: number): void {
    const model = this.#model;
    if (++model.initializerCount > MAX_INITIALIZERS) {
      throw new MalformedFile(`more than ${MAX_INITIALIZERS} initializers`, offset);
    }
    model.parameterCount += elements;
    if (isMain) model.initializers.add(name);
  }

  #sparseTensor(field: ProtobufField, isMain: boolean): Pending {
    return this.#message(field, (part) =>
      part.number === 1
        ? this.#tensor(part, (name, elements) => this.#addInitializer(name, elements, isMain, part.offset))
        : undefined,
    );
  }

  #node(field: ProtobufField, depth: number): Pending {
    let opType = '';
    let domain = '';
    const count = (): void => {
      const model = this.#model;
      const operator = domain === '' || domain === 'ai.onnx' ? opType : `${domain}:${opType}`;
      model.nodeCount++;
      if (model.operators.size < MAX_DISTINCT_OPERATORS || model.operators.has(operator)) {
        model.operators.set(operator, (model.operators.get(operator) ?? 0) + 1);
        model.nodeDomains.add(domain);
      }
    };
    return after(
      this.#message(field, (part) => {
        switch (part.number) {
          case 4:
            return this.#text(part, (text) => (opType = text));
          case 5:
            return this.#attribute(part, depth);
          case 7:
            return this.#text(part, (text) => (domain = text));
          default:
            return undefined;
        }
      }),
      count,
    );
  }

  #attribute(field: ProtobufField, depth: number): Pending {
    return this.#message(field, (part) => {
      switch (part.number) {
        case 5:
        case 10:
          return this.#tensor(part, () => undefined);
        case 6:
        case 11:
          return this.#graph(part, depth + 1);
        default:
          return undefined;
      }
    });
  }

  #tensor(field: ProtobufField, take: (name: string, elements: bigint) => void): Pending {
    let name = '';
    let elementType = 0;
    let isExternal = false;
    const dims: bigint[] = [];
    const entries = new Map<string, string>();
    return after(
      this.#message(field, (part) => {
        switch (part.number) {
          case 1:
            return this.#reader.takeIntegers(part, dims, MAX_DIMS);
          case 2:
            elementType = Number(part.varint);
            return undefined;
          case 8:
            return this.#text(part, (text) => (name = text));
          case 13:
            return this.#pair(part, (key, value) => {
              if (entries.size < 16) entries.set(key, value);
            });
          case 14:
            isExternal = part.varint === 1n;
            return undefined;
          default:
            return undefined;
        }
      }),
      () => {
        const elements = dims.reduce((product, dim) => product * (dim < 0n ? 0n : dim), 1n);
        if (isExternal)
          this.#model.externalTensors.push(externalTensor(name, elementType, elements, entries));
        take(name, elements);
      },
    );
  }

  #value(field: ProtobufField, side: 'inputs' | 'outputs'): Pending {
    let name = '';
    let type: OnnxType = { kind: 'none' };
    const values = this.#model[side];
    if (values.length >= MAX_VALUES) throw new MalformedFile(`more than ${MAX_VALUES} ${side}`, field.offset);
    return after(
      this.#message(field, (part) => {
        if (part.number === 1) return this.#text(part, (text) => (name = text));
        if (part.number === 2) return this.#type(part, (read) => (type = read));
        return undefined;
      }),
      () => {
        values.push({ name, type });
      },
    );
  }

  #type(field: ProtobufField, take: (type: OnnxType) => void): Pending {
    return this.#message(field, (part) => {
      if (part.number === 1) return this.#tensorType(part, take);
      const kind = OTHER_TYPES.get(part.number);
      if (kind !== undefined) take({ kind });
      return undefined;
    });
  }

  #tensorType(field: ProtobufField, take: (type: OnnxType) => void): Pending {
    let elementType = 0;
    let dims: Dim[] | null = null;
    return after(
      this.#message(field, (part) => {
        if (part.number === 1) elementType = Number(part.varint);
        if (part.number !== 2) return undefined;
        const read: Dim[] = (dims = []);
        return this.#message(part, (dim) => (dim.number === 1 ? this.#dim(dim, read) : undefined));
      }),
      () => take({ kind: 'tensor', elementType, dims }),
    );
  }

  #dim(field: ProtobufField, dims: Dim[]): Pending {
    let dim: Dim = { kind: 'unknown' };
    if (dims.length >= MAX_DIMS) throw new MalformedFile(`more than ${MAX_DIMS} dimensions`, field.offset);
    return after(
      this.#message(field, (part) => {
        if (part.number === 1) {
          const size = signed(part);
          dim =
            size >= 0n && size <= BigInt(Number.MAX_SAFE_INTEGER)
              ? { kind: 'fixed', size: Number(size) }
              : { kind: 'unknown' };
        }
        return part.number === 2
          ? this.#text(part, (name) => (dim = name === '' ? { kind: 'unknown' } : { kind: 'symbolic', name }))
          : undefined;
      }),
      () => {
        dims.push(dim);
      },
    );
  }

  #opset(field: ProtobufField): Pending {
    let domain = '';
    let version = 0n;
    return after(
      this.#message(field, (part) => {
        if (part.number === 2) version = signed(part);
        return part.number === 1 ? this.#text(part, (text) => (domain = text)) : undefined;
      }),
      () => {
        if (this.#model.opsets.size < MAX_METADATA)
          this.#model.opsets.set(domain === 'ai.onnx' ? '' : domain, version);
      },
    );
  }

  #function(field: ProtobufField): Pending {
    let name = '';
    let domain = '';
    return after(
      this.#message(field, (part) => {
        switch (part.number) {
          case 1:
            return this.#text(part, (text) => (name = text));
          case 7:
            return this.#node(part, 1);
          case 10:
            return this.#text(part, (text) => (domain = text));
          default:
            return undefined;
        }
      }),
      () => {
        if (this.#model.functions.size < MAX_DISTINCT_OPERATORS)
          this.#model.functions.add(`${domain}:${name}`);
      },
    );
  }

  #pair(field: ProtobufField, take: (key: string, value: string) => void): Pending {
    let key = '';
    let value = '';
    return after(
      this.#message(field, (part) => {
        if (part.number === 1) return this.#text(part, (text) => (key = text));
        return part.number === 2 ? this.#text(part, (text) => (value = text)) : undefined;
      }),
      () => take(key, value),
    );
  }

  #message(field: ProtobufField, visit: FieldVisitor): Pending {
    return field.wireType === 2
      ? this.#reader.walk(field.offset, field.offset + field.length, visit)
      : undefined;
  }

  #text(field: ProtobufField, take: (text: string) => void): Pending {
    return field.wireType === 2 ? this.#reader.takeText(field, take) : undefined;
  }
}

function after(pending: Pending, act: () => void): Pending {
  if (pending !== undefined) return pending.then(act);
  act();
  return undefined;
}

function signed(field: ProtobufField): bigint {
  return BigInt.asIntN(64, field.varint);
}

function externalTensor(
  name: string,
  elementType: number,
  elements: bigint,
  entries: ReadonlyMap<string, string>,
): OnnxExternalTensor {
  const bits = ONNX_ELEMENT_TYPES.get(elementType)?.bits ?? 0;
  const offset = entries.get('offset');
  const length = entries.get('length');
  return {
    name,
    location: entries.get('location') ?? '',
    ...(offset === undefined ? {} : { offset }),
    ...(length === undefined ? {} : { length }),
    byteSize: bits === 0 ? null : (elements * BigInt(bits) + 7n) / 8n,
  };
}
