import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { bytesSource } from '../../../../app/core/formats/byte-source.ts';
import { torchArchive, type TorchArchive } from '../../../../app/core/formats/torch/torch-archive.ts';
import { readZipDirectory } from '../../../../app/core/formats/zip-directory.ts';

async function archiveOf(bytes: Uint8Array): Promise<TorchArchive> {
  const source = bytesSource(bytes);
  const archive = torchArchive({ zip: await readZipDirectory(source), source });
  if (archive === null) throw new Error('no archive');
  return archive;
}

test('an entry is read whole or refused, never cut', async () => {
  const archive = await archiveOf(zipSync({ 'model/data/0': new Uint8Array(1000).fill(7) }));
  expect(await archive.read('data/0')).toEqual(new Uint8Array(1000).fill(7));
  await expect(archive.read('data/0', 999)).rejects.toThrow(
    'entry data/0 has 1000 bytes; at most 999 are read',
  );
  expect(await archive.read('data/1')).toBeNull();
});

test('an entry that inflates to less than it declares is refused', async () => {
  const bytes = zipSync({ 'model/data/0': new Uint8Array(1000) });
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.byteLength - 4; at++)
    if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 1200, true);
  await expect((await archiveOf(bytes)).read('data/0')).rejects.toThrow(
    'entry data/0 has 1000 of the 1200 bytes that it declares',
  );
});
