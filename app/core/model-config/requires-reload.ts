import type { ModelConfig } from './model-config.ts';

function withoutInstances(config: ModelConfig): unknown {
  return { ...config, instance_group: undefined, version_policy: undefined };
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]) => [key, ordered(member)]));
}

/**
 * Whether a model becomes another one when its polled config changes so. Other instances and another choice of versions
 * leave it the same: it is updated in place and keeps its statistics (Triton's `ConfigChangeRequiresReload`).
 */
export function configChangeRequiresReload(before: ModelConfig, after: ModelConfig): boolean {
  return (
    JSON.stringify(ordered(withoutInstances(before))) !== JSON.stringify(ordered(withoutInstances(after)))
  );
}
