import type { Candidate } from '../format.ts';
import { torchArchive, type TorchArchive } from '../torch/torch-archive.ts';

/** Whether an archive is what `torch.export.save` writes, in its old flat layout or as a PT2 archive. */
export function isExportedProgram(archive: TorchArchive): boolean {
  return archive.has('serialized_exported_program.json') || hasBelow(archive, /^models\/[^/]+\.json$/);
}

/** Whether the file holds a program of torch.export, or is an archive for one without it. */
export function detectTorchExport(candidate: Pick<Candidate, 'zip' | 'source'>): boolean {
  const archive = torchArchive(candidate);
  return archive !== null && (isExportedProgram(archive) || archive.has('archive_format'));
}

/** Whether the file is a package of AOTInductor: compiled code in a PT2 archive. */
export function detectTorchAoti(candidate: Candidate): boolean {
  const archive = torchArchive(candidate);
  return archive !== null && hasBelow(archive, /^data\/aotinductor\//);
}

/** Whether an entry's name matches. */
function hasBelow(archive: TorchArchive, pattern: RegExp): boolean {
  for (const name of archive.entries.keys()) if (pattern.test(name)) return true;
  return false;
}
