import { Inflate } from 'fflate';
import type { ByteSource } from './byte-source.ts';
import { MalformedFile } from './malformed-file.ts';

/** One file in a zip archive, as its central directory has it. */
export interface ZipEntry {
  readonly name: string;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly compressedSize: number;
  readonly size: number;
  /** Offset of the local header. */
  readonly headerOffset: number;
}

/** The files of a zip archive, in the order of the central directory. */
export interface ZipDirectory {
  readonly entries: readonly ZipEntry[];
}

const END_BYTES = 22;
const LONGEST_COMMENT_BYTES = 0xffff;
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
const MAX_ENTRIES = 1_000_000;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Reads the central directory of a zip archive (ZIP64 too). Null where the source is no zip; throws
 * {@link MalformedFile} where it begins as one but its directory is broken, lies about its size, or is too large.
 */
export async function readZipDirectory(source: ByteSource): Promise<ZipDirectory | null> {
  const magic = viewOf(await source.read(0, 4));
  if (magic.byteLength < 4 || ![0x04034b50, 0x06054b50].includes(magic.getUint32(0, true))) return null;
  const { offset, size, count } = await findDirectory(source);
  if (offset + size > source.size)
    throw new MalformedFile('the zip directory reaches past the end of the file', offset);
  if (size > MAX_DIRECTORY_BYTES || count > MAX_ENTRIES) {
    throw new MalformedFile(`the zip directory has ${count} entries in ${size} bytes, too many`, offset);
  }
  return { entries: readEntries(await source.read(offset, size), offset, count) };
}

/**
 * The content of one entry, at most `maxBytes` of it (declared sizes are not trusted). Throws {@link MalformedFile} for
 * encrypted entries, unknown methods, local headers that disagree with the directory, and broken compression.
 */
export async function readZipEntry(
  source: ByteSource,
  entry: ZipEntry,
  maxBytes: number,
): Promise<Uint8Array> {
  const start = await zipEntryOffset(source, entry);
  if (entry.method === 0) return source.read(start, Math.min(entry.compressedSize, maxBytes));
  if (entry.method !== 8) {
    throw new MalformedFile(`entry ${entry.name} is compressed by method ${entry.method}`, start);
  }
  // Data that cannot be compressed grow by five bytes a block.
  const compressed = await source.read(
    start,
    Math.min(entry.compressedSize, Math.ceil(maxBytes * 1.01) + 1024),
  );
  const isWhole = compressed.byteLength === entry.compressedSize;
  return inflate(compressed, isWhole, Math.min(entry.size, maxBytes), start);
}

/** Offset of the data of an entry: its local header has padding of its own. Throws like {@link readZipEntry}. */
export async function zipEntryOffset(source: ByteSource, entry: ZipEntry): Promise<number> {
  const header = viewOf(await source.read(entry.headerOffset, 30));
  if (header.byteLength < 30 || header.getUint32(0, true) !== 0x04034b50) {
    throw new MalformedFile(`entry ${entry.name} has no local header`, entry.headerOffset);
  }
  if (entry.isEncrypted || (header.getUint16(6, true) & 1) !== 0) {
    throw new MalformedFile(`entry ${entry.name} is encrypted`, entry.headerOffset);
  }
  const nameBytes = header.getUint16(26, true);
  const name = decoder.decode(await source.read(entry.headerOffset + 30, nameBytes));
  if (name !== entry.name)
    throw new MalformedFile(`entry ${entry.name} is called ${name} in its local header`, entry.headerOffset);
  const start = entry.headerOffset + 30 + nameBytes + header.getUint16(28, true);
  if (start + entry.compressedSize > source.size) {
    throw new MalformedFile(`entry ${entry.name} reaches past the end of the file`, entry.headerOffset);
  }
  return start;
}

interface DirectoryPlace {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

async function findDirectory(source: ByteSource): Promise<DirectoryPlace> {
  const tailStart = Math.max(0, source.size - END_BYTES - LONGEST_COMMENT_BYTES);
  const tail = viewOf(await source.read(tailStart, source.size - tailStart));
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) !== 0x06054b50) continue;
    if (at + END_BYTES + tail.getUint16(at + 20, true) > tail.byteLength) continue;
    const place = {
      count: tail.getUint16(at + 10, true),
      size: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
    };
    const needs64 = place.count === 0xffff || place.size === 0xffffffff || place.offset === 0xffffffff;
    const hasLocator = at >= 20 && tail.getUint32(at - 20, true) === 0x07064b50;
    return needs64 && hasLocator ? findDirectory64(source, bigAt(tail, at - 12)) : place;
  }
  throw new MalformedFile('the zip archive has no end: the file is cut short', source.size);
}

async function findDirectory64(source: ByteSource, at: number): Promise<DirectoryPlace> {
  const end = viewOf(await source.read(at, 56));
  if (end.byteLength < 56 || end.getUint32(0, true) !== 0x06064b50)
    throw new MalformedFile('the ZIP64 end record is missing', at);
  return { count: bigAt(end, 32), size: bigAt(end, 40), offset: bigAt(end, 48) };
}

function readEntries(bytes: Uint8Array, start: number, count: number): ZipEntry[] {
  const view = viewOf(bytes);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + 46 > bytes.byteLength || view.getUint32(at, true) !== 0x02014b50) {
      throw new MalformedFile(`zip entry ${index} of ${count} is missing from the directory`, start + at);
    }
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const end = at + 46 + nameBytes + extraBytes + view.getUint16(at + 32, true);
    if (end > bytes.byteLength)
      throw new MalformedFile(`zip entry ${index} reaches past the end of the directory`, start + at);
    entries.push(readEntry(bytes, view, at, nameBytes, extraBytes));
    at = end;
  }
  return entries;
}

function readEntry(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  nameBytes: number,
  extraBytes: number,
): ZipEntry {
  const entry = {
    name: decoder.decode(bytes.subarray(at + 46, at + 46 + nameBytes)),
    method: view.getUint16(at + 10, true),
    isEncrypted: (view.getUint16(at + 8, true) & 1) !== 0,
    compressedSize: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    headerOffset: view.getUint32(at + 42, true),
  };
  const extraStart = at + 46 + nameBytes;
  for (let extra = extraStart; extra + 4 <= extraStart + extraBytes;) {
    const length = view.getUint16(extra + 2, true);
    if (view.getUint16(extra, true) === 1)
      widen(entry, view, extra + 4, Math.min(extra + 4 + length, extraStart + extraBytes));
    extra += 4 + length;
  }
  return entry;
}

/** ZIP64: each field that is full of ones has its real value here, in this order. */
function widen(
  entry: { size: number; compressedSize: number; headerOffset: number },
  view: DataView,
  start: number,
  end: number,
): void {
  let at = start;
  for (const field of ['size', 'compressedSize', 'headerOffset'] as const) {
    if (entry[field] !== 0xffffffff || at + 8 > end) continue;
    entry[field] = bigAt(view, at);
    at += 8;
  }
}

function inflate(compressed: Uint8Array, isWhole: boolean, maxBytes: number, start: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let total = 0;
  const inflater = new Inflate((part) => {
    parts.push(part);
    total += part.byteLength;
  });
  try {
    for (let at = 0; at < compressed.byteLength; at += 65_536) {
      if (total >= maxBytes) break;
      inflater.push(compressed.subarray(at, at + 65_536), isWhole && at + 65_536 >= compressed.byteLength);
    }
  } catch (cause) {
    if (total < maxBytes)
      throw new MalformedFile(
        `broken compression (${cause instanceof Error ? cause.message : 'unknown'})`,
        start,
      );
  }
  const content = new Uint8Array(Math.min(total, maxBytes));
  let at = 0;
  for (const part of parts) {
    const piece = part.subarray(0, content.byteLength - at);
    content.set(piece, at);
    at += piece.byteLength;
  }
  return content;
}

function bigAt(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new MalformedFile(`a ZIP64 size is ${value}`);
  return Number(value);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
