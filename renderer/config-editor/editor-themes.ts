import type * as Monaco from 'monaco-editor/editor/editor.api.js';

/** Themes in the colours of the workbench. */
export function defineThemes(monaco: typeof Monaco): void {
  monaco.editor.defineTheme('conch-light', {
    base: 'vs',
    inherit: true,
    rules: [
      { token: 'comment', foreground: '5c6b75', fontStyle: 'italic' },
      { token: 'key', foreground: '065f5d' },
      { token: 'constant', foreground: '7a3e9d' },
      { token: 'number', foreground: '9a4b00' },
      { token: 'string', foreground: '1b6e36' },
    ],
    colors: {
      'editor.background': '#ffffff',
      'editor.lineHighlightBackground': '#f4f7f8',
      'editorLineNumber.foreground': '#5c6b75',
      'editorCursor.foreground': '#077773',
      focusBorder: '#077773',
    },
  });
  monaco.editor.defineTheme('conch-dark', {
    base: 'vs-dark',
    inherit: true,
    rules: [
      { token: 'comment', foreground: '8c9aa4', fontStyle: 'italic' },
      { token: 'key', foreground: '6dccc8' },
      { token: 'constant', foreground: 'd2a8ff' },
      { token: 'number', foreground: 'f0b27a' },
      { token: 'string', foreground: '7ed69b' },
    ],
    colors: {
      'editor.background': '#141c22',
      'editor.lineHighlightBackground': '#1a242b',
      'editorLineNumber.foreground': '#84929c',
      'editorCursor.foreground': '#43bcb7',
      focusBorder: '#43bcb7',
    },
  });
}
