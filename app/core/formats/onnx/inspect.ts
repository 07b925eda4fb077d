import type { Candidate } from '../format.ts';
import { fileNameOf } from '../format.ts';
import { labelsOfMetadata } from '../label-texts.ts';
import { MalformedFile } from '../malformed-file.ts';
import type { ModelDescription, ModelNotice, TensorSignature, Verdict } from '../model-description.ts';
import { printableName } from '../printable-name.ts';
import { ONNX_ELEMENT_TYPES } from './element-types.ts';
import { checkExternalData } from './external-data.ts';
import { emptyOnnxModel, type OnnxModel, type OnnxValue } from './onnx-model.ts';
import { readOnnx } from './read-onnx.ts';
import { noticesOfOnnx, unsupportedValue, vetOnnx } from './vet-onnx.ts';

const MAX_SHOWN_OPERATORS = 12;
const MAX_SHOWN_METADATA = 20;

/** Describes an ONNX model without reading its weights. Bad bytes, unknown versions and missing files end in the verdict. */
export async function inspectOnnx({ source, tree, path }: Candidate): Promise<ModelDescription> {
  const model = emptyOnnxModel();
  let broken: Verdict | undefined;
  try {
    if (source.size === 0) throw new MalformedFile('the file ends here', 0);
    await readOnnx(source, model);
  } catch (cause) {
    if (!(cause instanceof MalformedFile)) throw cause;
    broken = brokenVerdict(source.size, model, cause);
  }
  const external = await checkExternalData(model.externalTensors, tree, path);
  const verdicts = broken === undefined ? vetOnnx(model, external, fileNameOf(path)) : [broken];
  const [verdict = { kind: 'runs-natively' } satisfies Verdict, ...others] = verdicts;
  const labels = labelsOfMetadata(model.metadata);
  return {
    format: 'onnx',
    formatName: 'ONNX',
    byteSize: source.size + external.byteSize,
    facts: factsOf(model),
    inputs: model.inputs.map((input) => signatureOf(input, model.initializers.has(input.name))),
    outputs: model.outputs.map((output) => signatureOf(output, false)),
    externalData: external.files,
    ...(labels === undefined ? {} : { labels }),
    notices: [...noticesOfOnnx(model, fileNameOf(path)), ...others.map(noticeOf)],
    verdict,
  };
}

function brokenVerdict(size: number, model: OnnxModel, cause: MalformedFile): Verdict {
  const wasOnnx =
    model.irVersion !== null && (model.hasGraph || model.producerName !== '' || model.opsets.size > 0);
  const reason =
    size === 0
      ? 'The file is empty (0 bytes).'
      : wasOnnx
        ? `The ONNX file is damaged or cut short: ${cause.message}.`
        : `The file is not an ONNX model: ${cause.message}.`;
  return {
    kind: 'cannot-be-served',
    reason,
    fix: { text: 'Copy or export the file again, and check that the copy has the same size.' },
  };
}

function noticeOf(verdict: Verdict): ModelNotice {
  switch (verdict.kind) {
    case 'cannot-be-served':
      return { severity: 'error', text: verdict.reason, fix: verdict.fix };
    case 'needs-container':
      return { severity: 'warning', text: verdict.reason };
    case 'runs-natively':
    case 'runs-by-translation':
      return { severity: 'info', text: 'The model runs here.' };
  }
}

function signatureOf(value: OnnxValue, isOptional: boolean): TensorSignature {
  const { name, type } = value;
  const elementType = type.kind === 'tensor' ? ONNX_ELEMENT_TYPES.get(type.elementType) : undefined;
  const unsupported = unsupportedValue(value);
  const dims = type.kind === 'tensor' ? type.dims : null;
  return {
    name,
    datatype: {
      value: elementType?.datatype ?? null,
      provenance: 'model',
      reason:
        elementType === undefined
          ? 'The model declares no tensor here.'
          : `The model declares ${elementType.name}.`,
    },
    dims: {
      value: dims,
      provenance: 'model',
      reason:
        dims === null
          ? 'The model does not say how many dimensions it has.'
          : 'The model declares these dimensions.',
    },
    ...(isOptional ? { isOptional } : {}),
    ...(unsupported === undefined ? {} : { unsupported }),
  };
}

function factsOf(model: OnnxModel): { label: string; value: string }[] {
  const facts: { label: string; value: string }[] = [];
  const add = (label: string, value: string): void => {
    if (value !== '') facts.push({ label, value });
  };
  add('Producer', `${model.producerName} ${model.producerVersion}`.trim());
  add('Graph', model.graphName);
  add('IR version', model.irVersion === null ? '' : String(model.irVersion));
  add(
    'Opset',
    [...model.opsets]
      .slice(0, 20)
      .map(([domain, version]) => `${domain || 'ai.onnx'} ${version}`)
      .join(', '),
  );
  add(
    'Model version',
    model.modelVersion === null || model.modelVersion === 0n ? '' : String(model.modelVersion),
  );
  add('Parameters', model.hasGraph ? grouped(model.parameterCount) : '');
  add('Operators', model.hasGraph ? operatorCounts(model) : '');
  add('Functions', model.functions.size === 0 ? '' : String(model.functions.size));
  add('Nested graphs', model.graphDepth > 1 ? `${model.graphDepth - 1} deep` : '');
  add('External tensors', model.externalTensors.length === 0 ? '' : String(model.externalTensors.length));
  add('Description', model.docString.slice(0, 500));
  for (const [key, value] of [...model.metadata].slice(0, MAX_SHOWN_METADATA)) {
    add(`Metadata ${printableName(key).slice(1, -1)}`, value.slice(0, 200));
  }
  return facts;
}

function operatorCounts(model: OnnxModel): string {
  const sorted = [...model.operators].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  const shown = sorted
    .slice(0, MAX_SHOWN_OPERATORS)
    .map(([operator, count]) => `${operator} ${grouped(BigInt(count))}`);
  const rest = sorted.length - shown.length;
  const total = `${grouped(BigInt(model.nodeCount))} node${model.nodeCount === 1 ? '' : 's'}`;
  return `${total}: ${shown.join(', ')}${rest > 0 ? `, ${rest} more kinds` : ''}`;
}

function grouped(value: bigint): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
