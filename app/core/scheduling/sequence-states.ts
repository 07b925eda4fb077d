import { DATATYPES, datatypeOf, type Datatype } from '../datatypes.ts';
import type { Message, ModelConfig } from '../model-config/model-config.ts';
import { StatusError } from '../status.ts';
import { elementCount, type NamedTensor, type Tensor } from '../tensors/tensor.ts';

/** One implicit state: an input that gets what an output gave at the sequence's request before. */
export interface StateSpec {
  readonly inputName: string;
  readonly outputName: string;
  /** What a sequence starts with, batch dimension included. */
  readonly initial: Tensor;
  /** Whether the config lists the output among the model's outputs, so that clients see it. */
  readonly isExposed: boolean;
}

/** The states of one sequence, by the name of the input. */
export type SequenceStates = ReadonlyMap<string, Tensor>;

/** A tensor of zeros; texts are empty. */
export function zeroTensor(datatype: Datatype, shape: readonly number[]): Tensor {
  const { elementBytes } = DATATYPES[datatype];
  return { datatype, shape, data: new Uint8Array(elementCount(shape) * (elementBytes || 4)) };
}

/**
 * The states that a config asks for. `files` has the content of each `data_file`, by its name. Without `initial_state`
 * a sequence starts with zeros, variable dimensions as 1 (Triton leaves that memory uninitialised). Of two states with
 * the same input or output the first counts, as in Triton.
 */
export function stateSpecs(config: ModelConfig, files: ReadonlyMap<string, Uint8Array>): StateSpec[] {
  const exposed = new Set(config.output?.map(({ name }) => name));
  const batch = (config.max_batch_size ?? 0) > 0 ? [1] : [];
  const specs: StateSpec[] = [];
  for (const state of config.sequence_batching?.state ?? []) {
    const { input_name: inputName = '', output_name: outputName = '' } = state;
    if (specs.some((spec) => spec.inputName === inputName || spec.outputName === outputName)) continue;
    const [written] = state.initial_state ?? [];
    const datatype = datatypeOf(state.data_type ?? '') ?? 'BYTES';
    const dims = (written ?? state).dims ?? [];
    const shape = [...batch, ...dims.map((dim) => (dim < 0 ? 1 : dim))];
    const zeros = zeroTensor(datatype, shape);
    const file = written?.data_file === undefined ? undefined : files.get(written.data_file);
    const data = datatype === 'BYTES' ? file : file?.subarray(0, zeros.data.byteLength);
    const isExposed = exposed.has(outputName);
    specs.push({ inputName, outputName, initial: data ? { ...zeros, data } : zeros, isExposed });
  }
  return specs;
}

/** What a sequence starts with. */
export function initialStates(specs: readonly StateSpec[]): SequenceStates {
  return new Map(specs.map(({ inputName, initial }) => [inputName, initial]));
}

/** States for a row that stands for no request: zeros in the shapes of another row, so that both make one tensor. */
export function idleStates(like: SequenceStates): SequenceStates {
  return new Map([...like].map(([name, { datatype, shape }]) => [name, zeroTensor(datatype, shape)]));
}

/** The inputs that carry the states. */
export function stateTensors(states: SequenceStates): NamedTensor[] {
  return [...states].map(([name, { datatype, shape, data }]) => ({ name, datatype, shape, data }));
}

/** A state owns its bytes: a view would keep the whole answer of a batch alive. */
function kept(output: NamedTensor): Tensor {
  const { datatype, shape, data } = output;
  const isMostOfIt = data.byteLength * 2 >= data.buffer.byteLength;
  return { datatype, shape, data: isMostOfIt ? data : data.slice() };
}

/** The states after a run: its outputs, whatever shape they have; a state that the run did not give stays. */
export function nextStates(
  specs: readonly StateSpec[],
  before: SequenceStates,
  outputs: readonly NamedTensor[],
): SequenceStates {
  const given = new Map(outputs.map((output) => [output.name, output]));
  return new Map(
    specs.flatMap(({ inputName, outputName }): [string, Tensor][] => {
      const output = given.get(outputName);
      const state = output ? kept(output) : before.get(inputName);
      return state ? [[inputName, state]] : [];
    }),
  );
}

/**
 * Why no request can run although the model loads, or null: `use_growable_memory` asks for virtual memory of a GPU.
 * (Triton logs this and runs the model without its states.)
 */
export function refuseGrowableMemory(config: ModelConfig): string | null {
  const state = config.sequence_batching?.state?.find((each) => each.use_growable_memory ?? false);
  if (!state) return null;
  const name = state.input_name ?? '';
  if (!state.use_same_buffer_for_input_output) {
    return `In order to 'use_growable_memory', you must also enable 'use_single_buffer' for state input name '${name}'.`;
  }
  return `'use_growable_memory' can only work with KIND_GPU model instances right now. Please either change the instance type to KIND_GPU or set 'use_growable_memory' to false for state input '${name}'.`;
}

/** @throws StatusError in Triton's words if a `data_file` of this size is too short for its state. */
export function checkStateFile(
  initial: Message<'ModelSequenceBatching.InitialState'>,
  fileBytes: number,
): void {
  const datatype = datatypeOf(initial.data_type ?? '') ?? 'BYTES';
  if (datatype === 'BYTES') return;
  const needed = elementCount(initial.dims ?? []) * DATATYPES[datatype].elementBytes;
  if (needed <= fileBytes) return;
  throw new StatusError(
    'invalid-argument',
    `initial_state setting expects ${needed} bytes, but the data provided from ${initial.data_file ?? ''}only has ${fileBytes} bytes.`,
  );
}
