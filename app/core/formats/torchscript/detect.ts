import type { Candidate } from '../format.ts';
import { torchArchive } from '../torch/torch-archive.ts';

/** Whether the file is what `torch.jit.save` writes: only a TorchScript archive has constants.pkl beside its pickle. */
export function detectTorchScript(candidate: Candidate): boolean {
  const archive = torchArchive(candidate);
  if (archive === null) return false;
  return archive.has('constants.pkl') && archive.has('data.pkl');
}
