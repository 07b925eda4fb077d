import { execFile } from 'node:child_process';
import { access, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What `create_model.json` says of the container. */
export interface SagemakerContainer {
  readonly ModelDataUrl: string;
  readonly Mode?: string;
  readonly Environment?: Readonly<Record<string, string>>;
}

/** How the container starts `tritonserver`, or the words with which its start script gives up. */
export type SagemakerStart =
  | { readonly kind: 'started'; readonly repositories: readonly string[]; readonly flags: readonly string[] }
  | { readonly kind: 'refused'; readonly words: string };

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

async function foldersOf(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** SageMaker unpacks with its own tar, so the archive is not read by what wrote it. */
async function unpack(archive: string, into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  await run('tar', ['--extract', '--gzip', '--file', archive, '--directory', into]);
}

/** What the start script passes always, without the service's own endpoints and with the usual log. */
const USUAL_FLAGS = [
  '--model-control-mode=explicit',
  '--model-namespacing=true',
  '--backend-config=python,shm-default-byte-size=16777216',
  '--backend-config=python,shm-growth-byte-size=1048576',
];

/**
 * Starts one model as `docker/sagemaker/serve` of triton-inference-server/server does once SageMaker has unpacked
 * `model.tar.gz` into `/opt/ml/model` (here `root`).
 */
export async function startSingleModel(
  archive: string,
  { Environment: env = {} }: Pick<SagemakerContainer, 'Environment'>,
  root: string,
): Promise<SagemakerStart> {
  await unpack(archive, root);
  if (await exists(join(root, 'config.pbtxt')))
    return { kind: 'refused', words: 'ERROR: Incorrect directory structure.' };
  const folders = await foldersOf(root);
  const wanted = env['SAGEMAKER_TRITON_DEFAULT_MODEL_NAME'] ?? '';
  if (wanted !== '' && !folders.includes(wanted))
    return {
      kind: 'refused',
      words: `ERROR: Directory with provided SAGEMAKER_TRITON_DEFAULT_MODEL_NAME ${wanted} does not exist`,
    };
  const [only = '', ...others] = folders;
  if (wanted === '' && only === '')
    return { kind: 'refused', words: 'ERROR: No model found in model repository' };
  if (wanted === '' && others.length > 0)
    return { kind: 'refused', words: 'ERROR: More than 1 model directory found in model repository.' };
  const model = wanted === '' ? only : wanted;
  return { kind: 'started', repositories: [root], flags: [...USUAL_FLAGS, `--load-model=${model}`] };
}

/**
 * Loads every archive of a multi-model endpoint as `SageMakerMMELoadModel` of Triton's `sagemaker_server.cc` does: each
 * is unpacked into `/opt/ml/models/<hash>/model`, which becomes a repository of its own; of several model directories
 * in one archive the ensemble is loaded.
 */
export async function startMultiModel(archives: readonly string[], root: string): Promise<SagemakerStart> {
  const repositories: string[] = [];
  const loads: string[] = [];
  for (const [hash, archive] of archives.entries()) {
    const repository = join(root, String(hash), 'model');
    await unpack(archive, repository);
    repositories.push(repository);
    const folders = await foldersOf(repository);
    const configs = await Promise.all(
      folders.map((folder) => readFile(join(repository, folder, 'config.pbtxt'), 'utf8').catch(() => '')),
    );
    const ensemble = folders.find((_folder, index) => /platform:\s*"ensemble"/.test(configs[index] ?? ''));
    const model = (await exists(join(repository, 'config.pbtxt'))) ? 'model' : (ensemble ?? folders.at(-1));
    if (model === undefined) return { kind: 'refused', words: `${archive} holds no model directory` };
    loads.push(`--load-model=${model}`);
  }
  return { kind: 'started', repositories, flags: [...USUAL_FLAGS, ...loads] };
}
