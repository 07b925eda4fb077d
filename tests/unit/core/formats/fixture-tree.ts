import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bytesSource, type ByteSource, type FileTree } from '../../../../app/core/formats/byte-source.ts';

const MODELS = join(import.meta.dirname, '../../../fixtures/models');

/** A fixture of tests/fixtures/models as a tree: one file, or a folder with all its files. */
export function fixtureTree(name: string): FileTree {
  const path = join(MODELS, name);
  return statSync(path).isDirectory() ? folderTree(path) : treeOf({ [name]: fixtureBytes(name) });
}

/** The bytes of a fixture. */
export function fixtureBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(MODELS, name)));
}

/** Every file below a folder. */
export function folderTree(folder: string): FileTree {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  );
  return treeOf(
    Object.fromEntries(
      paths.map((path) => [path.replaceAll('\\', '/'), new Uint8Array(readFileSync(join(folder, path)))]),
    ),
  );
}

/** A tree in memory. */
export function treeOf(files: Readonly<Record<string, Uint8Array>>): FileTree {
  return {
    paths: Object.keys(files).sort(),
    open: (path) => {
      const bytes = files[path];
      return bytes === undefined
        ? Promise.reject(new Error(`no file ${path}`))
        : Promise.resolve(bytesSource(bytes));
    },
  };
}

/** A source that counts what is read of it. */
export function countingSource(source: ByteSource): ByteSource & { readonly bytesRead: number } {
  let bytesRead = 0;
  return {
    size: source.size,
    get bytesRead() {
      return bytesRead;
    },
    read: async (offset, length) => {
      const bytes = await source.read(offset, length);
      bytesRead += bytes.byteLength;
      return bytes;
    },
  };
}
