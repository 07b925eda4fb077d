import { create } from 'zustand';
import { keepForms, readForms } from './form-storage.ts';
import type { InputDraft } from './input-draft.ts';
import type { FreeDims } from './input-field.ts';
import type { TestForm } from './test-form.ts';

interface TestFormState {
  /** By model name. */
  readonly forms: Readonly<Record<string, TestForm>>;
}

/** What was put into the test forms; survives navigation, and for the session a reload. */
export const useTestFormStore = create<TestFormState>(() => ({
  forms: globalThis.sessionStorage === undefined ? {} : readForms(globalThis.sessionStorage),
}));

let isKeepPlanned = false;
useTestFormStore.subscribe(() => {
  if (isKeepPlanned) return;
  isKeepPlanned = true;
  setTimeout(keepNow, 500);
});
globalThis.addEventListener?.('pagehide', keepNow);

function keepNow(): void {
  isKeepPlanned = false;
  if (globalThis.sessionStorage !== undefined)
    keepForms(useTestFormStore.getState().forms, globalThis.sessionStorage);
}

/** Replaces a model's form. */
export function setForm(model: string, form: TestForm): void {
  useTestFormStore.setState(({ forms }) => ({ forms: { ...forms, [model]: form } }));
}

/** Changes a model's form where there is one. */
export function updateForm(model: string, change: (form: TestForm) => TestForm): void {
  const form = useTestFormStore.getState().forms[model];
  if (form !== undefined) setForm(model, change(form));
}

/** Changes one input's draft together with the free sizes that its values bring. */
export function updateDraftAndDims(model: string, input: string, draft: InputDraft, dims: FreeDims): void {
  updateForm(model, (form) => ({ ...form, dims, drafts: { ...form.drafts, [input]: draft } }));
}

/** Leaves an optional input out of the request, or takes it in again. */
export function setLeftOut(model: string, input: string, isLeftOut: boolean): void {
  updateForm(model, (form) => {
    const others = form.leftOut.filter((name) => name !== input);
    return { ...form, leftOut: isLeftOut ? [...others, input] : others };
  });
}
