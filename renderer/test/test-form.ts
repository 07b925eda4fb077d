import type { HistoryEntry, InputRecipe } from '../../app/contract/inference.ts';
import type { RememberedDims } from '../../app/contract/snapshot.ts';
import { tensorStatistics } from '../../app/core/tensors/tensor-statistics.ts';
import type { NamedTensor } from '../../app/core/tensors/tensor.ts';
import { buildInput } from './build-input.ts';
import { imageLayout } from './image-layout.ts';
import { rangeOfExample } from './image-tensor.ts';
import { defaultDraft, draftOfTensor, fitsGrid, gridOf, type InputDraft } from './input-draft.ts';
import {
  adoptShape,
  defaultSize,
  freeAxesOf,
  shapeOf,
  type FreeDims,
  type InputField,
} from './input-field.ts';
import type { SequenceDraft } from './sequence-draft.ts';

/** What a person has put into the form of one model. */
export interface TestForm {
  /** The inputs that the form was made for; another signature keeps what still fits. */
  readonly signature: string;
  readonly dims: FreeDims;
  /** By input name. */
  readonly drafts: Readonly<Record<string, InputDraft>>;
  /** Names of optional inputs that are left out. */
  readonly leftOut: readonly string[];
  readonly protocol: 'binary' | 'json';
  /** Where the next request stands, for models with sequences; absent until something was put there. */
  readonly sequence?: SequenceDraft;
}

/** A form that can be run as it stands: example values where the model brings some, generated ones elsewhere. */
export function createForm(
  fields: readonly InputField[],
  remembered: RememberedDims[string],
  examples: readonly NamedTensor[],
): TestForm {
  const fitting = fields.flatMap((field) => {
    const example = examples.find(({ name, datatype }) => name === field.name && datatype === field.datatype);
    const adopted = example === undefined ? null : adoptShape(field, example.shape);
    return example !== undefined && adopted?.kind === 'fits' ? [{ field, example, adopted }] : [];
  });
  const dims: Record<string, number> = {};
  for (const { axis, inputs } of freeAxesOf(fields)) {
    const known = inputs
      .map((input) => remembered[input]?.[axis.rememberedAs])
      .find((size) => size !== undefined);
    dims[axis.key] = known ?? defaultSize(axis);
  }
  for (const { adopted } of fitting) Object.assign(dims, adopted.dims);
  const drafts = fields.map((field, index) => {
    const match = fitting.find((candidate) => candidate.field === field);
    const draft =
      match === undefined
        ? startingDraft(field, dims, index + 1)
        : exampleDraft(field, { ...match.example, shape: match.adopted.shape });
    return [field.name, draft] as const;
  });
  return {
    signature: signatureOfFields(fields),
    dims,
    drafts: Object.fromEntries(drafts),
    leftOut: fields.flatMap(({ name, isOptional }) => (isOptional ? [name] : [])),
    protocol: 'binary',
  };
}

/** The tab that suits the input: a picture, a grid of a few cells, or generated values. */
function startingDraft(field: InputField, dims: FreeDims, seed: number): InputDraft {
  const draft = defaultDraft(field, seed);
  const shape = shapeOf(field, dims);
  if (imageLayout(field.datatype, shape) !== null) return { ...draft, source: 'image' };
  if (field.datatype === 'BYTES') return { ...draft, text: { ...draft.text, content: startingText(shape) } };
  const built =
    fitsGrid(shape) && shape.reduce((count, dim) => count * dim, 1) <= 64
      ? buildInput(field, dims, { ...draft, source: 'generate' })
      : null;
  return built?.kind === 'ready' ? { ...draft, source: 'grid', grid: gridOf(built.tensor) } : draft;
}

const WORDS = ['Hello, Triton', 'How are you?', 'A quiet morning', 'The harbour at night'];

function startingText(shape: readonly number[]): string {
  const count = Math.min(
    1000,
    shape.reduce((product, dim) => product * dim, 1),
  );
  return Array.from({ length: count }, (_, index) => WORDS[index % WORDS.length]).join('\n');
}

function exampleDraft(field: InputField, example: NamedTensor): InputDraft {
  const draft = draftOfTensor(field, example, 'Example');
  const statistics = tensorStatistics(example);
  if (imageLayout(field.datatype, example.shape) === null || statistics.kind === 'bytes') return draft;
  const range = rangeOfExample(Number(statistics.minimum ?? 0), Number(statistics.maximum ?? 0));
  return { ...draft, image: { ...draft.image, options: { ...draft.image.options, range } } };
}

/** Keeps what a person typed when the model's inputs change: drafts of inputs with the same name and datatype. */
export function reconcileForm(form: TestForm, fields: readonly InputField[], fresh: TestForm): TestForm {
  if (form.signature === fresh.signature) return form;
  const old = new Set(
    (JSON.parse(form.signature) as string[][]).map(([name, datatype]) => `${name} ${datatype}`),
  );
  const kept = fields.flatMap(({ name, datatype }) => {
    const draft = form.drafts[name];
    return draft !== undefined && old.has(`${name} ${datatype}`) ? [[name, draft] as const] : [];
  });
  const dims = Object.fromEntries(
    Object.entries(fresh.dims).map(([key, size]) => [key, form.dims[key] ?? size]),
  );
  return {
    ...fresh,
    dims,
    drafts: { ...fresh.drafts, ...Object.fromEntries(kept) },
    protocol: form.protocol,
    ...(form.sequence && { sequence: form.sequence }),
  };
}

/** A form with the inputs of a request that was sent before. */
export function formOfEntry(form: TestForm, fields: readonly InputField[], entry: HistoryEntry): TestForm {
  const dims: Record<string, number> = { ...form.dims };
  const drafts: Record<string, InputDraft> = { ...form.drafts };
  for (const field of fields) {
    const tensor = entry.inputs.find(({ name }) => name === field.name);
    if (tensor === undefined) continue;
    const adopted = adoptShape(field, tensor.shape);
    if (adopted.kind === 'fits') Object.assign(dims, adopted.dims);
    drafts[field.name] = draftOfRecipe(field, tensor, entry.recipes[field.name]);
  }
  const sent = new Set(entry.inputs.map(({ name }) => name));
  const leftOut = fields.flatMap(({ name, isOptional }) => (isOptional && !sent.has(name) ? [name] : []));
  const { protocol } = entry;
  const sequence = entry.sequence && { ...entry.sequence, answered: null };
  return { ...form, dims, drafts, leftOut, protocol, ...(sequence && { sequence }) };
}

function draftOfRecipe(field: InputField, tensor: NamedTensor, recipe: InputRecipe | undefined): InputDraft {
  if (recipe?.kind === 'generator')
    return { ...defaultDraft(field), source: 'generate', generator: recipe.generator };
  if (recipe?.kind === 'file') {
    const file = { fileName: recipe.fileName, tensor, isCastAgreed: false };
    return { ...defaultDraft(field), source: 'file', file };
  }
  return draftOfTensor(field, tensor, 'From history');
}

function signatureOfFields(fields: readonly InputField[]): string {
  return JSON.stringify(fields.map(({ name, datatype, axes }) => [name, datatype, JSON.stringify(axes)]));
}
