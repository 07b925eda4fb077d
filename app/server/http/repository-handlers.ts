import { asString, findMember } from '../../core/open-inference/json-access.ts';
import { isJsonObject, parseJson } from '../../core/open-inference/json-document.ts';
import { checkJsonSize } from '../../core/open-inference/infer-request.ts';
import { StatusError } from '../../core/status.ts';
import type { ModelRepository } from '../repository/model-repository.ts';
import type { LoadParameters } from '../repository/poll-model.ts';
import { emptyReply, JSON_TYPE, jsonReply, type Reply } from './reply.ts';

const MAX_NAME_CHARACTERS = 1024;

/** @throws StatusError `invalid-argument` for a name that could lead out of the repository. */
export function checkModelName(name: string): void {
  if (name.trim() === '') {
    throw new StatusError(
      'invalid-argument',
      'Model name cannot be empty. Please enter a valid name to deploy.',
    );
  }
  const parts = name.trim().split(/[/\\]/);
  if (parts.length > 1 || parts.includes('..') || name.includes('\0')) {
    throw new StatusError(
      'invalid-argument',
      `invalid model name '${name}', model name must not contain path traversal characters`,
    );
  }
  if (name.length > MAX_NAME_CHARACTERS) {
    throw new StatusError(
      'invalid-argument',
      `invalid model name: longer than ${MAX_NAME_CHARACTERS} characters`,
    );
  }
}

function readFileParameter(value: string): Uint8Array {
  return Buffer.from(value, 'base64');
}

function readLoadParameters(body: Uint8Array): LoadParameters {
  const files = new Map<string, Uint8Array>();
  let config: string | null = null;
  const parameters = body.byteLength === 0 ? undefined : findMember(parseJson(body), 'parameters');
  if (parameters !== undefined && !isJsonObject(parameters)) {
    throw new StatusError('internal', 'attempt to get members for non-object');
  }
  for (const [key, value] of parameters ?? []) {
    if (key === 'config') config = asString(value);
    else if (key.startsWith('file:')) files.set(key, readFileParameter(asString(value)));
    else throw new StatusError('internal', 'unexpected error on creating Triton parameter');
  }
  return { config, files };
}

function readUnloadDependents(body: Uint8Array): boolean {
  const parameters = body.byteLength === 0 ? undefined : findMember(parseJson(body), 'parameters');
  return parameters !== undefined && findMember(parameters, 'unload_dependents') === true;
}

/** What the repository endpoints need. */
export interface RepositoryCall {
  readonly repository: ModelRepository;
  readonly isExplicit: boolean;
  readonly maxInputBytes: number;
  readonly body: Uint8Array;
  /** Model name of the path. */
  readonly name: string;
  /** Repository name of the path, empty if it has none. */
  readonly repositoryName: string;
}

function refuseRepositoryName({ repositoryName }: RepositoryCall): void {
  if (repositoryName !== '') {
    throw new StatusError('unsupported', "'repository_name' specification is not supported");
  }
}

function refuseUnlessExplicit({ isExplicit }: RepositoryCall): void {
  if (isExplicit) return;
  throw new StatusError('unavailable', 'explicit model load / unload is not allowed if polling is enabled');
}

/** `POST /v2/repository/index`. */
export async function handleIndex({ repository, body, maxInputBytes }: RepositoryCall): Promise<Reply> {
  checkJsonSize(body.byteLength, maxInputBytes);
  const ready = body.byteLength === 0 ? undefined : findMember(parseJson(body), 'ready');
  if (ready !== undefined && typeof ready !== 'boolean') {
    throw new StatusError('invalid-argument', "Invalid value for 'ready': expected a boolean");
  }
  return jsonReply(JSON.stringify(await repository.index(ready ?? false)));
}

/** `POST /v2/repository/models/M/load`. */
export async function handleLoad(call: RepositoryCall): Promise<Reply> {
  refuseRepositoryName(call);
  checkJsonSize(call.body.byteLength, call.maxInputBytes);
  const parameters = readLoadParameters(call.body);
  refuseUnlessExplicit(call);
  checkModelName(call.name);
  await call.repository.load(call.name, parameters);
  return emptyReply(200, JSON_TYPE);
}

/** `POST /v2/repository/models/M/unload`. Unknown and ill-typed parameters are ignored, as in Triton. */
export async function handleUnload(call: RepositoryCall): Promise<Reply> {
  refuseRepositoryName(call);
  checkJsonSize(call.body.byteLength, call.maxInputBytes);
  const withDependents = readUnloadDependents(call.body);
  refuseUnlessExplicit(call);
  checkModelName(call.name);
  await call.repository.unload(call.name, withDependents);
  return emptyReply(200, JSON_TYPE);
}
