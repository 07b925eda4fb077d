/** Names of files and folders that are never part of a model, and why. */
const NEVER_MODELS: ReadonlyMap<string, string> = new Map([
  ['.git', 'a Git folder; Triton would take it for a model and fail to load it'],
  ['.ipynb_checkpoints', "Jupyter's copies; Triton would take the folder for a model and fail to load it"],
  ['.DS_Store', 'a Finder file'],
  ['__MACOSX', "the macOS archiver's copies"],
  ['__pycache__', "Python's cache"],
  ['Thumbs.db', 'an Explorer file'],
  ['desktop.ini', 'an Explorer file'],
]);

/** Why a path is left out of what is imported: by one of its parts; null where it is not. */
export function whyIgnored(path: string): string | null {
  for (const part of path.split('/')) {
    const why = NEVER_MODELS.get(part);
    if (why !== undefined) return why;
    if (part.startsWith('._')) return "the macOS archiver's copy";
    if (part.startsWith('.') && part !== '.keep' && part !== '.gitkeep') return 'hidden';
    if (/(^~\$|~$|\.sw[op]$|\.tmp$)/.test(part)) return "an editor's temporary file";
  }
  return null;
}

/** The part of a path that {@link whyIgnored} goes by, so that a folder is reported once. */
export function ignoredRoot(path: string): string {
  const parts = path.split('/');
  for (let length = 1; length <= parts.length; length++) {
    const start = parts.slice(0, length).join('/');
    if (whyIgnored(start) !== null) return start;
  }
  return path;
}
