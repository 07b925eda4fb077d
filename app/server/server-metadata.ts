import type { ModelVersion } from './repository/model-version.ts';

/** The release of Triton whose behaviour this server mirrors. */
export const TRITON_VERSION = '2.70.0';

/** In the order in which Triton sends them. */
export const SERVER_EXTENSIONS = [
  'classification',
  'sequence',
  'model_repository',
  'model_repository(unload_dependents)',
  'schedule_policy',
  'model_configuration',
  'system_shared_memory',
  'cuda_shared_memory',
  'binary_tensor_data',
  'parameters',
  'statistics',
  'trace',
  'logging',
];

/** A tensor as model metadata has it: the shape with its batch dimension. */
export interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** What both protocols answer about a model; the JSON of HTTP has its members in this order. */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

/** The metadata of a version that is ready. */
export function describeModel(served: ModelVersion, versions: readonly string[]): ModelMetadata {
  const { config, signature } = served;
  const tensor = (each: {
    readonly name: string;
    readonly datatype: string;
    readonly dims: readonly number[];
  }): TensorMetadata => ({
    name: each.name,
    datatype: each.datatype,
    shape: signature.maxBatchSize > 0 ? [-1, ...each.dims] : each.dims,
  });
  return {
    name: served.name,
    versions,
    platform: config.platform || config.backend || '',
    inputs: [...signature.inputs.values()].map(tensor),
    outputs: [...signature.outputs.values()].map(tensor),
  };
}
