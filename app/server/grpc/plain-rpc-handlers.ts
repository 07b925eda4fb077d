import type { GrpcMessage } from '../../core/grpc/grpc-messages.ts';
import type { GRPC_RPCS, PlainRpcName } from '../../core/grpc/grpc-rpcs.ts';
import { readModelVersion } from '../../core/grpc/read-model-version.ts';
import { describeStatistics } from '../../core/statistics/print-statistics.ts';
import { StatusError } from '../../core/status.ts';
import type { ServerContext } from '../http/handle-request.ts';
import { checkModelName } from '../http/repository-handlers.ts';
import { findCountedVersions } from '../repository/find-counted-versions.ts';
import type { LoadParameters } from '../repository/poll-model.ts';
import { describeModel, SERVER_EXTENSIONS, TRITON_VERSION } from '../server-metadata.ts';
import { handleLogSettings, handleTraceSetting } from './settings-handlers.ts';

type Request<Name extends PlainRpcName> = GrpcMessage<(typeof GRPC_RPCS)[Name]['request']>;
type Response<Name extends PlainRpcName> = GrpcMessage<(typeof GRPC_RPCS)[Name]['response']>;

/** Answers one kind of call. Throws StatusErrors. */
export type PlainRpcHandlers = {
  readonly [Name in PlainRpcName]: (
    request: Request<Name>,
    context: ServerContext,
  ) => Response<Name> | Promise<Response<Name>>;
};

function isReady({ options, repository, isExiting, isStarted }: ServerContext): boolean {
  if (isExiting()) throw new StatusError('unavailable', 'Server exiting');
  return isStarted() && (!options.strictReadiness || repository.models.isEverythingReady());
}

function isModelReady({ repository }: ServerContext, name: string, version: string | null): boolean {
  const ready = repository.models.readyVersions(name);
  return version === null ? ready.length > 0 : ready.some((each) => each.version === version);
}

function refuseRepositoryName(repositoryName: string | undefined): void {
  if (repositoryName) {
    throw new StatusError('unsupported', "'repository_name' specification is not supported");
  }
}

function refuseUnlessExplicit({ options }: ServerContext): void {
  if (options.modelControlMode === 'explicit') return;
  throw new StatusError('unavailable', 'explicit model load / unload is not allowed if polling is enabled');
}

function wrongParameter(text: string): StatusError {
  return new StatusError('invalid-argument', text);
}

function readLoadParameters(parameters: Request<'RepositoryModelLoad'>['parameters'] = {}): LoadParameters {
  let config: string | null = null;
  const files = new Map<string, Uint8Array>();
  for (const [name, value] of Object.entries(parameters)) {
    const wrongType = (expected: string): StatusError =>
      wrongParameter(`invalid value type for load parameter '${name}', expected ${expected}.`);
    if (name === 'config') {
      if (value.string_param === undefined) throw wrongType('string_param');
      config = value.string_param;
    } else if (name.startsWith('file:')) {
      if (value.bytes_param === undefined) throw wrongType('bytes_param');
      files.set(name, value.bytes_param);
    } else throw wrongParameter(`unrecognized load parameter '${name}'.`);
  }
  return { config, files };
}

async function load(request: Request<'RepositoryModelLoad'>, context: ServerContext): Promise<object> {
  refuseRepositoryName(request.repository_name);
  const name = request.model_name ?? '';
  const parameters = readLoadParameters(request.parameters);
  refuseUnlessExplicit(context);
  checkModelName(name);
  await context.repository.load(name, parameters);
  return {};
}

async function unload(request: Request<'RepositoryModelUnload'>, context: ServerContext): Promise<object> {
  refuseRepositoryName(request.repository_name);
  const name = request.model_name ?? '';
  const dependents = request.parameters?.['unload_dependents'];
  if (dependents && dependents.bool_param === undefined) {
    throw wrongParameter("invalid value type for 'unload_dependents' parameter, expected bool_param.");
  }
  refuseUnlessExplicit(context);
  checkModelName(name);
  await context.repository.unload(name, dependents?.bool_param ?? false);
  return {};
}

function metadataOf(
  { repository }: ServerContext,
  request: Request<'ModelMetadata'>,
): Response<'ModelMetadata'> {
  const name = request.name ?? '';
  const version = readModelVersion(request.version ?? '');
  const served = repository.models.find(name, version);
  const ready = repository.models.readyVersions(name).map((each) => each.version);
  return describeModel(served, version === null ? ready : [version]);
}

/** Every RPC of one request and one response, apart from inference. */
export const PLAIN_RPC_HANDLERS: PlainRpcHandlers = {
  ServerLive: (_, { isStarted }) => ({ live: isStarted() }),
  ServerReady: (_, context) => ({ ready: isReady(context) }),
  Check: (_, context) => ({ status: isReady(context) ? 'SERVING' : 'NOT_SERVING' }),
  ModelReady: ({ name = '', version = '' }, context) => ({
    ready: isModelReady(context, name, readModelVersion(version)),
  }),
  ServerMetadata: (_, { options }) => ({
    name: options.serverId,
    version: TRITON_VERSION,
    extensions: SERVER_EXTENSIONS,
  }),
  ModelMetadata: (request, context) => metadataOf(context, request),
  ModelConfig: ({ name = '', version = '' }, { repository }) => ({
    config: repository.models.find(name, readModelVersion(version)).config,
  }),
  ModelStatistics: ({ name = '', version = '' }, { repository: { models } }) => {
    const number = readModelVersion(version);
    const versions = name === '' ? models.allReady() : findCountedVersions(models, name, number);
    return {
      model_stats: versions.map((each) =>
        describeStatistics(each.name, each.version, each.statistics.snapshot()),
      ),
    };
  },
  SystemSharedMemoryStatus: ({ name = '' }, { regions }) => ({
    regions: Object.fromEntries(
      regions
        .systemStatus(name)
        .map((each) => [
          each.name,
          { name: each.name, key: each.key, offset: each.offset, byte_size: each.byteSize },
        ]),
    ),
  }),
  SystemSharedMemoryRegister: ({ name = '', key = '', offset = 0n, byte_size = 0n }, { regions }) => {
    regions.registerSystem({ name, key, offset: BigInt(offset), byteSize: BigInt(byte_size) });
    return {};
  },
  SystemSharedMemoryUnregister: ({ name = '' }, { regions }) => {
    regions.unregisterSystem(name);
    return {};
  },
  CudaSharedMemoryStatus: ({ name = '' }, { regions }) => {
    regions.cudaStatus(name);
    return {};
  },
  CudaSharedMemoryRegister: ({ name = '' }, { regions }) => regions.registerCuda(name),
  CudaSharedMemoryUnregister: (_, { regions }) => {
    regions.unregisterCuda();
    return {};
  },
  RepositoryIndex: async ({ repository_name, ready = false }, { repository }) => {
    refuseRepositoryName(repository_name);
    return { models: await repository.index(ready) };
  },
  TraceSetting: handleTraceSetting,
  LogSettings: handleLogSettings,
  RepositoryModelLoad: load,
  RepositoryModelUnload: unload,
};
