import { MalformedMessage, MessageReader } from '../protobuf/message-reader.ts';
import { StatusError } from '../status.ts';

/** Which field of an `InferParameter` is set, and its value; `null` if none is. */
export type InferParameter =
  | { readonly choice: 'bool_param'; readonly value: boolean }
  | { readonly choice: 'int64_param' | 'uint64_param'; readonly value: bigint }
  | { readonly choice: 'string_param'; readonly value: string }
  | { readonly choice: 'double_param'; readonly value: number }
  | { readonly choice: null };

/** Parameters by name. */
export type InferParameters = ReadonlyMap<string, InferParameter>;

/** Where an `InferTensorContents` message lies, and which of its fields have elements: a bit for each field number. */
export interface ContentsPart {
  readonly fields: number;
  readonly offset: number;
  readonly length: number;
}

/** An input as it came. */
export interface WireInput {
  readonly name: string;
  readonly datatype: string;
  /** Not exact beyond 2^53. */
  readonly shape: readonly number[];
  readonly parameters: InferParameters;
  /** Typed contents, not read yet (several parts are one message, as protobuf has it); null if there are none. */
  readonly contents: readonly ContentsPart[] | null;
}

/** An output that is asked for. */
export interface WireRequestedOutput {
  readonly name: string;
  readonly parameters: InferParameters;
}

/** A `ModelInferRequest` as it came: tensors are views into `bytes`. */
export interface WireInferRequest {
  readonly bytes: Uint8Array;
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly parameters: InferParameters;
  readonly inputs: readonly WireInput[];
  readonly outputs: readonly WireRequestedOutput[];
  readonly rawInputContents: readonly Uint8Array[];
}

const MAX_TENSORS = 4096;
const MAX_DIMS = 32;
const MAX_PARAMETERS = 256;
const MAX_ALL_PARAMETERS = 4096;
const MAX_TEXT_BYTES = 1024 * 1024;
/** Numbers in typed contents that come each with a tag of their own: more of them must come packed, or raw. */
const MAX_UNPACKED_ELEMENTS = 65_536;
const MAX_CONTENTS_PARTS = 16;

const NO_PARAMETERS: InferParameters = new Map();
const UNSET: InferParameter = { choice: null };

function tooMany(what: string, limit: number): StatusError {
  return new StatusError('invalid-argument', `too many ${what}: a request may have ${limit}`);
}

function readName(reader: MessageReader): string {
  if (reader.length > MAX_TEXT_BYTES) {
    throw new StatusError('invalid-argument', `a text of ${reader.length} bytes is too long`);
  }
  return reader.text();
}

function readParameter(reader: MessageReader): InferParameter {
  let parameter = UNSET;
  while (reader.next()) {
    const { number, wireType, varint } = reader;
    if (number === 1 && wireType === 0)
      parameter = { choice: 'bool_param', value: varint.low !== 0 || varint.high !== 0 };
    else if (number === 2 && wireType === 0)
      parameter = { choice: 'int64_param', value: BigInt.asIntN(64, varint.value) };
    else if (number === 3 && wireType === 2) parameter = { choice: 'string_param', value: readName(reader) };
    else if (number === 4 && wireType === 1) {
      const { bytes, offset } = reader;
      const value = new DataView(bytes.buffer, bytes.byteOffset + offset, 8).getFloat64(0, true);
      parameter = { choice: 'double_param', value };
    } else if (number === 5 && wireType === 0) parameter = { choice: 'uint64_param', value: varint.value };
  }
  return parameter;
}

class RequestReader {
  readonly #bytes: Uint8Array;
  #parametersLeft = MAX_ALL_PARAMETERS;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(): WireInferRequest {
    const reader = new MessageReader(this.#bytes);
    let [modelName, modelVersion, id] = ['', '', ''];
    let parameters: Map<string, InferParameter> | null = null;
    const inputs: WireInput[] = [];
    const outputs: WireRequestedOutput[] = [];
    const rawInputContents: Uint8Array[] = [];
    while (reader.next()) {
      if (reader.wireType !== 2) continue;
      switch (reader.number) {
        case 1:
          modelName = readName(reader);
          break;
        case 2:
          modelVersion = readName(reader);
          break;
        case 3:
          id = readName(reader);
          break;
        case 4:
          parameters = this.#addParameter(parameters, reader);
          break;
        case 5:
          if (inputs.length === MAX_TENSORS) throw tooMany('inputs', MAX_TENSORS);
          inputs.push(this.#input(reader.message()));
          break;
        case 6:
          if (outputs.length === MAX_TENSORS) throw tooMany('outputs', MAX_TENSORS);
          outputs.push(this.#output(reader.message()));
          break;
        case 7:
          if (rawInputContents.length === MAX_TENSORS) throw tooMany('raw_input_contents', MAX_TENSORS);
          rawInputContents.push(reader.view());
          break;
        default:
      }
    }
    return {
      bytes: this.#bytes,
      modelName,
      modelVersion,
      id,
      parameters: parameters ?? NO_PARAMETERS,
      inputs,
      outputs,
      rawInputContents,
    };
  }

  #addParameter(
    parameters: Map<string, InferParameter> | null,
    field: MessageReader,
  ): Map<string, InferParameter> {
    const map = parameters ?? new Map<string, InferParameter>();
    this.#parametersLeft -= 1;
    if (this.#parametersLeft < 0) throw tooMany('parameters', MAX_ALL_PARAMETERS);
    const entry = field.message();
    let key = '';
    let value = UNSET;
    while (entry.next()) {
      if (entry.wireType !== 2) continue;
      if (entry.number === 1) key = readName(entry);
      else if (entry.number === 2) value = readParameter(entry.message());
    }
    map.set(key, value);
    if (map.size > MAX_PARAMETERS) throw tooMany('parameters of one kind', MAX_PARAMETERS);
    return map;
  }

  #input(reader: MessageReader): WireInput {
    let [name, datatype] = ['', ''];
    const shape: number[] = [];
    let parameters: Map<string, InferParameter> | null = null;
    let contents: ContentsPart[] | null = null;
    while (reader.next()) {
      const { number, wireType } = reader;
      if (number === 1 && wireType === 2) name = readName(reader);
      else if (number === 2 && wireType === 2) datatype = readName(reader);
      else if (number === 3) readShape(reader, shape);
      else if (number === 4 && wireType === 2) parameters = this.#addParameter(parameters, reader);
      else if (number === 5 && wireType === 2) contents = addContents(contents ?? [], reader);
    }
    return { name, datatype, shape, parameters: parameters ?? NO_PARAMETERS, contents };
  }

  #output(reader: MessageReader): WireRequestedOutput {
    let name = '';
    let parameters: Map<string, InferParameter> | null = null;
    while (reader.next()) {
      if (reader.wireType !== 2) continue;
      if (reader.number === 1) name = readName(reader);
      else if (reader.number === 2) parameters = this.#addParameter(parameters, reader);
    }
    return { name, parameters: parameters ?? NO_PARAMETERS };
  }
}

function readShape(reader: MessageReader, shape: number[]): void {
  const { bytes, offset, length, varint, wireType } = reader;
  const push = (): void => {
    if (shape.length === MAX_DIMS) throw tooMany('dimensions', MAX_DIMS);
    shape.push(varint.signedNumber);
  };
  if (wireType === 0) push();
  if (wireType !== 2) return;
  for (let at = offset; at < offset + length;) {
    at = varint.read(bytes, at, offset + length);
    if (at < 0) throw new MalformedMessage('a shape is cut short');
    push();
  }
}

const MAX_CONTENTS_FIELD = 8;
const BYTES_CONTENTS_FIELD = 8;

function addContents(parts: ContentsPart[], field: MessageReader): ContentsPart[] {
  if (parts.length === MAX_CONTENTS_PARTS) throw tooMany('parts of one contents field', MAX_CONTENTS_PARTS);
  const { offset, length } = field;
  const reader = field.message();
  let fields = 0;
  let unpacked = 0;
  while (reader.next()) {
    if (reader.number > MAX_CONTENTS_FIELD) continue;
    if (reader.wireType !== 2 && ++unpacked > MAX_UNPACKED_ELEMENTS) {
      throw new StatusError(
        'invalid-argument',
        `more than ${MAX_UNPACKED_ELEMENTS} elements of typed contents are not packed; send them packed or as raw_input_contents`,
      );
    }
    const isEmpty = reader.number !== BYTES_CONTENTS_FIELD && reader.length === 0;
    if (!isEmpty) fields |= 1 << reader.number;
  }
  parts.push({ fields, offset, length });
  return parts;
}

/**
 * Reads a `ModelInferRequest` by hand: nothing is copied, counts are capped while reading (4096 tensors, 32 dimensions,
 * 256 parameters of one kind), and typed contents are only found, not read.
 * @throws MalformedMessage for bytes that are no such message; StatusError `invalid-argument` for more than the caps.
 */
export function readWireInferRequest(bytes: Uint8Array): WireInferRequest {
  return new RequestReader(bytes).read();
}
