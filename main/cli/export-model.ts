import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, parse, resolve } from 'node:path';
import type { ExportFormat } from '../../app/contract/calls.ts';
import type { DeploymentTarget } from '../../app/core/deployment/deployment-facts.ts';
import { StatusError } from '../../app/core/status.ts';
import type { Host } from '../../app/host/create-host.ts';
import { findDataFolder } from '../data-folder.ts';
import { writeTranslation } from './translate.ts';
import { finishJob, importPath, withTemporaryHost } from './temporary-host.ts';

interface ExportOptions {
  readonly to: string;
  readonly as: 'saved' | 'onnx';
  readonly for: DeploymentTarget;
  readonly release: string;
  readonly gpu: boolean;
  readonly storage: string;
  readonly endpointUrl?: string;
  readonly region?: string;
  readonly dataFolder?: string;
  readonly json?: boolean;
}

const ENDINGS: Readonly<Record<ExportFormat, string>> = { folder: '', zip: '.zip', 'tar.gz': '.tar.gz' };
const FORMAT_WORDS: Readonly<Record<string, ExportFormat>> = {
  dir: 'folder',
  zip: 'zip',
  'tar.gz': 'tar.gz',
};

/** Where to write and how: a bare format word means a file of the model's name in this folder. */
export function readDestination(
  to: string,
  modelName: string,
): { readonly format: ExportFormat; readonly path: string } {
  const word = FORMAT_WORDS[to];
  if (word !== undefined) return { format: word, path: resolve(`${modelName}${ENDINGS[word]}`) };
  if (to.endsWith('.zip')) return { format: 'zip', path: resolve(to) };
  return { format: /\.(tar\.gz|tgz)$/.test(to) ? 'tar.gz' : 'folder', path: resolve(to) };
}

/** Exports the translation of a PyTorch file in place of the file. */
async function exportTranslation(model: string, options: ExportOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'conch-translation-'));
  try {
    const translated = join(folder, `${parse(model).name}.onnx`);
    await writeTranslation(model, translated, []);
    await exportModel(translated, { ...options, as: 'saved' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Keys come from the environment or a profile, as the AWS command line takes them. */
async function uploadModels(host: Host, models: readonly string[], options: ExportOptions): Promise<void> {
  const { to: storageUri, endpointUrl, region } = options;
  const account = {
    ...(endpointUrl !== undefined && { endpoint: endpointUrl }),
    ...(region !== undefined && { region }),
  };
  const outcome = await finishJob(host, 'export', () =>
    host.handlers['export.upload']({ models, storageUri, account }),
  );
  if (outcome.kind !== 'uploaded') throw new StatusError('internal', 'The upload has no place.');
  const { uri, byteSize, sentFiles } = outcome;
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ models, uri, byteSize, sentFiles })}\n`
      : `Uploaded ${models.join(', ')} to ${uri} (${byteSize.toLocaleString('en')} bytes; ${sentFiles} files were new).\n`,
  );
}

/** `conch export`. */
export async function exportModel(model: string, options: ExportOptions): Promise<void> {
  const isPath = await access(model).then(
    () => true,
    () => false,
  );
  if (options.as === 'onnx') {
    if (!isPath) throw new StatusError('not-found', `There is no file ${model} to translate.`);
    return exportTranslation(model, options);
  }
  await withTemporaryHost(async (host) => {
    if (!isPath) {
      const path = join(options.dataFolder ?? findDataFolder(), 'model-repository');
      await host.handlers['workspace.open']({ path }).catch((cause: unknown) => {
        throw new StatusError(
          'not-found',
          `There is neither a file ${model} nor a model repository of Conch's own.`,
          { cause },
        );
      });
    }
    const models = isPath ? await importPath(host, resolve(model)) : [model];
    if (options.to.startsWith('s3://')) return uploadModels(host, models, options);
    const { format, path } = readDestination(
      options.to,
      models.length === 1 ? (models[0] ?? '') : 'model-repository',
    );
    const deployment = {
      target: options.for,
      release: options.release,
      usesGpu: options.gpu,
      storageUri: options.storage,
    };
    const { lints, warnings } = await host.handlers['export.preview']({ models, deployment });
    for (const lint of lints.filter(({ state }) => state !== 'ok'))
      process.stderr.write(`${lint.model}: ${lint.detail}\n`);
    for (const warning of warnings) process.stderr.write(`${warning}\n`);
    const outcome = await finishJob(host, 'export', () =>
      host.handlers['export.start']({ models, format, deployment, destination: path }),
    );
    if (outcome.kind !== 'path') throw new StatusError('internal', 'The export has no path.');
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ models, format, path: outcome.path, byteSize: outcome.byteSize })}\n`
        : `Wrote ${models.join(', ')} to ${outcome.path} (${outcome.byteSize.toLocaleString('en')} bytes).\n`,
    );
  });
}
