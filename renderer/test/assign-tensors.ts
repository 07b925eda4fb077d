import { StatusError } from '../../app/core/status.ts';
import type { NamedTensor } from '../../app/core/tensors/tensor.ts';
import { takeFile } from './edit-draft.ts';
import type { InputField } from './input-field.ts';
import type { TestForm } from './test-form.ts';

/** Which input every array of a file is for. */
export interface Assignment {
  readonly filled: readonly { readonly input: string; readonly tensor: NamedTensor }[];
  /** Names of the arrays that are for none. */
  readonly unused: readonly string[];
}

/**
 * A file's arrays for the inputs of their names; where no name fits, by position (`0`, `arr_0`). An array without a name
 * (`.npy`) is for `target`, the input that the file was given to; a lone array also for a lone input. Throws `not-found`
 * naming what the file holds when it fills nothing, `invalid-argument` when an array needs a target and there is none.
 */
export function assignTensors(
  tensors: readonly NamedTensor[],
  inputs: readonly string[],
  target: string | null,
): Assignment {
  const [first] = tensors;
  const lone = inputs.length === 1 ? (inputs[0] ?? null) : null;
  if (tensors.length === 1 && first !== undefined && (first.name === '' || lone !== null)) {
    const input = target ?? lone;
    if (input === null)
      throw new StatusError(
        'invalid-argument',
        'A .npy file holds one array: give it to the input it is for.',
      );
    return { filled: [{ input, tensor: first }], unused: [] };
  }
  const named = matches(tensors, inputs, (input) => [input]);
  const filled =
    named.length > 0 ? named : matches(tensors, inputs, (_, position) => [`${position}`, `arr_${position}`]);
  const names = tensors.map(({ name }) => name);
  if (filled.length === 0)
    throw new StatusError(
      'not-found',
      `The file holds ${quoted(names)}, none for ${inputs.length === 1 ? 'the input' : 'the inputs'} ${quoted(inputs)}.`,
    );
  const taken = new Set(filled.map(({ tensor }) => tensor.name));
  return { filled, unused: names.filter((name) => !taken.has(name)) };
}

function matches(
  tensors: readonly NamedTensor[],
  inputs: readonly string[],
  keysOf: (input: string, position: number) => readonly string[],
): Assignment['filled'] {
  return inputs.flatMap((input, position) => {
    const keys = keysOf(input, position);
    const tensor = tensors.find(({ name }) => keys.includes(name));
    return tensor === undefined ? [] : [{ input, tensor }];
  });
}

/** The form with every assigned array in its input; inputs that were left out are sent again. */
export function fillForm(
  form: TestForm,
  fields: readonly InputField[],
  fileName: string,
  { filled }: Assignment,
): TestForm {
  const drafts = { ...form.drafts };
  let { dims } = form;
  for (const { input, tensor } of filled) {
    const field = fields.find(({ name }) => name === input);
    const draft = drafts[input];
    if (field === undefined || draft === undefined) continue;
    const edit = takeFile(field, dims, draft, { fileName, tensor, isCastAgreed: false });
    drafts[input] = edit.draft;
    ({ dims } = edit);
  }
  const leftOut = form.leftOut.filter((name) => !filled.some(({ input }) => input === name));
  return { ...form, dims, drafts, leftOut };
}

/** `pair.npz filled 'x' and 'y'. Not used: 'z'.` */
export function assignmentText(fileName: string, { filled, unused }: Assignment): string {
  const done = `${fileName} filled ${quoted(filled.map(({ input }) => input))}.`;
  return unused.length === 0 ? done : `${done} Not used: ${quoted(unused)}.`;
}

function quoted(names: readonly string[]): string {
  const texts = names.map((name) => `'${name}'`);
  if (texts.length < 2) return texts[0] ?? 'no arrays';
  return `${texts.slice(0, -1).join(', ')} and ${texts.at(-1) ?? ''}`;
}
