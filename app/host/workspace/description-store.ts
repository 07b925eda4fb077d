import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProbeOutcome } from '../../contract/model-entry.ts';
import type { ModelDescription } from '../../core/formats/model-description.ts';
import { isRecord, readJsonFile, writeJsonFile } from '../files/json-file.ts';
import type { DiskVersion } from './scan-repository.ts';

/** What was found out about one state of a version directory. */
export interface KnownModel {
  readonly description: ModelDescription;
  readonly probe: ProbeOutcome;
}

/** Keeps descriptions by the paths, sizes and times of the files that they were read from. */
export interface DescriptionStore {
  /** Known without touching the disk. */
  recall(key: string): KnownModel | undefined;
  load(key: string): Promise<KnownModel | null>;
  keep(key: string, known: KnownModel): Promise<void>;
  /** Keeps it until the end of this process only. */
  remember(key: string, known: KnownModel): void;
  /** Waits for what is being written; nothing is written any more. */
  close(): Promise<void>;
}

const MAX_KEPT = 500;

const INTERRUPTED: ProbeOutcome = {
  kind: 'skipped',
  reason: 'Conch was closed while it was tried; it is opened again when you serve it.',
};

/** Names one state of a version directory: any change of a file gives another key. */
export function descriptionKey(version: DiskVersion): string {
  const hash = createHash('sha256').update(version.path);
  for (const { path, byteSize, modifiedMilliseconds } of version.files)
    hash.update(`\0${path}\0${byteSize}\0${modifiedMilliseconds}`);
  return hash.digest('hex').slice(0, 40);
}

async function prune(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  if (names.length <= MAX_KEPT) return;
  const aged = await Promise.all(
    names.map(async (name) => ({
      name,
      at: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0,
    })),
  );
  aged.sort((a, b) => b.at - a.at);
  for (const { name } of aged.slice(MAX_KEPT)) await rm(join(folder, name), { force: true });
}

/** Opens the store; what another release of Conch found out is not used. */
export async function openDescriptionStore(folder: string, conchVersion: string): Promise<DescriptionStore> {
  await prune(folder);
  const known = new Map<string, KnownModel>();
  const writing = new Set<Promise<void>>();
  let isClosed = false;
  const isKept = (value: unknown): value is KnownModel & { conchVersion: string } =>
    isRecord(value) && isRecord(value['description']) && isRecord(value['probe']);
  const pathOf = (key: string) => join(folder, `${key}.json`);
  return {
    recall: (key) => known.get(key),
    load: async (key) => {
      const kept = await readJsonFile(pathOf(key), isKept, {
        what: 'What Conch knew of a model',
        now: 0,
        onSetAside: () => undefined,
      });
      if (!kept || kept.conchVersion !== conchVersion) return null;
      const probe = kept.probe.kind === 'pending' ? INTERRUPTED : kept.probe;
      const model = { description: kept.description, probe };
      known.set(key, model);
      return model;
    },
    remember: (key, model) => {
      known.set(key, model);
    },
    keep: async (key, model) => {
      known.set(key, model);
      if (isClosed) return;
      const written = writeJsonFile(pathOf(key), { conchVersion, ...model });
      writing.add(written);
      try {
        await written;
      } finally {
        writing.delete(written);
      }
    },
    close: async () => {
      isClosed = true;
      await Promise.allSettled(writing);
    },
  };
}
