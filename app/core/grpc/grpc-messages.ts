import { CONFIG_ENUMS, CONFIG_MESSAGES } from '../model-config/config-fields.ts';
import type { ModelConfig } from '../model-config/model-config.ts';
import {
  decodeMessage,
  encodeMessage,
  type FieldSpec,
  type MessageSchema,
} from '../protobuf/message-codec.ts';

/** The messages of Triton's `grpc_service.proto` and of gRPC's `health.proto`, as `resources/proto` writes them. */
export const GRPC_MESSAGES = {
  ServerLiveRequest: [],
  ServerLiveResponse: [{ name: 'live', number: 1, type: 'bool' }],
  ServerReadyRequest: [],
  ServerReadyResponse: [{ name: 'ready', number: 1, type: 'bool' }],
  ModelReadyRequest: [
    { name: 'name', number: 1, type: 'string' },
    { name: 'version', number: 2, type: 'string' },
  ],
  ModelReadyResponse: [{ name: 'ready', number: 1, type: 'bool' }],
  ServerMetadataRequest: [],
  ServerMetadataResponse: [
    { name: 'name', number: 1, type: 'string' },
    { name: 'version', number: 2, type: 'string' },
    { name: 'extensions', number: 3, type: 'string', repeated: true },
  ],
  ModelMetadataRequest: [
    { name: 'name', number: 1, type: 'string' },
    { name: 'version', number: 2, type: 'string' },
  ],
  ModelMetadataResponse: [
    { name: 'name', number: 1, type: 'string' },
    { name: 'versions', number: 2, type: 'string', repeated: true },
    { name: 'platform', number: 3, type: 'string' },
    { name: 'inputs', number: 4, type: 'ModelMetadataResponse.TensorMetadata', repeated: true },
    { name: 'outputs', number: 5, type: 'ModelMetadataResponse.TensorMetadata', repeated: true },
  ],
  'ModelMetadataResponse.TensorMetadata': [
    { name: 'name', number: 1, type: 'string' },
    { name: 'datatype', number: 2, type: 'string' },
    { name: 'shape', number: 3, type: 'int64', repeated: true },
  ],
  InferParameter: [
    { name: 'bool_param', number: 1, type: 'bool', oneof: 'parameter_choice' },
    { name: 'int64_param', number: 2, type: 'int64', oneof: 'parameter_choice' },
    { name: 'string_param', number: 3, type: 'string', oneof: 'parameter_choice' },
    { name: 'double_param', number: 4, type: 'double', oneof: 'parameter_choice' },
    { name: 'uint64_param', number: 5, type: 'uint64', oneof: 'parameter_choice' },
  ],
  InferTensorContents: [
    { name: 'bool_contents', number: 1, type: 'bool', repeated: true },
    { name: 'int_contents', number: 2, type: 'int32', repeated: true },
    { name: 'int64_contents', number: 3, type: 'int64', repeated: true },
    { name: 'uint_contents', number: 4, type: 'uint32', repeated: true },
    { name: 'uint64_contents', number: 5, type: 'uint64', repeated: true },
    { name: 'fp32_contents', number: 6, type: 'float', repeated: true },
    { name: 'fp64_contents', number: 7, type: 'double', repeated: true },
    { name: 'bytes_contents', number: 8, type: 'bytes', repeated: true },
  ],
  ModelInferRequest: [
    { name: 'model_name', number: 1, type: 'string' },
    { name: 'model_version', number: 2, type: 'string' },
    { name: 'id', number: 3, type: 'string' },
    { name: 'parameters', number: 4, type: 'InferParameter', mapKey: 'string' },
    { name: 'inputs', number: 5, type: 'ModelInferRequest.InferInputTensor', repeated: true },
    { name: 'outputs', number: 6, type: 'ModelInferRequest.InferRequestedOutputTensor', repeated: true },
    { name: 'raw_input_contents', number: 7, type: 'bytes', repeated: true },
  ],
  'ModelInferRequest.InferInputTensor': [
    { name: 'name', number: 1, type: 'string' },
    { name: 'datatype', number: 2, type: 'string' },
    { name: 'shape', number: 3, type: 'int64', repeated: true },
    { name: 'parameters', number: 4, type: 'InferParameter', mapKey: 'string' },
    { name: 'contents', number: 5, type: 'InferTensorContents' },
  ],
  'ModelInferRequest.InferRequestedOutputTensor': [
    { name: 'name', number: 1, type: 'string' },
    { name: 'parameters', number: 2, type: 'InferParameter', mapKey: 'string' },
  ],
  ModelInferResponse: [
    { name: 'model_name', number: 1, type: 'string' },
    { name: 'model_version', number: 2, type: 'string' },
    { name: 'id', number: 3, type: 'string' },
    { name: 'parameters', number: 4, type: 'InferParameter', mapKey: 'string' },
    { name: 'outputs', number: 5, type: 'ModelInferResponse.InferOutputTensor', repeated: true },
    { name: 'raw_output_contents', number: 6, type: 'bytes', repeated: true },
  ],
  'ModelInferResponse.InferOutputTensor': [
    { name: 'name', number: 1, type: 'string' },
    { name: 'datatype', number: 2, type: 'string' },
    { name: 'shape', number: 3, type: 'int64', repeated: true },
    { name: 'parameters', number: 4, type: 'InferParameter', mapKey: 'string' },
    { name: 'contents', number: 5, type: 'InferTensorContents' },
  ],
  ModelStreamInferResponse: [
    { name: 'error_message', number: 1, type: 'string' },
    { name: 'infer_response', number: 2, type: 'ModelInferResponse' },
  ],
  ModelConfigRequest: [
    { name: 'name', number: 1, type: 'string' },
    { name: 'version', number: 2, type: 'string' },
  ],
  ModelConfigResponse: [{ name: 'config', number: 1, type: 'ModelConfig' }],
  ModelStatisticsRequest: [
    { name: 'name', number: 1, type: 'string' },
    { name: 'version', number: 2, type: 'string' },
  ],
  StatisticDuration: [
    { name: 'count', number: 1, type: 'uint64' },
    { name: 'ns', number: 2, type: 'uint64' },
  ],
  InferStatistics: [
    { name: 'success', number: 1, type: 'StatisticDuration' },
    { name: 'fail', number: 2, type: 'StatisticDuration' },
    { name: 'queue', number: 3, type: 'StatisticDuration' },
    { name: 'compute_input', number: 4, type: 'StatisticDuration' },
    { name: 'compute_infer', number: 5, type: 'StatisticDuration' },
    { name: 'compute_output', number: 6, type: 'StatisticDuration' },
    { name: 'cache_hit', number: 7, type: 'StatisticDuration' },
    { name: 'cache_miss', number: 8, type: 'StatisticDuration' },
  ],
  InferResponseStatistics: [
    { name: 'compute_infer', number: 1, type: 'StatisticDuration' },
    { name: 'compute_output', number: 2, type: 'StatisticDuration' },
    { name: 'success', number: 3, type: 'StatisticDuration' },
    { name: 'fail', number: 4, type: 'StatisticDuration' },
    { name: 'empty_response', number: 5, type: 'StatisticDuration' },
    { name: 'cancel', number: 6, type: 'StatisticDuration' },
  ],
  InferBatchStatistics: [
    { name: 'batch_size', number: 1, type: 'uint64' },
    { name: 'compute_input', number: 2, type: 'StatisticDuration' },
    { name: 'compute_infer', number: 3, type: 'StatisticDuration' },
    { name: 'compute_output', number: 4, type: 'StatisticDuration' },
  ],
  MemoryUsage: [
    { name: 'type', number: 1, type: 'string' },
    { name: 'id', number: 2, type: 'int64' },
    { name: 'byte_size', number: 3, type: 'uint64' },
  ],
  ModelStatistics: [
    { name: 'name', number: 1, type: 'string' },
    { name: 'version', number: 2, type: 'string' },
    { name: 'last_inference', number: 3, type: 'uint64' },
    { name: 'inference_count', number: 4, type: 'uint64' },
    { name: 'execution_count', number: 5, type: 'uint64' },
    { name: 'inference_stats', number: 6, type: 'InferStatistics' },
    { name: 'batch_stats', number: 7, type: 'InferBatchStatistics', repeated: true },
    { name: 'memory_usage', number: 8, type: 'MemoryUsage', repeated: true },
    { name: 'response_stats', number: 9, type: 'InferResponseStatistics', mapKey: 'string' },
  ],
  ModelStatisticsResponse: [{ name: 'model_stats', number: 1, type: 'ModelStatistics', repeated: true }],
  ModelRepositoryParameter: [
    { name: 'bool_param', number: 1, type: 'bool', oneof: 'parameter_choice' },
    { name: 'int64_param', number: 2, type: 'int64', oneof: 'parameter_choice' },
    { name: 'string_param', number: 3, type: 'string', oneof: 'parameter_choice' },
    { name: 'bytes_param', number: 4, type: 'bytes', oneof: 'parameter_choice' },
  ],
  RepositoryIndexRequest: [
    { name: 'repository_name', number: 1, type: 'string' },
    { name: 'ready', number: 2, type: 'bool' },
  ],
  RepositoryIndexResponse: [
    { name: 'models', number: 1, type: 'RepositoryIndexResponse.ModelIndex', repeated: true },
  ],
  'RepositoryIndexResponse.ModelIndex': [
    { name: 'name', number: 1, type: 'string' },
    { name: 'version', number: 2, type: 'string' },
    { name: 'state', number: 3, type: 'string' },
    { name: 'reason', number: 4, type: 'string' },
  ],
  RepositoryModelLoadRequest: [
    { name: 'repository_name', number: 1, type: 'string' },
    { name: 'model_name', number: 2, type: 'string' },
    { name: 'parameters', number: 3, type: 'ModelRepositoryParameter', mapKey: 'string' },
  ],
  RepositoryModelLoadResponse: [],
  RepositoryModelUnloadRequest: [
    { name: 'repository_name', number: 1, type: 'string' },
    { name: 'model_name', number: 2, type: 'string' },
    { name: 'parameters', number: 3, type: 'ModelRepositoryParameter', mapKey: 'string' },
  ],
  RepositoryModelUnloadResponse: [],
  SystemSharedMemoryStatusRequest: [{ name: 'name', number: 1, type: 'string' }],
  SystemSharedMemoryStatusResponse: [
    { name: 'regions', number: 1, type: 'SystemSharedMemoryStatusResponse.RegionStatus', mapKey: 'string' },
  ],
  'SystemSharedMemoryStatusResponse.RegionStatus': [
    { name: 'name', number: 1, type: 'string' },
    { name: 'key', number: 2, type: 'string' },
    { name: 'offset', number: 3, type: 'uint64' },
    { name: 'byte_size', number: 4, type: 'uint64' },
  ],
  SystemSharedMemoryRegisterRequest: [
    { name: 'name', number: 1, type: 'string' },
    { name: 'key', number: 2, type: 'string' },
    { name: 'offset', number: 3, type: 'uint64' },
    { name: 'byte_size', number: 4, type: 'uint64' },
  ],
  SystemSharedMemoryRegisterResponse: [],
  SystemSharedMemoryUnregisterRequest: [{ name: 'name', number: 1, type: 'string' }],
  SystemSharedMemoryUnregisterResponse: [],
  CudaSharedMemoryStatusRequest: [{ name: 'name', number: 1, type: 'string' }],
  CudaSharedMemoryStatusResponse: [
    { name: 'regions', number: 1, type: 'CudaSharedMemoryStatusResponse.RegionStatus', mapKey: 'string' },
  ],
  'CudaSharedMemoryStatusResponse.RegionStatus': [
    { name: 'name', number: 1, type: 'string' },
    { name: 'device_id', number: 2, type: 'uint64' },
    { name: 'byte_size', number: 3, type: 'uint64' },
  ],
  CudaSharedMemoryRegisterRequest: [
    { name: 'name', number: 1, type: 'string' },
    { name: 'raw_handle', number: 2, type: 'bytes' },
    { name: 'device_id', number: 3, type: 'int64' },
    { name: 'byte_size', number: 4, type: 'uint64' },
  ],
  CudaSharedMemoryRegisterResponse: [],
  CudaSharedMemoryUnregisterRequest: [{ name: 'name', number: 1, type: 'string' }],
  CudaSharedMemoryUnregisterResponse: [],
  TraceSettingRequest: [
    { name: 'settings', number: 1, type: 'TraceSettingRequest.SettingValue', mapKey: 'string' },
    { name: 'model_name', number: 2, type: 'string' },
  ],
  'TraceSettingRequest.SettingValue': [{ name: 'value', number: 1, type: 'string', repeated: true }],
  TraceSettingResponse: [
    { name: 'settings', number: 1, type: 'TraceSettingResponse.SettingValue', mapKey: 'string' },
  ],
  'TraceSettingResponse.SettingValue': [{ name: 'value', number: 1, type: 'string', repeated: true }],
  LogSettingsRequest: [
    { name: 'settings', number: 1, type: 'LogSettingsRequest.SettingValue', mapKey: 'string' },
  ],
  'LogSettingsRequest.SettingValue': [
    { name: 'bool_param', number: 1, type: 'bool', oneof: 'parameter_choice' },
    { name: 'uint32_param', number: 2, type: 'uint32', oneof: 'parameter_choice' },
    { name: 'string_param', number: 3, type: 'string', oneof: 'parameter_choice' },
  ],
  LogSettingsResponse: [
    { name: 'settings', number: 1, type: 'LogSettingsResponse.SettingValue', mapKey: 'string' },
  ],
  'LogSettingsResponse.SettingValue': [
    { name: 'bool_param', number: 1, type: 'bool', oneof: 'parameter_choice' },
    { name: 'uint32_param', number: 2, type: 'uint32', oneof: 'parameter_choice' },
    { name: 'string_param', number: 3, type: 'string', oneof: 'parameter_choice' },
  ],
  HealthCheckRequest: [{ name: 'service', number: 1, type: 'string' }],
  HealthCheckResponse: [{ name: 'status', number: 1, type: 'HealthCheckResponse.ServingStatus' }],
} as const satisfies Readonly<Record<string, readonly FieldSpec[]>>;

const ENUMS = {
  'HealthCheckResponse.ServingStatus': ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'],
} as const;

const SCHEMA: MessageSchema = {
  messages: { ...CONFIG_MESSAGES, ...GRPC_MESSAGES },
  enums: { ...CONFIG_ENUMS, ...ENUMS },
};

/** The name of a message of {@link GRPC_MESSAGES}. */
export type GrpcMessageName = keyof typeof GRPC_MESSAGES;

type SingleValue<Type> = Type extends GrpcMessageName
  ? GrpcMessage<Type>
  : Type extends 'ModelConfig'
    ? ModelConfig
    : Type extends keyof typeof ENUMS
      ? (typeof ENUMS)[Type][number]
      : Type extends 'bool'
        ? boolean
        : Type extends 'bytes'
          ? Uint8Array
          : Type extends 'string'
            ? string
            : Type extends 'int64' | 'uint64'
              ? bigint | number
              : number;

type FieldValue<Field> = Field extends { readonly type: infer Type }
  ? Field extends { readonly mapKey: string }
    ? { readonly [key: string]: SingleValue<Type> }
    : Field extends { readonly repeated: true }
      ? readonly SingleValue<Type>[]
      : SingleValue<Type>
  : never;

/** A message as plain data: a field that is absent holds proto3's default. 64-bit integers come as bigints. */
export type GrpcMessage<Name extends GrpcMessageName> = {
  readonly [Field in (typeof GRPC_MESSAGES)[Name][number] as Field['name']]?: FieldValue<Field>;
};

/** A message's bytes. */
export function encodeGrpcMessage<Name extends GrpcMessageName>(
  name: Name,
  message: GrpcMessage<Name>,
): Uint8Array<ArrayBuffer> {
  return encodeMessage(SCHEMA, name, message);
}

/**
 * Reads a message; `bytes` fields are views into what was given.
 * @throws MalformedMessage for bytes that are none; StatusError `invalid-argument` if it has too many entries.
 */
export function decodeGrpcMessage<Name extends GrpcMessageName>(
  name: Name,
  bytes: Uint8Array,
): GrpcMessage<Name> {
  return decodeMessage(SCHEMA, name, bytes) as GrpcMessage<Name>;
}
