import type * as Monaco from 'monaco-editor/editor/editor.api.js';
import type { FieldNode, MessageNode, MessageShape } from '../../app/core/model-config/config-document.ts';
import { CONFIG_ENUMS, type ConfigField } from '../../app/core/model-config/config-fields.ts';
import { parseModelConfig } from '../../app/core/model-config/parse-config.ts';
import { bodyShapeOf, isMany } from '../../app/core/model-config/message-shapes.ts';
import { rangeOf } from './config-fixes.ts';

/** What the field under the pointer means. */
export function hoverAt(
  model: Monaco.editor.ITextModel,
  position: Monaco.Position,
): Monaco.languages.Hover | null {
  const offset = model.getOffsetAt(position);
  const field = innermostField(parseModelConfig(model.getValue()).document.root, offset);
  if (field === null) return null;
  const { name, type, doc } = field.field;
  const list = isMany(field.field) ? 'repeated ' : '';
  return {
    range: rangeOf(model, field.start, field.start + name.length),
    contents: [{ value: `**${name}** \`${list}${type}\`` }, { value: doc }],
  };
}

/** Names of the fields that can stand here, or the values of the enum field that is being written. */
export function completionsAt(
  monaco: typeof Monaco,
  model: Monaco.editor.ITextModel,
  position: Monaco.Position,
): Monaco.languages.CompletionList {
  const line = model.getLineContent(position.lineNumber).slice(0, position.column - 1);
  if (/#/.test(line)) return { suggestions: [] };
  const word = model.getWordUntilPosition(position);
  const range = {
    startLineNumber: position.lineNumber,
    endLineNumber: position.lineNumber,
    startColumn: word.startColumn,
    endColumn: word.endColumn,
  };
  const offset = model.getOffsetAt({ lineNumber: position.lineNumber, column: word.startColumn });
  const shape = enclosingShape(parseModelConfig(model.getValue()).document.root, offset);
  const valueOf = /([A-Za-z_]\w*)\s*:\s*\[?[^\]{}]*$/.exec(line)?.[1];
  const valueField = valueOf === undefined ? undefined : shape.field(valueOf);
  if (valueField !== undefined) return { suggestions: valueSuggestions(monaco, valueField, range) };
  return { suggestions: shape.fields.map((field) => fieldSuggestion(monaco, shape, field, range)) };
}

function fieldSuggestion(
  monaco: typeof Monaco,
  shape: MessageShape,
  field: ConfigField,
  range: Monaco.IRange,
): Monaco.languages.CompletionItem {
  return {
    label: field.name,
    kind: monaco.languages.CompletionItemKind.Field,
    detail: field.type,
    documentation: field.doc,
    insertText: snippetOf(shape, field),
    insertTextRules: monaco.languages.CompletionItemInsertTextRule.InsertAsSnippet,
    range,
  };
}

function snippetOf(shape: MessageShape, field: ConfigField): string {
  const isMessage = bodyShapeOf(shape, field) !== null;
  if (isMessage) return isMany(field) ? `${field.name} [\n  {\n    $0\n  }\n]` : `${field.name} {\n  $0\n}`;
  if (isMany(field)) return `${field.name}: [ $0 ]`;
  return field.type === 'string' ? `${field.name}: "$0"` : `${field.name}: $0`;
}

function valueSuggestions(
  monaco: typeof Monaco,
  field: ConfigField,
  range: Monaco.IRange,
): Monaco.languages.CompletionItem[] {
  const values: readonly string[] =
    field.type === 'bool'
      ? ['true', 'false']
      : (Object.entries(CONFIG_ENUMS).find(([name]) => name === field.type)?.[1] ?? []);
  return values.map((value) => ({
    label: value,
    kind: monaco.languages.CompletionItemKind.EnumMember,
    insertText: value,
    range,
  }));
}

function innermostField(message: MessageNode, offset: number): FieldNode | null {
  const field = message.fields.find(({ start, end }) => start <= offset && offset <= end);
  if (field === undefined) return null;
  for (const value of field.values)
    if (value.kind === 'message' && value.start <= offset && offset <= value.end)
      return innermostField(value, offset) ?? field;
  return field;
}

function enclosingShape(message: MessageNode, offset: number): MessageShape {
  for (const { values } of message.fields)
    for (const value of values)
      if (value.kind === 'message' && value.bodyStart <= offset && offset <= value.bodyEnd)
        return enclosingShape(value, offset);
  return message.shape;
}
