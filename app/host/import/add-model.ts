import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ModelDescription } from '../../core/formats/model-description.ts';
import { applyEdits } from '../../core/model-config/config-document.ts';
import { setField } from '../../core/model-config/edit-config.ts';
import { generateConfig } from '../../core/model-config/generate-config.ts';
import { parseModelConfig } from '../../core/model-config/parse-config.ts';
import { safeModelName } from '../../core/repository/model-name.ts';
import { StatusError } from '../../core/status.ts';
import { checkCancelled, copyFileWithProgress } from '../files/copy-file.ts';
import { syncDirectory, syncFile, writeFileDurably } from '../files/durable-file.ts';
import { fileErrorCode, fileFailure } from '../files/file-failure.ts';
import { listFolder } from '../files/file-tree.ts';
import { makeStagingFolder } from '../files/staging.ts';
import type { JobControl } from '../jobs/job-registry.ts';
import type { PlacedFile } from './model-files.ts';

/** A model on its way into the repository. */
export interface NewModel {
  /** What it would be called if the name were free. */
  readonly wantedName: string;
  /** `from`: absolute path; `to`: relative to the model directory. */
  readonly files: readonly PlacedFile[];
  /** Whether the files may be moved instead of copied. */
  readonly isOurs: boolean;
  /** Text of the config that came with it; absent: one is generated from the description. */
  readonly configText?: string;
  readonly description: ModelDescription | null;
  /** Version directories that stay empty. */
  readonly emptyVersions?: readonly number[];
}

/** The repository that receives models. */
export interface Receiver {
  readonly repository: string;
  readonly dataStaging: string;
  /** Names that running imports have taken; shared by all of them. */
  readonly reserved: Set<string>;
}

/** The config's text under the name that the directory really has. */
export function renameConfig(text: string, name: string): string {
  const { config } = parseModelConfig(text);
  return config.name === undefined || config.name === name
    ? text
    : applyEdits(text, setField(text, ['name'], name));
}

function configFor(model: NewModel, name: string): string | null {
  if (model.configText !== undefined) return renameConfig(model.configText, name);
  if (!model.description) return null;
  const label = model.files.find(({ to }) => to === 'labels.txt');
  return generateConfig({
    modelName: name,
    description: model.description,
    ...(label && { labelFilename: label.to }),
    knownFiles: model.files.map(({ to }) => to),
  });
}

async function bringFile(
  from: string,
  to: string,
  isOurs: boolean,
  control: JobControl,
  note: (bytes: number) => void,
) {
  await mkdir(dirname(to), { recursive: true });
  if (isOurs) {
    try {
      const { size } = await stat(from);
      await rename(from, to);
      note(size);
      return;
    } catch (cause) {
      if (fileErrorCode(cause) !== 'EXDEV') throw fileFailure(cause, 'move', from);
    }
  }
  await copyFileWithProgress(from, to, { signal: control.signal, onBytes: note, isSyncedLater: true });
}

/** Bytes of the files together. Rejects where one is gone. */
export async function totalBytes(files: readonly PlacedFile[]): Promise<number> {
  let total = 0;
  for (const { from } of files) {
    try {
      total += (await stat(from)).size;
    } catch (cause) {
      throw fileFailure(cause, 'read', from);
    }
  }
  return total;
}

async function takeName(receiver: Receiver, wantedName: string): Promise<string> {
  const taken = [...(await readdir(receiver.repository)), ...receiver.reserved];
  const name = safeModelName(wantedName, taken);
  receiver.reserved.add(name);
  return name;
}

/**
 * Makes the model directory aside and renames it into the repository, so that there is never half a model. The card
 * need not wait for the disk: {@link makeModelDurable} comes after.
 * Gives the name that it got: `…_2` where the wanted one is taken.
 */
export async function addModel(model: NewModel, receiver: Receiver, control: JobControl): Promise<string> {
  const { repository } = receiver;
  let staging: string | undefined;
  let name: string | undefined;
  try {
    name = await takeName(receiver, model.wantedName);
    staging = await makeStagingFolder(repository, receiver.dataStaging);
    const made = join(staging, name);
    await mkdir(made);
    const total = await totalBytes(model.files);
    let done = 0;
    for (const { from, to } of model.files) {
      control.report({
        stage: `Copying ${to} of ${name}`,
        doneUnits: done,
        totalUnits: total,
        unit: 'bytes',
      });
      await bringFile(from, join(made, to), model.isOurs, control, (bytes) => {
        done += bytes;
        control.report({
          stage: `Copying ${to} of ${name ?? ''}`,
          doneUnits: done,
          totalUnits: total,
          unit: 'bytes',
        });
      });
    }
    for (const version of model.emptyVersions ?? [])
      await mkdir(join(made, String(version)), { recursive: true });
    const config = configFor(model, name);
    if (config !== null) await writeFileDurably(join(made, 'config.pbtxt'), config, { mode: 0o644 });
    await syncDirectory(made);
    checkCancelled(control.signal);
    await rename(made, join(repository, name));
    await syncDirectory(repository);
    return name;
  } catch (cause) {
    if (cause instanceof StatusError) throw cause;
    throw fileFailure(cause, 'add a model to', repository);
  } finally {
    if (name !== undefined) receiver.reserved.delete(name);
    if (staging !== undefined) await rm(staging, { recursive: true, force: true });
  }
}

/** Waits until everything of a new model is on the disk itself. */
export async function makeModelDurable(modelPath: string): Promise<void> {
  try {
    const { files, folders } = await listFolder(modelPath);
    for (const { path } of files) await syncFile(join(modelPath, path));
    for (const folder of folders) await syncDirectory(join(modelPath, folder));
  } catch (cause) {
    // Somebody has moved it on already.
    if (fileErrorCode(cause) !== 'ENOENT') throw fileFailure(cause, 'write', modelPath);
  }
}
