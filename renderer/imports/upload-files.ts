import type { HostClient } from '../../app/contract/host-client.ts';
import { StatusError } from '../../app/core/status.ts';
import type { PickedFile } from './dropped-files.ts';

const CHUNK_BYTES = 1_048_576;
const CHUNKS_IN_FLIGHT = 4;

/**
 * Uploads files in chunks of 1 MiB, at most four of them in memory, and gives the id to import. Rejects with
 * `cancelled` when `signal` aborts; the host forgets the upload then.
 */
export async function uploadFiles(
  host: HostClient,
  files: readonly PickedFile[],
  onProgress: (doneBytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const { uploadId } = await host.call('upload.begin', {
    files: files.map(({ path, file }) => ({ path, byteSize: file.size })),
  });
  try {
    await writeChunks(host, uploadId, files, onProgress, signal);
    await host.call('upload.finish', { uploadId });
    return uploadId;
  } catch (cause) {
    await host.call('upload.cancel', { uploadId }).catch(() => undefined);
    throw cause;
  }
}

interface Chunk {
  readonly file: number;
  readonly offset: number;
}

async function writeChunks(
  host: HostClient,
  uploadId: string,
  files: readonly PickedFile[],
  onProgress: (doneBytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const chunks = chunksOf(files);
  let doneBytes = 0;
  const work = async () => {
    for (let next = chunks.next(); !next.done; next = chunks.next()) {
      if (signal.aborted) throw new StatusError('cancelled', 'The upload was cancelled.');
      const { file, offset } = next.value;
      const bytes = await readChunk(files, next.value);
      await host.call('upload.write', { uploadId, file, offset, bytes });
      doneBytes += bytes.byteLength;
      onProgress(doneBytes);
    }
  };
  await Promise.all(Array.from({ length: CHUNKS_IN_FLIGHT }, work));
  if (signal.aborted) throw new StatusError('cancelled', 'The upload was cancelled.');
}

function* chunksOf(files: readonly PickedFile[]): Generator<Chunk, undefined> {
  for (const [file, picked] of files.entries())
    for (let offset = 0; offset < picked.file.size; offset += CHUNK_BYTES) yield { file, offset };
}

async function readChunk(files: readonly PickedFile[], { file, offset }: Chunk): Promise<Uint8Array> {
  const picked = files[file];
  if (picked === undefined) return new Uint8Array();
  try {
    return new Uint8Array(await picked.file.slice(offset, offset + CHUNK_BYTES).arrayBuffer());
  } catch (cause) {
    throw new StatusError('unavailable', `${picked.path} could not be read: it was moved or changed.`, {
      cause,
    });
  }
}
