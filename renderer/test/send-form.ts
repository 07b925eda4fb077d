import type { HostClient } from '../../app/contract/host-client.ts';
import type { InferCall, InputRecipe } from '../../app/contract/inference.ts';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import type { RememberedDims } from '../../app/contract/snapshot.ts';
import type { NamedTensor } from '../../app/core/tensors/tensor.ts';
import { refuseRun, runInference, type RunState } from '../results/results-store.ts';
import { targetOf } from '../targets/target-store.ts';
import { buildInput } from './build-input.ts';
import type { InputField } from './input-field.ts';
import { modelInputs } from './model-inputs.ts';
import {
  afterAnswer,
  afterFailure,
  FIRST_SEQUENCE,
  idMistake,
  placeOf,
  type SequenceIdType,
} from './sequence-draft.ts';
import { createForm, reconcileForm, type TestForm } from './test-form.ts';
import { setForm, updateForm, useTestFormStore } from './test-form-store.ts';

/** A request made from a form, or the first input that is not ready. */
export type BuiltCall =
  | { readonly kind: 'ready'; readonly call: InferCall }
  | { readonly kind: 'mistake'; readonly input: string; readonly message: string };

/** Makes the request of a form. */
export function buildCall(
  model: string,
  fields: readonly InputField[],
  form: TestForm,
  origin: InferCall['origin'],
  idType?: SequenceIdType,
): BuiltCall {
  const inputs: NamedTensor[] = [];
  const recipes: Record<string, InputRecipe> = {};
  for (const field of fields) {
    if (form.leftOut.includes(field.name)) continue;
    const draft = form.drafts[field.name];
    if (draft === undefined) continue;
    const built = buildInput(field, form.dims, draft);
    if (built.kind === 'mistake') return { kind: 'mistake', input: field.name, message: built.message };
    inputs.push(built.tensor);
    recipes[field.name] = built.recipe;
  }
  const call = { model, inputs, recipes, protocol: form.protocol, origin };
  if (idType === undefined) return { kind: 'ready', call };
  const draft = form.sequence ?? FIRST_SEQUENCE;
  const mistake = idMistake(draft.id, idType);
  if (mistake !== null) return { kind: 'mistake', input: 'Sequence', message: mistake };
  // The request that Conch sends by itself leaves nothing behind.
  const sent = origin === 'first-run' ? { ...draft, isStart: true, isEnd: true } : draft;
  return { kind: 'ready', call: { ...call, sequence: placeOf(sent, idType) } };
}

/** The model's form: the one that is there, brought up to date with its inputs, or a new one with example values. */
export async function ensureForm(
  host: HostClient,
  model: ModelEntry,
  remembered: RememberedDims[string],
): Promise<TestForm> {
  const { fields } = modelInputs(model);
  const present = useTestFormStore.getState().forms[model.name];
  const examples = present === undefined ? await exampleInputs(host, model.name) : [];
  const fresh = createForm(fields, remembered, examples);
  const current = useTestFormStore.getState().forms[model.name];
  const form = current === undefined ? fresh : reconcileForm(current, fields, fresh);
  if (form !== current) setForm(model.name, form);
  return form;
}

/** Puts the form back to how it began. */
export async function resetForm(
  host: HostClient,
  model: ModelEntry,
  remembered: RememberedDims[string],
): Promise<void> {
  const { fields } = modelInputs(model);
  setForm(model.name, createForm(fields, remembered, await exampleInputs(host, model.name)));
}

async function exampleInputs(host: HostClient, model: string): Promise<readonly NamedTensor[]> {
  return host.call('sample.exampleInputs', { model }).catch(() => []);
}

/** Sends the form of a model; a form that is not ready is refused with the reason. */
export async function sendForm(
  host: HostClient,
  model: ModelEntry,
  form: TestForm,
  origin: InferCall['origin'],
): Promise<RunState | BuiltCall> {
  const { fields, problem, sequence } = modelInputs(model);
  const built = buildCall(model.name, fields, form, origin, sequence?.idType);
  if (fields.length === 0 || built.kind === 'mistake') {
    const message =
      built.kind === 'mistake' ? `${built.input}: ${built.message}` : (problem ?? 'There are no inputs.');
    refuseRun(model.name, message);
    return built;
  }
  rememberDims(host, model.name, fields, form);
  // The request that Conch sends by itself follows a load of the embedded server.
  const target = origin === 'user' ? targetOf(model.name) : ({ kind: 'twin' } as const);
  const run = await runInference(host, { ...built.call, target });
  if (sequence && origin === 'user') moveOn(model.name, run);
  return run;
}

/** The next request of a sequence is the one after this: the form says so by itself. */
function moveOn(model: string, run: RunState): void {
  if (run.kind !== 'finished') return;
  const { outcome } = run.entry;
  updateForm(model, (form) => {
    const draft = form.sequence ?? FIRST_SEQUENCE;
    const isAnswered = outcome.kind === 'answered';
    return {
      ...form,
      sequence: isAnswered ? afterAnswer(draft) : afterFailure(draft, outcome.failure.message),
    };
  });
}

function rememberDims(host: HostClient, model: string, fields: readonly InputField[], form: TestForm): void {
  for (const { name, axes } of fields) {
    const dims: Record<string, number> = {};
    for (const axis of axes) {
      const size = axis.kind === 'free' ? form.dims[axis.key] : undefined;
      if (axis.kind === 'free' && size !== undefined) dims[axis.rememberedAs] = size;
    }
    // What is not remembered is asked again: no reason to disturb the request.
    if (Object.keys(dims).length > 0)
      host.call('dims.remember', { model, input: name, dims }).catch(() => undefined);
  }
}
