import { describe, expect, test } from 'vitest';
import type { Datatype } from '../../../../app/core/datatypes.ts';
import { encodeBytes } from '../../../../app/core/tensors/bytes-elements.ts';
import { elementReader, tensorOf } from '../../../../app/core/tensors/elements.ts';
import { buildInput, resizedTexts } from '../../../../renderer/test/build-input.ts';
import { editJson, editText, switchSource, takeFile } from '../../../../renderer/test/edit-draft.ts';
import { defaultDraft, type InputDraft } from '../../../../renderer/test/input-draft.ts';
import { axesOf, type InputField } from '../../../../renderer/test/input-field.ts';

const field = (datatype: Datatype, wireShape: number[], maxBatchSize = 0): InputField => ({
  name: 'x',
  datatype,
  axes: axesOf('x', wireShape, maxBatchSize, null),
  isOptional: false,
});

function elements(input: InputField, dims: Record<string, number>, draft: InputDraft) {
  const built = buildInput(input, dims, draft);
  if (built.kind === 'mistake') return built.message;
  const reader = elementReader(built.tensor);
  return {
    shape: built.tensor.shape,
    values: Array.from({ length: reader.length }, (_, index) => reader.at(index)),
  };
}

describe('every datatype', () => {
  test.each(['BOOL', 'UINT8', 'UINT64', 'INT8', 'INT64', 'FP16', 'BF16', 'FP32', 'FP64', 'BYTES'] as const)(
    '%s is ready to be sent without anybody typing anything',
    (datatype) => {
      const input = field(datatype, datatype === 'BYTES' ? [1] : [2, 3]);
      expect(buildInput(input, {}, defaultDraft(input)).kind).toBe('ready');
    },
  );
});

test('an array from a file travels under the name of the input, whatever its own', () => {
  const input = field('FP32', [2]);
  const tensor = { name: 'arr_0', ...tensorOf('FP32', [2], [1, 2]) };
  const file = { fileName: 'x.npz', tensor, isCastAgreed: false };
  const built = buildInput(input, {}, { ...defaultDraft(input), source: 'file', file });
  expect(built).toMatchObject({ kind: 'ready', tensor: { name: 'x' } });
});

describe('a grid', () => {
  const input = field('INT64', [-1, 2], 4);
  const draft: InputDraft = {
    ...defaultDraft(input),
    source: 'grid',
    grid: { shape: [1, 2], texts: ['9007199254740993', '-1'] },
  };

  test('keeps every digit', () => {
    expect(elements(input, {}, draft)).toEqual({ shape: [1, 2], values: [9007199254740993n, -1n] });
  });

  test('says which cell is wrong', () => {
    const wrong = { ...draft, grid: { shape: [1, 2], texts: ['1', 'x'] } };
    expect(elements(input, {}, wrong)).toBe('Cell [0, 1]: “x” is no number.');
  });

  test('keeps its cells at their places when a size changes', () => {
    expect(elements(input, { 'batch dimension': 2 }, draft)).toMatchObject({
      values: [9007199254740993n, -1n, 0n, 0n],
    });
    expect(resizedTexts({ shape: [2, 2], texts: ['a', 'b', 'c', 'd'] }, [2, 3], '')).toEqual([
      'a',
      'b',
      '',
      'c',
      'd',
      '',
    ]);
  });

  test('begins with the values that would have been sent otherwise', () => {
    const generated = {
      ...defaultDraft(input),
      generator: { kind: 'arange', start: '5', step: '2' } as const,
    };
    expect(switchSource(input, {}, generated, 'grid').grid).toEqual({ shape: [1, 2], texts: ['5', '7'] });
    expect(switchSource(input, {}, generated, 'json').json).toBe('[[5,7]]');
  });
});

describe('JSON', () => {
  const input = field('FP32', [-1, 2], 4);

  test('chooses the free sizes by its nesting', () => {
    const edit = editJson(input, {}, { ...defaultDraft(input), source: 'json' }, '[[1,2],[3,4],[5,6]]');
    expect(elements(input, edit.dims, edit.draft)).toEqual({ shape: [3, 2], values: [1, 2, 3, 4, 5, 6] });
  });

  test('may be flat', () => {
    const edit = editJson(input, {}, { ...defaultDraft(input), source: 'json' }, '[1, 2, 3, 4]');
    expect(elements(input, edit.dims, edit.draft)).toMatchObject({ shape: [2, 2] });
  });

  test('that is broken says where', () => {
    const edit = editJson(input, {}, { ...defaultDraft(input), source: 'json' }, '[[1,]]');
    expect(elements(input, edit.dims, edit.draft)).toContain('line 1, column 5');
  });
});

describe('text', () => {
  const input = field('BYTES', [-1, -1], 4);
  const start = { ...defaultDraft(input), source: 'text' as const };

  test('is one element a line, as UTF-8, and chooses the size', () => {
    const edit = editText(input, {}, start, { content: 'grün\nblau\n', splits: 'lines' });
    const data = encodeBytes(['grün', 'blau']);
    expect(buildInput(input, edit.dims, edit.draft)).toMatchObject({
      kind: 'ready',
      tensor: { shape: [1, 2], data },
    });
  });

  test('may be one element as a whole', () => {
    const edit = editText(input, {}, start, { content: 'two\nlines', splits: 'whole' });
    expect(buildInput(input, edit.dims, edit.draft)).toMatchObject({
      kind: 'ready',
      tensor: { shape: [1, 1] },
    });
  });

  test('with the wrong number of lines for a fixed size says both numbers', () => {
    const fixed = field('BYTES', [3]);
    const draft = { ...defaultDraft(fixed), text: { content: 'a\nb', splits: 'lines' as const } };
    expect(elements(fixed, {}, draft)).toBe('Shape [3] takes 3 elements, but there are 2 lines.');
  });
});

describe('a file', () => {
  const input = field('FP32', [-1, 2], 4);
  const load = (datatype: Datatype, shape: number[], values: number[]) =>
    takeFile(input, {}, defaultDraft(input), {
      fileName: 'x.npy',
      tensor: tensorOf(datatype, shape, values),
      isCastAgreed: false,
    });

  test('brings its sizes, and gets a batch dimension where it has none', () => {
    const edit = load('FP32', [3, 2], [1, 2, 3, 4, 5, 6]);
    expect(elements(input, edit.dims, edit.draft)).toMatchObject({ shape: [3, 2] });
    const one = load('FP32', [2], [1, 2]);
    expect(elements(input, one.dims, one.draft)).toMatchObject({ shape: [1, 2] });
  });

  test('of another datatype waits for a yes', () => {
    const edit = load('FP64', [1, 2], [0.1, 2]);
    expect(elements(input, edit.dims, edit.draft)).toContain('The file holds FP64, the input takes FP32');
    const file = edit.draft.file;
    const agreed = { ...edit.draft, file: file && { ...file, isCastAgreed: true } };
    expect(elements(input, edit.dims, agreed)).toMatchObject({ values: [Math.fround(0.1), 2] });
  });

  test('of another shape is explained', () => {
    const edit = load('FP32', [1, 3], [1, 2, 3]);
    expect(elements(input, edit.dims, edit.draft)).toContain('axis 1 is 3 instead of 2');
  });
});
