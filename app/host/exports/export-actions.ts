import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { CallArgument, CallResult, ExportFormat } from '../../contract/calls.ts';
import type { DeploymentChoices } from '../../core/deployment/deployment-facts.ts';
import { parseS3Uri } from '../../core/deployment/s3-location.ts';
import { releaseWarnings } from '../../core/deployment/triton-releases.ts';
import type { LintItem } from '../../core/export-lints/lint-repository.ts';
import { parseModelConfig } from '../../core/model-config/parse-config.ts';
import { StatusError } from '../../core/status.ts';
import type { Inspector } from '../inspection/inspector.ts';
import type { JobRegistry } from '../jobs/job-registry.ts';
import type { DiskModel } from '../workspace/scan-repository.ts';
import type { Session } from '../workspace/session.ts';
import type { OpenWorkspace } from '../workspace/workspace.ts';
import type { Downloads } from './downloads.ts';
import { planExport } from './export-plan.ts';
import { goldenCases } from './golden-cases.ts';
import { lintModel } from './lint-model.ts';
import { writeExport } from './write-export.ts';

/** What leaves the house: a preview of it, and the jobs that write or upload it. */
export interface ExportActions {
  preview(models: readonly string[], deployment?: DeploymentChoices): Promise<CallResult<'export.preview'>>;
  /** `destination`: a folder for the export, or its whole path; absent: kept for download. */
  start(what: CallArgument<'export.start'>): Promise<string>;
  upload(what: CallArgument<'export.upload'>): Promise<string>;
}

const EXTENSIONS: Readonly<Record<ExportFormat, string>> = { folder: '', zip: '.zip', 'tar.gz': '.tar.gz' };

/** An ensemble is of no use without the models that its steps name: they come along, as far as they are there. */
function withComposingModels(
  models: readonly DiskModel[],
  find: (name: string) => DiskModel | undefined,
): readonly DiskModel[] {
  const all = new Map(models.map((model) => [model.name, model]));
  const open = [...models];
  for (const model of open) {
    for (const name of model.composingModels ?? []) {
      const needed = find(name);
      if (!needed || all.has(name)) continue;
      all.set(name, needed);
      open.push(needed);
    }
  }
  return [...all.values()];
}

/** As the config says it; '' where it says nothing. */
export function platformOf({ configText }: DiskModel): string {
  return configText === null ? '' : (parseModelConfig(configText).config.platform ?? '');
}

async function targetPath(destination: string, fileName: string): Promise<string> {
  const path = resolve(destination);
  const stats = await stat(path).catch(() => null);
  return stats?.isDirectory() ? join(path, fileName) : path;
}

async function lintsOf(
  models: readonly DiskModel[],
  workspace: OpenWorkspace,
  inspector: Inspector,
): Promise<CallResult<'export.preview'>['lints']> {
  const lints: (LintItem & { model: string })[] = [];
  const exported = new Set(models.map(({ name }) => name));
  for (const model of models)
    for (const item of await lintModel(model, workspace.find(model.name), exported, inspector))
      lints.push({ ...item, model: model.name });
  return lints;
}

export function createExportActions(parts: {
  readonly session: () => Session;
  readonly jobs: JobRegistry;
  readonly downloads: Downloads;
  readonly inspector: Inspector;
}): ExportActions {
  const findAll = (names: readonly string[]): readonly DiskModel[] => {
    const { workspace } = parts.session();
    return withComposingModels(
      names.map((name) => {
        workspace.find(name);
        const disk = workspace.disk(name);
        if (!disk) throw new StatusError('not-found', `There is no model ${name}.`);
        return disk;
      }),
      (name) => workspace.disk(name),
    );
  };
  const plan = async (models: readonly DiskModel[], deployment?: DeploymentChoices) => {
    const { history } = parts.session();
    const cases = await goldenCases(
      models.map(({ name }) => name),
      history,
    );
    return planExport(models, deployment, cases);
  };
  return {
    preview: async (names, deployment) => {
      const { workspace } = parts.session();
      const models = findAll(names);
      const { files, emptyFolders, texts } = await plan(models, deployment);
      return {
        tree: [
          ...files.map(({ path, byteSize }) => ({ path, byteSize })),
          ...emptyFolders.map((path) => ({ path: `${path}/`, byteSize: 0 })),
        ],
        texts,
        warnings: deployment ? releaseWarnings(deployment.release, models.map(platformOf)) : [],
        lints: await lintsOf(models, workspace, parts.inspector),
      };
    },
    start: async ({ models: names, format, deployment, destination }) => {
      if (destination === undefined && format === 'folder')
        throw new StatusError('invalid-argument', 'A folder cannot be downloaded. Choose zip or tar.gz.');
      const planned = await plan(findAll(names), deployment);
      const fileName = `${planned.name}${EXTENSIONS[format]}`;
      return parts.jobs.start('export', `Exporting ${planned.name}`, async (control) => {
        if (destination !== undefined) {
          const path = await targetPath(destination, fileName);
          return { kind: 'path', path, byteSize: await writeExport(planned, format, path, control) };
        }
        const { id, path } = parts.downloads.reserve();
        const byteSize = await writeExport(planned, format, path, control);
        parts.downloads.offer(id, fileName, byteSize);
        return { kind: 'download', id, fileName, byteSize };
      });
    },
    upload: async ({ models, storageUri, account }) => {
      if (!parseS3Uri(storageUri))
        throw new StatusError('invalid-argument', `${storageUri} is no place in S3; give s3://bucket/path.`);
      const planned = await planExport(findAll(models));
      return parts.jobs.start('export', `Uploading ${planned.name}`, async (control) => {
        // The client for S3 is large: a start without an upload does not wait for it.
        const { uploadRepository } = await import('../object-storage/upload-repository.ts');
        const uploaded = await uploadRepository(planned, storageUri, account, control);
        return { kind: 'uploaded', uri: storageUri, ...uploaded };
      });
    },
  };
}
