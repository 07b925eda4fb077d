import { DATATYPES, isDatatype, type Datatype } from '../datatypes.ts';
import { StatusError } from '../status.ts';
import type { NamedTensor } from '../tensors/tensor.ts';
import {
  asArray,
  asBoolean,
  asString,
  asUnsigned,
  findMember,
  isSigned,
  member,
  wrongKind,
} from './json-access.ts';
import { isJsonArray, isJsonObject, JsonDouble, parseJson, type JsonValue } from './json-document.ts';
import { readJsonData } from './json-tensor.ts';
import { printString } from './json-text.ts';
import {
  findPlace,
  NO_SHARED_MEMORY,
  type SharedMemoryPlace,
  type SharedMemoryPort,
} from './shared-memory-port.ts';

/** A custom request parameter, given to the backend as it is. */
export type RequestParameter = string | number | bigint | boolean;

/** An output that the client asks for. */
export interface RequestedOutput {
  readonly name: string;
  readonly isBinary: boolean;
  /** Top-n classes instead of the tensor; 0 for the tensor. */
  readonly classification: number;
  /** Where the tensor is written instead of into the response; absent: it comes in the response. */
  readonly place?: SharedMemoryPlace;
}

/** An input as it came. Over gRPC a datatype that does not exist gets as far as the model's own checks. */
export interface RequestInput extends Omit<NamedTensor, 'datatype'> {
  readonly datatype: Datatype | '<invalid>';
}

/** The request parameters that steer scheduling; times in microseconds. */
export interface RequestControl {
  /** 0 or empty: no sequence. */
  readonly sequenceId: bigint | string;
  readonly isSequenceStart: boolean;
  readonly isSequenceEnd: boolean;
  readonly priority: bigint;
  readonly timeoutMicroseconds: bigint;
}

/** An inference request whatever it travelled in. Inputs are in request order, their bytes not yet checked. */
export interface InferRequest {
  readonly id: string;
  readonly control: RequestControl;
  readonly parameters: ReadonlyMap<string, RequestParameter>;
  readonly inputs: readonly RequestInput[];
  /** Empty: all outputs of the model. */
  readonly outputs: readonly RequestedOutput[];
  /** Whether outputs that say nothing else come as binary data. */
  readonly isBinaryByDefault: boolean;
  /** One nameless input given as the whole body. */
  readonly isRaw: boolean;
}

/** What the reader must know of the model and the server. */
export interface InferRequestContext {
  readonly modelName: string;
  /** `--http-max-input-size`. */
  readonly maxInputBytes: number;
  /** Absent: no region is registered. */
  readonly sharedMemory?: SharedMemoryPort;
}

/** Of a request that says nothing of scheduling. */
export const NO_CONTROL: RequestControl = {
  sequenceId: 0n,
  isSequenceStart: false,
  isSequenceEnd: false,
  priority: 0n,
  timeoutMicroseconds: 0n,
};

const SIZE_HINT = 'Use --http-max-input-size to increase the limit.';

/** @throws StatusError `invalid-argument` if a JSON body is larger than the server takes. */
export function checkJsonSize(byteLength: number, maxInputBytes: number): void {
  if (byteLength <= maxInputBytes) return;
  throw new StatusError(
    'invalid-argument',
    `request JSON size of ${byteLength} bytes exceeds the maximum allowed input size of ${maxInputBytes} bytes. ${SIZE_HINT}`,
  );
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

interface ReadParameters {
  readonly control: RequestControl;
  readonly parameters: ReadonlyMap<string, RequestParameter>;
  readonly isBinaryByDefault: boolean;
}

/** The longest sequence id that is text, in bytes of UTF-8. */
const MAX_SEQUENCE_ID_BYTES = 128;

/** @throws StatusError `unsupported` if an id of a sequence is longer than Triton keeps one. */
export function checkSequenceId(id: string): string {
  if (new TextEncoder().encode(id).byteLength <= MAX_SEQUENCE_ID_BYTES) return id;
  throw new StatusError(
    'unsupported',
    `string correlation ID cannot be longer than ${MAX_SEQUENCE_ID_BYTES} characters`,
  );
}

function readSequenceId(value: JsonValue): bigint | string {
  if ((typeof value === 'number' || typeof value === 'bigint') && value >= 0) return BigInt(value);
  return checkSequenceId(asString(value, "Unable to parse 'sequence_id': "));
}

/** A parameter that is not Triton's own. @throws StatusError `invalid-argument` for an array, object or null. */
export function readCustomParameter(name: string, value: JsonValue): RequestParameter {
  if (typeof value === 'string' || typeof value === 'boolean' || isSigned(value)) return value;
  if (value instanceof JsonDouble) return value.value;
  throw new StatusError(
    'invalid-argument',
    `parameter '${name}' has invalid type. It should be either 'int', 'bool', or 'string'.`,
  );
}

function readParameters(value: JsonValue | undefined): ReadParameters {
  const parameters = new Map<string, RequestParameter>();
  const control: Mutable<RequestControl> = { ...NO_CONTROL };
  let isBinaryByDefault = false;
  if (value !== undefined && !isJsonObject(value)) {
    throw new StatusError('internal', 'failed to get request params.: attempt to get members for non-object');
  }
  for (const [name, each] of value ?? []) {
    const prefix = `Unable to parse '${name}': `;
    if (name === 'sequence_id') control.sequenceId = readSequenceId(each);
    else if (name === 'sequence_start') control.isSequenceStart = asBoolean(each, prefix);
    else if (name === 'sequence_end') control.isSequenceEnd = asBoolean(each, prefix);
    else if (name === 'priority') control.priority = asUnsigned(each, prefix);
    else if (name === 'timeout') control.timeoutMicroseconds = asUnsigned(each, prefix);
    else if (name === 'binary_data_output') isBinaryByDefault = asBoolean(each, prefix);
    else if (name.startsWith('triton_')) {
      throw new StatusError(
        'invalid-argument',
        "parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified.",
      );
    } else parameters.set(name, readCustomParameter(name, each));
  }
  return { control, parameters, isBinaryByDefault };
}

function checkOneSource(input: JsonValue): void {
  const parameters = findMember(input, 'parameters') ?? null;
  const set = [
    ...(findMember(input, 'data') === undefined ? [] : ["'data'"]),
    ...(findMember(parameters, 'binary_data_size') === undefined ? [] : ["'binary_data_size'"]),
    ...(findMember(parameters, 'shared_memory_region') === undefined ? [] : ["'shared_memory_region'"]),
  ];
  if (set.length === 1) return;
  const said = set.length === 0 ? 'But no field is set' : `But set ${set.join(' ')}`;
  throw new StatusError(
    'invalid-argument',
    `Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. ${said}`,
  );
}

const MAX_INT64 = 0x7fff_ffff_ffff_ffffn;

/** Elements of a shape as Triton counts them: −1 for a shape with a −1, else checked against overflow. */
function countElements(name: string, dims: readonly bigint[]): bigint {
  if (dims.includes(-1n)) return -1n;
  const printed = `invalid shape for input '${name}': shape [${dims.join(',')}]`;
  if (dims.some((dim) => dim < 0n)) {
    throw new StatusError('invalid-argument', `${printed} contains one or more invalid dimensions`);
  }
  const count = dims.reduce((product, dim) => product * dim, 1n);
  if (count > MAX_INT64) {
    throw new StatusError(
      'invalid-argument',
      `${printed} causes total element count to exceed maximum size of ${MAX_INT64}`,
    );
  }
  return count;
}

function jsonByteSize(name: string, datatype: Datatype, count: bigint): bigint {
  const bytes = count * BigInt(DATATYPES[datatype].elementBytes);
  if (bytes > MAX_INT64) throw new StatusError('invalid-argument', `byte size overflow for input '${name}'`);
  return BigInt.asUintN(64, bytes);
}

function checkJsonInputSize(name: string, byteSize: bigint, used: bigint, maxInputBytes: number): void {
  if (used + byteSize <= BigInt(maxInputBytes)) return;
  throw new StatusError(
    'invalid-argument',
    `JSON input '${name}' has a byte_size (${used + byteSize} bytes) that exceeds the maximum allowed value of ${maxInputBytes} bytes. ${SIZE_HINT}`,
  );
}

/** The place in shared memory that the parameters of an input or output name; null: they name none. */
function readPlace(parameters: JsonValue, port: SharedMemoryPort): SharedMemoryPlace | null {
  const region = findMember(parameters, 'shared_memory_region');
  if (region === undefined) return null;
  const name = asString(region, "Unable to parse 'shared_memory_region': ");
  const [offset, byteSize] = ['shared_memory_offset', 'shared_memory_byte_size'].map((key) => {
    const value = findMember(parameters, key);
    return value === undefined ? 0n : asUnsigned(value, `Unable to parse '${key}': `);
  });
  return findPlace(port, name, offset ?? 0n, byteSize ?? 0n);
}

/** Reads the inputs one after the other, consuming the binary blocks behind the JSON in their order. */
class InputReader {
  readonly #context: InferRequestContext;
  readonly #binary: Uint8Array;
  #consumed = 0;
  #jsonBytes = 0n;

  constructor(binary: Uint8Array, context: InferRequestContext) {
    this.#binary = binary;
    this.#context = context;
  }

  read(input: JsonValue): NamedTensor {
    checkOneSource(input);
    const name = asString(member(input, 'name'), "Unable to parse 'name': ");
    const word = asString(member(input, 'datatype'), "Unable to parse 'datatype': ");
    const shape = "Unable to parse 'shape': ";
    const dims = asArray(member(input, 'shape'), shape).map((dim) =>
      BigInt.asIntN(64, asUnsigned(dim, shape)),
    );
    if (!isDatatype(word)) throw new StatusError('invalid-argument', `invalid datatype for input ${name}`);
    const data = findMember(input, 'data');
    const bytes = data === undefined ? this.#readBinary(name, input) : this.#readJson(name, word, dims, data);
    return { name, datatype: word, shape: dims.map(Number), data: bytes };
  }

  #readBinary(name: string, input: JsonValue): Uint8Array {
    const parameters = member(input, 'parameters');
    const { sharedMemory = NO_SHARED_MEMORY, modelName } = this.#context;
    const place = readPlace(parameters, sharedMemory);
    if (place) return sharedMemory.read(place);
    const size = asUnsigned(member(parameters, 'binary_data_size'), "Unable to parse 'binary_data_size': ");
    const available = this.#binary.byteLength - this.#consumed;
    if (size > BigInt(available)) {
      throw new StatusError(
        'invalid-argument',
        `unexpected size for input '${name}', expecting ${size - BigInt(available)} additional bytes for model '${modelName}'`,
      );
    }
    const from = this.#consumed;
    this.#consumed += Number(size);
    return this.#binary.subarray(from, this.#consumed);
  }

  #readJson(name: string, datatype: Datatype, dims: readonly bigint[], data: JsonValue): Uint8Array {
    if (datatype === 'FP16' || datatype === 'BF16') {
      throw new StatusError(
        'invalid-argument',
        `receiving ${datatype} data via JSON is not supported. Please use the binary data format for input ${name}`,
      );
    }
    const count = countElements(name, dims);
    const { maxInputBytes } = this.#context;
    const byteSize = jsonByteSize(name, datatype, count);
    checkJsonInputSize(name, byteSize, this.#jsonBytes, maxInputBytes);
    // Triton does not look at the data of a tensor that has no bytes.
    const hasNoBytes = byteSize === 0n && datatype !== 'BYTES';
    const bytes = hasNoBytes ? new Uint8Array() : readJsonData(data, datatype, Number(count));
    this.#jsonBytes += BigInt(bytes.byteLength);
    if (datatype === 'BYTES') checkJsonInputSize(name, 0n, this.#jsonBytes, maxInputBytes);
    return bytes;
  }

  finish(): void {
    if (this.#consumed === this.#binary.byteLength) return;
    throw new StatusError(
      'invalid-argument',
      `unexpected additional input data for model '${this.#context.modelName}'`,
    );
  }
}

function readClassification(parameters: JsonValue): number {
  const classification = findMember(parameters, 'classification');
  if (classification === undefined) return 0;
  const count = asUnsigned(classification, "Unable to set 'classification': ");
  return Number(count > 0xffff_ffffn ? 0xffff_ffffn : count);
}

function readRequestedOutput(
  output: JsonValue,
  isBinaryByDefault: boolean,
  sharedMemory: SharedMemoryPort,
): RequestedOutput {
  const name = asString(member(output, 'name'), "Unable to parse 'name': ");
  const parameters = findMember(output, 'parameters') ?? null;
  const binary = findMember(parameters, 'binary_data');
  if (findMember(parameters, 'shared_memory_region') !== undefined) {
    const isBinary = binary !== undefined && asBoolean(binary, "Unable to parse 'binary_data': ");
    const hasClasses = findMember(parameters, 'classification') !== undefined;
    const clash = hasClasses ? 'classification' : isBinary ? 'binary_data' : null;
    if (clash) {
      throw new StatusError(
        'invalid-argument',
        `Output can't set both 'shared_memory_region' and '${clash}'`,
      );
    }
  }
  const place = readPlace(parameters, sharedMemory);
  if (place) return { name, classification: 0, isBinary: false, place };
  return {
    name,
    classification: readClassification(parameters),
    isBinary: binary === undefined ? isBinaryByDefault : asBoolean(binary, "Unable to parse 'binary_data': "),
  };
}

function alreadyExists(what: 'input' | 'output', name: string): StatusError {
  return new StatusError('invalid-argument', `${what} '${name}' already exists in request`);
}

function readOutputs(
  json: JsonValue,
  isBinaryByDefault: boolean,
  sharedMemory: SharedMemoryPort,
): RequestedOutput[] {
  const value = findMember(json, 'outputs');
  if (value === undefined) return [];
  const outputs = new Map<string, RequestedOutput>();
  for (const each of asArray(value, "Unable to parse 'outputs': ")) {
    const output = readRequestedOutput(each, isBinaryByDefault, sharedMemory);
    if (outputs.has(output.name)) throw alreadyExists('output', output.name);
    outputs.set(output.name, output);
  }
  return [...outputs.values()];
}

/**
 * Reads `POST …/infer` with a JSON header: `header` is the JSON, `binary` what follows it (tensors are views into it).
 * Checks in Triton's order; the model's own rules are checked later (`checkInferRequest`).
 * @throws StatusError in Triton's words.
 */
export function decodeInferRequest(
  header: Uint8Array,
  binary: Uint8Array,
  context: InferRequestContext,
): InferRequest {
  checkJsonSize(header.byteLength, context.maxInputBytes);
  const json = parseJson(header);
  const id = findMember(json, 'id');
  const requestId = id === undefined ? '' : asString(id, "Unable to parse 'id': ");
  const { control, parameters, isBinaryByDefault } = readParameters(findMember(json, 'parameters'));
  const reader = new InputReader(binary, context);
  const inputs = new Map<string, NamedTensor>();
  const list = member(json, 'inputs');
  if (!isJsonArray(list)) throw wrongKind('array', "Unable to parse 'inputs': ");
  for (const each of asArray(list)) {
    const input = reader.read(each);
    if (inputs.has(input.name)) throw alreadyExists('input', input.name);
    inputs.set(input.name, input);
  }
  reader.finish();
  const outputs = readOutputs(json, isBinaryByDefault, context.sharedMemory ?? NO_SHARED_MEMORY);
  return {
    id: requestId,
    control,
    parameters,
    inputs: [...inputs.values()],
    outputs,
    isBinaryByDefault,
    isRaw: false,
  };
}

/** A body that is one tensor and nothing else (header length 0); all outputs come as binary data. */
export function rawInferRequest(body: Uint8Array, maxInputBytes: number): InferRequest {
  if (body.byteLength > maxInputBytes) {
    throw new StatusError(
      'invalid-argument',
      `Raw input has a byte_size (${body.byteLength} bytes) that exceeds the maximum allowed value of ${maxInputBytes} bytes. ${SIZE_HINT}`,
    );
  }
  return {
    id: '',
    control: NO_CONTROL,
    parameters: new Map(),
    inputs: [{ name: 'raw_input', datatype: 'UINT8', shape: [], data: body }],
    outputs: [],
    isBinaryByDefault: true,
    isRaw: true,
  };
}

/** What a client sends. */
export interface OutgoingInferRequest {
  readonly id?: string;
  readonly inputs: readonly NamedTensor[];
  /** Absent: all outputs. */
  readonly outputs?: readonly { readonly name: string; readonly classification?: number }[];
  readonly parameters?: Readonly<Record<string, RequestParameter>>;
}

function printOutgoingOutput(output: { name: string; classification?: number }): string {
  const classification = output.classification ? `,"classification":${output.classification}` : '';
  return `{"name":${printString(output.name)},"parameters":{"binary_data":true${classification}}}`;
}

/** Request parameters as the members of a JSON object, 64-bit numbers exactly. */
export function printParameters(parameters: Readonly<Record<string, RequestParameter>>): string {
  const print = (value: RequestParameter): string =>
    typeof value === 'string' ? printString(value) : String(value);
  return Object.entries(parameters)
    .map(([name, value]) => `${printString(name)}:${print(value)}`)
    .join(',');
}

/**
 * A client's request with all tensors as binary data, both ways. `header` is the JSON (its byte length goes into
 * `Inference-Header-Content-Length`), `blocks` the tensors' bytes in order, to be written behind it.
 */
export function encodeInferRequest(request: OutgoingInferRequest): {
  readonly header: Uint8Array<ArrayBuffer>;
  readonly blocks: readonly Uint8Array[];
} {
  const inputs = request.inputs.map(
    ({ name, shape, datatype, data }) =>
      `{"name":${printString(name)},"shape":[${shape.join(',')}],"datatype":"${datatype}","parameters":{"binary_data_size":${data.byteLength}}}`,
  );
  const parameters = printParameters({ ...request.parameters, binary_data_output: true });
  const members = [
    ...(request.id ? [`"id":${printString(request.id)}`] : []),
    `"parameters":{${parameters}}`,
    `"inputs":[${inputs.join(',')}]`,
    ...(request.outputs ? [`"outputs":[${request.outputs.map(printOutgoingOutput).join(',')}]`] : []),
  ];
  return {
    header: new TextEncoder().encode(`{${members.join(',')}}`),
    blocks: request.inputs.map(({ data }) => data),
  };
}
