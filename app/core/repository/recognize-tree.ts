import type { ByteSource, FileTree } from '../formats/byte-source.ts';
import { detectModels, openCandidate, type DetectedModel } from '../formats/detect-models.ts';
import { fileNameOf, hasBytes, hasText } from '../formats/format.ts';
import type { FormatId } from '../formats/model-description.ts';
import { checkExternalData } from '../formats/onnx/external-data.ts';
import { emptyOnnxModel } from '../formats/onnx/onnx-model.ts';
import { readOnnx } from '../formats/onnx/read-onnx.ts';
import { ignoredRoot, whyIgnored } from './ignored-paths.ts';
import { versionOfDirectory, whyNoVersion } from './version-directory.ts';

/** A path that is left out, and why in a few words. */
interface IgnoredPath {
  readonly path: string;
  readonly reason: string;
}

/** A model directory: `config.pbtxt`, label files, numeric version directories. */
export interface ModelDirectory {
  /** Path in the tree; '' where the tree itself is the directory. */
  readonly path: string;
  /** Name of the directory; '' where the tree does not say it. */
  readonly name: string;
  /** Path of its `config.pbtxt`; null where there is none. */
  readonly configPath: string | null;
  /** Versions in rising order, each with the paths of its files relative to the version directory. */
  readonly versions: readonly { readonly version: number; readonly files: readonly string[] }[];
  /** Paths of all its files, in the tree. */
  readonly files: readonly string[];
}

/** A model that lies in no model directory. */
export interface LooseModel {
  /** Path of the file that says what the model is (`saved_model.pb` of a SavedModel). */
  readonly path: string;
  readonly format: FormatId;
  /** What to call it, before it is made safe: the stem of the file, or of its folder where the file is just `model`. */
  readonly stem: string;
  /** Paths of all files that belong to it, {@link path} included: external data, `.bin` of OpenVINO, the SavedModel folder. */
  readonly files: readonly string[];
  /** Path of a label file that lies beside it. */
  readonly labelFile?: string;
}

/** An archive to unpack before it can be said what it is. */
export interface FoundArchive {
  readonly path: string;
  readonly archive: ArchiveKind;
}

/** What a file, a folder or several files are. */
export type TreeMeaning =
  | {
      readonly kind: 'repository';
      /** Folder in the tree that is the repository: '', the folder that an archive wraps it in, or the only one beside deployment files. */
      readonly root: string;
      readonly models: readonly ModelDirectory[];
      readonly ignored: readonly IgnoredPath[];
    }
  | {
      readonly kind: 'model-directory';
      readonly root: string;
      readonly model: ModelDirectory;
      readonly ignored: readonly IgnoredPath[];
    }
  | {
      readonly kind: 'loose-models';
      /** At least one. */
      readonly models: readonly LooseModel[];
      readonly ignored: readonly IgnoredPath[];
    }
  | { readonly kind: 'archives'; /** At least one. */ readonly archives: readonly FoundArchive[] }
  | { readonly kind: 'nothing'; readonly reason: string; readonly ignored: readonly IgnoredPath[] };

/** Archives that can hold models. */
export type ArchiveKind = 'zip' | 'tar' | 'tar.gz';

const MAX_WRAPPING_FOLDERS = 8;
const MAX_ARCHIVES = 256;
const ARCHIVE_NAME = /\.(?:zip|tar|tgz|tar\.gz)$/i;

/**
 * Says what a set of files is: a model repository, one model directory, loose models, or archives to unpack first.
 * Goes by names and layout for repositories and by content for models and archives; reads little of any file.
 * `name` of a bare model directory is '' (its caller knows the folder's name).
 */
export async function recognizeTree(tree: FileTree): Promise<TreeMeaning> {
  const { kept, ignored } = sortOut(tree.paths);
  const [first] = kept;
  if (first === undefined)
    return { kind: 'nothing', reason: 'There is no file here that could be a model.', ignored };
  if (kept.length === 1) {
    const archive = await archiveKind(tree, first);
    if (archive !== null) return { kind: 'archives', archives: [{ path: first, archive }] };
  }
  const layout = recognizeLayout(kept, ignored);
  if (layout !== null) return layout;
  const loose = await recognizeLoose({ paths: kept, open: (path) => tree.open(path) }, ignored);
  if (loose.kind !== 'nothing') return loose;
  const archives = await archivesAmong(tree, kept);
  return archives.length === 0 ? loose : { kind: 'archives', archives };
}

/** Archives that lie beside other things, as a SageMaker multi-model folder has one for every model. */
async function archivesAmong(tree: FileTree, paths: readonly string[]): Promise<readonly FoundArchive[]> {
  const archives: FoundArchive[] = [];
  for (const path of paths.filter((path) => ARCHIVE_NAME.test(path)).slice(0, MAX_ARCHIVES)) {
    const archive = await archiveKind(tree, path);
    if (archive !== null) archives.push({ path, archive });
  }
  return archives;
}

function sortOut(paths: readonly string[]): { kept: string[]; ignored: IgnoredPath[] } {
  const kept: string[] = [];
  const ignored = new Map<string, string>();
  for (const path of paths) {
    const reason = whyIgnored(path);
    if (reason === null) kept.push(path);
    else ignored.set(ignoredRoot(path), reason);
  }
  return { kept, ignored: Array.from(ignored, ([path, reason]) => ({ path, reason })) };
}

function recognizeLayout(paths: readonly string[], ignored: readonly IgnoredPath[]): TreeMeaning | null {
  let root = '';
  for (let depth = 0; depth < MAX_WRAPPING_FOLDERS; depth++) {
    const inside = under(paths, root);
    if (isModelDirectory(inside)) {
      const model = modelDirectory(root, inside);
      return { kind: 'model-directory', root, model, ignored: [...ignored, ...ignoredInModel(root, inside)] };
    }
    const repository = recognizeRepository(root, inside, ignored);
    if (repository !== null) return repository;
    const beside = recognizeBesideFiles(root, inside, ignored);
    if (beside !== null) return beside;
    const folders = topFolders(inside);
    const [only] = folders;
    if (folders.length !== 1 || only === undefined || inside.some((path) => !path.includes('/'))) return null;
    root = join(root, only);
  }
  return null;
}

/** A repository in the only folder that is one, beside what deploys it: compose.yaml, a Dockerfile, scripts. */
function recognizeBesideFiles(
  root: string,
  inside: readonly string[],
  ignored: readonly IgnoredPath[],
): TreeMeaning | null {
  const repositories = topFolders(inside).flatMap(
    (folder) => recognizeRepository(join(root, folder), under(inside, folder), []) ?? [],
  );
  const [repository] = repositories;
  if (!repository || repositories.length > 1) return null;
  const others = inside.filter((path) => !join(root, path).startsWith(`${repository.root}/`));
  const reason = 'beside the model repository';
  return {
    ...repository,
    ignored: [
      ...ignored,
      ...repository.ignored,
      ...others.map((path) => ({ path: join(root, path), reason })),
    ],
  };
}

function recognizeRepository(
  root: string,
  inside: readonly string[],
  ignoredBefore: readonly IgnoredPath[],
): Extract<TreeMeaning, { kind: 'repository' }> | null {
  const models: ModelDirectory[] = [];
  const ignored = [...ignoredBefore];
  let direct = 0;
  for (const folder of topFolders(inside)) {
    const path = join(root, folder);
    const files = under(inside, folder);
    if (isModelDirectory(files)) {
      direct++;
      models.push(modelDirectory(path, files));
      ignored.push(...ignoredInModel(path, files));
      continue;
    }
    const nested = topFolders(files).filter((inner) => isModelDirectory(under(files, inner)));
    models.push(...nested.map((inner) => modelDirectory(join(path, inner), under(files, inner))));
    ignored.push({
      path,
      reason:
        nested.length > 0
          ? `its models (${nested.join(', ')}) lie one folder too deep; Triton looks for a model directly in each folder`
          : 'no model: it has neither a config.pbtxt nor a numeric version directory; Triton would fail to load it',
    });
  }
  if (direct === 0) return null;
  for (const path of inside.filter((path) => !path.includes('/'))) {
    ignored.push({ path: join(root, path), reason: 'a file beside the models; Triton ignores it' });
  }
  return { kind: 'repository', root, models, ignored };
}

/** Paths relative to a directory: has it a config, or a numeric directory with something in it? */
function isModelDirectory(inside: readonly string[]): boolean {
  if (inside.includes('config.pbtxt')) return true;
  return topFolders(inside).some(
    (folder) => versionOfDirectory(folder) !== null && hasModelFile(under(inside, folder)),
  );
}

/** Without a config only Triton's own file names make a numeric folder a version (a data set may have numeric folders too). */
function hasModelFile(files: readonly string[]): boolean {
  return files.some((file) => /^model\.[a-z0-9]+(\/|$)/i.test(file));
}

function modelDirectory(path: string, inside: readonly string[]): ModelDirectory {
  const versions = topFolders(inside).flatMap((folder) => {
    const version = versionOfDirectory(folder);
    return version === null ? [] : [{ version, files: under(inside, folder) }];
  });
  return {
    path,
    name: fileNameOf(path),
    configPath: inside.includes('config.pbtxt') ? join(path, 'config.pbtxt') : null,
    versions: versions.sort((a, b) => a.version - b.version),
    files: inside.map((file) => join(path, file)),
  };
}

function ignoredInModel(path: string, inside: readonly string[]): IgnoredPath[] {
  return topFolders(inside).flatMap((folder) => {
    const reason = whyNoVersion(folder);
    return reason === null ? [] : [{ path: join(path, folder), reason }];
  });
}

async function recognizeLoose(tree: FileTree, ignored: readonly IgnoredPath[]): Promise<TreeMeaning> {
  const detected = await detectModels(tree);
  const models: LooseModel[] = [];
  const claimed = new Set<string>();
  for (const model of detected) {
    if (claimed.has(model.candidate.path)) continue;
    const loose = await looseModel(model, tree);
    models.push(loose);
    for (const file of loose.files) claimed.add(file);
    if (loose.labelFile !== undefined) claimed.add(loose.labelFile);
  }
  const rest = tree.paths.filter((path) => !claimed.has(path));
  if (models.length === 0) {
    const shown = rest.slice(0, 3).join(', ');
    return {
      kind: 'nothing',
      reason:
        rest.length === 1
          ? `${shown} is no model that Conch knows.`
          : `None of the ${rest.length} files is a model that Conch knows (${shown}, …).`,
      ignored,
    };
  }
  const others = rest.map((path) => ({ path, reason: 'no model, and no model here names it' }));
  return { kind: 'loose-models', models, ignored: [...ignored, ...others] };
}

async function looseModel({ candidate, format }: DetectedModel, tree: FileTree): Promise<LooseModel> {
  const { path, source } = candidate;
  const labelFile = labelFileBeside(path, tree.paths);
  return {
    path,
    format: format.id,
    stem: stemOf(path, format.id),
    files: [path, ...(await companions(path, format.id, tree, source))],
    ...(labelFile === undefined ? {} : { labelFile }),
  };
}

async function companions(
  path: string,
  format: FormatId,
  tree: FileTree,
  source: ByteSource,
): Promise<string[]> {
  if (format === 'onnx') {
    const model = emptyOnnxModel();
    await readOnnx(source, model).catch(() => undefined);
    const { files } = await checkExternalData(model.externalTensors, tree, path);
    return files.filter((file) => file !== path);
  }
  if (format === 'openvino') {
    const weights = path.replace(/\.xml$/i, '.bin');
    return tree.paths.filter((other) => other === weights && other !== path);
  }
  if (format === 'saved-model' || format === 'core-ml') {
    const folder = folderOf(path);
    return tree.paths.filter((other) => other !== path && (folder === '' || other.startsWith(`${folder}/`)));
  }
  return [];
}

function labelFileBeside(path: string, paths: readonly string[]): string | undefined {
  const folder = folderOf(path);
  const stem = fileNameOf(path).replace(/\.[^.]*$/, '');
  const names = [
    `${stem}.labels.txt`,
    `${stem}_labels.txt`,
    `${stem}.labels`,
    'labels.txt',
    'classes.txt',
    'label.txt',
  ];
  return names.map((name) => join(folder, name)).find((candidate) => paths.includes(candidate));
}

function stemOf(path: string, format: FormatId): string {
  const folder = folderOf(path);
  const stem = fileNameOf(path).replace(/(?<=.)\.[^.]*$/, '');
  const isInFolder = format === 'saved-model' || format === 'core-ml' || /^(model|saved_model)$/i.test(stem);
  const version = versionOfDirectory(fileNameOf(folder)) !== null ? folderOf(folder) : folder;
  return isInFolder && version !== '' ? fileNameOf(version) : stem;
}

async function archiveKind(tree: FileTree, path: string): Promise<ArchiveKind | null> {
  const candidate = await openCandidate(tree, path);
  const { head, zip } = candidate;
  if (hasBytes(head, [0x1f, 0x8b])) return 'tar.gz';
  if (hasText(head, 'ustar', 257)) return 'tar';
  if (zip === null) return null;
  const isModel = (await detectModels({ paths: [path], open: (other) => tree.open(other) })).length > 0;
  const isArrays = zip.entries.length > 0 && zip.entries.every(({ name }) => name.endsWith('.npy'));
  return isModel || isArrays ? null : 'zip';
}

function under(paths: readonly string[], folder: string): string[] {
  if (folder === '') return [...paths];
  return paths.filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1));
}

function topFolders(paths: readonly string[]): string[] {
  return [
    ...new Set(paths.filter((path) => path.includes('/')).map((path) => path.slice(0, path.indexOf('/')))),
  ].sort();
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
