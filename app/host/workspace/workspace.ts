import { isDeepStrictEqual } from 'node:util';
import type { ModelEntry, ProbeOutcome, VersionState } from '../../contract/model-entry.ts';
import type { Workspace } from '../../contract/snapshot.ts';
import type { ModelDescription } from '../../core/formats/model-description.ts';
import { describeUnservable } from '../../core/formats/format-description.ts';
import { StatusError } from '../../core/status.ts';
import type { ConfigDocuments } from '../config-documents/config-documents.ts';
import type { EmitEvent } from '../events/host-events.ts';
import { createQueue } from '../files/work-queue.ts';
import type { Inspector } from '../inspection/inspector.ts';
import { descriptionKey, type DescriptionStore } from './description-store.ts';
import {
  scanModel,
  scanRepository,
  type DiskModel,
  type DiskVersion,
  type RepositoryScan,
} from './scan-repository.ts';
import { watchRepository } from './watch-repository.ts';

/** What the server knows of models, asked by the workspace. */
export interface ServerFacts {
  versionState(model: string, version: number): VersionState;
  /** The config text that the server loaded; undefined where the model is not loaded. */
  loadedConfig(model: string): string | undefined;
}

/** The open model repository: what is on disk, mirrored as entries and told by events. */
export interface OpenWorkspace {
  readonly path: string;
  status(): Workspace;
  entries(): readonly ModelEntry[];
  /** Rejects as `not-found`. */
  find(name: string): ModelEntry;
  disk(name: string): DiskModel | undefined;
  names(): ReadonlySet<string>;
  /** Looks at the disk now. */
  refresh(): Promise<void>;
  /** Tells the entry again where something other than the disk changed. */
  touch(name: string): void;
  /** Looks at the disk with a new model on it, about which an import knows already what it is. */
  adopt(name: string, description: ModelDescription): Promise<void>;
  setProbe(name: string, probe: ProbeOutcome): Promise<void>;
  close(): void;
}

export interface WorkspaceParts {
  readonly path: string;
  readonly isDefault: boolean;
  readonly configs: ConfigDocuments;
  readonly server: ServerFacts;
  readonly inspector: Inspector;
  readonly descriptions: DescriptionStore;
  readonly emit: EmitEvent;
  readonly now: () => number;
  /** Tells the whole workspace. */
  readonly onWorkspaceChange: () => void;
  readonly reportBug: (cause: unknown) => void;
}

const NOT_PROBED: ProbeOutcome = {
  kind: 'skipped',
  reason: 'It was in this repository already; it is opened for the first time when you serve it.',
};
/** A file that changed less than this long ago may still be being copied. */
const STABLE_MILLISECONDS = 500;

/** An ensemble has no model file, whatever keeps its version directory from being empty. */
function describedVersion(model: DiskModel): DiskVersion | undefined {
  if (model.composingModels !== null) return undefined;
  return model.versions.findLast(({ files }) => files.length > 0);
}

function directoriesOf(model: DiskModel): readonly string[] {
  return [model.path].concat(model.versions.map(({ path }) => path));
}

/** Opens a repository that exists; the first look at the disk is over when it resolves. */
export async function openWorkspace(parts: WorkspaceParts): Promise<OpenWorkspace> {
  const { path, configs, server, descriptions, emit } = parts;
  const inTurn = createQueue();
  let scan: RepositoryScan = { models: [], notices: [] };
  let disk = new Map<string, DiskModel>();
  let goneReason: string | undefined;
  let isClosed = false;
  const told = new Map<string, ModelEntry>();
  const describing = new Set<string>();
  let stableTimer: NodeJS.Timeout | undefined;

  const composeEntry = (model: DiskModel): ModelEntry => {
    const version = describedVersion(model);
    const known = version && descriptions.recall(descriptionKey(version));
    const config = configs.state(model.name);
    const loaded = server.loadedConfig(model.name);
    return {
      name: model.name,
      path: model.path,
      versions: model.versions.map(({ version: number, files }) => ({
        version: number,
        files: files.map(({ path: file, byteSize }) => ({ path: file, byteSize })),
        state: server.versionState(model.name, number),
      })),
      description: known?.description ?? null,
      probe:
        known?.probe ??
        (version ? { kind: 'pending' } : { kind: 'skipped', reason: 'There is no model file.' }),
      config: {
        text: config?.text ?? '',
        revision: config?.revision ?? 0,
        isSaved: config?.isSaved ?? true,
        savedText: config?.savedText ?? '',
        isReloadNeeded: loaded !== undefined && loaded !== (config?.savedText ?? ''),
      },
      labels: model.labels,
      ...(model.problem !== undefined && { problem: model.problem }),
    };
  };

  const touch = (name: string) => {
    const model = disk.get(name);
    if (!model || isClosed) return;
    const entry = composeEntry(model);
    if (isDeepStrictEqual(told.get(name), entry)) return;
    told.set(name, entry);
    emit('model.changed', entry);
  };

  const inspect = async (version: DiskVersion, key: string) => {
    try {
      const tree = { kind: 'folder', path: version.path, followsLinks: true } as const;
      const description = await parts.inspector.describe(tree);
      if (!isClosed) await descriptions.keep(key, { description, probe: NOT_PROBED });
    } catch (cause) {
      if (!(cause instanceof StatusError)) throw cause;
      if (isClosed) return;
      // Not kept on disk: a busy machine is no lasting verdict on a model.
      const byteSize = version.files.reduce((sum, file) => sum + file.byteSize, 0);
      descriptions.remember(key, {
        description: describeUnservable({
          byteSize,
          reason: cause.message,
          fix: { text: 'Check that the file is complete, then drop it again.' },
        }),
        probe: { kind: 'skipped', reason: cause.message },
      });
    }
  };

  const describe = async (model: DiskModel, version: DiskVersion, key: string) => {
    if (describing.has(key)) return;
    describing.add(key);
    try {
      if (!(await descriptions.load(key))) await inspect(version, key);
      touch(model.name);
    } catch (cause) {
      if (!(cause instanceof StatusError)) parts.reportBug(cause);
    } finally {
      describing.delete(key);
    }
  };

  const describeMissing = () => {
    const now = Date.now();
    let isChanging = false;
    for (const model of disk.values()) {
      const version = describedVersion(model);
      if (!version) continue;
      const key = descriptionKey(version);
      if (descriptions.recall(key)) continue;
      const newest = Math.max(...version.files.map(({ modifiedMilliseconds }) => modifiedMilliseconds));
      if (newest <= now && now - newest < STABLE_MILLISECONDS) isChanging = true;
      else void describe(model, version, key);
    }
    clearTimeout(stableTimer);
    if (isChanging && !isClosed) stableTimer = setTimeout(() => void refreshQuietly(), STABLE_MILLISECONDS);
  };

  const takeOver = (next: RepositoryScan) => {
    const { models: _models, ...before } = scan;
    const { models, ...after } = next;
    const isNotable = !isDeepStrictEqual(before, after) || goneReason !== undefined;
    scan = next;
    goneReason = undefined;
    disk = new Map(models.map((model) => [model.name, model]));
    for (const name of Array.from(told.keys())) {
      if (disk.has(name)) continue;
      told.delete(name);
      emit('model.removed', { name });
    }
    for (const model of models) {
      configs.sync(model.name, model.path, model.configText);
      touch(model.name);
    }
    describeMissing();
    watch.follow([path, ...models.flatMap(directoriesOf)]);
    if (isNotable) parts.onWorkspaceChange();
  };

  const refresh = () =>
    inTurn(async () => {
      if (isClosed) return;
      try {
        const next = await scanRepository(path);
        if (!isClosed) takeOver(next);
      } catch (cause) {
        if (!(cause instanceof StatusError)) throw cause;
        if (isClosed || goneReason === cause.message) return;
        goneReason = cause.message;
        scan = { models: [], notices: [] };
        disk = new Map();
        for (const name of told.keys()) emit('model.removed', { name });
        told.clear();
        parts.onWorkspaceChange();
      }
    });
  const refreshQuietly = () => refresh().catch(parts.reportBug);
  const watch = watchRepository(path, () => void refreshQuietly());

  const setProbe = async (name: string, probe: ProbeOutcome) => {
    const model = disk.get(name);
    const version = model && describedVersion(model);
    const key = version && descriptionKey(version);
    const known = key !== undefined && descriptions.recall(key);
    if (!known) return;
    await descriptions.keep(key, { description: known.description, probe });
    touch(name);
  };

  await refresh();
  return {
    path,
    status: () => ({
      path,
      isDefault: parts.isDefault,
      notices: goneReason === undefined ? scan.notices : [{ path, text: goneReason }],
      ...(scan.readOnlyReason !== undefined && { readOnlyReason: scan.readOnlyReason }),
    }),
    entries: () => [...disk.values()].map(composeEntry),
    find: (name) => {
      const model = disk.get(name);
      if (!model) throw new StatusError('not-found', `There is no model ${name} in ${path}.`);
      return composeEntry(model);
    },
    disk: (name) => disk.get(name),
    names: () => new Set(disk.keys()),
    refresh,
    touch,
    adopt: async (name, description) => {
      const model = await scanModel(path, name);
      const version = describedVersion(model);
      if (version)
        await descriptions.keep(descriptionKey(version), { description, probe: { kind: 'pending' } });
      await refresh();
    },
    setProbe,
    close: () => {
      isClosed = true;
      clearTimeout(stableTimer);
      watch.close();
    },
  };
}
