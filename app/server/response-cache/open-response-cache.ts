import { createHash } from 'node:crypto';
import { ResponseCache } from '../../core/scheduling/response-cache.ts';
import { StatusError } from '../../core/status.ts';
import type { NamedTensor } from '../../core/tensors/tensor.ts';
import type { NamedSetting } from '../flag-values.ts';

/** What Triton's local cache needs for itself; with less it does not start. */
const SMALLEST_CACHE_BYTES = 1024;

function digestOf(inputs: readonly NamedTensor[]): string {
  const hash = createHash('sha256');
  for (const { name, datatype, shape, data } of inputs) {
    hash.update(JSON.stringify([name, datatype, shape, data.byteLength]));
    hash.update(data);
  }
  return hash.digest('base64');
}

function sizeOf(text: string): number {
  const match = /^\s*\+?(\d+)/.exec(text);
  if (!match) throw new StatusError('internal', 'Failed to initialize LocalCache: stoull');
  const size = Number(match[1]);
  if (size >= SMALLEST_CACHE_BYTES) return size;
  throw new StatusError(
    'internal',
    'Failed to initialize LocalCache: Could not initialize buffer in basic_managed_external_buffer constructor',
  );
}

/** Where Triton would look for other caches; only `local` is built in here. */
export const CACHE_DIRECTORY = '/opt/tritonserver/caches';

/**
 * The response cache that `--cache-config` asks for; null for none.
 * @throws StatusError in Triton's words for a cache that cannot be had.
 */
export function openResponseCache(settings: readonly NamedSetting[]): ResponseCache | null {
  const [first] = settings;
  if (!first) return null;
  if (first.name !== 'local') {
    throw new StatusError(
      'invalid-argument',
      `unable to find 'libtritoncache_${first.name}.so' for cache. Searched: ${CACHE_DIRECTORY}`,
    );
  }
  const size = settings.findLast(({ setting }) => setting === 'size');
  if (!size) {
    throw new StatusError(
      'invalid-argument',
      "Failed to initialize LocalCache: config didn't contain a valid 'size' field.",
    );
  }
  return new ResponseCache(sizeOf(size.value), digestOf);
}
