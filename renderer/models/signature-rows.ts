import type { ConfigAnalysis } from '../config/analyze-config.ts';
import type { Datatype } from '../../app/core/datatypes.ts';
import type { Dim, ModelDescription, TensorSignature } from '../../app/core/formats/model-description.ts';
import type { ModelConfig } from '../../app/core/model-config/model-config.ts';
import { wireShapes, type WireTensor } from '../../app/core/model-config/wire-shapes.ts';

/** One input or output: as the model file has it beside as the config has it. */
export interface SignatureRow {
  readonly name: string;
  /** Null where only the config names it. */
  readonly tensor: TensorSignature | null;
  /** Datatype on the wire; null where there is none. */
  readonly datatype: Datatype | null;
  /** `[ 1, 8, 8 ]`; null where the config does not list it. */
  readonly configDims: string | null;
  /** What clients send or receive: `[batch ≤ 8, 1, 8, 8]`; null where unknown. */
  readonly wireShape: string | null;
  readonly reshape: string | null;
}

/** Rows of the inputs and outputs, with the shapes of the effective config, else of what is written. */
export function signatureRows(
  description: Pick<ModelDescription, 'inputs' | 'outputs'>,
  analysis: ConfigAnalysis | null,
): { readonly inputs: readonly SignatureRow[]; readonly outputs: readonly SignatureRow[] } {
  const config = analysis === null ? null : configOf(analysis);
  const wire = config === null ? { inputs: [], outputs: [] } : wireShapes(config);
  const maxBatchSize = config?.max_batch_size ?? 0;
  return {
    inputs: rowsOf(description.inputs, wire.inputs, maxBatchSize),
    outputs: rowsOf(description.outputs, wire.outputs, maxBatchSize),
  };
}

function configOf(analysis: ConfigAnalysis): ModelConfig {
  return analysis.effective.kind === 'accepted' ? analysis.effective.config : analysis.written;
}

function rowsOf(
  tensors: readonly TensorSignature[],
  wire: readonly WireTensor[],
  maxBatchSize: number,
): readonly SignatureRow[] {
  const wireByName = new Map(wire.map((tensor) => [tensor.name, tensor]));
  const known = tensors.map((tensor) =>
    rowOf(tensor.name, tensor, wireByName.get(tensor.name), maxBatchSize),
  );
  const names = new Set(tensors.map(({ name }) => name));
  const extra = wire
    .filter(({ name }) => !names.has(name))
    .map((tensor) => rowOf(tensor.name, null, tensor, maxBatchSize));
  return [...known, ...extra];
}

function rowOf(
  name: string,
  tensor: TensorSignature | null,
  wire: WireTensor | undefined,
  maxBatchSize: number,
): SignatureRow {
  return {
    name,
    tensor,
    datatype: wire?.datatype ?? tensor?.datatype.value ?? null,
    configDims: wire === undefined ? null : `[${wire.dims.join(', ')}]`,
    wireShape: wire === undefined ? null : wireShapeText(wire, tensor?.dims.value ?? null, maxBatchSize),
    reshape: wire?.reshape === undefined ? null : `[${wire.reshape.join(', ')}]`,
  };
}

function wireShapeText(wire: WireTensor, dims: readonly Dim[] | null, maxBatchSize: number): string {
  const parts = wire.wireShape.map((size, index) => {
    if (size >= 0) return String(size);
    if (index === 0 && maxBatchSize > 0) return `batch ≤ ${maxBatchSize}`;
    const dim = dims?.length === wire.wireShape.length ? dims[index] : undefined;
    return dim?.kind === 'symbolic' ? dim.name : 'any';
  });
  return `[${parts.join(', ')}]`;
}
