import { DATATYPES, datatypeOf, type Datatype } from '../datatypes.ts';
import type { Message, ModelConfig } from '../model-config/model-config.ts';
import {
  checkInferRequest,
  requestPrefix,
  type CheckedRequest,
} from '../open-inference/check-infer-request.ts';
import type { ServedSignature } from '../open-inference/served-signature.ts';
import { StatusError } from '../status.ts';
import { createRandom } from '../tensors/random.ts';
import { elementCount, type NamedTensor } from '../tensors/tensor.ts';

type WarmupInput = Message<'ModelWarmup.Input'>;

/** Requests that run together on every instance before a version is ready, and how often. */
export interface WarmupSample {
  readonly name: string;
  /** Each of one row. */
  readonly requests: readonly CheckedRequest[];
  readonly count: number;
}

/** Names of the files below `warmup/` that the samples of a config are read from. */
export function warmupFiles(config: ModelConfig): readonly string[] {
  const inputs = usedSamples(config).flatMap(({ inputs: map = {} }) => Object.values(map));
  return [...new Set(inputs.flatMap(({ input_data_file: file }) => (file ? [file] : [])))];
}

/** A sample of no rows is passed over. */
function usedSamples(config: ModelConfig): readonly Message<'ModelWarmup'>[] {
  return (config.model_warmup ?? []).filter(({ batch_size: rows = 0 }) => rows > 0);
}

/**
 * Makes the requests of `model_warmup` (`GenerateWarmupData`). Random data is the same every time.
 * @param files contents of {@link warmupFiles}.
 * @throws StatusError `invalid-argument` in Triton's words; then the version cannot be loaded.
 */
export function warmupSamples(
  config: ModelConfig,
  signature: ServedSignature,
  files: ReadonlyMap<string, Uint8Array>,
): readonly WarmupSample[] {
  return usedSamples(config).map((sample) => {
    const { name = '', batch_size: rows = 0, count = 0, inputs = {} } = sample;
    const entries = Object.entries(inputs);
    for (const [input, setting] of entries) checkDims(input, setting);
    checkBatch(config, name, rows);
    const tensors = entries.map(([input, setting]) => tensorOf(input, setting, signature, files));
    checkNames(config, name, tensors);
    const request = requestOf(signature, tensors);
    return { name, count: Math.max(1, count), requests: Array.from({ length: rows }, () => request) };
  });
}

function fail(message: string): never {
  throw new StatusError('invalid-argument', message);
}

/** What Triton makes of failures while a sample runs: the text of each of its requests. */
export function warmupFailure(sample: string, messages: readonly string[]): StatusError {
  const texts = messages.map((message) => `${message}; `).join('');
  return new StatusError('invalid-argument', `failed to run warmup sample '${sample}': ${texts}`);
}

function datatypeOfInput({ data_type: dataType }: WarmupInput): Datatype | undefined {
  return datatypeOf(dataType ?? '');
}

function checkDims(input: string, setting: WarmupInput): void {
  const isKnown = datatypeOfInput(setting) !== undefined && !(setting.dims ?? []).includes(-1);
  if (!isKnown) {
    fail(`warmup setting expects all variable-size dimensions are specified for input '${input}'`);
  }
}

/** The ONNX backend takes all requests of a sample as one batch. */
function checkBatch(config: ModelConfig, sample: string, rows: number): void {
  const limit = config.max_batch_size ?? 0;
  if (config.backend !== 'onnxruntime' || rows === 1 || rows <= limit) return;
  const text = `batch size ${String(rows)} for '${config.name ?? ''}', max allowed is ${String(limit)}`;
  throw warmupFailure(sample, Array<string>(rows).fill(text));
}

/** Inputs that the model has beside those of the config: controls and states of sequences, batch inputs. */
function hiddenInputs(config: ModelConfig): ReadonlySet<string> {
  const { control_input: controls = [], state: states = [] } = config.sequence_batching ?? {};
  return new Set([
    ...controls.map(({ name = '' }) => name),
    ...states.map(({ input_name: name = '' }) => name),
    ...(config.batch_input ?? []).flatMap(({ target_name: names = [] }) => names),
  ]);
}

function checkNames(config: ModelConfig, sample: string, tensors: readonly NamedTensor[]): void {
  if (config.backend !== 'onnxruntime') return;
  const known = new Set([...(config.input ?? []).map(({ name = '' }) => name), ...hiddenInputs(config)]);
  const unknown = tensors.find(({ name }) => !known.has(name));
  if (!unknown) return;
  throw warmupFailure(sample, [`Failed to retrieve the ONNX input tensor info from '${unknown.name}'.`]);
}

function tensorOf(
  name: string,
  setting: WarmupInput,
  signature: ServedSignature,
  files: ReadonlyMap<string, Uint8Array>,
): NamedTensor {
  const datatype = datatypeOfInput(setting) ?? 'BYTES';
  const dims = setting.dims ?? [];
  const hasBatch = signature.maxBatchSize > 0 && signature.inputs.has(name);
  const shape = hasBatch ? [1, ...dims] : dims;
  return { name, datatype, shape, data: dataOf(name, setting, datatype, elementCount(dims), files) };
}

function dataOf(
  name: string,
  setting: WarmupInput,
  datatype: Datatype,
  elements: number,
  files: ReadonlyMap<string, Uint8Array>,
): Uint8Array {
  const byteLength = elements * (datatype === 'BYTES' ? 4 : DATATYPES[datatype].elementBytes);
  const file = setting.input_data_file;
  if (file !== undefined) return dataOfFile(file, datatype, byteLength, files);
  // An element of BYTES is empty either way: four zeros are its length.
  if (setting.zero_data !== undefined || datatype === 'BYTES') return new Uint8Array(byteLength);
  if (setting.random_data !== undefined) return randomBytes(byteLength, datatype);
  return fail(`${requestPrefix('')}warmup setting expects input '${name}' to have input_data_type set`);
}

function dataOfFile(
  file: string,
  datatype: Datatype,
  byteLength: number,
  files: ReadonlyMap<string, Uint8Array>,
): Uint8Array {
  const bytes = files.get(file) ?? new Uint8Array();
  if (datatype === 'BYTES') return bytes;
  if (bytes.byteLength >= byteLength) return bytes.subarray(0, byteLength);
  return fail(
    `${requestPrefix('')}warmup setting expects ${String(byteLength)} bytes, but the data provided from ${file}only has ${String(bytes.byteLength)} bytes`,
  );
}

function randomBytes(byteLength: number, datatype: Datatype): Uint8Array {
  const random = createRandom(0);
  const mask = datatype === 'BOOL' ? 1 : 0xff;
  return Uint8Array.from({ length: byteLength }, () => random.nextUint32() & mask);
}

function requestOf(signature: ServedSignature, tensors: readonly NamedTensor[]): CheckedRequest {
  const isOwn = ({ name }: NamedTensor): boolean => signature.inputs.has(name);
  const checked = checkInferRequest(signature, {
    id: '',
    control: {
      sequenceId: 0n,
      isSequenceStart: false,
      isSequenceEnd: false,
      priority: 0n,
      timeoutMicroseconds: 0n,
    },
    parameters: new Map(),
    inputs: tensors.filter(isOwn),
    outputs: [],
    isBinaryByDefault: false,
    isRaw: false,
  });
  const hidden = tensors.filter((tensor) => !isOwn(tensor));
  return { ...checked, modelInputs: [...checked.modelInputs, ...hidden] };
}
