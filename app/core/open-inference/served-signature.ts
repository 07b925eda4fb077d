import { datatypeOf, type Datatype } from '../datatypes.ts';
import type { ModelConfig } from '../model-config/model-config.ts';
import { correlationControl } from '../model-config/validate-sequence.ts';

/** An input as requests are checked against it. `dims` are the config's, without the batch dimension. */
export interface ServedInput {
  readonly name: string;
  readonly datatype: Datatype;
  readonly dims: readonly number[];
  /** The shape that the model itself wants, if the config reshapes. */
  readonly reshape: readonly number[] | null;
  readonly isOptional: boolean;
  readonly allowsRagged: boolean;
}

/** An output as responses are made from it. */
export interface ServedOutput {
  readonly name: string;
  readonly datatype: Datatype;
  readonly dims: readonly number[];
  readonly reshape: readonly number[] | null;
}

/** What of a config matters to every request. */
export interface ServedSignature {
  readonly modelName: string;
  /** 0: the model has no batch dimension. */
  readonly maxBatchSize: number;
  readonly inputs: ReadonlyMap<string, ServedInput>;
  readonly outputs: ReadonlyMap<string, ServedOutput>;
  /** The model's input for the id of a sequence, to which the id's type has to fit; null: any id does. */
  readonly correlation: { readonly name: string; readonly datatype: Datatype } | null;
}

function correlationOf({
  sequence_batching: batching,
  name = '',
}: ModelConfig): ServedSignature['correlation'] {
  const control = batching ? correlationControl(batching, name) : null;
  return control && { name: control.name, datatype: datatypeOf(control.dataType) ?? 'UINT64' };
}

/** The signature that clients see, from the effective config. A data type that has no wire datatype becomes BYTES. */
export function servedSignature(config: ModelConfig): ServedSignature {
  const inputs = (config.input ?? []).map((input): ServedInput => ({
    name: input.name ?? '',
    datatype: datatypeOf(input.data_type ?? '') ?? 'BYTES',
    dims: input.dims ?? [],
    reshape: input.reshape ? (input.reshape.shape ?? []) : null,
    isOptional: input.optional ?? false,
    allowsRagged: input.allow_ragged_batch ?? false,
  }));
  const outputs = (config.output ?? []).map((output): ServedOutput => ({
    name: output.name ?? '',
    datatype: datatypeOf(output.data_type ?? '') ?? 'BYTES',
    dims: output.dims ?? [],
    reshape: output.reshape ? (output.reshape.shape ?? []) : null,
  }));
  return {
    modelName: config.name ?? '',
    maxBatchSize: config.max_batch_size ?? 0,
    inputs: new Map(inputs.map((input) => [input.name, input])),
    outputs: new Map(outputs.map((output) => [output.name, output])),
    correlation: correlationOf(config),
  };
}

/** Whether a real shape fits dims that may have −1. */
export function matchesDims(shape: readonly number[], dims: readonly number[]): boolean {
  return shape.length === dims.length && dims.every((dim, index) => dim === -1 || dim === shape[index]);
}

/**
 * A shape that fits `from` written as `to`: fixed dims are taken over, the variable ones handed on in their order
 * (`reshape` of the config, either way round).
 */
export function reshapeDims(
  shape: readonly number[],
  from: readonly number[],
  to: readonly number[],
): readonly number[] {
  const variable = shape.filter((_, index) => from[index] === -1);
  return to.map((dim) => (dim === -1 ? (variable.shift() ?? 1) : dim));
}

/** The shape in which an output travels: what the model gave, its `reshape` undone. */
export function wireShape(
  { maxBatchSize, outputs }: ServedSignature,
  name: string,
  shape: readonly number[],
): readonly number[] {
  const declared = outputs.get(name);
  if (!declared?.reshape) return shape;
  const batch = maxBatchSize > 0 ? 1 : 0;
  return [...shape.slice(0, batch), ...reshapeDims(shape.slice(batch), declared.reshape, declared.dims)];
}
