import { hasBytes, type Candidate } from '../format.ts';
import { scanPickle, type PickleScan } from '../pickle/scan-pickle.ts';
import { torchArchive } from '../torch/torch-archive.ts';

/** `torch.save` before PyTorch 1.6: a pickle of this magic number comes first. */
const LEGACY_MAGIC = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const LEGACY_READ_BYTES = 32 * 1024 * 1024;

/** Whether the file is what `torch.save` writes: an archive with a pickle and no TorchScript, or the old stream. */
export function detectCheckpoint(candidate: Candidate): boolean {
  const archive = torchArchive(candidate);
  if (archive !== null) return archive.has('data.pkl') && !archive.has('constants.pkl');
  return hasBytes(candidate.head, LEGACY_MAGIC);
}

/** The pickle of the saved object, scanned. */
export async function scanCheckpoint(candidate: Candidate): Promise<PickleScan> {
  const archived = await torchArchive(candidate)?.read('data.pkl');
  if (archived !== undefined && archived !== null) return scanPickle(archived);
  const bytes = await candidate.source.read(0, LEGACY_READ_BYTES);
  let scan = scanPickle(bytes);
  // The magic number, the protocol version and the system come before the object.
  for (let skipped = 0; skipped < 3 && scan.problem === undefined; skipped++)
    scan = scanPickle(bytes, scan.end);
  return scan;
}
