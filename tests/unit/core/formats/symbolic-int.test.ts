import { describe, expect, test } from 'vitest';
import { productOf, SymbolicInt, type IntTree } from '../../../../app/core/formats/torch/symbolic-int.ts';

const numbers = Array.from({ length: 120 }, (_, index) => index + 1);

/** The value of a tree for sizes of the dims, as a graph would compute it. */
function valueOf(tree: IntTree, dims: Readonly<Record<string, number>>): number {
  if (tree.kind === 'number') return tree.value;
  if (tree.kind === 'dim') return dims[tree.name] ?? Number.NaN;
  const [left, right] = [valueOf(tree.left, dims), valueOf(tree.right, dims)];
  switch (tree.kind) {
    case 'add':
      return left + right;
    case 'multiply':
      return left * right;
    case 'floor-divide':
      return Math.floor(left / right);
    case 'modulo':
      return left - Math.floor(left / right) * right;
    case 'maximum':
      return Math.max(left, right);
    case 'minimum':
      return Math.min(left, right);
  }
}

describe('an integer of shapes', () => {
  test('divides exactly, whatever the numbers', () => {
    for (const left of numbers)
      for (const right of numbers) {
        const product = SymbolicInt.of(left * right);
        expect(product.floorDividedBy(SymbolicInt.of(right)).constant).toBe(left);
        const batches = SymbolicInt.dim('batch', 3).times(product);
        expect(batches.floorDividedBy(SymbolicInt.of(right)).text).toBe(
          left === 1 ? 'batch' : `${left}*batch`,
        );
      }
  });

  test('computes for other sizes what Python computes', () => {
    const [batch, length] = [SymbolicInt.dim('batch', 2), SymbolicInt.dim('length', 7)];
    const made = [
      batch.times(length).plus(SymbolicInt.of(5)).floorDividedBy(SymbolicInt.of(3)),
      length.minus(SymbolicInt.of(9)).modulo(SymbolicInt.of(4)),
      productOf([batch, length, batch]).floorDividedBy(batch),
      batch.maximum(length).minus(batch.minimum(length)),
    ];
    for (const b of [1, 2, 5])
      for (const l of [1, 7, 12]) {
        const dims = { batch: b, length: l };
        expect(made.map(({ tree }) => valueOf(tree, dims))).toEqual([
          Math.floor((b * l + 5) / 3),
          (((l - 9) % 4) + 4) % 4,
          l * b,
          Math.abs(b - l),
        ]);
      }
    expect(made.map(({ tree, hint }) => valueOf(tree, { batch: 2, length: 7 }) - hint)).toEqual([0, 0, 0, 0]);
  });
});
