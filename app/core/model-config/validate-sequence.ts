import { StatusError } from '../status.ts';
import type { EnumValue, Message, ModelConfig, ModelSequenceBatching } from './model-config.ts';

/** A signal that the sequence batcher gives to the model. */
export type ControlKind = EnumValue<'ModelSequenceBatching.Control.Kind'>;

type Control = Message<'ModelSequenceBatching.Control'>;

/** The input that carries a control and its data type; null where the config asks for none of that kind. */
export interface SequenceControl {
  readonly name: string;
  readonly dataType: EnumValue<'DataType'>;
}

const CORRELATION_ID_TYPES: ReadonlySet<string> = new Set([
  'TYPE_UINT64',
  'TYPE_INT64',
  'TYPE_UINT32',
  'TYPE_INT32',
  'TYPE_STRING',
]);

/** Refuses with Triton's text what is wrong in the `sequence_batching` section. */
export function validateSequenceBatching(config: ModelConfig, batching: ModelSequenceBatching): void {
  const name = config.name ?? '';
  if (config.response_cache?.enable) {
    fail(
      `Response Cache does not currently support model ${name} with sequence batching scheduler. Please disable the response cache.`,
    );
  }
  for (const kind of ['CONTROL_SEQUENCE_START', 'CONTROL_SEQUENCE_END', 'CONTROL_SEQUENCE_READY'] as const) {
    booleanControl(batching, name, kind);
  }
  const correlation = correlationControl(batching, name);
  if (correlation && !CORRELATION_ID_TYPES.has(correlation.dataType)) {
    fail(
      `unexpected data type for control CONTROL_SEQUENCE_CORRID for ${name}. Allowed data types are TYPE_UINT64, TYPE_INT64, TYPE_UINT32, TYPE_INT32 and TYPE_STRING`,
    );
  }
  validateStrategy(config, batching, name);
}

function validateStrategy(config: ModelConfig, batching: ModelSequenceBatching, name: string): void {
  for (const size of batching.oldest?.preferred_batch_size ?? []) {
    if (size <= 0) fail(`sequence batching preferred batch size must be positive for ${name}`);
    if (size > (config.max_batch_size ?? 0)) {
      fail(`sequence batching preferred batch size must be <= max batch size for ${name}`);
    }
  }
  const utilization = batching.direct?.minimum_slot_utilization ?? 0;
  if (utilization < 0 || utilization > 1) {
    fail(`sequence batching minimum slot utilization must be in range (0.0, 1.0] for ${name}`);
  }
}

/** The boolean control of a kind (start, end, ready). Refuses with Triton's text where it is not written rightly. */
export function booleanControl(
  batching: ModelSequenceBatching,
  modelName: string,
  kind: ControlKind,
): SequenceControl | null {
  return findControl(batching, modelName, kind, (control) => falseTrueType(control, modelName, kind));
}

/** The correlation id control. Refuses with Triton's text where it is not written rightly. */
export function correlationControl(
  batching: ModelSequenceBatching,
  modelName: string,
): SequenceControl | null {
  const kind = 'CONTROL_SEQUENCE_CORRID';
  return findControl(batching, modelName, kind, (control) => {
    if (valueLists(control).some(([, values]) => values.length > 0)) {
      fail(
        `sequence batching must not specify either 'int32_false_true', 'fp32_false_true' or 'bool_false_true' for ${kind} for ${modelName}`,
      );
    }
    return control.data_type ?? 'TYPE_INVALID';
  });
}

function findControl(
  batching: ModelSequenceBatching,
  modelName: string,
  kind: ControlKind,
  dataTypeOf: (control: Control) => EnumValue<'DataType'>,
): SequenceControl | null {
  const seen = new Set<string>();
  let found: SequenceControl | null = null;
  for (const { name = '', control = [] } of batching.control_input ?? []) {
    if (name === '') fail(`sequence batching control tensor must have a name for ${modelName}`);
    if (seen.has(name)) {
      fail(
        `sequence batching control tensor '${name}' is specified for multiple control kinds for ${modelName}`,
      );
    }
    seen.add(name);
    for (const each of control) {
      if ((each.kind ?? 'CONTROL_SEQUENCE_START') !== kind) continue;
      if (found) fail(`sequence batching specifies multiple ${kind} tensors for ${modelName}`);
      found = { name, dataType: dataTypeOf(each) };
    }
  }
  return found;
}

type ValueList = readonly [field: string, values: readonly unknown[], dataType: EnumValue<'DataType'>];

function valueLists(control: Control): readonly ValueList[] {
  return [
    ['int32_false_true', control.int32_false_true ?? [], 'TYPE_INT32'],
    ['fp32_false_true', control.fp32_false_true ?? [], 'TYPE_FP32'],
    ['bool_false_true', control.bool_false_true ?? [], 'TYPE_BOOL'],
  ];
}

function falseTrueType(control: Control, modelName: string, kind: ControlKind): EnumValue<'DataType'> {
  const [given, ...others] = valueLists(control).filter(([, values]) => values.length > 0);
  if (!given) {
    return fail(
      `sequence batching must specify either 'int32_false_true', 'fp32_false_true' or 'bool_false_true' for ${kind} for ${modelName}`,
    );
  }
  if (others.length > 0) {
    fail(
      `sequence batching specifies more than one from 'int32_false_true', 'fp32_false_true' and 'bool_false_true' for ${kind} for ${modelName}`,
    );
  }
  const [field, values, dataType] = given;
  if (values.length !== 2) {
    fail(`sequence batching control '${field}' must have exactly 2 entries for ${kind} for ${modelName}`);
  }
  return dataType;
}

/**
 * Refuses with Triton's text what the sequence scheduler cannot use of `initial_state`. It does so after the model's own
 * checks; the content of a data file is for the reader of the file to check.
 */
export function checkInitialStates(config: ModelConfig): void {
  const seen = new Set<string>();
  for (const state of config.sequence_batching?.state ?? []) {
    const count = state.initial_state?.length ?? 0;
    if (count > 1) {
      fail(
        `initial_state field for state input '${state.input_name ?? ''}' must contain exactly one or zero element. Found '${String(count)}' elements.`,
      );
    }
    for (const initial of state.initial_state ?? []) checkInitialState(state, initial, seen);
  }
}

function checkInitialState(
  state: Message<'ModelSequenceBatching.State'>,
  initial: Message<'ModelSequenceBatching.InitialState'>,
  seen: Set<string>,
): void {
  const name = state.input_name ?? '';
  if ((initial.data_type ?? 'TYPE_INVALID') !== (state.data_type ?? 'TYPE_INVALID')) {
    fail(
      `The data type used for 'initial_state' field of state '${name}' does not match the state data type.`,
    );
  }
  if (!initial.name) fail(`Field 'name' must be set when using initial_state for state input '${name}'.`);
  if (seen.has(name)) fail(`State input name '${name}' specified more than once.`);
  seen.add(name);
  const dims = initial.dims ?? [];
  const stateDims = state.dims ?? [];
  if (dims.length !== stateDims.length) {
    fail(
      `Number of dimensions in 'initial_state' doesn't match the size of 'state' dimensions for state input '${name}'. ${String(dims.length)} != ${String(stateDims.length)}`,
    );
  }
  for (const [index, dim] of dims.entries()) {
    const stateDim = stateDims[index] ?? -1;
    if (dim === -1)
      fail(`'initial_state' field for state input name '${name}' contains variable dimensions.`);
    if (stateDim !== -1 && dim !== stateDim) {
      fail(
        `'initial_state' dim for input name '${name}' doesn't match 'state' dim description. ${String(dim)} != ${String(stateDim)}`,
      );
    }
  }
  if (initial.zero_data === undefined && initial.data_file === undefined) {
    fail(`initial_state setting expects state'${name}' to have state_data set`);
  }
}

function fail(message: string): never {
  throw new StatusError('invalid-argument', message);
}
