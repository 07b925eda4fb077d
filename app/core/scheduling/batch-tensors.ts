import { DATATYPES, datatypeOf, type Datatype } from '../datatypes.ts';
import type { EnumValue, ModelConfig } from '../model-config/model-config.ts';
import { StatusError } from '../status.ts';
import { elementCount, type NamedTensor } from '../tensors/tensor.ts';

/** An input of a batch: one tensor whose bytes lie in several buffers, one after the other. */
export interface BatchTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly parts: readonly Uint8Array[];
}

/** One request's share of a batch, as far as tensors are concerned. */
export interface BatchMember {
  /** First dimension of its inputs; 1 for a model without batch dimension. */
  readonly batchSize: number;
  readonly modelInputs: readonly NamedTensor[];
}

interface BatchInputRule {
  readonly kind: EnumValue<'BatchInput.Kind'>;
  readonly names: readonly string[];
  readonly datatype: 'INT32' | 'FP32';
  readonly source: string;
}

/** How requests become one batch and a batch becomes answers again. */
export interface BatchRule {
  /** Whether the model has a batch dimension. */
  readonly isBatched: boolean;
  /** Inputs of any shape, which reach the model as one flat tensor (`allow_ragged_batch`). */
  readonly raggedInputs: ReadonlySet<string>;
  readonly batchInputs: readonly BatchInputRule[];
  /** Outputs that are handed out in the shape of an input (`batch_output`): output → input. */
  readonly scattered: ReadonlyMap<string, string>;
}

/** The rule of a config. The identity backend answers ragged inputs in their own shapes, as Triton's does. */
export function batchRule(config: ModelConfig): BatchRule {
  const isBatched = (config.max_batch_size ?? 0) > 0;
  const ragged = (config.input ?? []).filter((input) => isBatched && (input.allow_ragged_batch ?? false));
  const identities = ragged.flatMap(({ name = '' }): [string, string][] =>
    config.backend === 'identity' ? [[name.replace('INPUT', 'OUTPUT'), name]] : [],
  );
  const scattered = (config.batch_output ?? []).flatMap((output) =>
    (output.target_name ?? []).map((name): [string, string] => [name, output.source_input?.[0] ?? '']),
  );
  return {
    isBatched,
    raggedInputs: new Set(ragged.map(({ name = '' }) => name)),
    batchInputs: (config.batch_input ?? []).map((input) => ({
      kind: input.kind ?? 'BATCH_ELEMENT_COUNT',
      names: input.target_name ?? [],
      datatype: datatypeOf(input.data_type ?? '') === 'INT32' ? 'INT32' : 'FP32',
      source: input.source_input?.[0] ?? '',
    })),
    scattered: new Map([...identities, ...scattered]),
  };
}

function inputOf(member: BatchMember, name: string): NamedTensor {
  const input = member.modelInputs.find((each) => each.name === name);
  if (input) return input;
  throw new StatusError('internal', `input '${name}' is missing in a request of the batch`);
}

function joinShape(rule: BatchRule, name: string, tensors: readonly NamedTensor[]): readonly number[] {
  const [first] = tensors;
  if (rule.raggedInputs.has(name)) {
    return [tensors.reduce((total, { shape }) => total + elementCount(shape), 0)];
  }
  if (tensors.length < 2 || !first) return first?.shape ?? [];
  return [tensors.reduce((total, { shape }) => total + (shape[0] ?? 0), 0), ...first.shape.slice(1)];
}

/** The values of a `batch_input`, and the shape that they come in. */
function batchInputValues(
  { kind, source }: BatchInputRule,
  members: readonly BatchMember[],
): { shape: number[]; values: number[] } {
  const shapes = members.map((member) => inputOf(member, source).shape);
  const counts = shapes.map(elementCount);
  let total = 0;
  const accumulated = counts.map((count) => (total += count));
  const itemShapes = members.flatMap(({ batchSize }, index) =>
    Array.from({ length: batchSize }, () => shapes[index]?.slice(1) ?? []),
  );
  const flat = (values: number[]): { shape: number[]; values: number[] } => ({
    shape: [values.length],
    values,
  });
  switch (kind) {
    case 'BATCH_ELEMENT_COUNT':
      return flat(counts);
    case 'BATCH_ACCUMULATED_ELEMENT_COUNT':
      return flat(accumulated);
    case 'BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO':
      return flat([0, ...accumulated]);
    case 'BATCH_MAX_ELEMENT_COUNT_AS_SHAPE':
      return flat(Array.from({ length: Math.max(...counts) }, () => 0));
    case 'BATCH_ITEM_SHAPE':
      return { shape: [itemShapes.length, itemShapes[0]?.length ?? 0], values: itemShapes.flat() };
    case 'BATCH_ITEM_SHAPE_FLATTEN':
      return flat(itemShapes.flat());
  }
}

function batchInputTensors(rule: BatchInputRule, members: readonly BatchMember[]): BatchTensor[] {
  const { shape, values } = batchInputValues(rule, members);
  const numbers = rule.datatype === 'INT32' ? Int32Array.from(values) : Float32Array.from(values);
  const parts = [new Uint8Array(numbers.buffer)];
  return rule.names.map((name) => ({ name, datatype: rule.datatype, shape, parts }));
}

/**
 * The inputs of a batch, none of them copied: the requests' bytes one after the other in the order of `members`, ragged
 * inputs flat, and the tensors that the server adds (`batch_input`; `backend_input_collector.cc`).
 */
export function gatherInputs(rule: BatchRule, members: readonly BatchMember[]): BatchTensor[] {
  const [first] = members;
  if (!first) return [];
  const gathered = first.modelInputs.map(({ name, datatype }, index): BatchTensor => {
    const tensors = members.map((member) => {
      const same = member.modelInputs[index];
      return same?.name === name ? same : inputOf(member, name);
    });
    const shape = joinShape(rule, name, tensors);
    return { name, datatype, shape, parts: tensors.map(({ data }) => data) };
  });
  if (rule.batchInputs.length === 0) return gathered;
  return [...gathered, ...rule.batchInputs.flatMap((each) => batchInputTensors(each, members))];
}

/** Where the elements of a tensor begin and end, handed out one run after the other. */
class ElementReader {
  readonly #data: Uint8Array;
  readonly #elementBytes: number | null;
  #at = 0;

  constructor({ data, datatype }: NamedTensor) {
    this.#data = data;
    this.#elementBytes = datatype === 'BYTES' ? null : DATATYPES[datatype].elementBytes;
  }

  take(count: number): Uint8Array {
    const start = this.#at;
    if (this.#elementBytes === null) this.#skipStrings(count);
    else this.#at += count * this.#elementBytes;
    return this.#data.subarray(start, this.#at);
  }

  #skipStrings(count: number): void {
    const view = new DataView(this.#data.buffer, this.#data.byteOffset, this.#data.byteLength);
    for (let element = 0; element < count; element += 1) this.#at += 4 + view.getUint32(this.#at, true);
  }
}

function splitError(name: string, expected: number, got: number): StatusError {
  return new StatusError(
    'unsupported',
    `failed to split the output tensor '${name}' in responses: expected batch size of at least ${expected} in model output, got ${got}`,
  );
}

/** Hands out the rows of one output of a batch; without `firstRows` the members' rows follow one another. */
function splitRows(
  output: NamedTensor,
  members: readonly BatchMember[],
  firstRows: readonly number[] | undefined,
): NamedTensor[] {
  const { shape } = output;
  const rows = shape[0] ?? 0;
  const dims = shape.slice(1);
  const perRow = elementCount(dims);
  const reader = new ElementReader(output);
  let end = 0;
  return members.map(({ batchSize }, index) => {
    const first = firstRows?.[index] ?? end;
    reader.take((first - end) * perRow);
    end = first + batchSize;
    if (end > rows) throw splitError(output.name, end, rows);
    return { ...output, shape: [batchSize, ...dims], data: reader.take(batchSize * perRow) };
  });
}

function scatter(output: NamedTensor, source: string, members: readonly BatchMember[]): NamedTensor[] {
  const reader = new ElementReader(output);
  return members.map((member) => {
    const { shape } = inputOf(member, source);
    return { ...output, shape, data: reader.take(elementCount(shape)) };
  });
}

/**
 * What each request of a batch gets of one output: views of the model's answer (`backend_output_responder.cc`).
 * `firstRows`: where the rows of each member begin (ascending), if they do not follow one another.
 * @throws StatusError `unsupported` in Triton's words if the output has fewer rows than the batch.
 */
export function splitOutput(
  rule: BatchRule,
  output: NamedTensor,
  members: readonly BatchMember[],
  firstRows?: readonly number[],
): readonly NamedTensor[] {
  const source = rule.scattered.get(output.name);
  if (source !== undefined) return scatter(output, source, members);
  if (!rule.isBatched) return members.map(() => output);
  const [only] = members;
  if (members.length === 1 && only && output.shape[0] === only.batchSize) return [output];
  return splitRows(output, members, firstRows);
}
