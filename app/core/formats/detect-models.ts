import type { FileTree } from './byte-source.ts';
import { FORMATS } from './formats.ts';
import { HEAD_BYTES, type Candidate, type Format } from './format.ts';
import { MalformedFile } from './malformed-file.ts';
import { readZipDirectory } from './zip-directory.ts';

/** A model found in a tree of files. */
export interface DetectedModel {
  readonly candidate: Candidate;
  readonly format: Format;
}

/** Files looked at in one tree; more are not models of people. */
const MAX_FILES = 2_000;

/** Opens a file for detection: reads its first bytes and, of a zip archive, its directory. */
export async function openCandidate(tree: FileTree, path: string): Promise<Candidate> {
  const source = await tree.open(path);
  const head = await source.read(0, HEAD_BYTES);
  try {
    return { tree, path, source, head, zip: await readZipDirectory(source) };
  } catch (cause) {
    if (!(cause instanceof MalformedFile)) throw cause;
    return { tree, path, source, head, zip: null, zipProblem: cause.message };
  }
}

/** The format of a file by its content; undefined where it is none that Conch knows. */
export async function detectFormat(candidate: Candidate): Promise<Format | undefined> {
  if (isLinkToLargeFile(candidate.head)) return undefined;
  for (const format of FORMATS) if (await format.detect(candidate)) return format;
  return undefined;
}

/** Every model in a tree, best first: ONNX, then by the order of {@link FORMATS}, then shallow before deep, then by path. */
export async function detectModels(tree: FileTree): Promise<DetectedModel[]> {
  const found: DetectedModel[] = [];
  for (const path of tree.paths.slice(0, MAX_FILES)) {
    const candidate = await openCandidate(tree, path);
    const format = await detectFormat(candidate);
    if (format !== undefined) found.push({ candidate, format });
  }
  const rank = ({ format }: DetectedModel): number => (format.id === 'onnx' ? -1 : FORMATS.indexOf(format));
  const depth = ({ candidate }: DetectedModel): number => candidate.path.split('/').length;
  return found.sort(
    (a, b) => rank(a) - rank(b) || depth(a) - depth(b) || (a.candidate.path < b.candidate.path ? -1 : 1),
  );
}

/** Whether the file is only a Git LFS pointer: a few lines of text in place of the model. */
export function isLinkToLargeFile(head: Uint8Array): boolean {
  return new TextDecoder('utf-8')
    .decode(head.subarray(0, 42))
    .startsWith('version https://git-lfs.github.com/spec/');
}
