import type { GrpcMessageName } from './grpc-messages.ts';

/** One RPC: what goes in and out, and its category in `--grpc-restricted-protocol`. */
export interface RpcSpec {
  readonly service: string;
  readonly api: string;
  readonly request: GrpcMessageName;
  readonly response: GrpcMessageName;
}

const SERVICE = 'inference.GRPCInferenceService';

function rpc<Request extends GrpcMessageName, Response extends GrpcMessageName>(
  api: string,
  request: Request,
  response: Response,
  service = SERVICE,
): { service: string; api: string; request: Request; response: Response } {
  return { service, api, request, response };
}

/** Every RPC that Triton serves, by its name. The path is `/<service>/<name>`. */
export const GRPC_RPCS = {
  ServerLive: rpc('health', 'ServerLiveRequest', 'ServerLiveResponse'),
  ServerReady: rpc('health', 'ServerReadyRequest', 'ServerReadyResponse'),
  ModelReady: rpc('health', 'ModelReadyRequest', 'ModelReadyResponse'),
  ServerMetadata: rpc('metadata', 'ServerMetadataRequest', 'ServerMetadataResponse'),
  ModelMetadata: rpc('metadata', 'ModelMetadataRequest', 'ModelMetadataResponse'),
  ModelInfer: rpc('inference', 'ModelInferRequest', 'ModelInferResponse'),
  ModelStreamInfer: rpc('inference', 'ModelInferRequest', 'ModelStreamInferResponse'),
  ModelConfig: rpc('model-config', 'ModelConfigRequest', 'ModelConfigResponse'),
  ModelStatistics: rpc('statistics', 'ModelStatisticsRequest', 'ModelStatisticsResponse'),
  RepositoryIndex: rpc('model-repository', 'RepositoryIndexRequest', 'RepositoryIndexResponse'),
  RepositoryModelLoad: rpc('model-repository', 'RepositoryModelLoadRequest', 'RepositoryModelLoadResponse'),
  RepositoryModelUnload: rpc(
    'model-repository',
    'RepositoryModelUnloadRequest',
    'RepositoryModelUnloadResponse',
  ),
  SystemSharedMemoryStatus: rpc(
    'shared-memory',
    'SystemSharedMemoryStatusRequest',
    'SystemSharedMemoryStatusResponse',
  ),
  SystemSharedMemoryRegister: rpc(
    'shared-memory',
    'SystemSharedMemoryRegisterRequest',
    'SystemSharedMemoryRegisterResponse',
  ),
  SystemSharedMemoryUnregister: rpc(
    'shared-memory',
    'SystemSharedMemoryUnregisterRequest',
    'SystemSharedMemoryUnregisterResponse',
  ),
  CudaSharedMemoryStatus: rpc(
    'shared-memory',
    'CudaSharedMemoryStatusRequest',
    'CudaSharedMemoryStatusResponse',
  ),
  CudaSharedMemoryRegister: rpc(
    'shared-memory',
    'CudaSharedMemoryRegisterRequest',
    'CudaSharedMemoryRegisterResponse',
  ),
  CudaSharedMemoryUnregister: rpc(
    'shared-memory',
    'CudaSharedMemoryUnregisterRequest',
    'CudaSharedMemoryUnregisterResponse',
  ),
  TraceSetting: rpc('trace', 'TraceSettingRequest', 'TraceSettingResponse'),
  LogSettings: rpc('logging', 'LogSettingsRequest', 'LogSettingsResponse'),
  Check: rpc('health', 'HealthCheckRequest', 'HealthCheckResponse', 'grpc.health.v1.Health'),
} as const satisfies Readonly<Record<string, RpcSpec>>;

/** The name of an RPC. */
export type RpcName = keyof typeof GRPC_RPCS;

/** RPCs of one request and one response that the table codec reads and writes. */
export type PlainRpcName = Exclude<RpcName, 'ModelInfer' | 'ModelStreamInfer'>;
