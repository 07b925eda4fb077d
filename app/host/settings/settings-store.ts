import type { RememberedDims, Settings } from '../../contract/snapshot.ts';
import { StatusError } from '../../core/status.ts';
import type { EmitEvent } from '../events/host-events.ts';
import { isRecord, readJsonFile, writeJsonFile } from '../files/json-file.ts';
import { createQueue } from '../files/work-queue.ts';

const DEFAULTS: Settings = { colorScheme: 'auto', showsAllSettings: false };
const MAX_RECENTS = 20;

function checkSettings(change: unknown): Partial<Settings> {
  if (!isRecord(change)) throw new StatusError('invalid-argument', 'Settings are an object.');
  const { colorScheme, showsAllSettings } = change;
  if (
    colorScheme !== undefined &&
    colorScheme !== 'auto' &&
    colorScheme !== 'light' &&
    colorScheme !== 'dark'
  )
    throw new StatusError('invalid-argument', 'The colour scheme is auto, light or dark.');
  if (showsAllSettings !== undefined && typeof showsAllSettings !== 'boolean')
    throw new StatusError('invalid-argument', '"Show all settings" is true or false.');
  return { ...(colorScheme && { colorScheme }), ...(showsAllSettings !== undefined && { showsAllSettings }) };
}

function isSettings(value: unknown): value is Partial<Settings> {
  try {
    checkSettings(value);
    return true;
  } catch {
    return false;
  }
}

interface State {
  readonly repository?: string;
  readonly recents: readonly string[];
  readonly dims: RememberedDims;
  /** What is served now, and from where; left behind only by a Conch that was killed. */
  readonly served?: { readonly repository: string; readonly models: readonly string[] };
}

function isDims(value: unknown): value is RememberedDims {
  return (
    isRecord(value) &&
    Object.values(value).every(
      (inputs) =>
        isRecord(inputs) &&
        Object.values(inputs).every(
          (dims) => isRecord(dims) && Object.values(dims).every((size) => Number.isSafeInteger(size)),
        ),
    )
  );
}

function isServed(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value['repository'] === 'string' &&
    Array.isArray(value['models']) &&
    value['models'].every((model) => typeof model === 'string')
  );
}

function isState(value: unknown): value is State {
  if (!isRecord(value)) return false;
  const { repository, recents, dims, served } = value;
  return (
    (repository === undefined || typeof repository === 'string') &&
    Array.isArray(recents) &&
    recents.every((path) => typeof path === 'string') &&
    isDims(dims) &&
    (served === undefined || isServed(served))
  );
}

/** The person's settings and what Conch remembers for them between starts. */
export interface SettingsStore {
  settings(): Settings;
  update(change: unknown): Promise<void>;
  /** The repository that was open last; undefined for Conch's own. */
  repository(): string | undefined;
  recents(): readonly string[];
  /** Notes which repository is open; `path` undefined for Conch's own, which is no recent. */
  rememberRepository(path: string | undefined): Promise<void>;
  /** The models that were served from a repository when Conch was killed; forgotten by being asked for. */
  takeServed(repository: string): Promise<readonly string[]>;
  /** Notes what is served from a repository now. */
  rememberServed(repository: string, models: readonly string[]): Promise<void>;
  dims(): RememberedDims;
  rememberDims(model: string, input: string, dims: Readonly<Record<string, number>>): Promise<void>;
  /** Resolves when all is on disk. */
  close(): Promise<void>;
}

/** Reads both files; a broken one is kept aside, said, and replaced by defaults. */
export async function openSettingsStore(
  files: { readonly settingsFile: string; readonly stateFile: string },
  now: number,
  emit: EmitEvent,
  raise: (text: string) => void,
): Promise<SettingsStore> {
  const onSetAside = ({ text }: { text: string }) => raise(`${text} Conch goes on with the defaults.`);
  let settings: Settings = {
    ...DEFAULTS,
    ...checkSettings(
      (await readJsonFile(files.settingsFile, isSettings, { what: 'The settings file', now, onSetAside })) ??
        {},
    ),
  };
  let state: State = (await readJsonFile(files.stateFile, isState, {
    what: 'The list of recent repositories',
    now,
    onSetAside,
  })) ?? { recents: [], dims: {} };
  const enqueue = createQueue();
  const saveState = (next: State) => {
    state = next;
    return enqueue(() => writeJsonFile(files.stateFile, state));
  };
  return {
    settings: () => settings,
    update: async (change) => {
      settings = { ...settings, ...checkSettings(change) };
      emit('settings.changed', settings);
      await enqueue(() => writeJsonFile(files.settingsFile, settings));
    },
    repository: () => state.repository,
    recents: () => state.recents,
    rememberRepository: (path) => {
      const { repository: _last, ...rest } = state;
      if (path === undefined) return saveState(rest);
      const recents = [path, ...state.recents.filter((other) => other !== path)].slice(0, MAX_RECENTS);
      return saveState({ ...rest, repository: path, recents });
    },
    takeServed: async (repository) => {
      const { served, ...rest } = state;
      if (!served) return [];
      await saveState(rest);
      return served.repository === repository ? served.models : [];
    },
    rememberServed: (repository, models) => {
      const { served: _last, ...rest } = state;
      return saveState(models.length === 0 ? rest : { ...rest, served: { repository, models } });
    },
    dims: () => state.dims,
    rememberDims: async (model, input, dims) => {
      const ofModel = state.dims[model] ?? {};
      const next = { ...state.dims, [model]: { ...ofModel, [input]: { ...ofModel[input], ...dims } } };
      if (!isDims(next)) throw new StatusError('invalid-argument', 'A remembered dim is a whole number.');
      emit('dims.changed', next);
      await saveState({ ...state, dims: next });
    },
    close: () => enqueue(() => Promise.resolve()),
  };
}
