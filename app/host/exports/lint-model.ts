import type { ModelEntry } from '../../contract/model-entry.ts';
import {
  lintModelEntry,
  type LintItem,
  type ModelEntryFacts,
} from '../../core/export-lints/lint-repository.ts';
import { checkOnnxModelAgainstConfig } from '../../core/model-config/check-onnx-model.ts';
import { effectiveConfig } from '../../core/model-config/complete-config.ts';
import type { ModelConfig } from '../../core/model-config/model-config.ts';
import { signatureOf } from '../../core/model-config/onnx-signature.ts';
import { parseModelConfig } from '../../core/model-config/parse-config.ts';
import { StatusError } from '../../core/status.ts';
import { listFolder } from '../files/file-tree.ts';
import type { Inspector } from '../inspection/inspector.ts';
import type { DiskModel } from '../workspace/scan-repository.ts';

const ABSOLUTE = /^(?:\/|[A-Za-z]:[\\/]|\\\\)/;

interface Judged {
  readonly config: ModelConfig;
  /** Triton's sentence, null where it has none, undefined where nothing could be compared. */
  readonly mismatch: string | null | undefined;
}

function judgeConfig(model: DiskModel, entry: ModelEntry, written: ModelConfig, gpuCount: number): Judged {
  const { description } = entry;
  const isOnnx = description?.format === 'onnx';
  const signature = isOnnx ? signatureOf(description) : null;
  try {
    const { config } = effectiveConfig({
      modelName: model.name,
      written,
      signature,
      firstVersionFiles: model.versions[0]?.files.map(({ path }) => path) ?? [],
      gpuCount,
      autoComplete: true,
    });
    if (signature) checkOnnxModelAgainstConfig(config, signature);
    return { config, mismatch: isOnnx || config.ensemble_scheduling ? null : undefined };
  } catch (cause) {
    if (!(cause instanceof StatusError)) throw cause;
    return { config: written, mismatch: cause.message };
  }
}

function absolutePathsOf(config: ModelConfig): readonly string[] {
  const texts = Object.values(config.parameters ?? {}).map((parameter) => parameter.string_value);
  const labels = (config.output ?? []).map((output) => output.label_filename);
  return [...texts, ...labels].flatMap((text) => (text !== undefined && ABSOLUTE.test(text) ? [text] : []));
}

function configFacts(text: string | null, judged: Judged | null): ModelEntryFacts['config'] {
  if (text === null || !judged) return null;
  const { config: written, diagnostics } = parseModelConfig(text);
  const error = diagnostics.find(({ severity }) => severity === 'error');
  const { config } = judged;
  const isEnsemble = config.ensemble_scheduling !== undefined || config.platform === 'ensemble';
  return {
    ...(written.name !== undefined && { name: written.name }),
    backend: config.backend ?? '',
    isEnsemble,
    modelFilename: isEnsemble || !config.default_model_filename ? null : config.default_model_filename,
    error: error ? `line ${error.range.startLine}: ${error.message}` : null,
    absolutePaths: absolutePathsOf(written),
    needsGpu: (written.instance_group ?? []).some(({ kind }) => kind === 'KIND_GPU'),
  };
}

function classCount(dims: readonly (number | bigint)[] | undefined): number | null {
  if (!dims || dims.length === 0) return null;
  const sizes = dims.map(Number);
  return sizes.every((size) => size > 0) ? sizes.reduce((product, size) => product * size, 1) : null;
}

function labelFacts(model: DiskModel, config: ModelConfig): ModelEntryFacts['labels'] {
  return (config.output ?? []).flatMap(({ name, label_filename: filename, dims }) =>
    filename
      ? [
          {
            output: name ?? '',
            filename,
            lines: model.labels[filename]?.length ?? null,
            classes: classCount(dims),
          },
        ]
      : [],
  );
}

async function missingExternalData(
  model: DiskModel,
  entry: ModelEntry,
  inspector: Inspector,
): Promise<readonly string[]> {
  if (entry.description?.format !== 'onnx') return [];
  const missing: string[] = [];
  for (const version of model.versions) {
    const named = await inspector.nameExternalData({
      kind: 'folder',
      path: version.path,
      followsLinks: true,
    });
    const present = new Set(version.files.map(({ path }) => path));
    missing.push(...named.filter((path) => !present.has(path)).map((path) => `${version.version}/${path}`));
  }
  return missing;
}

async function directoryFacts(model: DiskModel): Promise<Pick<ModelEntryFacts, 'directories' | 'byteSize'>> {
  const { files, folders } = await listFolder(model.path, true);
  const directories = folders
    .filter((folder) => !folder.includes('/'))
    .map((name) => ({
      name,
      files: files.flatMap(({ path }) => (path.startsWith(`${name}/`) ? [path.slice(name.length + 1)] : [])),
    }));
  return { directories, byteSize: files.reduce((sum, { byteSize }) => sum + byteSize, 0) };
}

/** The checklist of one model that is about to be exported with others, from what is on disk now. */
export async function lintModel(
  model: DiskModel,
  entry: ModelEntry,
  exported: ReadonlySet<string>,
  inspector: Inspector,
): Promise<readonly LintItem[]> {
  const written = parseModelConfig(model.configText ?? '').config;
  // An export goes to a machine with a GPU as well as to one without: a config that asks for one is no mistake.
  const judged = judgeConfig(model, entry, written, 1);
  return lintModelEntry({
    directory: model.name,
    config: configFacts(model.configText, judged),
    ...(await directoryFacts(model)),
    ...(model.composingModels && {
      composingModels: model.composingModels.map((name) => ({ name, isExported: exported.has(name) })),
    }),
    labels: labelFacts(model, written),
    missingExternalData: await missingExternalData(model, entry, inspector),
    ...(judged.mismatch !== undefined && { modelMismatch: judged.mismatch }),
  });
}
