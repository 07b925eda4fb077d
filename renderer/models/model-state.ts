import type { ModelEntry, ModelVersion, VersionState } from '../../app/contract/model-entry.ts';
import { formatMilliseconds } from '../format/format-quantity.ts';

/** What a state means for a person: nothing to do, working, good, bad. */
export type StateTone = 'idle' | 'busy' | 'ok' | 'bad';

/** A state in words, with the tone that its dot shows. */
export interface StateWords {
  readonly tone: StateTone;
  readonly words: string;
}

/** The model's state in words, from its versions' states; `now` is epoch milliseconds. */
export function describeModelState(model: ModelEntry, now: number): StateWords {
  if (model.problem !== undefined) return { tone: 'bad', words: 'Not a model' };
  const decisive = decisiveVersion(model);
  const words = decisive === null ? null : describeVersionState(decisive.state, now);
  if (words !== null && decisive?.state.kind !== 'unloaded') return words;
  const verdict = model.description?.verdict.kind;
  if (verdict === 'cannot-be-served') return { tone: 'bad', words: 'Cannot be served' };
  if (verdict === 'needs-container') return { tone: 'idle', words: 'Needs Triton' };
  return words ?? { tone: 'bad', words: 'No version' };
}

/** One version's state in words. */
export function describeVersionState(state: VersionState, now: number): StateWords {
  switch (state.kind) {
    case 'unloaded':
      return { tone: 'idle', words: 'Not loaded' };
    case 'loading':
      return { tone: 'busy', words: `Loading ${formatElapsed(now - state.since)}` };
    case 'ready':
      return {
        tone: 'ok',
        words: state.instanceCount === 0 ? 'Ready' : `Ready in ${formatMilliseconds(state.loadMilliseconds)}`,
      };
    case 'unloading':
      return { tone: 'busy', words: 'Unloading' };
    case 'unavailable':
      return state.restartsInMilliseconds === undefined
        ? { tone: 'bad', words: 'Unavailable' }
        : { tone: 'busy', words: 'Restarting' };
  }
}

/** The version that says most about the model: the newest that loads, else is ready, else is unavailable. */
export function decisiveVersion(model: ModelEntry): ModelVersion | null {
  const newestFirst = model.versions.toSorted((one, other) => other.version - one.version);
  for (const kind of ['loading', 'unloading', 'ready', 'unavailable'] as const) {
    const found = newestFirst.find(({ state }) => state.kind === kind);
    if (found !== undefined) return found;
  }
  return newestFirst[0] ?? null;
}

/** The newest version that answers requests; null where none does. */
export function readyVersion(model: ModelEntry): ModelVersion | null {
  return (
    model.versions
      .filter(({ state }) => state.kind === 'ready')
      .toSorted((one, other) => other.version - one.version)[0] ?? null
  );
}

function formatElapsed(milliseconds: number): string {
  return `${(Math.max(milliseconds, 0) / 1_000).toFixed(1)} s`;
}
