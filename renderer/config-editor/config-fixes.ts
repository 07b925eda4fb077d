import type * as Monaco from 'monaco-editor/editor/editor.api.js';
import { parseModelConfig } from '../../app/core/model-config/parse-config.ts';

/** The fixes of the diagnostics that `markers` stand for, as quick fixes. */
export function configFixes(
  model: Monaco.editor.ITextModel,
  markers: readonly Monaco.editor.IMarkerData[],
): Monaco.languages.CodeActionList {
  const { diagnostics } = parseModelConfig(model.getValue());
  const actions = diagnostics.flatMap(({ fix, range }) => {
    const marker = markers.find(
      ({ startLineNumber, startColumn }) =>
        startLineNumber === range.startLine && startColumn === range.startColumn,
    );
    if (fix === undefined || marker === undefined) return [];
    const edits = fix.edits.map(({ offset, length, text }) => ({
      resource: model.uri,
      versionId: model.getVersionId(),
      textEdit: { range: rangeOf(model, offset, offset + length), text },
    }));
    return [
      { title: fix.title, kind: 'quickfix', diagnostics: [marker], isPreferred: true, edit: { edits } },
    ];
  });
  return { actions, dispose: () => undefined };
}

/** Offsets as a range of the editor. */
export function rangeOf(model: Monaco.editor.ITextModel, start: number, end: number): Monaco.IRange {
  const from = model.getPositionAt(start);
  const to = model.getPositionAt(end);
  return {
    startLineNumber: from.lineNumber,
    startColumn: from.column,
    endLineNumber: to.lineNumber,
    endColumn: to.column,
  };
}
