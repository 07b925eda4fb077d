import { resolve } from 'node:path';
import type { ModelDescription } from '../../app/core/formats/model-description.ts';
import { StatusError } from '../../app/core/status.ts';
import { sourcesOfPaths, withNeighbours, type SourceTree } from '../../app/host/import/source-tree.ts';
import { answerInspection } from '../../app/host/inspection/answer-inspection.ts';

/** A model on disk and what it is. */
export interface DescribedPath {
  readonly description: ModelDescription;
  /** Relative paths of the model's own files that were found. */
  readonly knownFiles: readonly string[];
}

async function describe({ tree }: SourceTree): Promise<ModelDescription> {
  const reply = await answerInspection({ id: 0, tree, question: { kind: 'describe' } });
  if (reply.kind === 'described') return reply.description;
  throw new StatusError('invalid-argument', reply.kind === 'failed' ? reply.reason : 'There is no model.');
}

/** Looks at a model file (with its external data beside it) or folder; weights are not read. */
export async function describePath(path: string): Promise<DescribedPath> {
  const [source] = await sourcesOfPaths([resolve(path)]);
  if (!source) throw new StatusError('not-found', `There is nothing at ${path}.`);
  const description = await describe(source);
  const grown = await withNeighbours(source, description.externalData);
  const whole = grown ?? source;
  return {
    description: grown ? await describe(grown) : description,
    knownFiles: whole.tree.kind === 'files' ? whole.tree.files.map(([name]) => name) : [],
  };
}
