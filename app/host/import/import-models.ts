import { mkdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ImportSource } from '../../contract/calls.ts';
import type { ImportOutcome } from '../../contract/job.ts';
import type { ModelDescription } from '../../core/formats/model-description.ts';
import { parseModelConfig } from '../../core/model-config/parse-config.ts';
import type {
  FoundArchive,
  LooseModel,
  ModelDirectory,
  TreeMeaning,
} from '../../core/repository/recognize-tree.ts';
import { versionOfDirectory } from '../../core/repository/version-directory.ts';
import { StatusError } from '../../core/status.ts';
import { unpackArchive } from '../archives/unpack-archive.ts';
import { checkCancelled } from '../files/copy-file.ts';
import { fileFailure } from '../files/file-failure.ts';
import { makeStagingFolder } from '../files/staging.ts';
import type { InspectedTree } from '../inspection/inspection-message.ts';
import type { Inspector } from '../inspection/inspector.ts';
import type { JobControl } from '../jobs/job-registry.ts';
import type { FinishedUpload } from '../uploads/upload-store.ts';
import { addModel, makeModelDurable, type NewModel, type Receiver } from './add-model.ts';
import { placedDescription, placeLooseModel } from './model-files.ts';
import {
  folderSource,
  nameOfFolderAround,
  sourcesOfPaths,
  withNeighbours,
  type SourceTree,
} from './source-tree.ts';

/** What an import needs of the rest of the host. */
export interface ImportParts {
  readonly inspector: Inspector;
  readonly receiver: Receiver;
  readonly takeUpload: (uploadId: string) => FinishedUpload;
  readonly endUpload: (uploadId: string) => Promise<void>;
  /** The folder of a sample model. Throws `not-found`. */
  readonly sampleFolder: (name: string) => string;
  /** The name under which this very sample is in the repository already. */
  readonly findSample: (name: string) => Promise<string | undefined>;
  /** A model is in place: shows it. */
  readonly onAdded: (name: string, description: ModelDescription | null) => Promise<void>;
  /** Opens a repository in place and gives its models. */
  readonly openRepository: (path: string) => Promise<readonly string[]>;
  readonly notify: (text: string) => void;
}

const MAX_NESTED_ARCHIVES = 1;
const MAX_TOLD_IGNORED = 50;
/** What of a sample is its model; the rest says how it was made and what to try. */
const SAMPLE_FILES = /^(?:\d+\/|config\.pbtxt$|labels\.txt$|README\.md$)/;

interface Import {
  readonly parts: ImportParts;
  readonly control: JobControl;
  /** Folders to remove at the end. */
  readonly temporary: string[];
}

function refusal(source: string, title: string, reason: string): ImportOutcome {
  return { kind: 'refused', source, title, reason };
}

function cannotBeServed(source: string, description: ModelDescription): ImportOutcome | null {
  const { verdict, formatName } = description;
  if (verdict.kind !== 'cannot-be-served') return null;
  return {
    kind: 'refused',
    source,
    title: `${formatName}: cannot be served`,
    reason: verdict.reason,
    fix: verdict.fix,
  };
}

function ignoredOutcomes(meaning: TreeMeaning): readonly ImportOutcome[] {
  if (meaning.kind === 'archives') return [];
  return meaning.ignored
    .slice(0, MAX_TOLD_IGNORED)
    .map(({ path, reason }) => ({ kind: 'ignored', source: path, reason }));
}

async function add(run: Import, source: string, model: NewModel): Promise<ImportOutcome> {
  const name = await addModel(model, run.parts.receiver, run.control);
  if (name !== model.wantedName) {
    const why =
      name.replace(/_\d+$/, '') === model.wantedName
        ? `There is a model ${model.wantedName} already`
        : `"${model.wantedName}" cannot be the name of a model on every system`;
    run.parts.notify(`${why}: the new one is called ${name}.`);
  }
  await run.parts.onAdded(name, model.description);
  await makeModelDurable(join(run.parts.receiver.repository, name));
  return { kind: 'added', source, model: name };
}

async function describeLoose(run: Import, source: SourceTree, model: LooseModel): Promise<ModelDescription> {
  return run.parts.inspector.describe(source.tree, model.path);
}

/** A file that is just `model` is called like the folder or the archive in which it lies, where that says something. */
function looseName(source: SourceTree, model: LooseModel): string {
  const isAtTop = !model.path.includes('/');
  if (!isAtTop || !/^(?:saved_)?model$/i.test(model.stem)) return model.stem;
  const around = source.isOurs ? undefined : nameOfFolderAround(source.absolute(model.path));
  return source.folderName ?? around ?? model.stem;
}

async function importLoose(run: Import, source: SourceTree, model: LooseModel): Promise<ImportOutcome> {
  const description = await describeLoose(run, source, model);
  const refused = cannotBeServed(model.path, description);
  if (refused) return refused;
  const placed = placeLooseModel(model);
  if (!placed)
    return refusal(
      model.path,
      `${description.formatName}: cannot be served as it is`,
      `Triton has no place for a ${description.formatName} file in a model repository.`,
    );
  return add(run, model.path, {
    wantedName: looseName(source, model),
    files: placed.map(({ from, to }) => ({ from: source.absolute(from), to })),
    isOurs: source.isOurs,
    description: placedDescription(model, description),
  });
}

function versionTree(source: SourceTree, model: ModelDirectory): InspectedTree | null {
  const newest = model.versions.findLast(({ files }) => files.length > 0);
  if (!newest) return null;
  const prefix = model.path === '' ? '' : `${model.path}/`;
  return {
    kind: 'files',
    files: newest.files.map((path) => [path, source.absolute(`${prefix}${newest.version}/${path}`)]),
  };
}

/** Parts of a model directory that were chosen without it say no name: its config may. */
function directoryName(label: string, configText: string | undefined): string {
  const isPart = versionOfDirectory(label) !== null || label === 'config.pbtxt';
  if (!isPart) return label;
  const { name } = parseModelConfig(configText ?? '').config;
  return name === undefined || name === '' ? 'model' : name;
}

async function importDirectory(
  run: Import,
  source: SourceTree,
  model: ModelDirectory,
): Promise<ImportOutcome> {
  const tree = versionTree(source, model);
  const description = tree && (await run.parts.inspector.describe(tree));
  const label = model.name === '' ? source.label : model.name;
  const configPath = model.configPath === null ? null : source.absolute(model.configPath);
  const refused = configPath === null && description ? cannotBeServed(label, description) : null;
  if (refused) return refused;
  const prefix = model.path === '' ? '' : `${model.path}/`;
  const configText = configPath === null ? undefined : await readFile(configPath, 'utf8');
  return add(run, label, {
    wantedName: directoryName(label, configText),
    files: model.files
      .filter((path) => path !== model.configPath)
      .map((path) => ({ from: source.absolute(path), to: path.slice(prefix.length) })),
    isOurs: source.isOurs,
    description,
    ...(configText !== undefined && { configText }),
    emptyVersions: model.versions.filter(({ files }) => files.length === 0).map(({ version }) => version),
  });
}

async function importArchive(
  run: Import,
  source: SourceTree,
  archive: FoundArchive,
  depth: number,
): Promise<readonly ImportOutcome[]> {
  if (depth >= MAX_NESTED_ARCHIVES)
    return [
      refusal(archive.path, 'An archive in an archive', 'Unpack the outer archive and add the inner one.'),
    ];
  const { receiver } = run.parts;
  const folder = await makeStagingFolder(receiver.repository, receiver.dataStaging);
  run.temporary.push(folder);
  const name = basename(archive.path).replace(/\.(?:zip|tar|tgz|tar\.gz)$/i, '');
  const into = join(folder, 'unpacked');
  await mkdir(into);
  await unpackArchive(archive.archive, {
    archivePath: source.absolute(archive.path),
    into,
    signal: run.control.signal,
    onProgress: (doneUnits, totalUnits, entry) =>
      run.control.report({
        stage: `Unpacking ${entry}`,
        doneUnits,
        unit: 'bytes',
        ...(totalUnits !== undefined && { totalUnits }),
      }),
  });
  return importSourceTree(run, { ...folderSource(into, name, true), folderName: name }, depth + 1);
}

/** A lone file may name others that lie beside it on the host's own disk. */
async function withNamedFiles(run: Import, source: SourceTree): Promise<SourceTree> {
  if (source.isOurs || source.tree.kind !== 'files') return source;
  const names = await run.parts.inspector.nameExternalData(source.tree);
  return (await withNeighbours(source, names)) ?? source;
}

async function importSourceTree(
  run: Import,
  given: SourceTree,
  depth = 0,
): Promise<readonly ImportOutcome[]> {
  const { parts, control } = run;
  checkCancelled(control.signal);
  control.report({ stage: `Looking at ${given.label}`, doneUnits: 0, unit: 'bytes' });
  const first = await parts.inspector.recognize(given.tree);
  const source = first.kind === 'loose-models' ? await withNamedFiles(run, given) : given;
  const meaning = source === given ? first : await parts.inspector.recognize(source.tree);
  return importMeaning(run, source, meaning, depth);
}

async function importMeaning(
  run: Import,
  source: SourceTree,
  meaning: TreeMeaning,
  depth: number,
): Promise<readonly ImportOutcome[]> {
  const ignored = ignoredOutcomes(meaning);
  switch (meaning.kind) {
    case 'repository': {
      if (source.folder !== undefined && !source.isOurs) {
        const repository = join(source.folder, meaning.root);
        return [
          {
            kind: 'opened',
            source: source.label,
            repository,
            models: await run.parts.openRepository(repository),
          },
        ];
      }
      const outcomes = await each(
        meaning.models,
        ({ name }) => name,
        (model) => importDirectory(run, source, model),
      );
      return [...outcomes, ...ignored];
    }
    case 'model-directory':
      return [await importDirectory(run, source, meaning.model), ...ignored];
    case 'loose-models': {
      const outcomes = await each(
        meaning.models,
        ({ path }) => path,
        (model) => importLoose(run, source, model),
      );
      return [...outcomes, ...ignored];
    }
    case 'archives':
      return each(
        meaning.archives,
        ({ path }) => path,
        (archive) => importArchive(run, source, archive, depth),
      );
    case 'nothing':
      return [await explainNothing(run, source, meaning.reason), ...ignored];
  }
}

async function explainNothing(run: Import, source: SourceTree, reason: string): Promise<ImportOutcome> {
  if (source.tree.kind === 'files' && source.tree.files.length === 1) {
    const refused = cannotBeServed(source.label, await run.parts.inspector.describe(source.tree));
    if (refused) return refused;
  }
  const title = source.folder === undefined ? 'Not a model' : 'Neither a model nor a model repository';
  return {
    kind: 'refused',
    source: source.label,
    title,
    reason,
    fix: {
      text: 'A model repository has one directory a model, and in it a numeric version directory with the model file.',
      lines: ['model-repository/', '  my_model/', '    config.pbtxt', '    1/', '      model.onnx'],
    },
  };
}

/** Every thing by itself: what is wrong with one does not stop the others, except a cancel or a full disk. */
async function each<Item>(
  items: readonly Item[],
  labelOf: (item: Item) => string,
  body: (item: Item) => Promise<ImportOutcome | readonly ImportOutcome[]>,
): Promise<readonly ImportOutcome[]> {
  const outcomes: ImportOutcome[] = [];
  for (const item of items) {
    try {
      outcomes.push(...[await body(item)].flat());
    } catch (cause) {
      if (!(cause instanceof StatusError) || cause.code === 'cancelled' || items.length === 1) throw cause;
      outcomes.push(refusal(labelOf(item), 'Could not be added', cause.message));
    }
  }
  return outcomes;
}

async function importSample(run: Import, name: string): Promise<readonly ImportOutcome[]> {
  const present = await run.parts.findSample(name);
  if (present !== undefined) return [{ kind: 'added', source: name, model: present }];
  const folder = run.parts.sampleFolder(name);
  const source = folderSource(folder, name, false);
  const meaning = await run.parts.inspector.recognize(source.tree);
  if (meaning.kind !== 'model-directory')
    throw new StatusError('internal', `The sample ${name} is not a model directory.`);
  const { model } = meaning;
  const files = model.files.filter((path) => SAMPLE_FILES.test(path));
  return [await importDirectory(run, source, { ...model, name, files })];
}

async function importUpload(run: Import, uploadId: string): Promise<readonly ImportOutcome[]> {
  const { folder, roots } = run.parts.takeUpload(uploadId);
  try {
    const [root = ''] = roots;
    return await importSourceTree(run, folderSource(folder, root, true));
  } finally {
    await run.parts.endUpload(uploadId);
  }
}

async function importPaths(run: Import, paths: readonly string[]): Promise<readonly ImportOutcome[]> {
  const sources = await sourcesOfPaths(paths);
  if (sources.length === 0) throw new StatusError('invalid-argument', 'No file and no folder was given.');
  const outcomes: ImportOutcome[] = [];
  for (const tree of sources) outcomes.push(...(await importSourceTree(run, tree)));
  return outcomes;
}

function importFrom(run: Import, source: ImportSource): Promise<readonly ImportOutcome[]> {
  switch (source.kind) {
    case 'paths':
      return importPaths(run, source.paths);
    case 'upload':
      return importUpload(run, source.uploadId);
    case 'sample':
      return importSample(run, source.name);
  }
}

/** The body of an import job: what became of everything that was given. Nothing half-made stays. */
export async function importModels(
  source: ImportSource,
  parts: ImportParts,
  control: JobControl,
): Promise<readonly ImportOutcome[]> {
  const run: Import = { parts, control, temporary: [] };
  try {
    return await importFrom(run, source);
  } catch (cause) {
    if (cause instanceof StatusError) throw cause;
    throw fileFailure(cause, 'add a model to', parts.receiver.repository);
  } finally {
    for (const folder of run.temporary) await rm(folder, { recursive: true, force: true });
  }
}
