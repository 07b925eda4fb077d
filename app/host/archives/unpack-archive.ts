import type { ArchiveKind } from '../../core/repository/recognize-tree.ts';
import type { UnpackTask } from './unpack-limits.ts';
import { unpackTar } from './unpack-tar.ts';
import { unpackZip } from './unpack-zip.ts';

/** Unpacks into an empty folder of ours, or refuses the whole archive with a sentence. The caller removes the folder. */
export async function unpackArchive(kind: ArchiveKind, task: UnpackTask): Promise<void> {
  switch (kind) {
    case 'zip':
      return unpackZip(task);
    case 'tar':
      return unpackTar({ ...task, isGzipped: false });
    case 'tar.gz':
      return unpackTar({ ...task, isGzipped: true });
  }
}
