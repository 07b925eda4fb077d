import type { InferenceTarget } from '../../app/contract/inference-target.ts';
import { useContainerStatus } from '../container/container-store.ts';

/** A server that test requests can be sent to. */
export interface TargetOption {
  /** Tells options apart. */
  readonly key: string;
  readonly label: string;
  readonly target: InferenceTarget;
}

/** The key of a target's option. */
export function targetKey(target: InferenceTarget): string {
  return target.kind;
}

/** Every server that a request can go to now, the twin first. */
export function useTargets(): readonly TargetOption[] {
  const container = useContainerStatus();
  const targets: readonly (readonly [InferenceTarget, string])[] = [
    [{ kind: 'twin' }, 'Embedded server'],
    ...(container.kind === 'stopped' ? [] : [[{ kind: 'container' }, 'Triton container'] as const]),
  ];
  return targets.map(([target, label]) => ({ key: targetKey(target), label, target }));
}
