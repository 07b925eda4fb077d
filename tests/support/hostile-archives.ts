import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

/** One entry of a zip archive, with every lie that a hostile archive tells. */
export interface ZipEntry {
  readonly name: string | Uint8Array;
  readonly data?: Uint8Array;
  /** The name in the local header, where it differs. */
  readonly localName?: string;
  /** Unix mode with file type: 0o120777 is a symbolic link. */
  readonly unixMode?: number;
  readonly isEncrypted?: boolean;
  readonly isStored?: boolean;
  /** The uncompressed size that the central directory declares. */
  readonly declaredSize?: number;
  /** Takes the bytes of the entry with this index instead of its own: the two overlap. */
  readonly overlaps?: number;
}

function checksum(bytes: Uint8Array): number {
  if (typeof crc32 === 'function') return crc32(bytes);
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function nameBytes(name: string | Uint8Array): Buffer {
  return typeof name === 'string' ? Buffer.from(name) : Buffer.from(name);
}

/** A zip archive written byte by byte, so that it can be wrong in every way. */
export function buildZip(entries: readonly ZipEntry[]): Uint8Array {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  const offsets: number[] = [];
  let offset = 0;
  for (const entry of entries) {
    const data = entry.data ?? new Uint8Array();
    const packed = entry.isStored ? Buffer.from(data) : deflateRawSync(data);
    const name = nameBytes(entry.name);
    const localName = entry.localName === undefined ? name : Buffer.from(entry.localName);
    const method = entry.isStored ? 0 : 8;
    const flags = 0x800 | (entry.isEncrypted ? 1 : 0);
    const size = entry.declaredSize ?? data.byteLength;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(checksum(data), 14);
    local.writeUInt32LE(packed.byteLength, 18);
    local.writeUInt32LE(size, 22);
    local.writeUInt16LE(localName.byteLength, 26);
    const header = Buffer.alloc(46);
    header.writeUInt32LE(0x02014b50, 0);
    header.writeUInt16LE((3 << 8) | 20, 4);
    header.writeUInt16LE(20, 6);
    header.writeUInt16LE(flags, 8);
    header.writeUInt16LE(method, 10);
    header.writeUInt32LE(checksum(data), 16);
    header.writeUInt32LE(packed.byteLength, 20);
    header.writeUInt32LE(size, 24);
    header.writeUInt16LE(name.byteLength, 28);
    header.writeUInt32LE(((entry.unixMode ?? 0o100644) << 16) >>> 0, 38);
    header.writeUInt32LE(entry.overlaps === undefined ? offset : (offsets[entry.overlaps] ?? 0), 42);
    offsets.push(offset);
    central.push(header, name);
    if (entry.overlaps !== undefined) continue;
    locals.push(local, localName, packed);
    offset += 30 + localName.byteLength + packed.byteLength;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.byteLength, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** One entry of a tar archive. `type`: `0` file, `5` folder, `1` hard link, `2` symbolic link, `3` device, `6` fifo. */
export interface TarEntry {
  readonly name: string;
  readonly data?: Uint8Array;
  readonly type?: string;
  readonly linkName?: string;
  /** The size that the header declares. */
  readonly declaredSize?: number;
}

/** A tar archive written byte by byte. */
export function buildTar(entries: readonly TarEntry[]): Uint8Array {
  const blocks: Buffer[] = [];
  for (const { name, data = new Uint8Array(), type = '0', linkName = '', declaredSize } of entries) {
    const header = Buffer.alloc(512);
    header.write(name, 0, 100);
    header.write('0000644\0', 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write(`${(declaredSize ?? data.byteLength).toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write('        ', 148);
    header.write(type, 156);
    header.write(linkName, 157, 100);
    header.write('ustar\0', 257);
    header.write('00', 263);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    blocks.push(header, Buffer.from(data), Buffer.alloc((512 - (data.byteLength % 512)) % 512));
  }
  blocks.push(Buffer.alloc(1024));
  return Buffer.concat(blocks);
}

/** {@link buildTar}, packed with gzip. */
export function buildTarGzip(entries: readonly TarEntry[]): Uint8Array {
  return gzipSync(buildTar(entries));
}
