import type { IncomingMessage } from 'node:http';
import { StatusError } from '../../core/status.ts';
import type { ServerOptions } from '../command-line.ts';
import type { Log } from '../log.ts';
import { handleDocs } from './docs-handler.ts';
import { generate, infer, type InferenceContext } from './inference-routes.ts';
import {
  allStatistics,
  modelConfig,
  modelMetadata,
  modelStatistics,
  serverMetadata,
} from './metadata-handlers.ts';
import { refuseMethod } from './refuse-method.ts';
import { readJsonBody } from './read-body.ts';
import { emptyReply, errorReply, failureReply, TEXT_TYPE, type Reply } from './reply.ts';
import { handleIndex, handleLoad, handleUnload, type RepositoryCall } from './repository-handlers.ts';
import { matchRoute, ROUTES, versionOf, type Route } from './routes.ts';
import { handleLogging, handleTrace } from './settings-handlers.ts';
import { handleSharedMemory } from './shared-memory-handlers.ts';

/** What all requests share. */
export interface ServerContext extends InferenceContext {
  readonly log: Log;
  /** True once the models of the startup have been tried. */
  readonly isStarted: () => boolean;
}

function checkRestriction(route: Route, request: IncomingMessage, options: ServerOptions): Reply | null {
  const restriction = options.restrictedApis.get(ROUTES[route.name].api);
  if (!restriction || request.headers[restriction.header] === restriction.value) return null;
  return errorReply(403, `This API is restricted, expecting header '${restriction.header}'`);
}

function isMethodAllowed(route: Route, method: string): boolean {
  if (route.name === 'system-shared-memory' || route.name === 'cuda-shared-memory') {
    return method === (route.detail === 'status' ? 'GET' : 'POST');
  }
  return ROUTES[route.name].methods.includes(method);
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
    body: await readJsonBody(request, options.httpMaxInputBytes),
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
  const settingsBody = async (): Promise<Uint8Array> => readJsonBody(request, options.httpMaxInputBytes);
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
    case 'model-docs':
      return handleDocs(
        repository.models.find(route.subject, versionOf(route)),
        request,
        route.detail !== '',
      );
    case 'all-statistics':
      return allStatistics(repository);
    case 'model-infer':
      return infer(context, route, request);
    case 'model-generate':
    case 'model-generate-stream':
      return generate(context, route, request);
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
        body: isUpdate ? await settingsBody() : new Uint8Array(),
      });
    case 'model-trace':
      traceOfModel(context, route.subject);
      return handleTrace(context.tracing, route.subject, isUpdate ? await settingsBody() : null);
    case 'trace':
      return handleTrace(context.tracing, null, isUpdate ? await settingsBody() : null);
    case 'logging':
      return handleLogging(log, isUpdate ? await settingsBody() : null);
  }
}

/** The path of a request target, which may be a whole URL, without its query. */
function pathOf(target: string): string {
  const [path = ''] = target.split('?', 1);
  return path.startsWith('/') ? path : path.replace(/^https?:\/\/[^/]*/i, '');
}

/** Answers one HTTP request. Never rejects with a StatusError: that is an answer. */
export async function handleRequest(context: ServerContext, request: IncomingMessage): Promise<Reply> {
  const path = pathOf(request.url ?? '');
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
