import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../../../app/core/formats/byte-source.ts';
import { readZipDirectory, readZipEntry, type ZipEntry } from '../../../../app/core/formats/zip-directory.ts';

const CONTENT = new TextEncoder().encode('the same words, '.repeat(1000));

async function firstEntry(bytes: Uint8Array): Promise<ZipEntry> {
  const entry = (await readZipDirectory(bytesSource(bytes)))?.entries[0];
  if (entry === undefined) throw new Error('no entry');
  return entry;
}

/** The same archive with a number changed: `at` counts from the first central header. */
function withCentral(bytes: Uint8Array, at: number, value: number, width: 1 | 2 | 4): Uint8Array {
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  const end = changed.length - 22;
  const place = view.getUint32(end + 16, true) + at;
  if (width === 1) view.setUint8(place, value);
  if (width === 2) view.setUint16(place, value, true);
  if (width === 4) view.setUint32(place, value, true);
  return changed;
}

describe('a zip archive', () => {
  test.each([0, 9] as const)('of level %d is read', async (level) => {
    const bytes = zipSync({ 'a/b.txt': CONTENT }, { level });
    const entry = await firstEntry(bytes);
    expect(entry.name).toBe('a/b.txt');
    expect(await readZipEntry(bytesSource(bytes), entry, 1e6)).toEqual(CONTENT);
  });

  test('is read only so far as asked, whatever it unpacks to', async () => {
    const bomb = zipSync({ x: new Uint8Array(20_000_000) }, { level: 9 });
    expect(await readZipEntry(bytesSource(bomb), await firstEntry(bomb), 1000)).toHaveLength(1000);
  });

  test('with a comment behind it is read', async () => {
    const plain = zipSync({ x: CONTENT });
    const bytes = new Uint8Array(plain.length + 5);
    bytes.set(plain);
    new DataView(bytes.buffer).setUint16(plain.length - 2, 5, true);
    expect((await firstEntry(bytes)).name).toBe('x');
  });

  test('with ZIP64 records is read', async () => {
    const bytes = zip64('big.txt', CONTENT);
    const entry = await firstEntry(bytes);
    expect(entry.size).toBe(CONTENT.length);
    expect(await readZipEntry(bytesSource(bytes), entry, 1e6)).toEqual(CONTENT);
  });

  test('what is no zip is null', async () => {
    expect(await readZipDirectory(bytesSource(new Uint8Array(100)))).toBeNull();
    expect(await readZipDirectory(bytesSource(new Uint8Array(0)))).toBeNull();
  });
});

describe('a hostile zip archive', () => {
  const good = zipSync({ 'data.pkl': CONTENT }, { level: 0 });

  test.each([
    ['cut short', good.slice(0, good.length - 30), 'has no end'],
    ['a directory past the end', withEnd(good, 16, 0x7fffffff), 'reaches past the end'],
    ['more entries than there are', withEnd(good, 10, 9, 2), 'zip entry 1 of 9 is missing'],
    ['a name past the directory', withCentral(good, 28, 60_000, 2), 'past the end of the directory'],
  ])('%s is refused', async (_, bytes, why) => {
    await expect(readZipDirectory(bytesSource(bytes))).rejects.toThrow(why);
  });

  test.each([
    ['an encrypted entry', withCentral(good, 8, 1, 2), 'encrypted'],
    [
      'another name in the local header',
      withCentral(good, 46, 0x44, 1),
      'is called data.pkl in its local header',
    ],
    ['an entry past the end', withCentral(good, 20, 0x7fffffff, 4), 'reaches past the end of the file'],
    ['a method that does not exist', withCentral(good, 10, 77, 2), 'compressed by method 77'],
    ['a header that is none', withCentral(good, 42, 3, 4), 'no local header'],
    ['compression that is none', withCentral(good, 10, 8, 2), 'broken compression'],
  ])('%s is refused', async (_, bytes, why) => {
    await expect(readZipEntry(bytesSource(bytes), await firstEntry(bytes), 1e6)).rejects.toThrow(why);
  });
});

function withEnd(bytes: Uint8Array, at: number, value: number, width: 2 | 4 = 4): Uint8Array {
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  if (width === 2) view.setUint16(changed.length - 22 + at, value, true);
  else view.setUint32(changed.length - 22 + at, value, true);
  return changed;
}

/** A stored entry whose sizes and places are only in ZIP64 records, as PyTorch writes large archives. */
function zip64(name: string, content: Uint8Array): Uint8Array {
  const title = new TextEncoder().encode(name);
  const bytes = new Uint8Array(30 + title.length + content.length + 46 + title.length + 28 + 56 + 20 + 22);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x04034b50, true);
  view.setUint16(26, title.length, true);
  bytes.set(title, 30);
  bytes.set(content, 30 + title.length);
  const central = 30 + title.length + content.length;
  view.setUint32(central, 0x02014b50, true);
  view.setUint32(central + 20, 0xffffffff, true);
  view.setUint32(central + 24, 0xffffffff, true);
  view.setUint16(central + 28, title.length, true);
  view.setUint16(central + 30, 28, true);
  view.setUint32(central + 42, 0xffffffff, true);
  bytes.set(title, central + 46);
  const extra = central + 46 + title.length;
  view.setUint16(extra, 1, true);
  view.setUint16(extra + 2, 24, true);
  view.setBigUint64(extra + 4, BigInt(content.length), true);
  view.setBigUint64(extra + 12, BigInt(content.length), true);
  const end64 = extra + 28;
  view.setUint32(end64, 0x06064b50, true);
  view.setBigUint64(end64 + 32, 1n, true);
  view.setBigUint64(end64 + 40, BigInt(end64 - central), true);
  view.setBigUint64(end64 + 48, BigInt(central), true);
  view.setUint32(end64 + 56, 0x07064b50, true);
  view.setBigUint64(end64 + 64, BigInt(end64), true);
  view.setUint32(end64 + 76, 0x06054b50, true);
  view.setUint16(end64 + 86, 0xffff, true);
  view.setUint32(end64 + 88, 0xffffffff, true);
  view.setUint32(end64 + 92, 0xffffffff, true);
  return bytes;
}
