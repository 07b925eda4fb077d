import { DATATYPES } from '../datatypes.ts';
import { StatusError } from '../status.ts';
import type { NamedTensor } from '../tensors/tensor.ts';
import {
  NO_CONTROL,
  readCustomParameter,
  type InferRequest,
  type RequestParameter,
} from './infer-request.ts';
import { asString, wrongKind } from './json-access.ts';
import { isJsonArray, isJsonObject, JsonNumbers, parseJson, type JsonValue } from './json-document.ts';
import { readJsonData, readJsonScalar } from './json-tensor.ts';
import type { ServedInput, ServedSignature } from './served-signature.ts';

/** The key whose object holds further parameters and inputs. */
const NESTED = 'parameters';

function badShape(name: string): StatusError {
  return new StatusError(
    'invalid-argument',
    `The schema can not convert input '${name}' to tensor with proper shape`,
  );
}

/**
 * The shape of an input of which only the number of elements is known: fixed dimensions divide it, the innermost free
 * one takes the rest, further free ones are 1. `dims` are wire dims, batch dimension included.
 */
function spreadElements(name: string, dims: readonly number[], elements: number): number[] {
  let rest = elements;
  for (const dim of dims.toReversed()) {
    if (dim === -1) continue;
    if (dim === 0 || rest % dim !== 0) throw badShape(name);
    rest /= dim;
  }
  const shape = [...dims];
  for (let index = shape.length - 1; index >= 0; index -= 1) {
    if (shape[index] !== -1) continue;
    shape[index] = rest;
    rest = 1;
  }
  if (rest !== 1) throw badShape(name);
  return shape;
}

function countOf(value: JsonValue): number {
  if (!isJsonArray(value)) return 1;
  return value instanceof JsonNumbers ? value.values.length : value.length;
}

function readInput(input: ServedInput, isBatched: boolean, value: JsonValue): NamedTensor {
  const { name, datatype, dims } = input;
  if (datatype === 'BYTES' && !isJsonArray(value)) asString(value, 'Unable to parse JSON bytes array: ');
  const count = countOf(value);
  const shape = spreadElements(name, isBatched ? [-1, ...dims] : dims, count);
  if (datatype === 'FP16' || datatype === 'BF16') {
    throw new StatusError(
      'invalid-argument',
      `receiving ${datatype} data via JSON is not supported. Please use the binary data format for input ${name}`,
    );
  }
  const isEmpty = count === 0 && DATATYPES[datatype].elementBytes > 0;
  if (isEmpty) return { name, datatype, shape, data: new Uint8Array() };
  const data = isJsonArray(value) ? readJsonData(value, datatype, count) : readJsonScalar(value, datatype);
  return { name, datatype, shape, data };
}

/** Collects what the members of the request, and of its nested parameters, are: inputs or parameters. */
class GenerateReader {
  readonly #signature: ServedSignature;
  readonly inputs: NamedTensor[] = [];
  readonly parameters = new Map<string, RequestParameter>();
  id = '';

  constructor(signature: ServedSignature) {
    this.#signature = signature;
  }

  readRequest(json: JsonValue): void {
    if (!isJsonObject(json)) {
      throw new StatusError('internal', 'attempt to get members for non-object');
    }
    for (const [name, value] of json) {
      if (name === 'id' && !this.#signature.inputs.has(name)) {
        this.id = asString(value, "Unable to parse 'id': ");
      } else if (name === NESTED) this.#readNested(value);
      else this.#readMember(name, value);
    }
  }

  #readNested(value: JsonValue): void {
    if (this.#signature.inputs.has(NESTED)) {
      throw new StatusError(
        'invalid-argument',
        `Keyword '${NESTED}' for nested schema also given as input tensor name`,
      );
    }
    if (!isJsonObject(value)) throw wrongKind('object', `Expected JSON object for keyword: '${NESTED}': `);
    try {
      for (const [name, each] of value) this.#readMember(name, each);
    } catch (cause) {
      if (!(cause instanceof StatusError)) throw cause;
      throw new StatusError(cause.code, `Converting keyword: '${NESTED}': ${cause.message}`, { cause });
    }
  }

  #readMember(name: string, value: JsonValue): void {
    const input = this.#signature.inputs.get(name);
    if (!input) {
      this.parameters.set(name, readCustomParameter(name, value));
      return;
    }
    if (this.inputs.some((each) => each.name === name)) {
      throw new StatusError('invalid-argument', `input '${name}' already exists in request`);
    }
    this.inputs.push(readInput(input, this.#signature.maxBatchSize > 0, value));
  }
}

/**
 * Reads `POST …/generate` and `…/generate_stream`: members named like an input are that input (one element, or a flat
 * array), all others are parameters of the request, `parameters` holds more of both, `id` names the request.
 * Sequence parameters are custom ones here, as in Triton.
 * @throws StatusError in Triton's words.
 */
export function decodeGenerateRequest(body: Uint8Array, signature: ServedSignature): InferRequest {
  const reader = new GenerateReader(signature);
  reader.readRequest(parseJson(body));
  return {
    id: reader.id,
    control: NO_CONTROL,
    parameters: reader.parameters,
    inputs: reader.inputs,
    outputs: [],
    isBinaryByDefault: false,
    isRaw: false,
  };
}
