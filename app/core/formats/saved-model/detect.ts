import { fileNameOf, hasBytes, type Candidate } from '../format.ts';

/** Whether the file is the saved_model.pb of a TensorFlow SavedModel folder. */
export function detectSavedModel({ path, head }: Candidate): boolean {
  return fileNameOf(path) === 'saved_model.pb' && hasBytes(head, [0x08, 0x01, 0x12]);
}
