import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { effectiveConfig } from '../../app/core/model-config/complete-config.ts';
import type { ModelConfig } from '../../app/core/model-config/model-config.ts';
import { signatureOf } from '../../app/core/model-config/onnx-signature.ts';
import { parseModelConfig } from '../../app/core/model-config/parse-config.ts';
import { wireShapes } from '../../app/core/model-config/wire-shapes.ts';
import { describeSequenceBatching } from '../../app/core/scheduling/describe-sequence-batching.ts';
import { sequenceControls } from '../../app/core/scheduling/sequence-controls.ts';
import { statusOf } from '../../app/core/status.ts';
import { axesOf, type InputField } from './input-field.ts';
import type { SequenceIdType } from './sequence-draft.ts';

/** What a test form is made from. */
export interface ModelInputs {
  readonly fields: readonly InputField[];
  /** Label file of each output that has one. */
  readonly labelFiles: Readonly<Record<string, string>>;
  /** What a sequence's id is, and how sequences are scheduled in words; absent for a model without sequences. */
  readonly sequence?: { readonly idType: SequenceIdType; readonly words: string };
  /** Why there is no form, in a sentence. */
  readonly problem?: string;
}

const known = new WeakMap<ModelEntry, ModelInputs>();

/** The inputs that clients of a model send, by its effective config; from the config alone where the file says nothing. */
export function modelInputs(model: ModelEntry): ModelInputs {
  const found = known.get(model) ?? readInputs(model);
  known.set(model, found);
  return found;
}

function readInputs(model: ModelEntry): ModelInputs {
  const { config, problem } = servedConfig(model);
  const { sequence } = sequenceOf(config);
  const maxBatchSize = config.max_batch_size ?? 0;
  // The server makes the batches of sequences itself: a request is one item.
  const wireOf = (shape: readonly number[]): readonly number[] =>
    sequence && maxBatchSize > 0 ? [1, ...shape.slice(1)] : shape;
  const fields: InputField[] = [];
  for (const { name, datatype, wireShape, optional } of wireShapes(config).inputs) {
    if (datatype === null) continue;
    const described = model.description?.inputs.find((input) => input.name === name);
    fields.push({
      name,
      datatype,
      axes: axesOf(name, wireOf(wireShape), maxBatchSize, described?.dims.value ?? null),
      isOptional: optional ?? false,
    });
  }
  const labelFiles = Object.fromEntries(
    (config.output ?? []).flatMap(({ name, label_filename: file }) =>
      name === undefined || file === undefined || file === '' ? [] : [[name, file]],
    ),
  );
  if (fields.length > 0) return { fields, labelFiles, ...(sequence && { sequence }) };
  return {
    fields,
    labelFiles,
    problem: problem ?? 'The config names no inputs, so there is nothing to send.',
  };
}

function sequenceOf(config: ModelConfig): Pick<ModelInputs, 'sequence'> {
  const words = describeSequenceBatching(config);
  if (words === null) return {};
  const { correlation } = sequenceControls(config);
  if (correlation === null) return { sequence: { idType: 'any', words } };
  return { sequence: { idType: correlation.datatype === 'BYTES' ? 'text' : 'number', words } };
}

function servedConfig(model: ModelEntry): { config: ModelConfig; problem?: string } {
  const written = parseModelConfig(model.config.savedText).config;
  const firstVersion = model.versions.toSorted((one, other) => one.version - other.version)[0];
  try {
    const { config } = effectiveConfig({
      modelName: model.name,
      written,
      signature: model.description === null ? null : signatureOf(model.description),
      firstVersionFiles: firstVersion?.files.map(({ path }) => path) ?? [],
      gpuCount: 0,
      autoComplete: true,
    });
    return { config };
  } catch (cause) {
    return { config: written, problem: statusOf(cause).message };
  }
}

/** The labels of an output: of its label file, else of the model's own metadata; none for other outputs. */
export function labelsOfOutput(model: ModelEntry, output: string): readonly string[] {
  const file = modelInputs(model).labelFiles[output];
  const fromFile = file === undefined ? undefined : model.labels[file];
  return fromFile ?? (model.description?.outputs.length === 1 ? model.description.labels : undefined) ?? [];
}
