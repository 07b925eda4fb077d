import { StatusError } from '../status.ts';
import type { Message, ModelConfig, ModelDynamicBatching } from './model-config.ts';
import { validateEnsemble } from './validate-ensemble.ts';
import { validateSequenceBatching } from './validate-sequence.ts';

/** Platforms of each backend that Triton knows by name; any other backend takes any platform. */
const PLATFORMS_OF: Readonly<Record<string, readonly string[]>> = {
  tensorflow: ['tensorflow_graphdef', 'tensorflow_savedmodel'],
  tensorrt: ['tensorrt_plan'],
  onnxruntime: ['onnxruntime_onnx'],
  pytorch: ['pytorch_libtorch', 'libtorch', 'torch_aoti'],
};

/**
 * Refuses with Triton's text (`ValidateModelConfig`) a normalised config that is wrong whatever the model file holds.
 * Inputs and outputs are checked by `validateModelIo`, instance groups by `validateInstanceGroups`.
 */
export function validateModelConfig(config: ModelConfig): void {
  const name = config.name ?? '';
  if (name === '') fail("model configuration must specify 'name'");
  validateBackend(config, name);
  if ((config.max_batch_size ?? 0) < 0) fail(`'max_batch_size' must be non-negative value for ${name}`);
  if (!config.version_policy) fail(`must specify 'version policy' for ${name}`);
  if (config.dynamic_batching) validateDynamicBatching(config, config.dynamic_batching);
  if (config.sequence_batching) validateSequenceBatching(config, config.sequence_batching);
  if (config.ensemble_scheduling) validateEnsemble(config, config.ensemble_scheduling);
  else if (config.platform === 'ensemble') {
    fail(`ensemble scheduling must be set for ensemble ${name} whose platform is ensemble`);
  }
  if (config.model_transaction_policy?.decoupled && config.response_cache?.enable) {
    fail(
      `Response Cache does not currently support model ${name} with 'decoupled' transaction policy. Please disable the response cache.`,
    );
  }
  for (const control of config.model_metrics?.metric_control ?? []) validateMetricControl(control);
}

function validateBackend(config: ModelConfig, name: string): void {
  const backend = config.backend ?? '';
  const platform = config.platform ?? '';
  if (backend === '') {
    if (platform !== 'ensemble') fail(`unexpected platform type '${platform}' for ${name}`);
    return;
  }
  if (platform === 'ensemble') {
    fail(`Ensemble model '${name}' must have platform type 'ensemble' and empty backend type`);
  }
  const platforms = Object.hasOwn(PLATFORMS_OF, backend) ? PLATFORMS_OF[backend] : undefined;
  if (platforms && !platforms.includes(platform)) {
    fail(`unexpected 'platform' and 'backend' pair, got:${platform}, ${backend}`);
  }
}

function validateDynamicBatching(config: ModelConfig, batching: ModelDynamicBatching): void {
  const name = config.name ?? '';
  for (const size of batching.preferred_batch_size ?? []) {
    if (size <= 0) fail(`dynamic batching preferred size must be positive for ${name}`);
    if (size > (config.max_batch_size ?? 0)) {
      fail(`dynamic batching preferred size must be <= max batch size for ${name}`);
    }
  }
  const levels = batching.priority_levels ?? 0;
  const isLevel = (level: number): boolean => level >= 1 && level <= levels;
  if (levels !== 0) {
    if (!isLevel(batching.default_priority_level ?? 0)) {
      fail(`default priority level must be in range [1, ${String(levels)}] for ${name}`);
    }
    if (!Object.keys(batching.priority_queue_policy ?? {}).every((key) => isLevel(Number(key)))) {
      fail(`priority queue policy must have priority level in range [1, ${String(levels)}] for ${name}`);
    }
  }
  if (batching.preserve_ordering) validateOrdering(batching, name);
}

function validateOrdering(batching: ModelDynamicBatching, name: string): void {
  if ((batching.priority_levels ?? 0) > 1) {
    fail(`Only one priority level is allowed when 'preserve_ordering' is true for ${name}`);
  }
  const policies = [batching.default_queue_policy, ...Object.values(batching.priority_queue_policy ?? {})];
  const isDelaying = (policy: Message<'ModelQueuePolicy'> | undefined): boolean =>
    (policy?.default_timeout_microseconds ?? 0) !== 0 && policy?.timeout_action === 'DELAY';
  if (policies.some(isDelaying)) {
    fail(`Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true for ${name}`);
  }
}

function validateMetricControl(control: Message<'ModelMetrics.MetricControl'>): void {
  if (!control.metric_identifier) fail("metric control must specify 'metric_identifier'");
  if (!control.metric_identifier.family) fail("metric identifier must specify non-empty 'family'");
  if (!control.histogram_options) fail("metric control must specify 'histogram_options'");
  if (!control.histogram_options.buckets?.length) fail("histogram options must specify non-empty 'buckets'");
}

/**
 * Refuses with Triton's text (`ValidateInstanceGroup`) instance groups that this machine cannot give.
 * @param gpuCount GPUs that the server can use, numbered from 0.
 */
export function validateInstanceGroups(config: ModelConfig, gpuCount: number): void {
  if (config.ensemble_scheduling) return;
  for (const group of config.instance_group ?? []) {
    const place = `instance group ${group.name ?? ''} of model ${config.name ?? ''}`;
    const gpus = group.gpus ?? [];
    switch (group.kind ?? 'KIND_AUTO') {
      case 'KIND_GPU':
        validateGpus(place, gpus, gpuCount);
        break;
      case 'KIND_CPU':
      case 'KIND_MODEL':
        if (gpus.length > 0) fail(`${place} has kind ${group.kind ?? ''} but specifies one or more GPUs`);
        break;
      case 'KIND_AUTO':
        throw new StatusError('internal', `${place} has unexpected kind KIND_AUTO`);
    }
    if (config.platform !== 'tensorrt_plan' && group.profile?.length) {
      fail(
        `${place} and platform ${config.platform ?? ''}specifies profile field which is only supported for TensorRT models`,
      );
    }
  }
}

/** A server without any GPU answers as a CPU-only build of Triton does. */
function validateGpus(place: string, gpus: readonly number[], gpuCount: number): void {
  if (gpuCount === 0) fail(`${place} has kind KIND_GPU but server does not support GPUs`);
  if (gpus.length === 0) fail(`${place} has kind KIND_GPU but specifies no GPUs`);
  const unknown = gpus.find((gpu) => gpu < 0 || gpu >= gpuCount);
  if (unknown === undefined) return;
  const known = Array.from({ length: gpuCount }, (_, index) => String(index)).join(', ');
  fail(
    `${place} specifies invalid or unsupported gpu id ${String(unknown)}. GPUs with at least the minimum required CUDA compute compatibility of 6.000000 are: ${known}`,
  );
}

function fail(message: string): never {
  throw new StatusError('invalid-argument', message);
}
