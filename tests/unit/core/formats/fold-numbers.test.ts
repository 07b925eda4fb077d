import { describe, expect, test } from 'vitest';
import { foldNumbers } from '../../../../app/core/formats/torch/fold-numbers.ts';
import { SymbolicInt } from '../../../../app/core/formats/torch/symbolic-int.ts';
import { TensorGraph } from '../../../../app/core/formats/torch/tensor-graph.ts';
import type { TorchDtype } from '../../../../app/core/formats/torch/torch-dtypes.ts';

const graph = new TensorGraph();

/** What an operator makes of numbers of a dtype; null where it is left to the runtime. */
function fold(operator: string, dtype: TorchDtype, ...values: readonly number[]): number | boolean | null {
  const isInt = dtype.startsWith('int');
  const inputs = values.map((value) => graph.number(isInt ? SymbolicInt.of(value) : value, dtype));
  const folded = foldNumbers(operator, inputs, dtype);
  return folded instanceof SymbolicInt ? folded.constant : folded;
}

describe('numbers that a trace carries as tensors', () => {
  test.each<[string, TorchDtype, readonly number[], number]>([
    ['Add', 'int64', [3, -5], -2],
    ['Sub', 'float32', [3, 5], -2],
    ['Mul', 'int32', [6, 7], 42],
    ['Div', 'int64', [7, 2], 3],
    ['Div', 'int64', [-7, 2], -3],
    ['Div', 'float32', [7, 2], 3.5],
    ['Pow', 'float32', [9, 0.5], 3],
    ['Max', 'int64', [2, 9], 9],
    ['Min', 'int64', [2, 9], 2],
    ['Neg', 'int64', [4], -4],
    ['Abs', 'float64', [-4.5], 4.5],
    ['Sign', 'float32', [-4.5], -1],
    ['Floor', 'float32', [-1.5], -2],
    ['Ceil', 'float32', [-1.5], -1],
    ['Sqrt', 'float32', [1369], 37],
    ['Reciprocal', 'float32', [4], 0.25],
    ['Exp', 'float32', [0], 1],
    ['Log', 'float32', [1], 0],
    ['Where', 'int64', [0, 3, 5], 5],
    ['Where', 'int64', [1, 3, 5], 3],
  ])('%s of %s %j is %d', (operator, dtype, values, expected) => {
    expect(fold(operator, dtype, ...values)).toBe(expected);
  });

  test.each<[string, readonly number[], boolean]>([
    ['Equal', [2, 2], true],
    ['Less', [2, 2], false],
    ['LessOrEqual', [2, 2], true],
    ['Greater', [3, 2], true],
    ['GreaterOrEqual', [1, 2], false],
  ])('%s of %j is %s', (operator, values, expected) => {
    const inputs = values.map((value) => graph.number(SymbolicInt.of(value), 'int64'));
    expect(foldNumbers(operator, inputs, 'bool')).toBe(expected);
  });

  test('floats are rounded as the dtype rounds them', () => {
    expect(fold('Mul', 'float32', 0.1, 3)).toBe(Math.fround(Math.fround(0.1) * 3));
    expect(fold('Mul', 'float64', 0.1, 3)).toBe(0.1 * 3);
  });

  test('what a runtime would wrap, round in its own way or fail on is left to it', () => {
    expect(fold('Div', 'int64', 1, 0)).toBeNull();
    expect(fold('Mul', 'int32', 2 ** 30, 4)).toBeNull();
    expect(fold('Add', 'float16', 1, 2)).toBeNull();
    expect(fold('Erf', 'float32', 1)).toBeNull();
  });

  test('a size of the inputs is no number yet', () => {
    const inputs = [
      graph.number(SymbolicInt.dim('batch', 3), 'int64'),
      graph.number(SymbolicInt.of(2), 'int64'),
    ];
    expect(foldNumbers('Mul', inputs, 'int64')).toBeNull();
  });
});
