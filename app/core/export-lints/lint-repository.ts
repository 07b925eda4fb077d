import { versionOfDirectory, whyNoVersion } from '../repository/version-directory.ts';

/** What is known of one model of a repository that is about to be exported. Facts only: nothing is read here. */
export interface ModelEntryFacts {
  /** Name of the model's directory. */
  readonly directory: string;
  /** Null where there is no config.pbtxt. */
  readonly config: {
    /** `name` as written; '' or absent: Triton takes the directory's. */
    readonly name?: string;
    /** Backend after Triton's completion: `onnxruntime`; '' for an ensemble. */
    readonly backend: string;
    readonly isEnsemble?: boolean;
    /** File that a version must hold, `default_model_filename` or the backend's own; null where it has none. */
    readonly modelFilename: string | null;
    /** The first error of the text, with its line; null where there is none. */
    readonly error: string | null;
    /** Texts in the config that are absolute paths (parameters, label files). */
    readonly absolutePaths?: readonly string[];
    /** Whether an instance group asks for GPUs. */
    readonly needsGpu?: boolean;
  } | null;
  /** Every sub-directory with the paths of its files; versions and others. */
  readonly directories: readonly { readonly name: string; readonly files: readonly string[] }[];
  /** Models that the steps of an ensemble name, and whether they are in the same export; absent for other models. */
  readonly composingModels?: readonly { readonly name: string; readonly isExported: boolean }[];
  /** Each output with a label_filename. `lines` is null where the file is missing, `classes` where the size is free. */
  readonly labels: readonly {
    readonly output: string;
    readonly filename: string;
    readonly lines: number | null;
    readonly classes: number | null;
  }[];
  /** External data files that the models name but that are not there. */
  readonly missingExternalData: readonly string[];
  /** Triton's sentence on a config that disagrees with its model; null where they agree, undefined where that is unknown. */
  readonly modelMismatch?: string | null;
  /** Bytes of all files. */
  readonly byteSize: number;
}

/** One line of the checklist of an export. */
export interface LintItem {
  readonly id:
    | 'config'
    | 'name'
    | 'versions'
    | 'model-file'
    | 'composing-models'
    | 'external-data'
    | 'labels'
    | 'dims'
    | 'paths'
    | 'instance-kind'
    | 'size';
  readonly title: string;
  readonly state: 'ok' | 'warning' | 'error';
  /** What was found, in a sentence. */
  readonly detail: string;
  /** What to do, where there is something to do. */
  readonly fix?: string;
}

type Finding = Omit<LintItem, 'id' | 'title'>;

const LARGE_BYTES = 10 * 1024 ** 3;

/** The checks, in the order of the list. Each gives its finding, or null where it does not apply. */
const CHECKS: readonly (readonly [
  id: LintItem['id'],
  title: string,
  check: (facts: ModelEntryFacts) => Finding | null,
])[] = [
  ['config', 'The config can be read', checkConfig],
  ['name', 'Name and directory agree', checkName],
  ['versions', 'Version directories are numbers', checkVersions],
  ['model-file', 'Each version has the model file', checkModelFile],
  ['composing-models', 'The models of the steps come along', checkComposingModels],
  ['external-data', 'External data lie beside the model', checkExternalDataFiles],
  ['labels', 'Label files are there', checkLabels],
  ['dims', 'Config and model agree', checkDims],
  ['paths', 'No absolute paths', checkPaths],
  ['instance-kind', 'Runs with and without a GPU', checkInstanceKind],
  ['size', 'Size', checkSize],
];

/** The checklist for exporting a model as a part of a repository, in a fixed order; what does not apply is left out. */
export function lintModelEntry(facts: ModelEntryFacts): LintItem[] {
  return CHECKS.flatMap(([id, title, check]) => {
    const finding = check(facts);
    return finding === null ? [] : [{ id, title, ...finding }];
  });
}

/** The gravest state of a checklist; `ok` where it is empty. */
export function gravestState(items: readonly LintItem[]): LintItem['state'] {
  if (items.some(({ state }) => state === 'error')) return 'error';
  return items.some(({ state }) => state === 'warning') ? 'warning' : 'ok';
}

function checkConfig({ config }: ModelEntryFacts): Finding {
  if (config === null) {
    return warning(
      'There is no config.pbtxt; Triton completes one for ONNX models alone, unless it is started with --disable-auto-complete-config.',
      'Write the generated config.pbtxt.',
    );
  }
  if (config.error !== null)
    return error(`config.pbtxt: ${config.error}`, 'Correct the line; Triton refuses the whole model.');
  return ok('config.pbtxt is well formed.');
}

function checkName({ config, directory }: ModelEntryFacts): Finding | null {
  if (config === null) return null;
  if (config.name === undefined || config.name === '')
    return ok(`The model takes its directory's name, ${directory}.`);
  if (config.name === directory) return ok(`Both are ${directory}.`);
  return error(
    `unexpected directory name '${directory}' for model '${config.name}', directory name must equal model name`,
    `Set name: "${directory}", or rename the directory.`,
  );
}

function checkVersions({ directories, config }: ModelEntryFacts): Finding {
  const versions = directories.filter(({ name }) => versionOfDirectory(name) !== null);
  const ignored = directories.flatMap(({ name }) => whyNoVersion(name) ?? []);
  if (versions.length === 0) {
    const fix =
      config?.isEnsemble === true
        ? 'Add an empty directory 1 with a file in it (README.md), so that archives keep it.'
        : 'Put the model file into a directory 1.';
    return error('There is no version directory, so Triton has nothing to load.', fix);
  }
  if (config?.isEnsemble === true && versions.every(({ files }) => files.length === 0)) {
    return warning(
      'The version directory of the ensemble is empty; zip archives, Git and object stores drop empty directories.',
      'Put a README.md into it.',
    );
  }
  const names = versions.map(({ name }) => name).join(', ');
  if (ignored.length > 0) return warning(`Versions ${names}; ${ignored.join('; ')}.`);
  return ok(versions.length === 1 ? `Version ${names}.` : `Versions ${names}.`);
}

function checkModelFile({ directories, config }: ModelEntryFacts): Finding | null {
  if (config === null || config.isEnsemble === true || config.modelFilename === null) return null;
  const { modelFilename, backend } = config;
  const first = directories.find(
    ({ name, files }) =>
      versionOfDirectory(name) !== null &&
      !files.some((file) => file === modelFilename || file.startsWith(`${modelFilename}/`)),
  );
  if (first === undefined) return ok(`${modelFilename}, as the backend ${backend} expects.`);
  const found =
    first.files.length === 0 ? 'the directory is empty' : `it has ${first.files.slice(0, 3).join(', ')}`;
  return error(
    `Version ${first.name} has no ${modelFilename}: ${found}.`,
    `Name the file ${modelFilename}, or set default_model_filename.`,
  );
}

function checkExternalDataFiles({ missingExternalData }: ModelEntryFacts): Finding | null {
  if (missingExternalData.length === 0) return ok('Nothing is missing.');
  return error(
    `Missing: ${missingExternalData.slice(0, 5).join(', ')}${missingExternalData.length > 5 ? ` and ${missingExternalData.length - 5} more` : ''}.`,
    'Add the files beside the model, in its version directory.',
  );
}

function checkLabels({ labels }: ModelEntryFacts): Finding | null {
  if (labels.length === 0) return null;
  const missing = labels.find(({ lines }) => lines === null);
  if (missing !== undefined) {
    return error(
      `Output ${missing.output} names ${missing.filename}, which is not in the model's directory.`,
      `Add ${missing.filename}, one label a line, or remove label_filename.`,
    );
  }
  const uneven = labels.find(({ lines, classes }) => lines !== null && classes !== null && lines !== classes);
  if (uneven !== undefined) {
    return warning(
      `${uneven.filename} has ${uneven.lines} labels, output ${uneven.output} has ${uneven.classes} classes.`,
    );
  }
  return ok(labels.map(({ filename, lines }) => `${filename}: ${lines} labels`).join('; '));
}

function checkDims({ modelMismatch }: ModelEntryFacts): Finding {
  if (modelMismatch === undefined) return warning('The model file could not be compared with the config.');
  return modelMismatch === null
    ? ok('Names, datatypes and dims are those of the model.')
    : error(modelMismatch, "Take the model's own names, datatypes and dims.");
}

function checkPaths({ config }: ModelEntryFacts): Finding | null {
  const [first] = config?.absolutePaths ?? [];
  if (first === undefined)
    return config === null ? null : ok('The config names no file outside the repository.');
  return warning(
    `The config names ${first}, which another machine may not have.`,
    'Use a path relative to the model, or remove it.',
  );
}

function checkInstanceKind({ config }: ModelEntryFacts): Finding | null {
  if (config?.needsGpu !== true) return null;
  return warning(
    'The config asks for KIND_GPU; a machine without a GPU refuses the model.',
    'Use KIND_AUTO, or serve it on a machine with a GPU.',
  );
}

function checkComposingModels({ directory, composingModels }: ModelEntryFacts): Finding | null {
  if (composingModels === undefined || composingModels.length === 0) return null;
  const names = composingModels.map(({ name }) => name).join(', ');
  const missing = composingModels.filter(({ isExported }) => !isExported).map(({ name }) => name);
  if (missing.length === 0) return ok(`The steps run on ${names}.`);
  const [first = '', ...others] = missing;
  const models = others.length === 0 ? `model ${first}` : `models ${missing.join(', ')}`;
  return error(
    `Ensemble ${directory} needs ${models}, which ${others.length === 0 ? 'is' : 'are'} not in the export.`,
    'Add what is missing to this repository, or change the steps.',
  );
}

function checkSize({ byteSize }: ModelEntryFacts): Finding {
  const gibibytes = `${(byteSize / 1024 ** 3).toFixed(1)} GiB`;
  if (byteSize > LARGE_BYTES)
    return warning(`${gibibytes}; some targets have limits, and copying takes its time.`);
  return ok(byteSize < 1024 ** 3 ? `${(byteSize / 1024 ** 2).toFixed(1)} MiB.` : `${gibibytes}.`);
}

function ok(detail: string): Finding {
  return { state: 'ok', detail };
}

function warning(detail: string, fix?: string): Finding {
  return { state: 'warning', detail, ...(fix === undefined ? {} : { fix }) };
}

function error(detail: string, fix: string): Finding {
  return { state: 'error', detail, fix };
}
