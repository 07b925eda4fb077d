import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

export interface UnpackedRepositories {
  readonly path: string;
  /** Removes the folder. */
  remove(): Promise<void>;
}

/** Unpacks the model repositories that the real server served, `recordings` being the folder of the recordings. */
export async function unpackRepositories(recordings: string): Promise<UnpackedRepositories> {
  const path = await mkdtemp(join(tmpdir(), 'conch-goldens-'));
  const entries = createReadStream(join(recordings, 'repositories.tar.gz'))
    .pipe(createGunzip())
    .pipe(extract());
  for await (const entry of entries) {
    const { name, type } = entry.header;
    const target = join(path, name);
    await mkdir(type === 'directory' ? target : dirname(target), { recursive: true });
    if (type === 'file') await writeFile(target, await buffer(entry));
    else entry.resume();
  }
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
