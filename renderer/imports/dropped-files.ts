/** A file to upload and where it stood below what was dropped or picked, with `/`. */
export interface PickedFile {
  readonly path: string;
  readonly file: File;
}

/**
 * Every file of a drop or paste, folders walked. Must be called in the event itself: entries are gone afterwards.
 * Paths keep the name of a dropped folder as their first part.
 */
export async function collectFiles(transfer: DataTransfer): Promise<readonly PickedFile[]> {
  const entries = [...transfer.items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found: PickedFile[] = [];
  for (const { entry, file } of entries) {
    if (entry !== null) await walkEntry(entry, entry.name, found);
    else if (file !== null) found.push({ path: file.name, file });
  }
  return found;
}

/** Files of a file input; a directory input gives paths below the directory. */
export function pickedFiles(files: FileList): readonly PickedFile[] {
  return [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** Paths on the host's machine of what was dropped itself; empty where the shell does not tell them. */
export function droppedPaths(transfer: DataTransfer): readonly string[] {
  const { conch } = window;
  if (conch === undefined) return [];
  return [...transfer.files].map((file) => conch.pathForFile(file)).filter((path) => path !== '');
}

async function walkEntry(entry: FileSystemEntry, path: string, found: PickedFile[]): Promise<void> {
  if (entry.isFile) {
    found.push({ path, file: await readFileEntry(entry as FileSystemFileEntry) });
    return;
  }
  for (const child of await readDirectory(entry as FileSystemDirectoryEntry))
    await walkEntry(child, `${path}/${child.name}`, found);
}

function readFileEntry(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** Browsers give a directory in pieces of at most 100. */
async function readDirectory(entry: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = entry.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const piece = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (piece.length === 0) return children;
    children.push(...piece);
  }
}
