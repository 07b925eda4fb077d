import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import type { ConfigAnalysis } from '../config/analyze-config.ts';
import { redoDraft, setDraftText, undoDraft } from '../config/config-draft-store.ts';
import classes from '../config/config.module.css';
import { smallestEdit } from '../config/text-history.ts';
import { useHost } from '../host/host-context.tsx';
import { rangeOf } from './config-fixes.ts';
import { markersOf } from './config-markers.ts';
import { monaco } from './monaco.ts';
import { PBTXT } from './pbtxt-language.ts';

interface TextViewProps {
  readonly model: ModelEntry;
  readonly text: string;
  readonly analysis: ConfigAnalysis;
}

type Editor = ReturnType<typeof monaco.editor.create>;

/** The config's text. Undo is the document's, shared with the form, not the editor's own. */
export function TextView({ model: { name }, text, analysis }: TextViewProps) {
  const host = useHost();
  const box = useRef<HTMLDivElement>(null);
  const firstText = useRef(text);
  const [editor, setEditor] = useState<Editor | null>(null);
  const colorScheme = useComputedColorScheme('light', { getInitialValueInEffect: false });

  useEffect(() => {
    if (box.current === null) return;
    const created = createEditor(box.current, firstText.current, name);
    const shared = (run: () => void) => () => run();
    const { KeyMod, KeyCode } = monaco;
    created.addCommand(
      KeyMod.CtrlCmd | KeyCode.KeyZ,
      shared(() => undoDraft(host, name)),
    );
    created.addCommand(
      KeyMod.CtrlCmd | KeyMod.Shift | KeyCode.KeyZ,
      shared(() => redoDraft(host, name)),
    );
    created.addCommand(
      KeyMod.CtrlCmd | KeyCode.KeyY,
      shared(() => redoDraft(host, name)),
    );
    const listening = created.onDidChangeModelContent(() =>
      setDraftText(host, name, created.getValue(), true),
    );
    setEditor(created);
    return () => {
      listening.dispose();
      created.getModel()?.dispose();
      created.dispose();
      setEditor(null);
    };
  }, [host, name]);

  useEffect(() => {
    if (editor !== null) showText(editor, text);
  }, [editor, text]);
  useEffect(() => {
    const textModel = editor?.getModel();
    if (textModel != null) monaco.editor.setModelMarkers(textModel, 'config', markersOf(monaco, analysis));
  }, [editor, analysis]);
  useEffect(
    () => monaco.editor.setTheme(colorScheme === 'dark' ? 'conch-dark' : 'conch-light'),
    [colorScheme],
  );

  return <div ref={box} className={classes.editor} data-testid="config-text" />;
}

function createEditor(element: HTMLElement, text: string, name: string): Editor {
  return monaco.editor.create(element, {
    value: text,
    language: PBTXT,
    ariaLabel: `config.pbtxt of ${name}. Press Control+M to let Tab leave the editor.`,
    automaticLayout: true,
    fontFamily: 'var(--mantine-font-family-monospace)',
    fontSize: 13,
    lineHeight: 20,
    tabSize: 2,
    insertSpaces: true,
    minimap: { enabled: false },
    scrollBeyondLastLine: false,
    renderLineHighlight: 'line',
    overviewRulerLanes: 0,
    padding: { top: 10, bottom: 10 },
    fixedOverflowWidgets: true,
    wordWrap: 'on',
    wrappingIndent: 'deepIndent',
    bracketPairColorization: { enabled: false },
    guides: { bracketPairs: false },
    scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10 },
    lineNumbersMinChars: 3,
    renderFinalNewline: 'on',
    wordBasedSuggestions: 'off',
    quickSuggestions: { other: true, comments: false, strings: false },
    accessibilitySupport: 'auto',
    'semanticHighlighting.enabled': false,
  });
}

/** Makes the editor show `text` by the smallest edit, so that the caret stays where the person is. */
function showText(editor: Editor, text: string): void {
  const textModel = editor.getModel();
  if (textModel === null || textModel.getValue() === text) return;
  const edit = smallestEdit(textModel.getValue(), text);
  const range = rangeOf(textModel, edit.offset, edit.offset + edit.length);
  textModel.applyEdits([{ range, text: edit.text, forceMoveMarkers: true }]);
}
