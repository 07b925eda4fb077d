import { describe, expect, test } from 'vitest';
import type { HistoryEntry } from '../../../../app/contract/inference.ts';
import { tensorOf } from '../../../../app/core/tensors/elements.ts';
import { keepForms, readForms } from '../../../../renderer/test/form-storage.ts';
import { axesOf, type InputField } from '../../../../renderer/test/input-field.ts';
import { buildCall } from '../../../../renderer/test/send-form.ts';
import { createForm, formOfEntry, reconcileForm } from '../../../../renderer/test/test-form.ts';

const field = (
  name: string,
  datatype: InputField['datatype'],
  wireShape: number[],
  isOptional = false,
): InputField => ({
  name,
  datatype,
  axes: axesOf(name, wireShape, 8, null),
  isOptional,
});

const FIELDS = [field('image', 'FP32', [-1, 8, 8]), field('scale', 'INT64', [-1, 1])];
const EXAMPLE = {
  name: 'image',
  ...tensorOf(
    'FP32',
    [2, 8, 8],
    Array.from({ length: 128 }, (_, index) => index % 17),
  ),
};

describe('a new form', () => {
  test('can be sent as it stands', () => {
    const built = buildCall('m', FIELDS, createForm(FIELDS, {}, []), 'first-run');
    expect(built).toMatchObject({
      kind: 'ready',
      call: {
        origin: 'first-run',
        inputs: [
          { name: 'image', shape: [1, 8, 8] },
          { name: 'scale', shape: [1, 1] },
        ],
      },
    });
  });

  test('begins with the example values and their sizes, and pictures take their range', () => {
    const form = createForm(FIELDS, {}, [EXAMPLE]);
    expect(form.dims).toEqual({ 'batch dimension': 2 });
    expect(form.drafts['image']).toMatchObject({
      source: 'grid',
      image: { options: { range: { kind: 'maximum', maximum: 16 } } },
    });
    const built = buildCall('m', FIELDS, form, 'user');
    expect(built.kind === 'ready' && built.call.inputs[0]?.data).toEqual(EXAMPLE.data);
  });

  test('remembers sizes that were asked once', () => {
    const fields = [field('x', 'FP32', [-1, -1])];
    expect(createForm(fields, { x: { 0: 4, 1: 7 } }, []).dims).toEqual({
      'batch dimension': 4,
      'x axis 1': 7,
    });
  });

  test('leaves optional inputs out until they are wanted', () => {
    const fields = [...FIELDS, field('extra', 'FP32', [-1, 1], true)];
    const form = createForm(fields, {}, []);
    const built = buildCall('m', fields, form, 'user');
    expect(built.kind === 'ready' && built.call.inputs.map(({ name }) => name)).toEqual(['image', 'scale']);
  });
});

test('a mistake names its input', () => {
  const form = createForm(FIELDS, {}, []);
  const drafts = {
    ...form.drafts,
    scale: { ...form.drafts['scale'], source: 'json', json: '[' },
  } as typeof form.drafts;
  expect(buildCall('m', FIELDS, { ...form, drafts }, 'user')).toMatchObject({
    kind: 'mistake',
    input: 'scale',
  });
});

test('a changed model keeps what was typed for the inputs that it still has', () => {
  const form = createForm(FIELDS, {}, [EXAMPLE]);
  const changed = [field('image', 'FP32', [-1, 8, 8]), field('scale', 'FP32', [-1, 1])];
  const next = reconcileForm(form, changed, createForm(changed, {}, []));
  expect(next.drafts['image']).toBe(form.drafts['image']);
  expect(next.drafts['scale']).not.toBe(form.drafts['scale']);
  expect(next.dims).toEqual({ 'batch dimension': 2 });
});

test('a request of the history fills the form again, generators as generators', () => {
  const form = createForm(FIELDS, {}, []);
  const sent = buildCall('m', FIELDS, createForm(FIELDS, {}, [EXAMPLE]), 'user');
  if (sent.kind !== 'ready') throw new Error(sent.message);
  const entry: HistoryEntry = {
    id: '1',
    at: 0,
    model: 'm',
    protocol: 'json',
    origin: 'user',
    isAnswered: true,
    inputsSummary: '',
    timing: { totalMicroseconds: 1 },
    inputs: [EXAMPLE, ...sent.call.inputs.slice(1)],
    recipes: {
      image: { kind: 'values' },
      scale: { kind: 'generator', generator: { kind: 'constant', value: '2' } },
    },
    outcome: { kind: 'answered', modelVersion: '1', outputs: [] },
  };
  const next = formOfEntry(form, FIELDS, entry);
  expect(next).toMatchObject({ dims: { 'batch dimension': 2 }, protocol: 'json' });
  expect(next.drafts['scale']).toMatchObject({
    source: 'generate',
    generator: { kind: 'constant', value: '2' },
  });
  const again = buildCall('m', FIELDS, next, 'user');
  expect(again.kind === 'ready' && again.call.inputs[0]?.data).toEqual(EXAMPLE.data);
});

describe('forms over a reload', () => {
  const storage = () => {
    const kept = new Map<string, string>();
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, text: string) => void kept.set(key, text),
    };
  };

  test('are the same, files included', () => {
    const form = createForm(FIELDS, {}, []);
    const file = { fileName: 'x.npy', tensor: EXAMPLE, isCastAgreed: false };
    const drafts = {
      ...form.drafts,
      image: { ...form.drafts['image'], source: 'file', file },
    } as typeof form.drafts;
    const kept = storage();
    keepForms({ m: { ...form, drafts } }, kept);
    expect(readForms(kept)).toEqual({ m: { ...form, drafts } });
  });

  test('are new where nothing readable was kept', () => {
    expect(readForms({ getItem: () => '{broken', setItem: () => undefined })).toEqual({});
  });
});
