import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { StatusError } from '../../core/status.ts';
import { checkCancelled } from '../files/copy-file.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { noS3Failure } from './s3-failure.ts';

/** S3 takes parts of 5 MiB at least, 10,000 of them at most. */
const PART_BYTES = 8 * 1024 * 1024;
const MOST_PARTS = 10_000;
const PARTS_AT_ONCE = 4;

/** One file on its way. */
export interface ObjectUpload {
  readonly bucket: S3Bucket;
  readonly key: string;
  readonly path: string;
  readonly signal: AbortSignal;
  /** Is told how many more bytes are there. */
  readonly onBytes: (bytes: number) => void;
}

/** A stretch of a file and the MD5 of its bytes. */
interface Part {
  readonly offset: number;
  readonly byteSize: number;
  readonly md5: Buffer;
}

async function readPart(file: FileHandle, offset: number, byteSize: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(byteSize);
  let filled = 0;
  while (filled < byteSize) {
    const { bytesRead } = await file.read(bytes, filled, byteSize - filled, offset + filled);
    if (bytesRead === 0)
      throw new StatusError('unavailable', 'A file became shorter while it was sent. Upload it again.');
    filled += bytesRead;
  }
  return bytes;
}

async function splitFile(file: FileHandle, signal: AbortSignal): Promise<readonly Part[]> {
  const { size } = await file.stat();
  const partBytes = Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS));
  const parts: Part[] = [];
  for (let offset = 0; offset < size || parts.length === 0; offset += partBytes) {
    checkCancelled(signal);
    const byteSize = Math.min(partBytes, size - offset);
    const md5 = createHash('md5')
      .update(await readPart(file, offset, byteSize))
      .digest();
    parts.push({ offset, byteSize, md5 });
  }
  return parts;
}

const quoted = (digest: Buffer, suffix = '') => `"${digest.toString('hex')}${suffix}"`;

/** The ETag that S3 gives an object which was sent in these parts. */
function etagOf(parts: readonly Part[]): string {
  const [first] = parts;
  if (first && parts.length === 1) return quoted(first.md5);
  const digest = createHash('md5').update(Buffer.concat(parts.map(({ md5 }) => md5)));
  return quoted(digest.digest(), `-${parts.length}`);
}

/** What a look gives; null where the object is not there, or these keys may not look. */
async function unlessHidden<Result>(look: Promise<Result>): Promise<Result | null> {
  try {
    return await look;
  } catch (cause) {
    const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
    if (status === 404 || status === 403 || status === 405 || status === 501) return null;
    throw cause;
  }
}

/** The newest upload of the key that was begun and not completed. */
async function findUnfinished({ bucket, key, signal }: ObjectUpload): Promise<string | null> {
  const command = new ListMultipartUploadsCommand({ Bucket: bucket.name, Prefix: key });
  const found = await unlessHidden(bucket.client.send(command, { abortSignal: signal }));
  const ours = (found?.Uploads ?? []).filter(({ Key }) => Key === key);
  const startedAt = (upload: (typeof ours)[number]) => upload.Initiated?.getTime() ?? 0;
  return ours.toSorted((left, right) => startedAt(right) - startedAt(left))[0]?.UploadId ?? null;
}

/** The ETags of the parts that an unfinished upload has, by number. */
async function listParts(
  { bucket, key, signal }: ObjectUpload,
  UploadId: string,
): Promise<Map<number, string>> {
  const etags = new Map<number, string>();
  let marker: string | undefined;
  do {
    const command = new ListPartsCommand({
      Bucket: bucket.name,
      Key: key,
      UploadId,
      ...(marker !== undefined && { PartNumberMarker: marker }),
    });
    const page = await unlessHidden(bucket.client.send(command, { abortSignal: signal }));
    for (const { PartNumber, ETag } of page?.Parts ?? [])
      if (PartNumber !== undefined && ETag !== undefined) etags.set(PartNumber, ETag);
    marker = page?.IsTruncated ? page.NextPartNumberMarker : undefined;
  } while (marker !== undefined);
  return etags;
}

async function sendParts(upload: ObjectUpload, file: FileHandle, parts: readonly Part[]): Promise<void> {
  const { bucket, key, signal, onBytes } = upload;
  const target = { Bucket: bucket.name, Key: key };
  const unfinished = await findUnfinished(upload);
  const there = unfinished === null ? new Map<number, string>() : await listParts(upload, unfinished);
  const UploadId =
    unfinished ??
    (await bucket.client.send(new CreateMultipartUploadCommand(target), { abortSignal: signal })).UploadId;
  if (UploadId === undefined) throw noS3Failure();
  const open = parts.entries();
  const sendNext = async () => {
    for (const [index, { offset, byteSize, md5 }] of open) {
      const PartNumber = index + 1;
      if (there.get(PartNumber) !== quoted(md5)) {
        const Body = await readPart(file, offset, byteSize);
        const ContentMD5 = md5.toString('base64');
        const command = new UploadPartCommand({ ...target, UploadId, PartNumber, Body, ContentMD5 });
        const { ETag } = await bucket.client.send(command, { abortSignal: signal });
        if (ETag === undefined) throw noS3Failure();
      }
      onBytes(byteSize);
    }
  };
  // All of them end before the file is closed, whichever fails first.
  const outcomes = await Promise.allSettled(Array.from({ length: PARTS_AT_ONCE }, sendNext));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  // As the server names them: with a key of its own they are no MD5.
  const etags = await listParts(upload, UploadId);
  const MultipartUpload = {
    Parts: parts.map(({ md5 }, index) => ({
      PartNumber: index + 1,
      ETag: etags.get(index + 1) ?? quoted(md5),
    })),
  };
  const command = new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload });
  await bucket.client.send(command, { abortSignal: signal });
}

/**
 * Brings one file into a bucket; `false` where it was there already. A large one goes in parts, and goes on from those
 * that an earlier, stopped upload left.
 */
export async function uploadObject(upload: ObjectUpload): Promise<boolean> {
  const { bucket, key, signal, onBytes } = upload;
  const target = { Bucket: bucket.name, Key: key };
  const file = await open(upload.path, 'r');
  try {
    const parts = await splitFile(file, signal);
    const [first] = parts;
    const head = new HeadObjectCommand(target);
    const there = await unlessHidden(bucket.client.send(head, { abortSignal: signal }));
    if (there?.ETag === etagOf(parts)) {
      onBytes(parts.reduce((sum, { byteSize }) => sum + byteSize, 0));
      return false;
    }
    if (!first || parts.length > 1) {
      await sendParts(upload, file, parts);
      return true;
    }
    const Body = await readPart(file, 0, first.byteSize);
    const ContentMD5 = first.md5.toString('base64');
    const command = new PutObjectCommand({ ...target, Body, ContentMD5 });
    const { ETag } = await bucket.client.send(command, { abortSignal: signal });
    if (ETag === undefined) throw noS3Failure();
    onBytes(first.byteSize);
    return true;
  } finally {
    await file.close();
  }
}
