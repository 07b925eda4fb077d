import { describe, expect, test } from 'vitest';
import { tensorOf } from '../../../../app/core/tensors/elements.ts';
import type { NamedTensor } from '../../../../app/core/tensors/tensor.ts';
import { assignmentText, assignTensors, fillForm } from '../../../../renderer/test/assign-tensors.ts';
import { axesOf, type InputField } from '../../../../renderer/test/input-field.ts';
import { createForm } from '../../../../renderer/test/test-form.ts';

const array = (name: string, values = [1, 2]): NamedTensor => ({
  name,
  ...tensorOf('FP32', [1, values.length], values),
});
const pairs = ({ filled }: ReturnType<typeof assignTensors>) =>
  filled.map(({ input, tensor }) => `${input}=${tensor.name}`);

describe('the arrays of an archive', () => {
  test('fill every input of their name, wherever the file was given', () => {
    const assignment = assignTensors([array('y'), array('x'), array('z')], ['x', 'y'], 'y');
    expect(pairs(assignment)).toEqual(['x=x', 'y=y']);
    expect(assignmentText('pair.npz', assignment)).toBe("pair.npz filled 'x' and 'y'. Not used: 'z'.");
  });

  test('fill by position only where no name fits', () => {
    expect(pairs(assignTensors([array('0'), array('1')], ['x', 'y'], null))).toEqual(['x=0', 'y=1']);
    expect(pairs(assignTensors([array('arr_0'), array('arr_1')], ['x', 'y'], 'x'))).toEqual([
      'x=arr_0',
      'y=arr_1',
    ]);
    const mixed = assignTensors([array('x'), array('1')], ['x', 'y'], null);
    expect(pairs(mixed)).toEqual(['x=x']);
    expect(mixed.unused).toEqual(['1']);
  });

  test('that fit no input are named', () => {
    expect(() => assignTensors([array('a'), array('b')], ['x', 'y'], 'x')).toThrow(
      "The file holds 'a' and 'b', none for the inputs 'x' and 'y'.",
    );
    expect(() => assignTensors([], ['x'], 'x')).toThrow('The file holds no arrays');
  });
});

test('a .npy fills the input that it was given to, and a lone array the lone input', () => {
  expect(pairs(assignTensors([array('')], ['x', 'y'], 'y'))).toEqual(['y=']);
  expect(pairs(assignTensors([array('anything')], ['x'], null))).toEqual(['x=anything']);
  expect(() => assignTensors([array('')], ['x', 'y'], null)).toThrow('give it to the input it is for');
});

test('a filled form has the values, their sizes, and sends what was left out', () => {
  const field = (name: string): InputField => ({
    name,
    datatype: 'FP32',
    axes: axesOf(name, [-1, -1], 8, null),
    isOptional: true,
  });
  const fields = [field('x'), field('y')];
  const form = { ...createForm(fields, {}, []), leftOut: ['x', 'y'] };
  const filled = fillForm(form, fields, 'a.npz', assignTensors([array('x', [1, 2, 3])], ['x', 'y'], null));
  expect(filled.drafts['x']).toMatchObject({ source: 'file', file: { fileName: 'a.npz' } });
  expect(filled.leftOut).toEqual(['y']);
  expect(filled.drafts['y']).toBe(form.drafts['y']);
  expect(Object.values(filled.dims)).toContain(3);
});
