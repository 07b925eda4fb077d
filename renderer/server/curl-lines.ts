import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { parseModelConfig } from '../../app/core/model-config/parse-config.ts';
import { wireShapes, type WireTensor } from '../../app/core/model-config/wire-shapes.ts';
import { elementCount } from '../../app/core/tensors/tensor.ts';

const MOST_ELEMENTS = 256;

/** A request in JSON with zeros (or empty text) for every input, as a command for a shell; free dims are 1. */
export function curlLines(httpUrl: string, model: ModelEntry): readonly string[] {
  const inferUrl = `${httpUrl}/v2/models/${encodeURIComponent(model.name)}/infer`;
  const inputs = inputsOf(model);
  const isSmall = inputs.every(({ shape }) => elementCount(shape) <= MOST_ELEMENTS);
  if (inputs.length === 0 || !isSmall)
    return [`curl -s ${httpUrl}/v2/models/${encodeURIComponent(model.name)}`];
  const body = JSON.stringify({
    inputs: inputs.map(({ name, datatype, shape }) => ({
      name,
      datatype,
      shape,
      data: Array.from({ length: elementCount(shape) }, () => zeroOf(datatype)),
    })),
  });
  return [`curl -s -X POST ${inferUrl} \\`, `  -d '${body.replaceAll("'", String.raw`'\''`)}'`];
}

function inputsOf(model: ModelEntry) {
  const written = wireShapes(parseModelConfig(model.config.savedText).config).inputs;
  const known =
    written.length > 0 ? written.map(fromConfig) : (model.description?.inputs ?? []).map(fromModel);
  return known.filter(({ datatype }) => datatype !== null);
}

function fromConfig({ name, datatype, wireShape }: WireTensor) {
  return { name, datatype, shape: wireShape.map((size) => (size < 0 ? 1 : size)) };
}

function fromModel({ name, datatype, dims }: NonNullable<ModelEntry['description']>['inputs'][number]) {
  const shape = (dims.value ?? []).map((dim) => (dim.kind === 'fixed' ? dim.size : 1));
  return { name, datatype: datatype.value, shape };
}

function zeroOf(datatype: string | null): string | number | boolean {
  if (datatype === 'BYTES') return '';
  return datatype === 'BOOL' ? false : 0;
}
