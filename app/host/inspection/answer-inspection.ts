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

/** Looks at files from outside; the whole work of the inspector process. */
export async function answerInspection({ id, tree, question }: InspectionRequest): Promise<InspectionReply> {
  try {
    const opened = await openTree(tree);
    switch (question.kind) {
      case 'recognize':
        return { id, kind: 'recognized', meaning: await recognizeTree(opened) };
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
