import { StatusError } from '../status.ts';
import type { ModelConfig } from './model-config.ts';

/** A resource that the server has (`--rate-limit-resource`); `device` is null if every device has as many. */
export interface ResourceLimit {
  readonly name: string;
  readonly count: number;
  readonly device: number | null;
}

/** How many there are for an instance on a device, or (device null) at all, for a global resource. */
function limitOf(name: string, device: number | null, limits: readonly ResourceLimit[]): number {
  const named = limits.filter((limit) => limit.name === name);
  if (device === null) return Math.max(0, ...named.map(({ count }) => count));
  const own = named.findLast((limit) => limit.device === device);
  return (own ?? named.findLast((limit) => limit.device === null))?.count ?? 0;
}

/**
 * Checks that every instance of a model can ever get the resources that its rate limiter wants (Triton's
 * `ResourceManager`; a CPU instance is on device 0). Nothing is limited if no resource was named.
 * @throws StatusError `invalid-argument` in Triton's words.
 */
export function checkRateLimit(config: ModelConfig, limits: readonly ResourceLimit[]): void {
  if (limits.length === 0) return;
  for (const group of config.instance_group ?? []) {
    const devices = group.gpus?.length ? group.gpus : [0];
    for (const { name = '', count = 0, global: isGlobal } of group.rate_limiter?.resources ?? []) {
      for (const device of isGlobal ? [null] : devices) {
        const limit = limitOf(name, device, limits);
        if (limit >= count) continue;
        throw new StatusError(
          'invalid-argument',
          `Resource count for "${name}" is limited to ${String(limit)} which will prevent scheduling of one or more model instances, the minimum required count is ${String(count)}`,
        );
      }
    }
  }
}
