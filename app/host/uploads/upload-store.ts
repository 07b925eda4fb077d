import { randomUUID } from 'node:crypto';
import { mkdir, open, rm, statfs, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { UploadFile } from '../../contract/calls.ts';
import { StatusError } from '../../core/status.ts';
import { writeFully } from '../files/copy-file.ts';
import { withFileFailure } from '../files/file-failure.ts';
import { isRecord } from '../files/json-file.ts';
import { createPathSet, MAX_ENTRY_COUNT, relativePathProblem, shownName } from '../files/path-rules.ts';

/** A finished upload: what was dropped, in a folder of ours. */
export interface FinishedUpload {
  readonly folder: string;
  /** The first parts of the uploaded paths: the things that were dropped. */
  readonly roots: readonly string[];
}

/** Files on their way from a browser. Bytes go straight to disk; a file is open only while it is written. */
export interface UploadStore {
  begin(files: readonly UploadFile[]): Promise<{ uploadId: string }>;
  write(chunk: { uploadId: string; file: number; offset: number; bytes: Uint8Array }): Promise<void>;
  finish(uploadId: string): Promise<void>;
  cancel(uploadId: string): Promise<void>;
  /** Rejects as `not-found`, or `invalid-argument` where it is not finished. */
  take(uploadId: string): FinishedUpload;
  close(): Promise<void>;
}

const MAX_CHUNK_BYTES = 64 * 1024 * 1024;

interface Upload {
  readonly folder: string;
  readonly files: readonly UploadFile[];
  readonly writtenBytes: number[];
  handle: { readonly file: number; readonly opened: Promise<FileHandle> } | null;
  last: Promise<unknown>;
  isFinished: boolean;
}

function checkFiles(files: unknown): readonly UploadFile[] {
  if (!Array.isArray(files) || files.length === 0)
    throw new StatusError('invalid-argument', 'Nothing was dropped.');
  if (files.length > MAX_ENTRY_COUNT)
    throw new StatusError('invalid-argument', `At most ${MAX_ENTRY_COUNT} files can be uploaded at once.`);
  const paths = createPathSet();
  return files.map((file: unknown) => {
    if (!isRecord(file) || typeof file['path'] !== 'string' || !Number.isSafeInteger(file['byteSize']))
      throw new StatusError('invalid-argument', 'An upload names each file by its path and size.');
    const path = file['path'];
    const byteSize = Number(file['byteSize']);
    const problem =
      relativePathProblem(path) ?? paths.add(path) ?? (byteSize < 0 ? 'its size is negative' : null);
    if (problem !== null)
      throw new StatusError(
        'invalid-argument',
        `The file "${shownName(path)}" cannot be uploaded: ${problem}.`,
      );
    return { path, byteSize };
  });
}

async function checkSpace(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (neededBytes > bavail * bsize)
    throw new StatusError(
      'unavailable',
      `The upload needs ${neededBytes} bytes, but only ${bavail * bsize} bytes are free at ${folder}.`,
    );
}

/** Keeps uploads below `folder`. */
export function createUploadStore(folder: string): UploadStore {
  const uploads = new Map<string, Upload>();
  const find = (uploadId: string): Upload => {
    const upload = uploads.get(uploadId);
    if (!upload) throw new StatusError('not-found', 'There is no such upload (any more).');
    return upload;
  };
  const closeHandle = async (upload: Upload) => {
    const { handle } = upload;
    upload.handle = null;
    await (await handle?.opened.catch(() => undefined))?.close();
  };
  const handleFor = async (upload: Upload, file: number, path: string): Promise<FileHandle> => {
    if (upload.handle?.file !== file) {
      await closeHandle(upload);
      upload.handle = { file, opened: open(path, 'r+') };
    }
    return upload.handle?.opened ?? open(path, 'r+');
  };
  const remove = async (uploadId: string, upload: Upload) => {
    uploads.delete(uploadId);
    await upload.last.catch(() => undefined);
    await closeHandle(upload);
    await rm(upload.folder, { recursive: true, force: true });
  };

  return {
    begin: async (asked) => {
      const files = checkFiles(asked);
      const uploadId = randomUUID();
      const target = join(folder, uploadId);
      await checkSpace(
        folder,
        files.reduce((sum, { byteSize }) => sum + byteSize, 0),
      );
      await withFileFailure('write', target, async () => {
        for (const { path } of files) {
          await mkdir(dirname(join(target, path)), { recursive: true });
          await (await open(join(target, path), 'wx', 0o644)).close();
        }
      });
      uploads.set(uploadId, {
        folder: target,
        files,
        writtenBytes: files.map(() => 0),
        handle: null,
        last: Promise.resolve(),
        isFinished: false,
      });
      return { uploadId };
    },
    write: async ({ uploadId, file, offset, bytes }) => {
      const upload = find(uploadId);
      const declared = upload.files[file];
      if (upload.isFinished || !declared || !(bytes instanceof Uint8Array))
        throw new StatusError('invalid-argument', 'This part belongs to no file of the upload.');
      if (!Number.isSafeInteger(offset) || offset < 0 || bytes.byteLength > MAX_CHUNK_BYTES)
        throw new StatusError('invalid-argument', 'This part of the upload has no valid place or size.');
      if (offset + bytes.byteLength > declared.byteSize)
        throw new StatusError(
          'invalid-argument',
          `More of ${shownName(declared.path)} came than was announced.`,
        );
      const path = join(upload.folder, declared.path);
      const written = upload.last.then(() =>
        withFileFailure('write', path, async () => {
          await writeFully(await handleFor(upload, file, path), bytes, offset);
          upload.writtenBytes[file] = (upload.writtenBytes[file] ?? 0) + bytes.byteLength;
        }),
      );
      upload.last = written.catch(() => undefined);
      await written;
    },
    finish: async (uploadId) => {
      const upload = find(uploadId);
      await upload.last;
      await closeHandle(upload);
      const missing = upload.files.find(({ byteSize }, index) => upload.writtenBytes[index] !== byteSize);
      if (missing)
        throw new StatusError(
          'invalid-argument',
          `The upload of ${shownName(missing.path)} is not complete.`,
        );
      upload.isFinished = true;
    },
    cancel: async (uploadId) => {
      const upload = uploads.get(uploadId);
      if (upload) await remove(uploadId, upload);
    },
    take: (uploadId) => {
      const upload = find(uploadId);
      if (!upload.isFinished) throw new StatusError('invalid-argument', 'The upload is not finished.');
      return {
        folder: upload.folder,
        roots: [...new Set(upload.files.map(({ path }) => path.split('/')[0] ?? path))],
      };
    },
    close: async () => {
      for (const [uploadId, upload] of Array.from(uploads)) await remove(uploadId, upload);
    },
  };
}
