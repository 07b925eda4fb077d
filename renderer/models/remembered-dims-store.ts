import { create } from 'zustand';
import type { RememberedDims } from '../../app/contract/snapshot.ts';
import type { Mirror } from '../host/mirror.ts';

const useDimsStore = create<{ readonly dims: RememberedDims }>(() => ({ dims: {} }));

const NO_DIMS: RememberedDims[string] = {};

/** Sizes of free dims that were asked once for that model: input → dim → size. */
export function useRememberedDims(model: string): RememberedDims[string] {
  return useDimsStore(({ dims }) => dims[model] ?? NO_DIMS);
}

export const rememberedDimsMirror: Mirror = {
  reset: ({ rememberedDims }) => useDimsStore.setState({ dims: rememberedDims }),
  follow: (host) => host.on('dims.changed', (dims) => useDimsStore.setState({ dims })),
};
