import { raiseNotice } from '../notices/notices-store.ts';
import { assignmentText, assignTensors, fillForm } from './assign-tensors.ts';
import type { InputField } from './input-field.ts';
import { loadTensorFile } from './read-tensor-file.ts';
import { setForm, updateForm, useTestFormStore } from './test-form-store.ts';

/**
 * Fills a form's inputs from a `.npy` or `.npz` file that was dropped or chosen, and says which, with a way back, where
 * it is not the one that the file was given to. Rejects with a `StatusError` when it fits nothing.
 */
export async function takeTensorFile(
  model: string,
  fields: readonly InputField[],
  file: File,
  target: string | null,
): Promise<void> {
  const tensors = await loadTensorFile(file);
  const names = fields.map(({ name }) => name);
  const assignment = assignTensors(tensors, names, target);
  const before = useTestFormStore.getState().forms[model];
  if (before === undefined) return;
  updateForm(model, (form) => fillForm(form, fields, file.name, assignment));
  const [first, ...others] = assignment.filled;
  if (others.length === 0 && assignment.unused.length === 0 && first?.input === target) return;
  raiseNotice({
    severity: 'info',
    text: assignmentText(file.name, assignment),
    lifetimeMilliseconds: 10_000,
    action: { label: 'Undo', run: () => setForm(model, before) },
  });
}

/** Whether a file is one that {@link takeTensorFile} reads, by its name. */
export function isTensorFileName(name: string): boolean {
  return /\.np[yz]$/i.test(name);
}
