import { create } from 'zustand';
import type { InferenceTarget } from '../../app/contract/inference-target.ts';

const TWIN: InferenceTarget = { kind: 'twin' };

const useTargetStore = create<{ readonly chosen: Readonly<Record<string, InferenceTarget>> }>(() => ({
  chosen: {},
}));

/** The server that a model's test requests go to; the twin until another was chosen. */
export function useTarget(model: string): InferenceTarget {
  return useTargetStore(({ chosen }) => chosen[model] ?? TWIN);
}

/** {@link useTarget} outside of components. */
export function targetOf(model: string): InferenceTarget {
  return useTargetStore.getState().chosen[model] ?? TWIN;
}

/** Sends a model's test requests to another server from now on. */
export function chooseTarget(model: string, target: InferenceTarget): void {
  useTargetStore.setState(({ chosen }) => ({ chosen: { ...chosen, [model]: target } }));
}
