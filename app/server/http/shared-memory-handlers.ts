import { asString, asUnsigned, findMember } from '../../core/open-inference/json-access.ts';
import { parseJson, type JsonValue } from '../../core/open-inference/json-document.ts';
import { StatusError } from '../../core/status.ts';
import type { RegionToRegister, SharedMemoryRegions } from '../shared-memory/shared-memory-regions.ts';
import { emptyReply, JSON_TYPE, jsonReply, type Reply } from './reply.ts';

/** One call of the shared memory endpoints. */
export interface SharedMemoryCall {
  readonly regions: SharedMemoryRegions;
  readonly kind: 'system' | 'cuda';
  /** `status`, `register` or `unregister`. */
  readonly action: string;
  /** Empty: all. */
  readonly region: string;
  readonly body: Uint8Array;
}

function required(json: JsonValue, key: string): JsonValue {
  const value = findMember(json, key);
  if (value !== undefined) return value;
  throw new StatusError('invalid-argument', `Shared memory register request has no '${key}' field`);
}

function readRegion(name: string, body: Uint8Array): RegionToRegister {
  const json = parseJson(body);
  const key = asString(required(json, 'key'));
  const offset = findMember(json, 'offset');
  return {
    name,
    key,
    offset: offset === undefined ? 0n : asUnsigned(offset),
    byteSize: asUnsigned(required(json, 'byte_size')),
  };
}

function printStatus({ regions, kind, region }: SharedMemoryCall): string {
  if (kind === 'cuda') return JSON.stringify(regions.cudaStatus(region));
  const printed = regions
    .systemStatus(region)
    .map(({ name, key, offset, byteSize }) => ({ name, key, offset, byte_size: byteSize }));
  return JSON.stringify(printed);
}

function register({ regions, kind, region, body }: SharedMemoryCall): void {
  regions.checkAllowed();
  if (region === '') {
    throw new StatusError(
      'invalid-argument',
      `'region name' is necessary to register ${kind} shared memory region`,
    );
  }
  if (kind === 'cuda') regions.registerCuda(region);
  else regions.registerSystem(readRegion(region, body));
}

/** `/v2/systemsharedmemory/…` and `/v2/cudasharedmemory/…`. @throws StatusError in Triton's words. */
export function handleSharedMemory(call: SharedMemoryCall): Reply {
  if (call.action === 'status') return jsonReply(printStatus(call));
  if (call.action === 'register') register(call);
  else if (call.kind === 'cuda') call.regions.unregisterCuda();
  else call.regions.unregisterSystem(call.region);
  return emptyReply(200, JSON_TYPE);
}
