import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { writeOnnx } from '../../core/formats/onnx/write-onnx.ts';
import { torchArchive } from '../../core/formats/torch/torch-archive.ts';
import type { FreeDim, Guard } from '../../core/formats/torch/tensor-graph.ts';
import type { Translation } from '../../core/formats/torch/finish-translation.ts';
import { readExportProgram } from '../../core/formats/torch-export/export-program.ts';
import { translateExportForConfig } from '../../core/formats/torch-export/translate-for-config.ts';
import { readScriptProgram } from '../../core/formats/torchscript/script-program.ts';
import {
  translateForConfig,
  TRANSLATOR_VERSION,
  type ConfigTensor,
} from '../../core/formats/torchscript/translate-for-config.ts';
import { readZipDirectory } from '../../core/formats/zip-directory.ts';
import { openFileTree } from '../repository/model-files.ts';

/** What a config says of a model that is served by translation. */
export interface TranslationRequest {
  readonly modelName: string;
  /** What the file is, by the platform of its config. */
  readonly format: 'torchscript' | 'torch-export';
  readonly isBatched: boolean;
  readonly inputs: readonly ConfigTensor[];
  readonly outputNames: readonly string[];
  /** Sizes of the free dims for which the program is followed; usual ones when absent. */
  readonly example?: Readonly<Record<string, number>>;
}

/** A translated model on disk. */
export interface TranslatedModel {
  readonly onnxPath: string;
  readonly guards: readonly Guard[];
  readonly freeDims: readonly FreeDim[];
}

interface Note {
  readonly guards: readonly Guard[];
  readonly freeDims: readonly FreeDim[];
  /** Of the file that the weights are read from: if it was written to since, the translation is not its own any more. */
  readonly weights: { readonly byteLength: number; readonly modifiedMilliseconds: number };
}

/** What the weights are called beside the translation. */
const WEIGHTS = 'weights.pt';

/** Where translations are kept: never in the model repository. */
function cacheFolder(): string {
  const { CONCH_CACHE_FOLDER, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (CONCH_CACHE_FOLDER) return join(CONCH_CACHE_FOLDER, 'translations');
  if (process.platform === 'win32' && LOCALAPPDATA) return join(LOCALAPPDATA, 'Conch', 'translations');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'Conch', 'translations');
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'conch', 'translations');
}

async function keyOf(modelPath: string, request: TranslationRequest): Promise<string> {
  const hash = createHash('sha256').update(`${TRANSLATOR_VERSION} ${JSON.stringify(request)}\n`);
  for await (const chunk of createReadStream(modelPath, { highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function weightsNote(folder: string): Promise<Note['weights']> {
  const { size, mtimeMs } = await stat(join(folder, WEIGHTS));
  return { byteLength: size, modifiedMilliseconds: mtimeMs };
}

/** A translation that is there already and still belongs to its weights. */
async function readTranslation(folder: string): Promise<TranslatedModel | null> {
  try {
    const note = JSON.parse(await readFile(join(folder, 'translation.json'), 'utf8')) as Note;
    const now = await weightsNote(folder);
    const isWhole =
      now.byteLength === note.weights.byteLength &&
      now.modifiedMilliseconds === note.weights.modifiedMilliseconds;
    return isWhole
      ? { onnxPath: join(folder, 'model.onnx'), guards: note.guards, freeDims: note.freeDims }
      : null;
  } catch {
    // Not there, or not whole: it is made again.
    return null;
  }
}

/** The weights beside the translation: the very file where that goes, since ONNX Runtime follows no symbolic link. */
async function placeWeights(modelPath: string, folder: string): Promise<void> {
  const target = join(folder, WEIGHTS);
  await link(modelPath, target).catch(() => copyFile(modelPath, target));
}

async function translation(modelPath: string, request: TranslationRequest): Promise<Translation> {
  const tree = await openFileTree(dirname(modelPath));
  const source = await tree.open(basename(modelPath));
  const archive = torchArchive({ zip: await readZipDirectory(source), source });
  if (archive === null) throw new TypeError('the model is no archive');
  const wanted = { ...request, location: WEIGHTS };
  return request.format === 'torch-export'
    ? translateExportForConfig(await readExportProgram({ archive, source }), wanted)
    : translateForConfig(await readScriptProgram(archive, source), wanted);
}

async function translate(modelPath: string, request: TranslationRequest, folder: string): Promise<void> {
  const { model, guards, freeDims } = await translation(modelPath, request);
  await placeWeights(modelPath, folder);
  await writeFile(join(folder, 'model.onnx'), writeOnnx(model));
  const note: Note = { guards, freeDims, weights: await weightsNote(folder) };
  await writeFile(join(folder, 'translation.json'), JSON.stringify(note));
}

/**
 * The translation of a PyTorch file for a config, from the cache where it is there already (by the content of the
 * file, the config and the translator's version). @throws StatusError where the model is not translated.
 */
export async function translatedModel(
  modelPath: string,
  request: TranslationRequest,
): Promise<TranslatedModel> {
  const folder = join(cacheFolder(), await keyOf(modelPath, request));
  const known = await readTranslation(folder);
  if (known !== null) return known;
  const staging = `${folder}.${randomUUID()}`;
  await mkdir(staging, { recursive: true });
  try {
    await translate(modelPath, request, staging);
    await rm(folder, { recursive: true, force: true });
    // Another instance may have been faster: its translation is as good.
    await rename(staging, folder).catch(() => undefined);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  const made = await readTranslation(folder);
  if (made === null) throw new Error(`the translation in ${folder} vanished`);
  return made;
}
