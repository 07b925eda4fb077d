import { isDatatype } from '../datatypes.ts';
import type {
  InferRequest,
  RequestControl,
  RequestedOutput,
  RequestInput,
  RequestParameter,
} from '../open-inference/infer-request.ts';
import {
  findPlace,
  NO_SHARED_MEMORY,
  type SharedMemoryPlace,
  type SharedMemoryPort,
} from '../open-inference/shared-memory-port.ts';
import { StatusError } from '../status.ts';
import { readTypedContents } from './typed-contents.ts';
import type {
  InferParameter,
  InferParameters,
  WireInferRequest,
  WireInput,
  WireRequestedOutput,
} from './wire-infer-request.ts';

function wrong(text: string): StatusError {
  return new StatusError('invalid-argument', text);
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

function wrongType(name: string, expected: string): StatusError {
  return wrong(`invalid value type for '${name}' parameter, expected ${expected}.`);
}

function asFlag(name: string, parameter: InferParameter): boolean {
  if (parameter.choice !== 'bool_param') throw wrongType(name, 'bool_param');
  return parameter.value;
}

function readSequenceId(parameter: InferParameter): bigint | string {
  if (parameter.choice === 'string_param') return parameter.value;
  if (parameter.choice === 'int64_param') return BigInt.asUintN(64, parameter.value);
  throw wrongType('sequence_id', 'int64_param or string_param');
}

function readPriority(parameter: InferParameter): bigint {
  if (parameter.choice === 'uint64_param') return parameter.value;
  if (parameter.choice !== 'int64_param') throw wrongType('priority', 'int64_param or uint64_param');
  if (parameter.value < 0n) throw wrong("invalid value for 'priority', expected value >= 0.");
  return parameter.value;
}

function readTimeout(parameter: InferParameter): bigint {
  if (parameter.choice !== 'int64_param') throw wrongType('timeout', 'int64_param');
  return BigInt.asUintN(64, parameter.value);
}

function readCustom(name: string, parameter: InferParameter): RequestParameter {
  if (parameter.choice === null || parameter.choice === 'uint64_param') {
    throw wrongType(name, 'int64_param, bool_param, or string_param');
  }
  return parameter.value;
}

const EMPTY_FINAL_RESPONSE = 'triton_enable_empty_final_response';

function readReserved(name: string, parameter: InferParameter): void {
  if (name !== EMPTY_FINAL_RESPONSE) {
    throw wrong(
      `parameter keys starting with 'triton_' are reserved for Triton usage. Only the following keys starting with 'triton_' are allowed: ${EMPTY_FINAL_RESPONSE}`,
    );
  }
  // It asks for one more response from models that have any number of them; ours have one, which is the final one.
  asFlag(name, parameter);
}

function readParameters(parameters: InferParameters): {
  readonly control: RequestControl;
  readonly custom: Map<string, RequestParameter>;
} {
  const control: Mutable<RequestControl> = {
    sequenceId: 0n,
    isSequenceStart: false,
    isSequenceEnd: false,
    priority: 0n,
    timeoutMicroseconds: 0n,
  };
  const custom = new Map<string, RequestParameter>();
  for (const [name, parameter] of parameters) {
    if (name === 'sequence_id') control.sequenceId = readSequenceId(parameter);
    else if (name === 'sequence_start') control.isSequenceStart = asFlag(name, parameter);
    else if (name === 'sequence_end') control.isSequenceEnd = asFlag(name, parameter);
    else if (name === 'priority') control.priority = readPriority(parameter);
    else if (name === 'timeout') control.timeoutMicroseconds = readTimeout(parameter);
    else if (name.startsWith('triton_')) readReserved(name, parameter);
    else custom.set(name, readCustom(name, parameter));
  }
  return { control, custom };
}

function asInt64(name: string, tensor: string, parameter: InferParameter): bigint {
  if (parameter.choice === 'int64_param') return parameter.value;
  throw wrong(`invalid value type for '${name}' parameter for tensor '${tensor}', expected int64_param.`);
}

/** What the parameters of a tensor say of a region. */
interface SaidPlace {
  readonly region: string;
  readonly offset: bigint;
  readonly byteSize: bigint;
}

/** Where in shared memory a tensor is said to be; null if it is not. */
function readPlace(tensor: string, parameters: InferParameters): SaidPlace | null {
  const region = parameters.get('shared_memory_region');
  const offset = parameters.get('shared_memory_offset');
  const byteSize = parameters.get('shared_memory_byte_size');
  if (region && region.choice !== 'string_param') {
    throw wrong(
      `invalid value type for 'shared_memory_region' parameter for tensor '${tensor}', expected string_param.`,
    );
  }
  const alone = (name: string): StatusError =>
    wrong(`'${name}' can not be specified without 'shared_memory_region' parameter for tensor '${tensor}'`);
  if (offset && !region) throw alone('shared_memory_offset');
  const offsetValue = offset ? asInt64('shared_memory_offset', tensor, offset) : 0n;
  if (byteSize && !region) throw alone('shared_memory_byte_size');
  if (!region) return null;
  if (!byteSize) {
    throw wrong(
      `'shared_memory_byte_size' must be specified along with 'shared_memory_region' parameter for tensor '${tensor}'`,
    );
  }
  return {
    region: region.value,
    offset: BigInt.asUintN(64, offsetValue),
    byteSize: BigInt.asUintN(64, asInt64('shared_memory_byte_size', tensor, byteSize)),
  };
}

function locate(port: SharedMemoryPort, { region, offset, byteSize }: SaidPlace): SharedMemoryPlace {
  return findPlace(port, region, offset, byteSize);
}

function refuseTwins(what: 'input' | 'output', tensors: readonly { readonly name: string }[]): void {
  const names = new Set<string>();
  for (const { name } of tensors) {
    if (names.has(name)) throw wrong(`${what} '${name}' already exists in request`);
    names.add(name);
  }
}

/** Finds the bytes of the inputs, consuming the raw contents in order. */
class InputDataReader {
  readonly #wire: WireInferRequest;
  readonly #sharedMemory: SharedMemoryPort;
  #rawIndex = 0;

  constructor(wire: WireInferRequest, sharedMemory: SharedMemoryPort) {
    this.#wire = wire;
    this.#sharedMemory = sharedMemory;
  }

  read(input: WireInput): RequestInput {
    const { name, shape } = input;
    const datatype = isDatatype(input.datatype) ? input.datatype : '<invalid>';
    return { name, datatype, shape, data: this.#data(input, datatype) };
  }

  #data(input: WireInput, datatype: RequestInput['datatype']): Uint8Array {
    const { modelName, rawInputContents, bytes } = this.#wire;
    const { name, contents, parameters } = input;
    const place = readPlace(name, parameters);
    if (place) {
      if (contents) {
        throw wrong(
          `unexpected 'content' provided when using shared memory for input tensor '${name}' for model '${modelName}'`,
        );
      }
      return this.#sharedMemory.read(locate(this.#sharedMemory, place));
    }
    if (contents && rawInputContents.length > 0) {
      throw wrong(
        `contents field must not be specified when using raw_input_contents for '${name}' for model '${modelName}'`,
      );
    }
    if (contents) return readTypedContents(bytes, contents, { name, modelName, datatype });
    const raw = rawInputContents[this.#rawIndex];
    if (!raw) {
      throw wrong(`unable to find data for input tensor '${name}' for model '${modelName}' in request.`);
    }
    this.#rawIndex += 1;
    return raw;
  }
}

const MAX_CLASSES = 0xffff_ffffn;

function readClassification(parameters: InferParameters): number {
  const parameter = parameters.get('classification');
  if (!parameter) return 0;
  if (parameter.choice !== 'int64_param') {
    throw wrong("invalid value type for 'classification' parameter, expected int64_param");
  }
  if (parameter.value <= 0n) throw wrong("invalid value for 'classification' parameter, expected >= 0");
  return Number(parameter.value > MAX_CLASSES ? MAX_CLASSES : parameter.value);
}

function readRequestedOutput(
  { name, parameters }: WireRequestedOutput,
  port: SharedMemoryPort,
): RequestedOutput {
  const place = readPlace(name, parameters);
  const classification = readClassification(parameters);
  if (place && classification > 0) {
    throw wrong("output can't set both 'shared_memory_region' and 'classification'");
  }
  return { name, classification, isBinary: true, ...(place ? { place: locate(port, place) } : {}) };
}

/**
 * What a `ModelInferRequest` asks for, checked in the order and the words of Triton's gRPC front end; the model's own
 * rules are checked later (`checkInferRequest`). Raw tensors stay views into the message.
 * @throws StatusError in Triton's words.
 */
export function readInferRequest(
  wire: WireInferRequest,
  sharedMemory: SharedMemoryPort = NO_SHARED_MEMORY,
): InferRequest {
  const { control, custom } = readParameters(wire.parameters);
  refuseTwins('input', wire.inputs);
  refuseTwins('output', wire.outputs);
  const reader = new InputDataReader(wire, sharedMemory);
  return {
    id: wire.id,
    control,
    parameters: custom,
    inputs: wire.inputs.map((input) => reader.read(input)),
    outputs: wire.outputs.map((output) => readRequestedOutput(output, sharedMemory)),
    isBinaryByDefault: true,
    isRaw: false,
  };
}
