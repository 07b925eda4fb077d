import type { FileTree } from './byte-source.ts';
import { detectFormat, detectModels, openCandidate } from './detect-models.ts';
import { describeUnservable } from './format-description.ts';
import { MalformedFile } from './malformed-file.ts';
import type { ModelDescription } from './model-description.ts';
import { describeNothing, describeUnknown } from './unknown-file.ts';

/**
 * Describes the model in a tree: its one file, or the best of several (see `detectModels`), with the files that it
 * needs. Weights are not read and no code of the model is run. Bad content never throws: it ends in the verdict
 * `cannot-be-served`. Rejects only where a file cannot be read at all.
 */
export async function describeModel(tree: FileTree): Promise<ModelDescription> {
  const [best] = await detectModels(tree);
  if (best !== undefined) return describeFile(tree, best.candidate.path);
  const [firstPath] = tree.paths;
  return firstPath === undefined ? describeNothing() : describeFile(tree, firstPath);
}

/** Describes one file of a tree as a model; files that it names are looked up in the same tree. */
export async function describeFile(tree: FileTree, path: string): Promise<ModelDescription> {
  const candidate = await openCandidate(tree, path);
  const format = await detectFormat(candidate);
  if (format === undefined) return describeUnknown(candidate);
  try {
    return await format.inspect(candidate);
  } catch (cause) {
    if (!(cause instanceof MalformedFile)) throw cause;
    return describeUnservable({
      format,
      byteSize: candidate.source.size,
      reason: `The ${format.name} file is damaged: ${cause.message}.`,
      fix: { text: 'Copy or export the file again, and check that the copy has the same size.' },
    });
  }
}
