import { constants } from 'node:fs';
import { access, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseModelConfig } from '../../core/model-config/parse-config.ts';
import { composingModels } from '../../core/repository/ensemble-graph.ts';
import { fileErrorCode, fileFailure } from '../files/file-failure.ts';
import { listFolder, type TreeFile } from '../files/file-tree.ts';
import { isTemporaryName } from '../files/staging.ts';

/** One version directory on disk. */
export interface DiskVersion {
  readonly version: number;
  readonly path: string;
  readonly files: readonly TreeFile[];
}

/** One model directory on disk. */
export interface DiskModel {
  readonly name: string;
  readonly path: string;
  /** Lowest first. */
  readonly versions: readonly DiskVersion[];
  /** Null where there is no config.pbtxt. */
  readonly configText: string | null;
  /** Models that its steps name; null for a model that is no ensemble. */
  readonly composingModels: readonly string[] | null;
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly problem?: string;
}

/** A model repository as it lies on disk. */
export interface RepositoryScan {
  readonly models: readonly DiskModel[];
  readonly notices: readonly { readonly path: string; readonly text: string }[];
  readonly readOnlyReason?: string;
}

const MAX_CONFIG_BYTES = 4 * 1024 * 1024;
const MAX_LABEL_BYTES = 16 * 1024 * 1024;
const MAX_LABELS = 100_000;
const VERSION_NAME = /^(?:0|[1-9]\d{0,17})$/;

const JUNK: Readonly<Record<string, string>> = {
  '.git':
    'Git keeps its history here. Triton takes every directory of a model repository for a model and fails to load this one; serve a copy without it, or keep the repository in a sub-directory.',
  '.ipynb_checkpoints':
    'Jupyter keeps copies here. Triton takes every directory of a model repository for a model and fails to load this one; delete it.',
};

function hiddenNotice(name: string): string {
  return (
    JUNK[name] ??
    'A hidden directory. Triton takes every directory of a model repository for a model and would fail to load this one.'
  );
}

async function readText(path: string, maxBytes: number): Promise<string | null> {
  try {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const { size } = await handle.stat();
      const bytes = new Uint8Array(Math.min(size, maxBytes));
      const { bytesRead } = await handle.read(bytes, 0, bytes.byteLength, 0);
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, bytesRead));
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (['ENOENT', 'EISDIR', 'ENOTDIR', 'EACCES', 'ELOOP'].includes(fileErrorCode(cause) ?? '')) return null;
    throw cause;
  }
}

/** Label files named by the outputs of a config, that lie inside the model directory. */
async function readLabels(modelPath: string, configText: string | null): Promise<DiskModel['labels']> {
  if (configText === null || !configText.includes('label_filename')) return {};
  const { config } = parseModelConfig(configText);
  const names = (config.output ?? []).flatMap(({ label_filename: name }) => (name ? [name] : []));
  const labels: Record<string, readonly string[]> = {};
  for (const name of new Set(names)) {
    if (name.startsWith('/') || name.split(/[/\\]/).includes('..') || name === '__proto__') continue;
    const text = await readText(join(modelPath, name), MAX_LABEL_BYTES);
    if (text !== null) labels[name] = text.replace(/\r?\n$/, '').split(/\r?\n/, MAX_LABELS);
  }
  return labels;
}

function composingModelsOf(configText: string | null): readonly string[] | null {
  if (configText === null || !configText.includes('ensemble')) return null;
  const { config } = parseModelConfig(configText);
  const isEnsemble = config.ensemble_scheduling !== undefined || config.platform === 'ensemble';
  return isEnsemble ? composingModels(config) : null;
}

function problemOf(configText: string | null, versions: readonly DiskVersion[]): string | undefined {
  if (versions.length > 0) return undefined;
  if (configText === null)
    return 'There is neither a config.pbtxt nor a numeric version directory here, but Triton takes every directory of a model repository for a model. Move it out of the repository, or put the model file into a directory named 1.';
  return 'There is no version directory: put the model file into a directory named 1.';
}

/** What one model directory holds. */
export async function scanModel(repository: string, name: string): Promise<DiskModel> {
  const path = join(repository, name);
  const entries = await readdir(path, { withFileTypes: true });
  const versions: DiskVersion[] = [];
  for (const entry of entries) {
    if (!VERSION_NAME.test(entry.name)) continue;
    const versionPath = join(path, entry.name);
    if (!entry.isDirectory() && !(await stat(versionPath).catch(() => null))?.isDirectory()) continue;
    const { files } = await listFolder(versionPath, true);
    versions.push({ version: Number(entry.name), path: versionPath, files });
  }
  versions.sort((a, b) => a.version - b.version);
  const configText = await readText(join(path, 'config.pbtxt'), MAX_CONFIG_BYTES);
  const problem = problemOf(configText, versions);
  return {
    name,
    path,
    versions,
    configText,
    composingModels: composingModelsOf(configText),
    labels: await readLabels(path, configText),
    ...(problem !== undefined && { problem }),
  };
}

async function readOnlyReason(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.W_OK);
    return undefined;
  } catch (cause) {
    return fileFailure(cause, 'write', path).message;
  }
}

/** What lies in a model repository. Rejects as `not-found` where it is gone. */
export async function scanRepository(path: string): Promise<RepositoryScan> {
  try {
    const models: DiskModel[] = [];
    const notices: { path: string; text: string }[] = [];
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const { name } = entry;
      if (isTemporaryName(name)) continue;
      const isFolder =
        entry.isDirectory() ||
        (entry.isSymbolicLink() && (await stat(join(path, name)).catch(() => null))?.isDirectory());
      if (!isFolder) continue;
      if (name.startsWith('.')) notices.push({ path: join(path, name), text: hiddenNotice(name) });
      else {
        // A directory that vanishes while it is looked at was never there.
        const model = await scanModel(path, name).catch((cause: unknown) => {
          if (fileErrorCode(cause) === 'ENOENT') return null;
          throw cause;
        });
        if (model) models.push(model);
      }
    }
    const reason = await readOnlyReason(path);
    models.sort((a, b) => (a.name < b.name ? -1 : 1));
    return { models, notices, ...(reason !== undefined && { readOnlyReason: reason }) };
  } catch (cause) {
    throw fileFailure(cause, 'read', path);
  }
}
