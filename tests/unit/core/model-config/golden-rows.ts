import { StatusError } from '../../../../app/core/status.ts';
import { checkOnnxModelAgainstConfig } from '../../../../app/core/model-config/check-onnx-model.ts';
import { effectiveConfig } from '../../../../app/core/model-config/complete-config.ts';
import { printConfigJson } from '../../../../app/core/model-config/config-json.ts';
import type { ModelSignature } from '../../../../app/core/model-config/onnx-signature.ts';
import { parseModelConfig, protobufReason } from '../../../../app/core/model-config/parse-config.ts';

/** A model directory that a real Triton was asked to load. */
export interface GoldenRow {
  readonly model: string;
  readonly autoComplete: boolean;
  readonly text: string;
  readonly firstVersionFiles: readonly string[];
  readonly signature: ModelSignature | null;
  /** What the real server answered: the config JSON, or its refusal. */
  readonly answer: GoldenAnswer;
}

/** The config JSON; the place and reason of a syntax error; the text of a refusal. */
export type GoldenAnswer =
  { readonly config: string } | { readonly syntax: string } | { readonly refusal: string };

/** What Conch answers for the same directory. */
export function answerOf(row: Omit<GoldenRow, 'answer'>): GoldenAnswer {
  const { config: written, diagnostics } = parseModelConfig(row.text);
  const syntax = protobufReason(diagnostics);
  if (syntax !== undefined) return { syntax };
  try {
    const { config } = effectiveConfig({ ...row, modelName: row.model, written, gpuCount: 0 });
    if (row.signature && config.backend === 'onnxruntime') checkOnnxModelAgainstConfig(config, row.signature);
    return { config: withNamesSorted(printConfigJson(config)) };
  } catch (cause) {
    if (!(cause instanceof StatusError)) throw cause;
    return { refusal: cause.message };
  }
}

/** Inputs and outputs of completed configs, and entries of maps, come in no order that means anything. */
export function withNamesSorted(json: string): string {
  return JSON.stringify(sorted(JSON.parse(json)));
}

const MAPS = new Set([
  'parameters',
  'metric_tags',
  'cc_model_filenames',
  'inputs',
  'input_map',
  'output_map',
  'priority_queue_policy',
]);

function sorted(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => sorted(item));
    return key === 'input' || key === 'output' ? items.toSorted(byName) : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]) => [name, sorted(member, name)] as const);
  return Object.fromEntries(MAPS.has(key) ? entries.toSorted(([a], [b]) => (a < b ? -1 : 1)) : entries);
}

function byName(left: unknown, right: unknown): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}
