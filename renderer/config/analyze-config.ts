import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { effectiveConfig } from '../../app/core/model-config/complete-config.ts';
import { checkOnnxModelAgainstConfig } from '../../app/core/model-config/check-onnx-model.ts';
import type { ConfigDiagnostic } from '../../app/core/model-config/config-document.ts';
import type { ModelConfig } from '../../app/core/model-config/model-config.ts';
import { signatureOf } from '../../app/core/model-config/onnx-signature.ts';
import { parseModelConfig } from '../../app/core/model-config/parse-config.ts';
import { StatusError } from '../../app/core/status.ts';

/** What a config's text means for one model. */
export interface ConfigAnalysis {
  readonly text: string;
  /** Only what is written. */
  readonly written: ModelConfig;
  readonly diagnostics: readonly ConfigDiagnostic[];
  /** First error of the text; null where it can be read. */
  readonly firstError: ConfigDiagnostic | null;
  /** What the server will use, or why it would refuse, in Triton's words. */
  readonly effective:
    | { readonly kind: 'accepted'; readonly config: ModelConfig; readonly warnings: readonly string[] }
    | { readonly kind: 'refused'; readonly reason: string }
    | { readonly kind: 'unread' };
}

/** What of a model entry the meaning of its config depends on. */
export type ConfigSubject = Pick<ModelEntry, 'name' | 'description' | 'versions'>;

/** Reads a config as the server would. */
export function analyzeConfig(text: string, model: ConfigSubject, gpuCount: number): ConfigAnalysis {
  const { config, diagnostics } = parseModelConfig(text);
  const firstError = diagnostics.find(({ severity }) => severity === 'error') ?? null;
  return {
    text,
    written: config,
    diagnostics,
    firstError,
    effective: firstError === null ? completeConfig(config, model, gpuCount) : { kind: 'unread' },
  };
}

function completeConfig(
  written: ModelConfig,
  model: ConfigSubject,
  gpuCount: number,
): ConfigAnalysis['effective'] {
  const firstVersion = model.versions.toSorted((one, other) =>
    String(one.version) < String(other.version) ? -1 : 1,
  )[0];
  try {
    const signature = model.description === null ? null : signatureOf(model.description);
    const { config, warnings } = effectiveConfig({
      modelName: model.name,
      written,
      signature,
      firstVersionFiles: firstVersion?.files.map(({ path }) => path) ?? [],
      gpuCount,
      autoComplete: true,
    });
    if (config.backend === 'onnxruntime' && signature !== null)
      checkOnnxModelAgainstConfig(config, signature);
    return { kind: 'accepted', config, warnings };
  } catch (cause) {
    if (cause instanceof StatusError) return { kind: 'refused', reason: cause.message };
    throw cause;
  }
}
