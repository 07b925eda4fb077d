import { basename } from 'node:path';
import {
  PLAIN_REPOSITORY,
  REPOSITORY_FOLDER,
  type DeploymentChoices,
  type DeploymentFacts,
  type DeploymentFile,
} from '../../core/deployment/deployment-facts.ts';
import {
  deploymentFiles,
  isDeploymentTarget,
  storageUriProblem,
} from '../../core/deployment/deployment-target.ts';
import { sagemakerArchives } from '../../core/deployment/sagemaker.ts';
import { smokeTestFiles, type GoldenCase } from '../../core/deployment/smoke-tests.ts';
import { NEWEST_RELEASE } from '../../core/deployment/triton-releases.ts';
import { whyIgnored } from '../../core/repository/ignored-paths.ts';
import { StatusError } from '../../core/status.ts';
import { listFolder } from '../files/file-tree.ts';
import { isTemporaryName } from '../files/staging.ts';
import type { DiskModel } from '../workspace/scan-repository.ts';
import { exportReadme } from './export-readme.ts';

/** One file of an export: a copy, a text of ours, or an archive of other files. */
export type ExportedFile =
  | { readonly path: string; readonly byteSize: number; readonly from: string }
  | {
      readonly path: string;
      readonly byteSize: number;
      readonly content: Uint8Array;
      readonly isExecutable?: boolean;
    }
  | { readonly path: string; readonly byteSize: number; readonly archive: ExportedTree };

/** Files and the folders without a file, below some root. */
export interface ExportedTree {
  readonly files: readonly ExportedFile[];
  /** Version directories without a file, which an ensemble needs. */
  readonly emptyFolders: readonly string[];
}

/** What an export will hold: a model repository, what deploys it, and a note how to run it. */
export interface ExportPlan extends ExportedTree {
  readonly name: string;
  readonly byteSize: number;
  /** The files that are texts of ours, as they will be written. */
  readonly texts: readonly DeploymentFile[];
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

async function modelTree(model: DiskModel): Promise<ExportedTree> {
  const empty = model.versions.filter(({ files }) => files.length === 0);
  return {
    files: await modelFiles(model),
    emptyFolders: empty.map(({ version }) => `${model.name}/${version}`),
  };
}

function sizeOf(files: readonly ExportedFile[]): number {
  return files.reduce((sum, { byteSize }) => sum + byteSize, 0);
}

function treeBelow(folder: string, { files, emptyFolders }: ExportedTree): ExportedTree {
  return {
    files: files.map((file) => Object.assign({}, file, { path: `${folder}${file.path}` })),
    emptyFolders: emptyFolders.map((path) => `${folder}${path}`),
  };
}

function joined(trees: readonly ExportedTree[]): ExportedTree {
  return {
    files: trees.flatMap(({ files }) => files),
    emptyFolders: trees.flatMap(({ emptyFolders }) => emptyFolders),
  };
}

/** The repository as the target wants it: bare, in a folder of its own, or in archives. */
function placeModels(trees: ReadonlyMap<string, ExportedTree>, facts: DeploymentFacts): ExportedTree {
  const treesOf = (names: Iterable<string>) =>
    joined(Array.from(names, (name) => trees.get(name) ?? { files: [], emptyFolders: [] }));
  const { target } = facts.choices;
  if (target === 'sagemaker') {
    const archives = Array.from(sagemakerArchives(facts), ([path, names]) => {
      const archive = treesOf(names);
      return { path, byteSize: sizeOf(archive.files), archive };
    });
    return { files: archives, emptyFolders: [] };
  }
  const all = treesOf(trees.keys());
  return target === 'repository' ? all : treeBelow(`${REPOSITORY_FOLDER}/`, all);
}

function checkChoices({ target, release, storageUri }: DeploymentChoices): void {
  if (!isDeploymentTarget(target))
    throw new StatusError('invalid-argument', `There is no deployment target ${String(target)}.`);
  if (!/^\d{2}\.\d{2}$/.test(release))
    throw new StatusError(
      'invalid-argument',
      `${release} is no release of Triton, which are called like ${NEWEST_RELEASE}.`,
    );
  const problem = storageUriProblem(target, storageUri);
  if (problem !== null) throw new StatusError('invalid-argument', problem);
}

/**
 * Plans the export of some models of a repository for a target, with the saved requests that check it there.
 * @throws StatusError `invalid-argument` where no model is named or a choice is wrong.
 */
export async function planExport(
  models: readonly DiskModel[],
  choices: DeploymentChoices = PLAIN_REPOSITORY,
  cases: readonly GoldenCase[] = [],
): Promise<ExportPlan> {
  const [only] = models;
  if (!only) throw new StatusError('invalid-argument', 'Choose at least one model to export.');
  checkChoices(choices);
  const trees = new Map<string, ExportedTree>();
  for (const model of models) trees.set(model.name, await modelTree(model));
  const facts: DeploymentFacts = {
    name: models.length === 1 ? basename(only.name) : 'model-repository',
    models: models.map(({ name, composingModels }) => ({ name, isEnsemble: composingModels !== null })),
    byteSize: sizeOf([...trees.values()].flatMap(({ files }) => files)),
    choices,
  };
  const names = models.map(({ name }) => name);
  const hasSmokeTests = cases.length > 0 && choices.target !== 'sagemaker';
  const texts: readonly DeploymentFile[] = [
    ...deploymentFiles(facts),
    ...(hasSmokeTests ? smokeTestFiles(names, cases) : []),
    { path: 'README.md', text: exportReadme(facts, hasSmokeTests) },
  ];
  const placed = placeModels(trees, facts);
  const written = texts.map(({ path, text, isExecutable = false }) => {
    const content = new TextEncoder().encode(text);
    return { path, byteSize: content.byteLength, content, isExecutable };
  });
  const files = [...placed.files, ...written];
  return { name: facts.name, files, emptyFolders: placed.emptyFolders, byteSize: sizeOf(files), texts };
}
