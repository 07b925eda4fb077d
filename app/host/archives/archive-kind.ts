import type { ByteSource } from '../../core/formats/byte-source.ts';

/** Archives that can hold a model repository. */
export type ArchiveKind = 'zip' | 'tar' | 'tar.gz';

/** Tells an archive by its first bytes; null for anything else. A zip may also be a model file: ask the formats first. */
export async function archiveKind(source: ByteSource): Promise<ArchiveKind | null> {
  const head = await source.read(0, 512);
  if (head[0] === 0x50 && head[1] === 0x4b && (head[2] === 3 || head[2] === 5)) return 'zip';
  if (head[0] === 0x1f && head[1] === 0x8b) return 'tar.gz';
  const magic = new TextDecoder('latin1').decode(head.subarray(257, 262));
  return magic === 'ustar' ? 'tar' : null;
}
