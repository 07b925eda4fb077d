import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { inspectOnnx } from '../../core/formats/onnx/inspect.ts';
import type { ModelDescription } from '../../core/formats/model-description.ts';
import { checkOnnxModelAgainstConfig } from '../../core/model-config/check-onnx-model.ts';
import { defaultModelFilename } from '../../core/model-config/complete-backend-fields.ts';
import { loadedConfig } from '../../core/model-config/complete-config.ts';
import type { ModelConfig, ModelInstanceGroup } from '../../core/model-config/model-config.ts';
import { signatureOf } from '../../core/model-config/onnx-signature.ts';
import { servedSignature } from '../../core/open-inference/served-signature.ts';
import { warmupSamples, type WarmupSample } from '../../core/scheduling/warmup-samples.ts';
import { instanceLimit } from '../../core/scheduling/rate-limiter.ts';
import { StatusError, statusOf } from '../../core/status.ts';
import { checkRateLimit, type ResourceLimit } from '../../core/model-config/check-rate-limit.ts';
import type { EngineInstance, EngineSpec } from '../engine/engine.ts';
import type { SessionSettings } from '../engine/engine-messages.ts';
import { ofInstance, ofInstanceLater } from './instance-failure.ts';
import { checkBackend, refuseOperatorLibraries } from './check-backend.ts';
import { openFileTree } from './model-files.ts';
import type { PreparedModel } from './prepare-model.ts';
import { torchModelFile, translationRequest } from './torch-model.ts';
import { readInitialStates, type StateFiles } from './read-initial-states.ts';
import { readLabels, type OutputLabels } from './read-labels.ts';
import { readWarmupFiles } from './read-warmup-files.ts';

/** Everything that is needed to start one version of a model. */
export interface PreparedVersion {
  readonly config: ModelConfig;
  readonly engine: EngineSpec;
  readonly labels: OutputLabels;
  readonly stateFiles: StateFiles;
  /** What runs on each instance before the version is ready. */
  readonly warmup: readonly WarmupSample[];
  readonly warnings: readonly string[];
}

/** What the machine and the server allow. */
export interface VersionEnvironment {
  readonly gpuCount: number;
  readonly autoComplete: boolean;
  /** Text of `default-max-batch-size` of the backend config; null: Triton's own default. */
  readonly defaultMaxBatchSize: string | null;
  /** Where Triton would look for backends. */
  readonly backendDirectory: string;
  /** What the rate limiter has; empty if there is no limit. */
  readonly resourceLimits: readonly ResourceLimit[];
}

async function modelPathOf(
  config: ModelConfig,
  directory: string,
  version: string,
): Promise<{ path: string; relativePath: string }> {
  const fileName = config.default_model_filename || defaultModelFilename('onnxruntime') || 'model.onnx';
  const folder = join(directory, version);
  const path = join(folder, fileName);
  const entry = await stat(path).catch(() => {
    throw new StatusError('internal', `failed to stat file ${path}`);
  });
  if (!entry.isDirectory()) return { path, relativePath: fileName };
  const inner = join(path, 'model.onnx');
  await stat(inner).catch(() => {
    throw new StatusError(
      'unavailable',
      `unable to find '${inner}' for model instance '${config.name ?? ''}'`,
    );
  });
  return { path: inner, relativePath: `${fileName}/model.onnx` };
}

async function describeOnnx(folder: string, path: string): Promise<ModelDescription> {
  const tree = await openFileTree(folder);
  const source = await tree.open(path);
  const head = await source.read(0, 64 * 1024);
  return inspectOnnx({ tree, path, source, head, zip: null });
}

/** The file could not be understood at all: ONNX Runtime's own words are the better reason. */
function isUnreadable(description: ModelDescription): boolean {
  return description.inputs.length === 0 && description.outputs.length === 0;
}

/** Why ONNX Runtime's JavaScript interface would abort on this model, or refuse it; null if it does neither. */
function unsafeType(description: ModelDescription): string | null {
  for (const { name, datatype, unsupported } of [...description.inputs, ...description.outputs]) {
    if (unsupported !== undefined || datatype.value === null) {
      return `'${name}' cannot be served: ${unsupported ?? 'it has no datatype'}`;
    }
    if (datatype.value === 'BF16') {
      return `'${name}' is BF16, which ONNX Runtime's JavaScript interface cannot pass; cast to FP32 inside the model, or use the Triton container`;
    }
  }
  return null;
}

/**
 * Reads `default-max-batch-size` of the backend config; undefined if there is none.
 * @throws StatusError as Triton's ONNX Runtime backend, which does not start then.
 */
function readBatchSize(text: string | null): number | undefined {
  if (text === null) return undefined;
  const size = Number.parseInt(text, 10);
  if (Number.isNaN(size))
    throw new StatusError('invalid-argument', `failed to convert '${text}' to integral number`);
  return size;
}

/** Triton's own refusal comes first; where it says too little, the type that is behind it stands beside. */
function completeConfig(
  polled: ModelConfig,
  description: ModelDescription,
  environment: VersionEnvironment,
): ReturnType<typeof loadedConfig> {
  const { gpuCount, autoComplete } = environment;
  const defaultMaxBatchSize = readBatchSize(environment.defaultMaxBatchSize);
  const signature = signatureOf(description);
  const unsafe = unsafeType(description);
  try {
    const loaded = loadedConfig({ polled, signature, gpuCount, autoComplete, defaultMaxBatchSize });
    ofInstance(() => checkOnnxModelAgainstConfig(loaded.config, signature));
    if (unsafe !== null) throw new StatusError('unsupported', unsafe);
    return loaded;
  } catch (cause) {
    const { code, message } = statusOf(cause);
    if (unsafe === null || message === unsafe || message.includes('Unsupported ONNX Type')) throw cause;
    throw new StatusError(code, `${message} (${unsafe})`);
  }
}

type GroupInstance = Omit<EngineInstance, 'settings'>;

function groupInstances(group: ModelInstanceGroup): GroupInstance[] {
  const count = Math.max(1, group.count ?? 1);
  const isPassive = group.passive ?? false;
  const limit = instanceLimit(group);
  const devices = group.kind === 'KIND_GPU' && group.gpus?.length ? group.gpus : [0];
  const provider = group.kind === 'KIND_GPU' ? 'cuda' : 'cpu';
  return devices.flatMap((device) =>
    Array.from({ length: count }, () => ({ place: { provider, device }, isPassive, limit })),
  );
}

const GRAPH_LEVELS = { '-1': 'basic', '1': 'extended', '2': 'disabled' } as const;

function graphLevel(config: ModelConfig): SessionSettings['graphOptimizationLevel'] {
  const level = String(config.optimization?.graph?.level ?? 0);
  return level === '-1' || level === '1' || level === '2' ? GRAPH_LEVELS[level] : 'all';
}

function sessionSettings(config: ModelConfig, instanceCount: number): SessionSettings {
  const parameter = (name: string): number | null => {
    const text = config.parameters?.[name]?.string_value;
    return text === undefined || !/^\s*-?\d+/.test(text) ? null : Number.parseInt(text, 10);
  };
  const share = Math.max(1, Math.floor(availableParallelism() / instanceCount));
  return {
    intraOpThreads: parameter('intra_op_thread_count') || share,
    interOpThreads: parameter('inter_op_thread_count') ?? 0,
    executionMode: parameter('execution_mode') === 1 ? 'parallel' : 'sequential',
    graphOptimizationLevel: graphLevel(config),
    enableCpuMemArena: parameter('enable_mem_arena') !== 0,
    enableMemPattern: parameter('enable_mem_pattern') !== 0,
  };
}

function engineSpec(
  config: ModelConfig,
  modelPath: string,
  translation: EngineSpec['translation'] = null,
): EngineSpec {
  const instances = (config.instance_group ?? []).flatMap(groupInstances);
  const settings = sessionSettings(config, instances.length);
  return {
    backend: translation !== null ? 'pytorch' : config.backend === 'identity' ? 'identity' : 'onnxruntime',
    modelPath,
    translation,
    instances: instances.map(({ place, isPassive, limit }) => ({ place, isPassive, limit, settings })),
  };
}

async function readWarmup(directory: string, config: ModelConfig): Promise<readonly WarmupSample[]> {
  if (!config.model_warmup?.length) return [];
  return ofInstanceLater(async () =>
    warmupSamples(config, servedSignature(config), await readWarmupFiles(directory, config)),
  );
}

type LoadedConfig = ReturnType<typeof loadedConfig>;

/** What of a version lies in files beside its model. */
async function withFiles(
  directory: string,
  { config, warnings }: LoadedConfig,
  engine: EngineSpec,
): Promise<PreparedVersion> {
  return {
    config,
    warnings,
    engine,
    labels: await readLabels(directory, config),
    stateFiles: await readInitialStates(directory, config),
    warmup: await readWarmup(directory, config),
  };
}

/**
 * Completes the config of one version from its model file and says how to run it. The model file is parsed here and
 * never opened by the runtime.
 * @throws StatusError with the reason for which Triton would call the version UNAVAILABLE.
 */
export async function prepareVersion(
  model: PreparedModel,
  version: string,
  environment: VersionEnvironment,
): Promise<PreparedVersion> {
  const { polled, files } = model;
  const { directory } = files;
  const prepared = (loaded: LoadedConfig, engine: EngineSpec): Promise<PreparedVersion> => {
    checkRateLimit(loaded.config, environment.resourceLimits);
    return withFiles(directory, loaded, engine);
  };
  const { gpuCount, autoComplete } = environment;
  const torchFile = await torchModelFile(polled, directory, version);
  if (torchFile !== null) {
    const loaded = loadedConfig({ polled, signature: null, gpuCount, autoComplete });
    const request = translationRequest(loaded.config, torchFile.format);
    return prepared(loaded, engineSpec(loaded.config, torchFile.path, request));
  }
  await checkBackend(polled, directory, version, environment.backendDirectory);
  if (polled.backend === 'identity') {
    const loaded = loadedConfig({ polled, signature: null, gpuCount, autoComplete });
    return prepared(loaded, engineSpec(loaded.config, ''));
  }
  await ofInstanceLater(() => refuseOperatorLibraries(polled));
  // Where nothing is completed, Triton looks at the instance groups before it looks for the file.
  if (!autoComplete) loadedConfig({ polled, signature: null, gpuCount, autoComplete });
  const { path, relativePath } = await modelPathOf(polled, directory, version);
  const description = await describeOnnx(join(directory, version), relativePath);
  if (isUnreadable(description)) {
    const { config } = loadedConfig({ polled, signature: null, gpuCount: 0, autoComplete: false });
    const engine = engineSpec(config, path);
    return { config, warnings: [], engine, labels: new Map(), stateFiles: new Map(), warmup: [] };
  }
  const loaded = completeConfig(polled, description, environment);
  return prepared(loaded, engineSpec(loaded.config, path));
}
