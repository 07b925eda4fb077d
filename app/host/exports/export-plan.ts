import { basename } from 'node:path';
import { whyIgnored } from '../../core/repository/ignored-paths.ts';
import { StatusError } from '../../core/status.ts';
import { listFolder } from '../files/file-tree.ts';
import { isTemporaryName } from '../files/staging.ts';
import type { DiskModel } from '../workspace/scan-repository.ts';
import { exportReadme } from './export-readme.ts';

/** One file of an export. */
export type ExportedFile =
  | { readonly path: string; readonly byteSize: number; readonly from: string }
  | { readonly path: string; readonly byteSize: number; readonly content: Uint8Array };

/** What an export will hold: a model repository and a note how to run it. */
export interface ExportPlan {
  readonly name: string;
  readonly files: readonly ExportedFile[];
  /** Version directories without a file, which an ensemble needs. */
  readonly emptyFolders: readonly string[];
  readonly byteSize: number;
}

const SPECIAL_FOLDERS: ReadonlySet<string> = new Set(['configs', 'warmup', 'initial_state']);

/** Whether a path of a model directory is something that Triton reads. */
function isNeeded(model: DiskModel, path: string): boolean {
  const parts = path.split('/');
  if (parts.some(isTemporaryName) || whyIgnored(path) !== null) return false;
  const [first = ''] = parts;
  if (parts.length === 1) return path === 'config.pbtxt' || Object.hasOwn(model.labels, path);
  if (SPECIAL_FOLDERS.has(first) || Object.hasOwn(model.labels, path)) return true;
  return model.versions.some(({ version }) => String(version) === first);
}

async function modelFiles(model: DiskModel): Promise<readonly ExportedFile[]> {
  const { files } = await listFolder(model.path, true);
  return files
    .filter(({ path }) => isNeeded(model, path))
    .map(({ path, byteSize }) => ({
      path: `${model.name}/${path}`,
      byteSize,
      from: `${model.path}/${path}`,
    }));
}

/** Plans the export of some models of a repository. Rejects as `invalid-argument` where none is named. */
export async function planExport(models: readonly DiskModel[]): Promise<ExportPlan> {
  if (models.length === 0) throw new StatusError('invalid-argument', 'Choose at least one model to export.');
  const files: ExportedFile[] = [];
  const emptyFolders: string[] = [];
  for (const model of models) {
    files.push(...(await modelFiles(model)));
    for (const version of model.versions)
      if (version.files.length === 0) emptyFolders.push(`${model.name}/${version.version}`);
  }
  const [only] = models;
  const name = models.length === 1 && only ? basename(only.name) : 'model-repository';
  const readme = new TextEncoder().encode(exportReadme(models.map((model) => model.name)));
  files.push({ path: 'README.md', byteSize: readme.byteLength, content: readme });
  return { name, files, emptyFolders, byteSize: files.reduce((sum, { byteSize }) => sum + byteSize, 0) };
}
