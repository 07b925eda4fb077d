import { DATATYPES, datatypeOf, type Datatype } from '../datatypes.ts';
import { booleanControl, correlationControl, type ControlKind } from '../model-config/validate-sequence.ts';
import type { Message, ModelConfig } from '../model-config/model-config.ts';
import { encodeBytes } from '../tensors/bytes-elements.ts';
import type { NamedTensor } from '../tensors/tensor.ts';

/** What a client calls its sequence; 0 and the empty text are no id. */
export type SequenceId = bigint | string;

/** What a request tells the model about its place in its sequence. */
export interface SequenceSignals {
  readonly id: SequenceId;
  readonly isStart: boolean;
  readonly isEnd: boolean;
}

/** A model input that tells one of start, end and ready as one of two values. */
interface BooleanSignal {
  readonly kind: 'start' | 'end' | 'ready';
  readonly name: string;
  readonly datatype: Datatype;
  readonly falseBytes: Uint8Array;
  readonly trueBytes: Uint8Array;
}

/** The inputs that the sequence batcher adds for the model, as `control_input` of the config asks for them. */
export interface SequenceControls {
  readonly signals: readonly BooleanSignal[];
  /** The input that carries the correlation id; null if the model does not want it. */
  readonly correlation: { readonly name: string; readonly datatype: Datatype } | null;
  /** Shape of a control of one row: `[1, 1]`, without batch dimension `[1]`. */
  readonly shape: readonly number[];
}

const KINDS = {
  start: 'CONTROL_SEQUENCE_START',
  end: 'CONTROL_SEQUENCE_END',
  ready: 'CONTROL_SEQUENCE_READY',
} as const satisfies Record<BooleanSignal['kind'], ControlKind>;

type Control = Message<'ModelSequenceBatching.Control'>;

function writtenControl(config: ModelConfig, kind: ControlKind): Control {
  const all = (config.sequence_batching?.control_input ?? []).flatMap(({ control }) => control ?? []);
  return all.find((control) => (control.kind ?? 'CONTROL_SEQUENCE_START') === kind) ?? {};
}

/** One element of a control; what is not a number counts as 0. */
function elementBytes(datatype: Datatype, value: unknown): Uint8Array {
  const data = new Uint8Array(DATATYPES[datatype].elementBytes);
  const view = new DataView(data.buffer);
  if (datatype === 'FP32') view.setFloat32(0, Number(value), true);
  else if (datatype === 'INT32') view.setInt32(0, Number(value), true);
  else view.setUint8(0, value === true || value === 1 ? 1 : 0);
  return data;
}

function booleanSignal(config: ModelConfig, kind: BooleanSignal['kind']): BooleanSignal | null {
  const { sequence_batching: batching, name: modelName = '' } = config;
  const found = batching ? booleanControl(batching, modelName, KINDS[kind]) : null;
  if (!found) return null;
  const written = writtenControl(config, KINDS[kind]);
  const values = [written.int32_false_true, written.fp32_false_true, written.bool_false_true];
  const [no, yes] = values.find((pair) => (pair?.length ?? 0) > 0) ?? [];
  const datatype = datatypeOf(found.dataType) ?? 'INT32';
  return {
    kind,
    name: found.name,
    datatype,
    falseBytes: elementBytes(datatype, no),
    trueBytes: elementBytes(datatype, yes),
  };
}

/** Reads `control_input` of a config that `validateSequenceBatching` accepts. */
export function sequenceControls(config: ModelConfig): SequenceControls {
  const { sequence_batching: batching, name = '' } = config;
  const correlation = batching ? correlationControl(batching, name) : null;
  return {
    signals: (['start', 'end', 'ready'] as const)
      .map((kind) => booleanSignal(config, kind))
      .filter((signal) => signal !== null),
    correlation: correlation && {
      name: correlation.name,
      datatype: datatypeOf(correlation.dataType) ?? 'UINT64',
    },
    shape: (config.max_batch_size ?? 0) > 0 ? [1, 1] : [1],
  };
}

/** The id as the model gets it: numbers are cut to the input's width, as Triton copies them. */
function correlationBytes(datatype: Datatype, id: SequenceId): Uint8Array {
  if (datatype === 'BYTES') return encodeBytes([typeof id === 'string' ? id : '']);
  const data = new Uint8Array(8);
  if (typeof id === 'bigint') new DataView(data.buffer).setBigUint64(0, BigInt.asUintN(64, id), true);
  return data.subarray(0, DATATYPES[datatype].elementBytes);
}

/**
 * The control tensors of one row. `signals` null: the row stands for no request (ready is false, and so is all else;
 * the id is 0).
 */
export function controlTensors(controls: SequenceControls, signals: SequenceSignals | null): NamedTensor[] {
  const values = {
    start: signals?.isStart ?? false,
    end: signals?.isEnd ?? false,
    ready: signals !== null,
  };
  const tensors = controls.signals.map(({ kind, name, datatype, falseBytes, trueBytes }): NamedTensor => ({
    name,
    datatype,
    shape: controls.shape,
    data: values[kind] ? trueBytes : falseBytes,
  }));
  const { correlation, shape } = controls;
  if (!correlation) return tensors;
  return [
    ...tensors,
    { ...correlation, shape, data: correlationBytes(correlation.datatype, signals?.id ?? 0n) },
  ];
}
