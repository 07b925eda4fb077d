import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** A finished export on its way to a browser. */
export interface Download {
  readonly fileName: string;
  readonly byteSize: number;
  readonly stream: Readable;
}

/** Finished exports that can be fetched by an id nobody can guess. */
export interface Downloads {
  /** A path for a new download. */
  reserve(): { readonly id: string; readonly path: string };
  offer(id: string, fileName: string, byteSize: number): void;
  open(id: string): Download | null;
  forget(id: string): Promise<void>;
}

export function createDownloads(folder: string): Downloads {
  const offered = new Map<string, { fileName: string; byteSize: number }>();
  const pathOf = (id: string) => join(folder, id);
  return {
    reserve: () => {
      const id = randomUUID();
      return { id, path: pathOf(id) };
    },
    offer: (id, fileName, byteSize) => {
      offered.set(id, { fileName, byteSize });
    },
    open: (id) => {
      const download = offered.get(id);
      return download ? { ...download, stream: createReadStream(pathOf(id)) } : null;
    },
    forget: async (id) => {
      offered.delete(id);
      await rm(pathOf(id), { force: true });
    },
  };
}
