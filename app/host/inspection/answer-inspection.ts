import { detectOnnx } from '../../core/formats/onnx/detect.ts';
import { checkExternalLocation } from '../../core/formats/onnx/external-data.ts';
import { emptyOnnxModel } from '../../core/formats/onnx/onnx-model.ts';
import { readOnnx } from '../../core/formats/onnx/read-onnx.ts';
import { openCandidate } from '../../core/formats/detect-models.ts';
import type { FileTree } from '../../core/formats/byte-source.ts';
import { describeFile, describeModel } from '../../core/formats/describe-model.ts';
import { recognizeTree } from '../../core/repository/recognize-tree.ts';
import { chosenFilesTree, openFolderTree } from '../files/file-tree.ts';
import type { InspectedTree, InspectionReply, InspectionRequest } from './inspection-message.ts';

function openTree(tree: InspectedTree): Promise<FileTree> {
  switch (tree.kind) {
    case 'folder':
      return openFolderTree(tree.path, tree.followsLinks);
    case 'files':
      return Promise.resolve(chosenFilesTree(new Map(tree.files)));
  }
}

async function nameExternalData(tree: FileTree): Promise<readonly string[]> {
  const names = new Set<string>();
  for (const path of tree.paths) {
    const candidate = await openCandidate(tree, path);
    if (!detectOnnx(candidate)) continue;
    const model = emptyOnnxModel();
    // What could be read of a damaged file still names what it names.
    await readOnnx(candidate.source, model).catch(() => undefined);
    for (const { location } of model.externalTensors)
      if (checkExternalLocation(location) === null) names.add(location);
  }
  return [...names];
}

/** Looks at files from outside; the whole work of the inspector process. */
export async function answerInspection({ id, tree, question }: InspectionRequest): Promise<InspectionReply> {
  try {
    const opened = await openTree(tree);
    switch (question.kind) {
      case 'recognize':
        return { id, kind: 'recognized', meaning: await recognizeTree(opened) };
      case 'name-external-data':
        return { id, kind: 'named', files: await nameExternalData(opened) };
      case 'describe': {
        const { path } = question;
        const description = await (path === undefined ? describeModel(opened) : describeFile(opened, path));
        return { id, kind: 'described', description };
      }
    }
  } catch (cause) {
    return { id, kind: 'failed', reason: cause instanceof Error ? cause.message : String(cause) };
  }
}
