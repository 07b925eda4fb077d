import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { RequestRecord } from '../../core/server-events/server-event.ts';
import { StatusError } from '../../core/status.ts';
import type { ServerOptions } from '../command-line.ts';
import type { Log } from '../log.ts';
import type { ModelRepository } from '../repository/model-repository.ts';
import type { SharedMemoryRegions } from '../shared-memory/shared-memory-regions.ts';
import { handleInfer } from './infer-handler.ts';
import {
  allStatistics,
  modelConfig,
  modelMetadata,
  modelStatistics,
  serverMetadata,
} from './metadata-handlers.ts';
import { MAX_BODY_BYTES, readBody } from './read-body.ts';
import { emptyReply, errorReply, failureReply, JSON_TYPE, TEXT_TYPE, type Reply } from './reply.ts';
import { handleIndex, handleLoad, handleUnload, type RepositoryCall } from './repository-handlers.ts';
import { matchRoute, ROUTES, type Route } from './routes.ts';
import { handleLogging, handleTrace } from './settings-handlers.ts';
import { handleSharedMemory } from './shared-memory-handlers.ts';

/** What all requests share. */
export interface ServerContext {
  readonly options: ServerOptions;
  readonly repository: ModelRepository;
  readonly log: Log;
  readonly regions: SharedMemoryRegions;
  readonly record: (record: RequestRecord) => void;
  /** True from the first SIGTERM on. */
  readonly isExiting: () => boolean;
  /** True once the models of the startup have been tried. */
  readonly isStarted: () => boolean;
}

const MAX_VERSION = 0x7fff_ffff_ffff_ffffn;

/** The version number that a path names; null for none. @throws StatusError for one that fits no integer. */
function versionOf({ version }: Route): string | null {
  if (version === null) return null;
  const number = BigInt(version);
  if (number <= MAX_VERSION) return String(number);
  throw new StatusError(
    'invalid-argument',
    `failed to get model version from specified version string '${version}' (details: stol), version should be an integral value > 0`,
  );
}

/** On infer, version 0 means the newest, as if none were named. */
function inferVersionOf(route: Route): string | null {
  const version = versionOf(route);
  return version === '0' ? null : version;
}

function checkRestriction(route: Route, request: IncomingMessage, options: ServerOptions): Reply | null {
  const restriction = options.restrictedApis.get(ROUTES[route.name].api);
  if (!restriction || request.headers[restriction.header] === restriction.value) return null;
  return errorReply(403, `This API is restricted, expecting header '${restriction.header}'`);
}

const PLAIN_REFUSALS = new Set(['model-infer', 'model-ready', 'server-live', 'server-ready']);

function isMethodAllowed(route: Route, method: string): boolean {
  if (route.name === 'system-shared-memory' || route.name === 'cuda-shared-memory') {
    return method === (route.detail === 'status' ? 'GET' : 'POST');
  }
  return ROUTES[route.name].methods.includes(method);
}

function refuseMethod(route: Route): Reply {
  return errorReply(405, 'Method Not Allowed', PLAIN_REFUSALS.has(route.name) ? TEXT_TYPE : JSON_TYPE);
}

function readJsonBody(request: IncomingMessage, options: ServerOptions): Promise<Uint8Array> {
  const limit = options.httpMaxInputBytes;
  return readBody(
    request,
    limit,
    (byteLength) =>
      `request JSON size of ${byteLength} bytes exceeds the maximum allowed input size of ${limit} bytes. Use --http-max-input-size to increase the limit.`,
  );
}

function readInferBody(request: IncomingMessage, options: ServerOptions): Promise<Uint8Array> {
  const isPlainJson =
    request.headers['inference-header-content-length'] === undefined &&
    request.headers['content-encoding'] === undefined;
  if (isPlainJson) return readJsonBody(request, options);
  return readBody(
    request,
    MAX_BODY_BYTES,
    (byteLength) => `request body of ${byteLength} bytes is larger than ${MAX_BODY_BYTES} bytes`,
  );
}

const closedSignals = new WeakMap<Socket, AbortSignal>();

/** Aborted when the client closes its connection; one for all requests that come over it. */
function closedSignal({ socket }: IncomingMessage): AbortSignal {
  const known = closedSignals.get(socket);
  if (known) return known;
  const closed = new AbortController();
  if (socket.destroyed) closed.abort();
  else socket.once('close', () => closed.abort());
  closedSignals.set(socket, closed.signal);
  return closed.signal;
}

async function infer(context: ServerContext, route: Route, request: IncomingMessage): Promise<Reply> {
  const { options, repository, record, regions, isExiting } = context;
  if (isExiting()) return failureReply(new StatusError('unavailable', 'Server exiting'), TEXT_TYPE);
  let version;
  try {
    version = repository.models.find(route.subject, inferVersionOf(route));
  } catch (cause) {
    return failureReply(cause, TEXT_TYPE);
  }
  if (version.config.model_transaction_policy?.decoupled) {
    throw new StatusError(
      'unsupported',
      "HTTP end point doesn't support models with decoupled transaction policy",
    );
  }
  const body = await readInferBody(request, options);
  return handleInfer({
    request,
    version,
    body,
    arrivedAt: performance.now(),
    maxInputBytes: options.httpMaxInputBytes,
    signal: closedSignal(request),
    record,
    regions,
  });
}

function serverReady({ options, repository, isExiting, isStarted }: ServerContext): Reply {
  if (isExiting()) return failureReply(new StatusError('unavailable', 'Server exiting'), TEXT_TYPE);
  const isReady = isStarted() && (!options.strictReadiness || repository.models.isEverythingReady());
  return emptyReply(isReady ? 200 : 400);
}

function modelReady({ repository }: ServerContext, route: Route): Reply {
  const version = versionOfReady(route);
  if (version instanceof StatusError) return failureReply(version, TEXT_TYPE);
  const ready = repository.models.readyVersions(route.subject);
  const isReady = version === null ? ready.length > 0 : ready.some((each) => each.version === version);
  return isReady ? emptyReply(200) : errorReply(400, 'Model version not ready');
}

function versionOfReady(route: Route): string | null | StatusError {
  try {
    return versionOf(route);
  } catch (cause) {
    if (cause instanceof StatusError) return cause;
    throw cause;
  }
}

async function repositoryCall(
  context: ServerContext,
  route: Route,
  request: IncomingMessage,
): Promise<RepositoryCall> {
  const { options, repository } = context;
  return {
    repository,
    isExplicit: options.modelControlMode === 'explicit',
    maxInputBytes: options.httpMaxInputBytes,
    body: await readJsonBody(request, options),
    name: route.subject,
    repositoryName: route.detail,
  };
}

function traceOfModel({ repository }: ServerContext, name: string): void {
  if (repository.models.readyVersions(name).length > 0) return;
  throw new StatusError('invalid-argument', `Request for unknown model : ${name}`);
}

async function answer(context: ServerContext, route: Route, request: IncomingMessage): Promise<Reply> {
  const { options, repository, log } = context;
  const isUpdate = request.method === 'POST';
  const settingsBody = async (): Promise<Uint8Array> =>
    isUpdate ? readJsonBody(request, options) : new Uint8Array();
  switch (route.name) {
    case 'server-live':
      // As in Triton, a server that is still loading what it was started with is not live yet.
      return emptyReply(context.isStarted() ? 200 : 400);
    case 'server-ready':
      return serverReady(context);
    case 'server-metadata':
      return serverMetadata(options.serverId);
    case 'model-ready':
      return modelReady(context, route);
    case 'model-metadata': {
      const version = versionOf(route);
      const served = repository.models.find(route.subject, version);
      const versions = repository.models.readyVersions(route.subject).map((each) => each.version);
      return modelMetadata(served, version === null ? versions : [version]);
    }
    case 'model-config':
      return modelConfig(repository.models.find(route.subject, versionOf(route)));
    case 'model-statistics':
      return modelStatistics(repository, route.subject, versionOf(route));
    case 'all-statistics':
      return allStatistics(repository);
    case 'model-infer':
      return infer(context, route, request);
    case 'model-generate':
    case 'model-generate-stream':
      repository.models.find(route.subject, inferVersionOf(route));
      throw new StatusError('unsupported', 'the generate endpoints arrive in a later release of this server');
    case 'repository-index':
      return handleIndex(await repositoryCall(context, route, request));
    case 'repository-load':
      return handleLoad(await repositoryCall(context, route, request));
    case 'repository-unload':
      return handleUnload(await repositoryCall(context, route, request));
    case 'system-shared-memory':
    case 'cuda-shared-memory':
      return handleSharedMemory({
        regions: context.regions,
        kind: route.name === 'cuda-shared-memory' ? 'cuda' : 'system',
        action: route.detail,
        region: route.subject,
        body: await settingsBody(),
      });
    case 'model-trace':
      traceOfModel(context, route.subject);
      return handleTrace(isUpdate, await settingsBody(), options.httpMaxInputBytes);
    case 'trace':
      return handleTrace(isUpdate, await settingsBody(), options.httpMaxInputBytes);
    case 'logging':
      return handleLogging(log, isUpdate, await settingsBody(), options.httpMaxInputBytes);
  }
}

/** Answers one HTTP request. Never rejects with a StatusError: that is an answer. */
export async function handleRequest(context: ServerContext, request: IncomingMessage): Promise<Reply> {
  const [path = ''] = (request.url ?? '').split('?', 1);
  const route = matchRoute(path);
  if (!route) return errorReply(404, 'Not Found');
  const restricted = checkRestriction(route, request, context.options);
  if (restricted) return restricted;
  if (!isMethodAllowed(route, request.method ?? '')) return refuseMethod(route);
  try {
    return await answer(context, route, request);
  } catch (cause) {
    if (cause instanceof StatusError) return failureReply(cause);
    throw cause;
  }
}
