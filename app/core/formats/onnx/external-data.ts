import type { FileTree } from '../byte-source.ts';
import { printableName } from '../printable-name.ts';
import type { OnnxExternalTensor } from './onnx-model.ts';

/** Why ONNX Runtime would refuse, or must not be given, a location of external data; null where it is a good one. */
export function checkExternalLocation(location: string): string | null {
  if (location === '') return 'its location is empty';
  if (location.includes('\0')) return 'its location contains a NUL byte';
  if (/^[a-zA-Z]:/.test(location)) return 'its location names a Windows drive';
  if (/^(\\\\|\/\/)/.test(location)) return 'its location is a network path';
  if (location.startsWith('/') || location.startsWith('\\')) return 'its location is an absolute path';
  if (location.includes('\\'))
    return 'its location contains a backslash, which is no path separator everywhere';
  if (location.includes('_ORT_MEM_ADDR_')) return 'its location is a memory address of another process';
  if (leavesFolder(location)) return "its location leaves the model's folder";
  return null;
}

/** What the external data of a model come to. */
export interface ExternalDataReport {
  /** Paths in the tree of the files that are there, each once. */
  readonly files: readonly string[];
  /** Locations, as written, that are not in the tree, each once. */
  readonly missing: readonly string[];
  /** Everything else that is wrong, in words, at most ten. */
  readonly problems: readonly string[];
  /** Bytes of {@link files}. */
  readonly byteSize: number;
}

const MAX_PROBLEMS = 10;

/** Checks every external tensor against the files that lie beside the model. Reads sizes only. */
export async function checkExternalData(
  tensors: readonly OnnxExternalTensor[],
  tree: FileTree,
  modelPath: string,
): Promise<ExternalDataReport> {
  const folder = modelPath.slice(0, modelPath.lastIndexOf('/') + 1);
  const paths = new Set(tree.paths);
  const sizes = new Map<string, number>();
  const missing = new Set<string>();
  const problems: string[] = [];
  for (const tensor of tensors) {
    const badLocation = checkExternalLocation(tensor.location);
    const path = folder + plainPath(tensor.location);
    if (badLocation === null && !paths.has(path)) {
      missing.add(tensor.location);
      continue;
    }
    if (problems.length >= MAX_PROBLEMS) continue;
    const size = badLocation === null ? (sizes.get(path) ?? (await tree.open(path)).size) : 0;
    if (badLocation === null) sizes.set(path, size);
    const problem = badLocation ?? checkRange(tensor, size);
    if (problem !== null)
      problems.push(
        `tensor ${printableName(tensor.name)} lies in ${printableName(tensor.location)}: ${problem}`,
      );
  }
  const byteSize = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return { files: [...sizes.keys()].sort(), missing: [...missing].sort(), problems, byteSize };
}

function checkRange(tensor: OnnxExternalTensor, fileSize: number): string | null {
  const offset = wholeNumber(tensor.offset ?? '0');
  const length = wholeNumber(tensor.length ?? '');
  if (offset === null) return `its offset ${printableName(tensor.offset ?? '')} is not a number`;
  if (length === null && tensor.length !== undefined)
    return `its length ${printableName(tensor.length)} is not a number`;
  if (offset > BigInt(fileSize))
    return `its offset ${offset} lies past the end of the file (${fileSize} bytes)`;
  const available = length ?? BigInt(fileSize) - offset;
  if (offset + available > BigInt(fileSize)) {
    return `its ${available} bytes at offset ${offset} reach past the end of the file (${fileSize} bytes)`;
  }
  if (tensor.byteSize !== null && available < tensor.byteSize) {
    return `it has ${available} bytes there, its shape needs ${tensor.byteSize}`;
  }
  return null;
}

function wholeNumber(text: string): bigint | null {
  return /^\d{1,19}$/.test(text) ? BigInt(text) : null;
}

function plainPath(location: string): string {
  const parts: string[] = [];
  for (const part of location.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function leavesFolder(location: string): boolean {
  let depth = 0;
  for (const part of location.split('/')) {
    if (part === '' || part === '.') continue;
    depth += part === '..' ? -1 : 1;
    if (depth < 0) return true;
  }
  return depth === 0;
}
