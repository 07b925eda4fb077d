import { create } from 'zustand';

/** Files on their way to the host. Only this page knows of it until the import starts. */
export interface Upload {
  readonly id: number;
  readonly title: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly cancel: () => void;
}

export const useUploadsStore = create<{ readonly uploads: readonly Upload[] }>(() => ({ uploads: [] }));

let lastId = 0;

/** Shows a new upload; the returned functions report its progress and take it away. */
export function addUpload(title: string, totalBytes: number, cancel: () => void) {
  lastId += 1;
  const id = lastId;
  const upload: Upload = { id, title, doneBytes: 0, totalBytes, startedAt: Date.now(), cancel };
  useUploadsStore.setState(({ uploads }) => ({ uploads: [...uploads, upload] }));
  return {
    report: (doneBytes: number) =>
      useUploadsStore.setState(({ uploads }) => ({
        uploads: uploads.map((upload) => (upload.id === id ? { ...upload, doneBytes } : upload)),
      })),
    remove: () =>
      useUploadsStore.setState(({ uploads }) => ({ uploads: uploads.filter((upload) => upload.id !== id) })),
  };
}
