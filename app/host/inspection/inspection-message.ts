import type { ModelDescription } from '../../core/formats/model-description.ts';
import type { TreeMeaning } from '../../core/repository/recognize-tree.ts';

/** Files to look at: a folder as it lies, or chosen files under the names that they shall have. */
export type InspectedTree =
  | { readonly kind: 'folder'; readonly path: string; readonly followsLinks: boolean }
  | { readonly kind: 'files'; readonly files: readonly (readonly [path: string, absolutePath: string])[] };

/** What is asked about a tree. */
export type InspectionQuestion =
  | { readonly kind: 'recognize' }
  /** Which files the ONNX models of the tree name as their external data, there or not. */
  | { readonly kind: 'name-external-data' }
  /** The model of the tree; with `path` the one that this file is. */
  | { readonly kind: 'describe'; readonly path?: string };

/** What the inspector process is asked. */
export interface InspectionRequest {
  readonly id: number;
  readonly tree: InspectedTree;
  readonly question: InspectionQuestion;
}

/** What it answers. */
export type InspectionReply =
  | { readonly id: number; readonly kind: 'recognized'; readonly meaning: TreeMeaning }
  | { readonly id: number; readonly kind: 'described'; readonly description: ModelDescription }
  | { readonly id: number; readonly kind: 'named'; readonly files: readonly string[] }
  | { readonly id: number; readonly kind: 'failed'; readonly reason: string };
