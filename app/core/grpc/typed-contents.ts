import { DATATYPES, type Datatype } from '../datatypes.ts';
import { MalformedMessage, MessageReader } from '../protobuf/message-reader.ts';
import { VarintReader } from '../protobuf/varint-reader.ts';
import { StatusError } from '../status.ts';
import type { ContentsPart } from './wire-infer-request.ts';

/** Bytes of one tensor that typed contents may become: its numbers can grow eightfold when they are unpacked. */
const MAX_TYPED_BYTES = 256 * 1024 * 1024;

interface ContentsField {
  /** Datatypes whose elements the field carries; the first names it in messages when none fits. */
  readonly datatypes: readonly Datatype[];
  /** Bytes of a fixed-size element on the wire; 0 for varints. */
  readonly wireBytes: 0 | 4 | 8;
}

/** Fields of `InferTensorContents` by number, in the order in which Triton looks at them. */
const FIELDS: readonly (readonly [field: number, spec: ContentsField])[] = [
  [1, { datatypes: ['BOOL'], wireBytes: 0 }],
  [2, { datatypes: ['INT32', 'INT8', 'INT16'], wireBytes: 0 }],
  [3, { datatypes: ['INT64'], wireBytes: 0 }],
  [4, { datatypes: ['UINT32', 'UINT8', 'UINT16'], wireBytes: 0 }],
  [5, { datatypes: ['UINT64'], wireBytes: 0 }],
  [6, { datatypes: ['FP32'], wireBytes: 4 }],
  [7, { datatypes: ['FP64'], wireBytes: 8 }],
  [8, { datatypes: ['BYTES'], wireBytes: 0 }],
];

/** The input that typed contents belong to, for messages. */
export interface TypedInput {
  readonly name: string;
  readonly modelName: string;
  readonly datatype: Datatype | '<invalid>';
}

/** Hands every run of one field's elements to `take`, packed or single. */
function eachRun(
  bytes: Uint8Array,
  parts: readonly ContentsPart[],
  field: number,
  take: (offset: number, length: number) => void,
): void {
  for (const { offset, length } of parts) {
    const reader = new MessageReader(bytes, offset, offset + length);
    while (reader.next()) if (reader.number === field) take(reader.offset, reader.length);
  }
}

function countVarints(bytes: Uint8Array, offset: number, length: number): number {
  let count = 0;
  for (let at = offset; at < offset + length; at++) if ((bytes[at] ?? 0) < 0x80) count += 1;
  return count;
}

function allocate(byteLength: number, { name }: TypedInput): Uint8Array {
  if (byteLength <= MAX_TYPED_BYTES) return new Uint8Array(byteLength);
  throw new StatusError(
    'invalid-argument',
    `typed contents of input '${name}' take ${byteLength} bytes, more than ${MAX_TYPED_BYTES}; send them as raw_input_contents`,
  );
}

class ContentsReader {
  readonly #bytes: Uint8Array;
  readonly #parts: readonly ContentsPart[];
  readonly #input: TypedInput;

  constructor(bytes: Uint8Array, parts: readonly ContentsPart[], input: TypedInput) {
    this.#bytes = bytes;
    this.#parts = parts;
    this.#input = input;
  }

  read(field: number, wireBytes: number, datatype: Datatype): Uint8Array {
    if (datatype === 'BYTES') return this.#strings(field);
    return wireBytes === 0 ? this.#varints(field, datatype) : this.#fixed(field, wireBytes);
  }

  #strings(field: number): Uint8Array {
    let byteLength = 0;
    eachRun(this.#bytes, this.#parts, field, (_, length) => (byteLength += length + 4));
    const data = allocate(byteLength, this.#input);
    const view = new DataView(data.buffer);
    let at = 0;
    eachRun(this.#bytes, this.#parts, field, (offset, length) => {
      view.setUint32(at, length, true);
      data.set(this.#bytes.subarray(offset, offset + length), at + 4);
      at += length + 4;
    });
    return data;
  }

  #fixed(field: number, wireBytes: number): Uint8Array {
    let byteLength = 0;
    eachRun(this.#bytes, this.#parts, field, (_, length) => (byteLength += length));
    if (byteLength % wireBytes !== 0) throw new MalformedMessage('a list of numbers is cut short');
    const data = allocate(byteLength, this.#input);
    let at = 0;
    eachRun(this.#bytes, this.#parts, field, (offset, length) => {
      data.set(this.#bytes.subarray(offset, offset + length), at);
      at += length;
    });
    return data;
  }

  #varints(field: number, datatype: Datatype): Uint8Array {
    const { elementBytes } = DATATYPES[datatype];
    let count = 0;
    eachRun(this.#bytes, this.#parts, field, (offset, length) => {
      count += countVarints(this.#bytes, offset, length);
    });
    const data = allocate(count * elementBytes, this.#input);
    const put = writerOf(new DataView(data.buffer), datatype);
    const varint = new VarintReader();
    let index = 0;
    eachRun(this.#bytes, this.#parts, field, (offset, length) => {
      for (let at = offset; at < offset + length; index++) {
        at = varint.read(this.#bytes, at, offset + length);
        if (at < 0) throw new MalformedMessage('a list of numbers is cut short');
        put(index, varint);
      }
    });
    return data;
  }
}

/** How an element is written; integers that are too large lose their upper bits, as in Triton. */
function writerOf(view: DataView, datatype: Datatype): (index: number, varint: VarintReader) => void {
  switch (DATATYPES[datatype].elementBytes) {
    case 1:
      if (datatype === 'BOOL')
        return (index, { low, high }) => view.setUint8(index, low === 0 && high === 0 ? 0 : 1);
      return (index, { low }) => view.setUint8(index, low & 0xff);
    case 2:
      return (index, { low }) => view.setUint16(index * 2, low & 0xffff, true);
    case 4:
      return (index, { low }) => view.setUint32(index * 4, low, true);
    case 8:
    case 0:
      return (index, { low, high }) => {
        view.setUint32(index * 8, low, true);
        view.setUint32(index * 8 + 4, high, true);
      };
  }
}

/**
 * The bytes of a tensor given as typed contents. Nothing is allocated before the elements are counted.
 * @throws StatusError `invalid-argument` in Triton's words if the filled field does not fit the datatype.
 */
export function readTypedContents(
  bytes: Uint8Array,
  parts: readonly ContentsPart[],
  input: TypedInput,
): Uint8Array {
  const present = parts.reduce((fields, part) => fields | part.fields, 0);
  const start = `unexpected explicit tensor data for input tensor '${input.name}' for model '${input.modelName}'`;
  let data: Uint8Array | null = null;
  for (const [field, { datatypes, wireBytes }] of FIELDS) {
    if ((present & (1 << field)) === 0) continue;
    if (data) throw new StatusError('invalid-argument', `${start}, binary data was already supplied.`);
    const datatype = datatypes.find((each) => each === input.datatype);
    if (!datatype) {
      throw new StatusError(
        'invalid-argument',
        `${start} of type '${datatypes[0] ?? ''}', expected datatype '${input.datatype}'`,
      );
    }
    data = new ContentsReader(bytes, parts, input).read(field, wireBytes, datatype);
  }
  return data ?? new Uint8Array();
}
