import type * as Monaco from 'monaco-editor/editor/editor.api.js';
import { configFixes } from './config-fixes.ts';
import { completionsAt, hoverAt } from './config-help.ts';

/** Id of the language of config.pbtxt. */
export const PBTXT = 'pbtxt';

/** Teaches the editor protobuf text format: colours, brackets, hovers, completion, fixes. */
export function definePbtxt(monaco: typeof Monaco): void {
  monaco.languages.register({ id: PBTXT, extensions: ['.pbtxt'] });
  monaco.languages.setLanguageConfiguration(PBTXT, {
    comments: { lineComment: '#' },
    brackets: [
      ['{', '}'],
      ['[', ']'],
      ['<', '>'],
    ],
    colorizedBracketPairs: [],
    autoClosingPairs: [
      { open: '{', close: '}' },
      { open: '[', close: ']' },
      { open: '"', close: '"', notIn: ['string', 'comment'] },
      { open: "'", close: "'", notIn: ['string', 'comment'] },
    ],
    indentationRules: { increaseIndentPattern: /[{[]\s*(#.*)?$/, decreaseIndentPattern: /^\s*[}\]]/ },
  });
  monaco.languages.setMonarchTokensProvider(PBTXT, {
    tokenizer: {
      root: [
        [/#.*$/, 'comment'],
        [/"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?/, 'string'],
        [/-?(?:0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][+-]?\d+)?[fF]?|\.\d+(?:[eE][+-]?\d+)?[fF]?)/, 'number'],
        [/[A-Za-z_][\w]*(?=\s*[:{<[])/, 'key'],
        [/[A-Za-z_][\w]*/, 'constant'],
        [/[{}[\]<>]/, '@brackets'],
        [/[:;,]/, 'delimiter'],
      ],
    },
  });
  monaco.languages.registerHoverProvider(PBTXT, { provideHover: hoverAt });
  monaco.languages.registerCompletionItemProvider(PBTXT, {
    provideCompletionItems: (model, position) => completionsAt(monaco, model, position),
  });
  monaco.languages.registerCodeActionProvider(PBTXT, {
    provideCodeActions: (model, _range, { markers }) => configFixes(model, markers),
  });
}
