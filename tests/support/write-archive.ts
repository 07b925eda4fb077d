import { createWriteStream } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { zipSync } from 'fflate';
import { pack, type Header } from 'tar-stream';

/** Packs a folder's files below `root/`. */
export async function writeArchive(
  kind: 'zip' | 'tar.gz',
  target: string,
  folder: string,
  root: string,
): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        return { name: `${root}/${relative(folder, path)}`, content: await readFile(path) };
      }),
  );
  if (kind === 'zip') {
    await writeFile(
      target,
      zipSync(Object.fromEntries(files.map(({ name, content }) => [name, new Uint8Array(content)]))),
    );
    return;
  }
  const tar = pack();
  for (const { name, content } of files) tar.entry({ name }, content);
  tar.finalize();
  await pipeline(tar, createGzip(), createWriteStream(target));
}

/** A tar.gz of empty entries as given, also such as no honest tool writes. */
export async function writeTarGzip(
  target: string,
  entries: readonly (Partial<Header> & Pick<Header, 'name'>)[],
): Promise<void> {
  const tar = pack();
  for (const entry of entries) tar.entry(entry);
  tar.finalize();
  await pipeline(tar, createGzip(), createWriteStream(target));
}
