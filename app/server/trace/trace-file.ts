import { open, writeFile, type FileHandle } from 'node:fs/promises';

/** A JSON array on disk that traces are added to; it is whole after every write. */
export interface TraceFile {
  readonly path: string;
  /** Adds objects, separated by commas, to the file itself. */
  append(objects: string): void;
  /** Writes objects as a file of their own, `<path>.<number>`. */
  writeNumbered(objects: string): void;
  close(): Promise<void>;
}

/** A file that is created by its first write. `failed` hears what could not be written. */
export function openTraceFile(path: string, failed: (text: string) => void): TraceFile {
  let handle: FileHandle | null = null;
  let end = 0;
  let nextNumber = 0;
  let queue = Promise.resolve();
  const later = (action: () => Promise<void>): void => {
    queue = queue.then(action).catch((cause: unknown) => {
      failed(`failed creating trace file: ${cause instanceof Error ? cause.message : String(cause)}`);
    });
  };
  const append = async (objects: string): Promise<void> => {
    handle ??= await open(path, 'w');
    const text = `${end === 0 ? '[' : ','}${objects}]`;
    await handle.write(text, end);
    end += Buffer.byteLength(text) - 1;
  };
  return {
    path,
    append: (objects) => later(() => append(objects)),
    writeNumbered: (objects) => {
      const numbered = `${path}.${nextNumber}`;
      nextNumber += 1;
      later(() => writeFile(numbered, `[${objects}]`));
    },
    close: async () => {
      await queue;
      await handle?.close();
    },
  };
}
