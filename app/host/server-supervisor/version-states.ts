import type { Explanation, VersionState } from '../../contract/model-entry.ts';
import { explainFailure } from '../../core/explanations/explain-failure.ts';
import type { ServerEvent } from '../../core/server-events/server-event.ts';

type ModelStateEvent = Extract<ServerEvent, { kind: 'model-state' }>;
type EngineDiedEvent = Extract<ServerEvent, { kind: 'engine-died' }>;

/** What the server said of each version, in its own words; the workspace shows it beside what is on disk. */
export interface VersionStates {
  of(model: string, version: number): VersionState;
  /** Models with a version that is loading or ready. */
  active(): readonly string[];
  noteState(event: ModelStateEvent): void;
  noteEngineDeath(event: EngineDiedEvent): void;
  /** A load was asked for and the server has not spoken yet. */
  noteAsked(model: string, newestVersion: number | undefined): void;
  /** Whether a load is over, well or badly, as far as the server told. */
  isSettled(model: string): boolean;
  /** The model as a whole could not be loaded. */
  noteFailure(model: string, reason: string): void;
  /** The server is gone: everything that was active is unavailable for `reason`, or unloaded without one. */
  noteServerGone(reason: string | null): readonly string[];
}

const PROVIDER_NAMES = { cpu: 'CPU', cuda: 'CUDA', webgpu: 'WebGPU' } as const;

/** Our explanation of one of Triton's or ONNX Runtime's messages, as an optional member. */
export function explanationOf(text: string): { readonly explanation?: Explanation } {
  const explanation = explainFailure(text);
  return explanation ? { explanation } : {};
}

function unavailable(reason: string): VersionState {
  return { kind: 'unavailable', reason, ...explanationOf(reason) };
}

function stateOf(event: ModelStateEvent, now: number): VersionState {
  switch (event.state) {
    case 'LOADING':
      return { kind: 'loading', since: now };
    case 'UNLOADING':
      return { kind: 'unloading' };
    case 'READY':
      return {
        kind: 'ready',
        loadMilliseconds: event.loadMilliseconds ?? 0,
        instanceCount: event.instanceCount ?? 1,
        ...(event.threadsPerInstance === undefined ? {} : { threadsPerInstance: event.threadsPerInstance }),
        executionProvider: PROVIDER_NAMES[event.executionProvider ?? 'cpu'],
        executionProviderReason:
          event.executionProviderReason ?? 'It is what the instance group of the model config asks for.',
      };
    case 'UNAVAILABLE':
      return event.reason === undefined || event.reason === 'unloaded'
        ? { kind: 'unloaded' }
        : unavailable(event.reason);
  }
}

/** Keeps the states; `now` in epoch milliseconds. */
export function createVersionStates(now: () => number): VersionStates {
  const models = new Map<string, Map<number, VersionState>>();
  const failures = new Map<string, VersionState>();
  const versionsOf = (model: string) => {
    const versions = models.get(model) ?? new Map<number, VersionState>();
    models.set(model, versions);
    return versions;
  };
  const isActive = ({ kind }: VersionState) => kind === 'loading' || kind === 'ready';
  const active = () =>
    [...models].filter(([, versions]) => [...versions.values()].some(isActive)).map(([model]) => model);
  return {
    of: (model, version) => models.get(model)?.get(version) ?? failures.get(model) ?? { kind: 'unloaded' },
    active,
    noteState: (event) => {
      failures.delete(event.model);
      const version = Number(event.version);
      const known = versionsOf(event.model).get(version);
      if (event.state === 'LOADING' && known?.kind === 'loading') return;
      versionsOf(event.model).set(version, stateOf(event, now()));
    },
    noteEngineDeath: ({ model, version, reason, restartInMilliseconds }) => {
      versionsOf(model).set(Number(version), {
        kind: 'unavailable',
        reason,
        ...explanationOf(reason),
        ...(restartInMilliseconds !== null && { restartsInMilliseconds: restartInMilliseconds }),
      });
    },
    noteAsked: (model, newestVersion) => {
      failures.delete(model);
      const versions = versionsOf(model);
      for (const [version, state] of versions) if (!isActive(state)) versions.delete(version);
      if (newestVersion !== undefined && !versions.has(newestVersion))
        versions.set(newestVersion, { kind: 'loading', since: now() });
    },
    isSettled: (model) => {
      const known = [...(models.get(model)?.values() ?? [])];
      return failures.has(model) || known.some(({ kind }) => kind === 'unavailable');
    },
    noteFailure: (model, reason) => {
      const versions = versionsOf(model);
      for (const [version, { kind }] of versions)
        if (kind === 'loading' || kind === 'unloaded') versions.delete(version);
      failures.set(model, unavailable(reason));
    },
    noteServerGone: (reason) => {
      const changed = [...new Set([...models.keys(), ...failures.keys()])];
      const wasActive = active();
      models.clear();
      failures.clear();
      if (reason !== null)
        for (const model of wasActive) failures.set(model, { kind: 'unavailable', reason });
      return changed;
    },
  };
}
