import { DATATYPES } from '../datatypes.ts';
import { dimsText } from '../formats/dims-text.ts';
import type {
  FormatId,
  ModelDescription,
  Provenance,
  Sourced,
  TensorSignature,
} from '../formats/model-description.ts';
import { AUTOFILLED_MAX_BATCH_SIZE, canBatch, completedIo } from './complete-onnx-config.ts';
import type { ModelConfig, ModelInput, ModelOutput } from './model-config.ts';
import type { SignatureTensor } from './onnx-signature.ts';
import { signatureOf } from './onnx-signature.ts';
import type { ConfigComments } from './print-config.ts';
import { printModelConfig } from './print-config.ts';

/** What a new config is written from. */
export interface GenerateConfigFacts {
  /** Name of the model's directory. */
  readonly modelName: string;
  readonly description: ModelDescription;
  /** Label file in the model's directory, for the output that looks like class scores. */
  readonly labelFilename?: string;
  /** Paths of the files in the model's directory. A `labels.txt` among them is used where no label file is named. */
  readonly knownFiles: readonly string[];
}

type Lines = Record<string, { above?: readonly string[]; behind?: string }>;

/** How Triton is told what a format is; absent: Triton has no backend for it. */
const BACKENDS: Partial<Record<FormatId, Pick<ModelConfig, 'backend' | 'platform'>>> = {
  onnx: { backend: 'onnxruntime' },
  torchscript: { platform: 'pytorch_libtorch', backend: 'pytorch' },
  'torch-export': { platform: 'torch_aoti', backend: 'pytorch' },
  'torch-aoti': { platform: 'torch_aoti', backend: 'pytorch' },
  'saved-model': { platform: 'tensorflow_savedmodel', backend: 'tensorflow' },
  'tensorrt-plan': { platform: 'tensorrt_plan', backend: 'tensorrt' },
  openvino: { backend: 'openvino' },
  'python-model': { backend: 'python' },
};

const DEFAULT_LABEL_FILENAME = 'labels.txt';

/**
 * A new `config.pbtxt` for a model, by the rules of Triton's auto-complete. Each value that was not simply chosen by the
 * user has its reason beside it: `# from the model`, `# inferred: …`, `# assumed: …`.
 */
export function generateConfig(facts: GenerateConfigFacts): string {
  const { modelName, description } = facts;
  const comments: Lines = {};
  const batching = decideBatching(description);
  const hasBatch = batching.maxBatchSize > 0;
  comments['name'] = { above: [`${description.formatName} model, config written by Conch.`] };
  comments['max_batch_size'] = { above: batching.reasons };
  const inputs = description.inputs.filter(({ isOptional }) => !isOptional);
  const input = inputs.map((tensor, index) =>
    writeTensor(tensor, hasBatch, `input[${String(index)}]`, comments),
  );
  const output = description.outputs.map((tensor, index) =>
    writeTensor(tensor, hasBatch, `output[${String(index)}]`, comments),
  );
  noteOptional(description, comments);
  const config: ModelConfig = {
    name: modelName,
    ...BACKENDS[description.format],
    max_batch_size: batching.maxBatchSize,
    ...(input.length > 0 && { input }),
    ...(output.length > 0 && { output: withLabels(output, facts, comments) }),
    ...(batching.maxBatchSize > 1 && { dynamic_batching: {} }),
  };
  if (hasBatch) {
    comments['dynamic_batching'] = {
      above: [
        "assumed: requests may share a batch, as in Triton's auto-complete; remove it to run them one by one",
      ],
    };
  }
  return printModelConfig(config, comments satisfies ConfigComments);
}

interface Batching {
  readonly maxBatchSize: number;
  readonly reasons: readonly string[];
}

/** The four cases: every first dimension varies, some do, none does, nothing is known. */
function decideBatching(description: ModelDescription): Batching {
  const signature = signatureOf(description);
  const required = description.inputs.filter(({ isOptional }) => !isOptional);
  const tensors = [...required, ...description.outputs];
  if (BACKENDS[description.format]?.platform === 'torch_aoti') {
    return {
      maxBatchSize: 0,
      reasons: [
        "Triton's platform torch_aoti does not batch requests;",
        'the dims below are the full shapes.',
      ],
    };
  }
  if (tensors.length > 0 && canBatch(signature)) {
    return {
      maxBatchSize: AUTOFILLED_MAX_BATCH_SIZE,
      reasons: [
        `inferred: the first dimension of every input and output varies${dimName(tensors)}, so it is taken for the batch;`,
        `${String(AUTOFILLED_MAX_BATCH_SIZE)} is the size that Triton's auto-complete gives. The dims below are without it.`,
      ],
    };
  }
  const fixed = tensors.filter((tensor) => !hasVaryingFirst(tensor));
  const first = fixed[0];
  if (!first) return { maxBatchSize: 0, reasons: ['assumed: nothing is known of the inputs and outputs'] };
  const isMixed = fixed.length < tensors.length;
  const why = isMixed
    ? `inferred: no batching, because ${shapeSentence(first)} while others have a first dimension that varies`
    : `inferred: no batching, because ${shapeSentence(first)}`;
  return { maxBatchSize: 0, reasons: [`${why};`, 'the dims below are the full shapes.'] };
}

function hasVaryingFirst({ dims }: TensorSignature): boolean {
  const first = dims.value?.[0];
  return first !== undefined && first.kind !== 'fixed';
}

function dimName(tensors: readonly TensorSignature[]): string {
  const firsts = tensors.map(({ dims }) => dims.value?.[0]);
  const names = new Set(firsts.map((dim) => (dim?.kind === 'symbolic' ? dim.name : '')));
  const [name = ''] = names;
  return names.size === 1 && name !== '' ? ` ("${oneLine(name)}")` : '';
}

function shapeSentence({ name, dims }: TensorSignature): string {
  if (dims.value === null) return `the number of dimensions of ${oneLine(name)} is not known`;
  if (dims.value.length === 0) return `${oneLine(name)} has no dimensions`;
  return `${oneLine(name)} has the shape ${dimsText(dims.value)}`;
}

function writeTensor(tensor: TensorSignature, hasBatch: boolean, path: string, comments: Lines): ModelInput {
  const datatype = tensor.datatype.value;
  const plain: SignatureTensor = {
    name: tensor.name,
    dataType: datatype === null ? null : DATATYPES[datatype].dataType,
    shape: tensor.dims.value?.map((dim) => (dim.kind === 'fixed' ? dim.size : -1)) ?? null,
  };
  const { data_type: _, ...io } = completedIo(plain, hasBatch);
  comments[`${path}.name`] = { behind: 'from the model' };
  comments[`${path}.data_type`] = { behind: sourceText(tensor.datatype) };
  comments[`${path}.dims`] = { behind: dimsReason(tensor, hasBatch) };
  if (io.reshape) {
    comments[`${path}.reshape`] = {
      above: [
        `inferred: the model has one number per item (${dimsText(tensor.dims.value ?? [])}), clients send dims [ 1 ]`,
      ],
    };
  }
  if (datatype !== null) return { ...io, data_type: DATATYPES[datatype].dataType };
  comments[`${path}.name`] = {
    above: [`This cannot be served: ${oneLine(tensor.unsupported ?? 'Triton has no data type for it')}`],
    behind: 'from the model',
  };
  return io;
}

const PROVENANCE_TEXTS: Readonly<Record<Provenance, string>> = {
  model: 'from the model',
  inferred: 'inferred',
  assumed: 'assumed',
};

function sourceText({ provenance, reason }: Sourced<unknown>): string {
  const label = PROVENANCE_TEXTS[provenance];
  return provenance === 'model' ? label : `${label}: ${oneLine(reason).replace(/\.$/, '')}`;
}

function dimsReason(tensor: TensorSignature, hasBatch: boolean): string {
  const { value, provenance } = tensor.dims;
  if (value === null) return 'assumed: the model does not say its shape; change it to the real one';
  if (value.length === 0) return `${sourceText(tensor.dims)}: a single number, which Triton writes as [ 1 ]`;
  const shape = `${dimsText(value)}${hasBatch ? ' without the batch' : ''}`;
  return provenance === 'model' ? `from the model: ${shape}` : `${sourceText(tensor.dims)}; ${shape}`;
}

function noteOptional(description: ModelDescription, comments: Lines): void {
  const names = description.inputs.filter(({ isOptional }) => isOptional).map(({ name }) => oneLine(name));
  if (names.length === 0) return;
  comments['input'] = {
    above: [`left out, as the model has values of its own for them: ${names.join(', ')}`],
  };
}

function withLabels(
  outputs: readonly ModelOutput[],
  facts: GenerateConfigFacts,
  comments: Lines,
): readonly ModelOutput[] {
  const isFound = facts.labelFilename === undefined && facts.knownFiles.includes(DEFAULT_LABEL_FILENAME);
  const labelFilename = facts.labelFilename ?? (isFound ? DEFAULT_LABEL_FILENAME : undefined);
  if (labelFilename === undefined) return outputs;
  const index = classOutputIndex(outputs, facts.description.labels?.length);
  if (index < 0) return outputs;
  comments[`output[${String(index)}].label_filename`] = {
    behind: isFound
      ? `assumed: ${DEFAULT_LABEL_FILENAME} lies in the model's directory`
      : 'assumed: this output looks like class scores',
  };
  return outputs.map((output, each) =>
    each === index ? { ...output, label_filename: labelFilename } : output,
  );
}

function classOutputIndex(outputs: readonly ModelOutput[], labelCount: number | undefined): number {
  const byCount = outputs.findIndex(({ dims }) => labelCount !== undefined && dims?.at(-1) === labelCount);
  if (byCount >= 0) return byCount;
  const isScore = ({ data_type }: ModelOutput): boolean =>
    data_type === 'TYPE_FP32' || data_type === 'TYPE_FP64';
  const byScores = outputs.findIndex((output) => isScore(output) && output.dims?.at(-1) !== 1);
  return byScores >= 0 ? byScores : outputs.findIndex(isScore);
}

function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
}
