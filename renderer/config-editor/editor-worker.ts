// The editor's own worker, as an entry that the bundler puts beside the page.
import 'monaco-editor/editor/editor.worker.js';
