import { DATATYPES } from '../datatypes.ts';
import { StatusError } from '../status.ts';
import { elementCount, type NamedTensor } from '../tensors/tensor.ts';
import type { InferRequest, RequestInput } from './infer-request.ts';
import { matchesDims, reshapeDims, type ServedInput, type ServedSignature } from './served-signature.ts';

/** A request that fits its model. */
export interface CheckedRequest {
  readonly request: InferRequest;
  /** First dimension of the inputs; 1 for a model without batch dimension. */
  readonly batchSize: number;
  /** The inputs in the shape that the model itself wants (`reshape` applied). */
  readonly modelInputs: readonly NamedTensor[];
}

const BATCH_NOTE =
  'NOTE: Setting a non-zero max_batch_size in the model config requires a batch dimension to be prepended to each input shape. If you want to specify the full shape including the batch dim in your input dims config, try setting max_batch_size to zero. See the model configuration docs for more info on max_batch_size.';

/** How Triton names a request in its messages. */
export function requestPrefix(id: string): string {
  return `[request id: ${id === '' ? '<id_unknown>' : id}] `;
}

class RequestChecker {
  readonly #signature: ServedSignature;
  readonly #request: InferRequest;

  constructor(signature: ServedSignature, request: InferRequest) {
    this.#signature = signature;
    this.#request = request;
  }

  #wrong(text: string): StatusError {
    return new StatusError('invalid-argument', `${requestPrefix(this.#request.id)}${text}`);
  }

  check(): CheckedRequest {
    if (this.#request.isRaw) return this.#checkInputs(this.#rawInputs());
    this.#checkOutputNames();
    return this.#checkInputs(this.#request.inputs);
  }

  #rawInputs(): NamedTensor[] {
    const { inputs, modelName, maxBatchSize } = this.#signature;
    const [input] = inputs.values();
    if (!input || inputs.size !== 1) {
      throw this.#wrong(
        `Raw request must only have 1 input (found 1) to be deduced but got ${inputs.size} inputs in '${modelName}' model configuration`,
      );
    }
    const body = this.#request.inputs[0]?.data ?? new Uint8Array();
    const { dims, data } = this.#rawShape(input, body);
    const shape = maxBatchSize > 0 ? [1, ...dims] : dims;
    return [{ name: input.name, datatype: input.datatype, shape, data }];
  }

  #rawShape(input: ServedInput, body: Uint8Array): { dims: readonly number[]; data: Uint8Array } {
    if (input.datatype === 'BYTES') {
      if (input.dims.length !== 1 || input.dims[0] !== 1) {
        throw this.#wrong(`For BYTE datatype raw input '${input.name}', the model must have input shape [1]`);
      }
      const data = new Uint8Array(body.byteLength + 4);
      new DataView(data.buffer).setUint32(0, body.byteLength, true);
      data.set(body, 4);
      return { dims: [1], data };
    }
    const variable = input.dims.filter((dim) => dim === -1).length;
    if (variable > 1) {
      throw this.#wrong(
        `The shape of the raw input '${input.name}' can not be deduced because there are more than one variable-sized dimension`,
      );
    }
    const fixed = input.dims.filter((dim) => dim !== -1);
    const unit = elementCount(fixed) * DATATYPES[input.datatype].elementBytes;
    const dims = input.dims.map((dim) => (dim === -1 ? Math.floor(body.byteLength / unit) : dim));
    return { dims, data: body };
  }

  #checkOutputNames(): void {
    const { outputs, modelName } = this.#signature;
    for (const { name } of this.#request.outputs) {
      if (!outputs.has(name)) {
        throw new StatusError(
          'invalid-argument',
          `unexpected inference output '${name}' for model '${modelName}'`,
        );
      }
    }
  }

  #checkInputs(given: readonly RequestInput[]): CheckedRequest {
    // Triton walks its own hash map, in which the newest input stands first.
    const inputs = given.toReversed();
    this.#checkInputCount(inputs);
    const batchSize = this.#checkBatch(inputs);
    const modelInputs = inputs.map((tensor) => this.#checkInput(tensor));
    this.#checkCorrelationId();
    return { request: this.#request, batchSize, modelInputs: modelInputs.toReversed() };
  }

  #checkInputCount(inputs: readonly RequestInput[]): void {
    const { modelName } = this.#signature;
    const expected = [...this.#signature.inputs.values()];
    const required = expected.filter(({ isOptional }) => !isOptional);
    if (inputs.length > expected.length || inputs.length < required.length) {
      const names = new Set(inputs.map(({ name }) => name));
      const quote = (list: readonly { readonly name: string }[]): string =>
        list.map(({ name }) => `'${name}'`).join(',');
      const missing = required.filter(({ name }) => !names.has(name));
      const counts =
        required.length === expected.length
          ? `expected ${expected.length} inputs`
          : `expected number of inputs between ${required.length} and ${expected.length}`;
      throw this.#wrong(
        `${counts} but got ${inputs.length} inputs for model '${modelName}'. Got input(s) [${quote(inputs)}], but missing required input(s) ${missing.length === 0 ? '' : `[${quote(missing)}`}]. Please provide all required input(s).`,
      );
    }
    for (const { name } of inputs) {
      if (!this.#signature.inputs.has(name)) {
        throw new StatusError(
          'invalid-argument',
          `unexpected inference input '${name}' for model '${modelName}'`,
        );
      }
    }
  }

  #checkBatch(inputs: readonly RequestInput[]): number {
    const { maxBatchSize, modelName } = this.#signature;
    if (maxBatchSize === 0) return 1;
    let batchSize: number | null = null;
    for (const { name, shape } of inputs) {
      const first = shape[0];
      if (first === undefined) {
        throw this.#wrong(
          `input '${name}' has no shape but model requires batch dimension for '${modelName}'`,
        );
      }
      batchSize ??= first;
      if (first !== batchSize) {
        throw this.#wrong(`input '${name}' batch size does not match other inputs for '${modelName}'`);
      }
    }
    const size = batchSize ?? 1;
    if (size > maxBatchSize) {
      throw this.#wrong(`inference request batch-size must be <= ${maxBatchSize} for '${modelName}'`);
    }
    return size;
  }

  #checkInput(given: RequestInput): NamedTensor {
    const { modelName, maxBatchSize } = this.#signature;
    const { name, shape } = given;
    const input = this.#signature.inputs.get(name);
    if (!input) throw new StatusError('internal', `input '${name}' was not checked`);
    if (given.datatype !== input.datatype) {
      throw this.#wrong(
        `inference input '${name}' data-type is '${given.datatype}', but model '${modelName}' expects '${input.datatype}'`,
      );
    }
    if (shape.some((dim) => dim < 0)) {
      throw this.#wrong(
        `All input dimensions should be specified for input '${name}' for model '${modelName}', got [${shape.join(',')}]`,
      );
    }
    const isBatched = maxBatchSize > 0;
    const dims = isBatched ? shape.slice(1) : shape;
    if (!matchesDims(dims, input.dims)) {
      const expected = isBatched ? [-1, ...input.dims] : input.dims;
      throw this.#wrong(
        `unexpected shape for input '${name}' for model '${modelName}'. Expected [${expected.join(',')}], got [${shape.join(',')}]. ${isBatched ? BATCH_NOTE : ''}`,
      );
    }
    const tensor: NamedTensor = { ...given, datatype: input.datatype };
    this.#checkBytes(tensor);
    if (!input.reshape) return tensor;
    const reshaped = reshapeDims(dims, input.dims, input.reshape);
    return { ...tensor, shape: isBatched ? [...shape.slice(0, 1), ...reshaped] : reshaped };
  }

  #checkCorrelationId(): void {
    const { correlation, modelName } = this.#signature;
    if (!correlation) return;
    const { name, datatype } = correlation;
    const given = typeof this.#request.control.sequenceId === 'string' ? 'BYTES' : 'UINT64';
    if ((given === 'BYTES') === (datatype === 'BYTES')) return;
    throw this.#wrong(
      `sequence batching control '${name}' data-type is '${given}', but model '${modelName}' expects '${datatype}'`,
    );
  }

  #checkBytes({ name, datatype, shape, data }: NamedTensor): void {
    const { modelName } = this.#signature;
    const expected = elementCount(shape);
    if (datatype === 'BYTES') {
      this.#checkStrings(name, data, expected);
      return;
    }
    const byteSize = expected * DATATYPES[datatype].elementBytes;
    if (data.byteLength === byteSize) return;
    const wireName = this.#request.isRaw ? 'raw_input' : name;
    throw this.#wrong(
      `input byte size mismatch for input '${wireName}' for model '${modelName}'. Expected ${byteSize}, got ${data.byteLength}`,
    );
  }

  #checkStrings(name: string, data: Uint8Array, expected: number): void {
    const place = `for inference input '${name}' for model '${this.#signature.modelName}'`;
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    let count = 0;
    for (let at = 0; at < data.byteLength;) {
      const rest = data.byteLength - at;
      if (count >= expected) {
        throw this.#wrong(
          `unexpected number of string elements ${count + 1} ${place}, expecting ${expected}`,
        );
      }
      if (rest < 4) {
        throw this.#wrong(
          `incomplete string length indicator ${place}, expecting 4 bytes but only ${rest} bytes available. Please make sure the string length indicator is in one buffer.`,
        );
      }
      const length = view.getUint32(at, true);
      // A length beyond the end is the backend's to refuse, as in Triton: it counts as one element here.
      at += 4 + length;
      count += 1;
    }
    if (count !== expected) throw this.#wrong(`expected ${expected} string elements ${place}, got ${count}`);
  }
}

/**
 * Checks a request against its model in Triton's order (`InferenceRequest::Normalize`).
 * @throws StatusError `invalid-argument` in Triton's words.
 */
export function checkInferRequest(signature: ServedSignature, request: InferRequest): CheckedRequest {
  return new RequestChecker(signature, request).check();
}
