import { StatusError } from '../status.ts';
import { checkPytorchConfig } from './check-pytorch-config.ts';
import { completeBackendFields } from './complete-backend-fields.ts';
import { completeOnnxConfig } from './complete-onnx-config.ts';
import type { ModelConfig, ModelInstanceGroup } from './model-config.ts';
import { checkOnnxSessionOptions } from './check-onnx-model.ts';
import type { ModelSignature } from './onnx-signature.ts';
import { validateInstanceGroups, validateModelConfig } from './validate-config.ts';
import { validateModelIo } from './validate-io.ts';

const DEFAULT_SEQUENCE_IDLE_MICROSECONDS = 1_000_000;
const DEFAULT_CPU_INSTANCES_ONNXRUNTIME = 2;

/** What the effective config of a model depends on. */
export interface EffectiveConfigFacts {
  /** Name of the model's directory. */
  readonly modelName: string;
  /** What `config.pbtxt` says; `{}` where there is none. */
  readonly written: ModelConfig;
  /** Inputs and outputs of the model file; null where they are not known, which leaves them uncompleted. */
  readonly signature: ModelSignature | null;
  /**
   * Paths below the first sub-directory (in lexical order) of the model's directory, with `/`; a directory is known by
   * a path that begins with its name and `/`. Empty where there is no such sub-directory.
   */
  readonly firstVersionFiles: readonly string[];
  /** GPUs that the server can use, numbered from 0. */
  readonly gpuCount: number;
  /** False for a server started with `--disable-auto-complete-config`. */
  readonly autoComplete: boolean;
  /** The batch size that auto-complete gives (`--backend-config=onnxruntime,default-max-batch-size=…`); 4 where absent. */
  readonly defaultMaxBatchSize?: number | undefined;
}

/**
 * The config that Triton makes of a written one: backend fields, defaults, validation, the backend's auto-complete,
 * instance groups, in Triton's order. Throws StatusError with Triton's exact text for a config that it refuses.
 * Warnings are lines that Triton logs. The model file itself is checked by `checkOnnxModelAgainstConfig`.
 */
export function effectiveConfig(facts: EffectiveConfigFacts): {
  readonly config: ModelConfig;
  readonly warnings: readonly string[];
} {
  return loadedConfig({ ...facts, polled: polledConfig(facts) });
}

/**
 * The first half of {@link effectiveConfig}: what Triton does when it polls the repository. A model refused here is
 * not in the server at all (`failed to load 'x', failed to poll from model repository`, the reason only in the log).
 */
export function polledConfig(
  facts: Omit<EffectiveConfigFacts, 'signature' | 'gpuCount' | 'defaultMaxBatchSize'>,
): ModelConfig {
  const { modelName, written, firstVersionFiles, autoComplete } = facts;
  const config = normalizeConfig(completeBackendFields(modelName, written, firstVersionFiles));
  validateModelConfig(config);
  if (!autoComplete) validateModelIo(config);
  if (config.name !== modelName) {
    throw new StatusError(
      'invalid-argument',
      `unexpected directory name '${modelName}' for model '${config.name ?? ''}', directory name must equal model name`,
    );
  }
  return config;
}

/**
 * The second half of {@link effectiveConfig}: what Triton does when it loads a version. A model refused here is
 * UNAVAILABLE with the text as its reason.
 */
export function loadedConfig(
  facts: Pick<EffectiveConfigFacts, 'signature' | 'gpuCount' | 'autoComplete' | 'defaultMaxBatchSize'> & {
    readonly polled: ModelConfig;
  },
): { readonly config: ModelConfig; readonly warnings: readonly string[] } {
  const { polled, signature, gpuCount, autoComplete } = facts;
  const warnings: string[] = [];
  let config = normalizeInstanceGroups(polled, gpuCount);
  validateInstanceGroups(config, gpuCount);
  if (config.backend === 'onnxruntime') {
    checkOnnxSessionOptions(config);
    if (signature && autoComplete) {
      config = normalizeConfig(completeOnnxConfig(config, signature, warnings, facts.defaultMaxBatchSize));
      validateModelConfig(config);
    }
  }
  validateModelIo(config);
  if (config.backend === 'pytorch') checkPytorchConfig(config);
  if (config.ensemble_scheduling) {
    config = {
      ...config,
      model_transaction_policy: { decoupled: false, ...config.model_transaction_policy },
    };
  }
  return { config, warnings };
}

/** Fills in the defaults that do not depend on the model file or the machine (Triton's `NormalizeModelConfig`). */
function normalizeConfig(config: ModelConfig): ModelConfig {
  const batchSizes = (config.max_batch_size ?? 0) > 0 ? [config.max_batch_size ?? 0] : [];
  const { version_policy, optimization, dynamic_batching, sequence_batching } = config;
  return {
    ...config,
    version_policy: version_policy ?? { latest: { num_versions: 1 } },
    ...(dynamic_batching && { dynamic_batching: withBatchSizes(dynamic_batching, batchSizes) }),
    ...(sequence_batching && {
      sequence_batching: {
        ...sequence_batching,
        max_sequence_idle_microseconds:
          sequence_batching.max_sequence_idle_microseconds || DEFAULT_SEQUENCE_IDLE_MICROSECONDS,
        ...(sequence_batching.oldest && {
          oldest: withBatchSizes(sequence_batching.oldest, batchSizes),
        }),
      },
    }),
    ...(!config.ensemble_scheduling && {
      optimization: {
        ...optimization,
        input_pinned_memory: optimization?.input_pinned_memory ?? { enable: true },
        output_pinned_memory: optimization?.output_pinned_memory ?? { enable: true },
      },
    }),
  };
}

function withBatchSizes<Batching extends { readonly preferred_batch_size?: readonly number[] }>(
  batching: Batching,
  batchSizes: readonly number[],
): Batching {
  const isWritten = (batching.preferred_batch_size?.length ?? 0) > 0;
  return isWritten ? batching : { ...batching, preferred_batch_size: batchSizes };
}

/** Gives every instance group a name, a kind, a count and GPUs (Triton's `NormalizeInstanceGroup`). */
function normalizeInstanceGroups(config: ModelConfig, gpuCount: number): ModelConfig {
  if (config.ensemble_scheduling) return config;
  const name = config.name ?? '';
  const written: readonly ModelInstanceGroup[] = config.instance_group?.length
    ? config.instance_group
    : [{ name }];
  const groups = written.map((group, index) =>
    normalizeGroup({ ...group, name: group.name || `${name}_${String(index)}` }, config, gpuCount),
  );
  return { ...config, instance_group: groups };
}

/** How many instances Triton would make of a model; each says by itself why it cannot be created. */
export function instanceCount(config: ModelConfig, gpuCount: number): number {
  const groups = normalizeInstanceGroups(config, gpuCount).instance_group ?? [];
  return groups.reduce(
    (sum, { count = 1, gpus = [] }) => sum + Math.max(1, count) * Math.max(1, gpus.length),
    0,
  );
}

function normalizeGroup(
  group: ModelInstanceGroup,
  config: ModelConfig,
  gpuCount: number,
): ModelInstanceGroup {
  const kind = resolveKind(group, gpuCount);
  const isTwinnedOnCpu = config.backend === 'onnxruntime' || config.backend === 'tensorflow';
  const defaultCount = kind === 'KIND_CPU' && isTwinnedOnCpu ? DEFAULT_CPU_INSTANCES_ONNXRUNTIME : 1;
  const count = (group.count ?? 0) < 1 ? defaultCount : group.count;
  const needsGpus = kind === 'KIND_GPU' && !group.gpus?.length;
  const allGpus = Array.from({ length: gpuCount }, (_, index) => index);
  return { ...group, kind, ...(count !== undefined && { count }), ...(needsGpus && { gpus: allGpus }) };
}

function resolveKind(group: ModelInstanceGroup, gpuCount: number): NonNullable<ModelInstanceGroup['kind']> {
  if (group.kind !== undefined && group.kind !== 'KIND_AUTO') return group.kind;
  const isAvailable = (gpu: number): boolean => gpu >= 0 && gpu < gpuCount;
  return gpuCount > 0 && (group.gpus ?? []).every(isAvailable) ? 'KIND_GPU' : 'KIND_CPU';
}
