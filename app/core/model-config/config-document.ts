import type { ConfigField } from './config-fields.ts';
import type { CommentSpan } from './text-tokens.ts';

/** A replacement of `length` UTF-16 units at `offset` by `text`. */
export interface TextEdit {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

/** A place in the text; lines and columns count from 1, columns in UTF-16 units, the end is exclusive. */
export interface TextRange {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** A mistake or hint in a config, as data. */
export interface ConfigDiagnostic {
  readonly severity: 'error' | 'warning' | 'info';
  /** The reason in Triton's or protobuf's own words. */
  readonly message: string;
  /** What it means, for people. */
  readonly why?: string;
  readonly range: TextRange;
  /** Line and column as protobuf counts them in the server's log: from 1, in bytes, a tab to the next stop of 8. */
  readonly protobufPlace?: { readonly line: number; readonly column: number };
  readonly fix?: { readonly title: string; readonly edits: readonly TextEdit[] };
}

/** A value that is not a message: its text from `start` to `end` and what it means. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly start: number;
  readonly end: number;
  /** Enums by name. */
  readonly value: string | number | boolean;
}

/** What fields a message may have, a map's entries included. */
export interface MessageShape {
  /** Such as `inference.ModelInput`. */
  readonly fullName: string;
  readonly fields: readonly ConfigField[];
  field(name: string): ConfigField | undefined;
}

/** A message value with its braces, or the whole text for the root. */
export interface MessageNode {
  readonly kind: 'message';
  readonly shape: MessageShape;
  readonly start: number;
  readonly end: number;
  /** After the opening brace. */
  readonly bodyStart: number;
  /** Before the closing brace. */
  readonly bodyEnd: number;
  readonly fields: readonly FieldNode[];
}

/** One field as written; a repeated field may be written several times. */
export interface FieldNode {
  readonly field: ConfigField;
  readonly start: number;
  /** After the last value or the closing bracket. */
  readonly end: number;
  /** After the `,` or `;` that follows, else {@link end}. */
  readonly separatorEnd: number;
  /** Offsets of `[` and of the `]` (of the place where it is missing). */
  readonly list?: { readonly open: number; readonly close: number };
  readonly values: readonly ValueNode[];
}

/** A value of a field. */
export type ValueNode = ScalarNode | MessageNode;

/**
 * A config as a lossless document: the text and a tree of offsets into it. Comments, order and spelling stay in the
 * text; edits are patches of it. It is whole also for a text with mistakes: what could be understood is in the tree.
 */
export interface ConfigDocument {
  readonly text: string;
  readonly root: MessageNode;
  readonly comments: readonly CommentSpan[];
}

/** The text after the edits, which must not overlap; edits at the same offset keep their order. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const inOrder = edits
    .map((edit, index) => ({ ...edit, index }))
    .sort((left, right) => left.offset - right.offset || left.index - right.index);
  let result = '';
  let offset = 0;
  for (const edit of inOrder) {
    result += text.slice(offset, edit.offset) + edit.text;
    offset = edit.offset + edit.length;
  }
  return result + text.slice(offset);
}
