import type { IntTree } from './symbolic-int.ts';
import type { Guard } from './tensor-graph.ts';

/** The value of an integer for sizes of the free dims. */
function valueOf(tree: IntTree, sizes: ReadonlyMap<string, number>): number {
  if (tree.kind === 'number') return tree.value;
  if (tree.kind === 'dim') return sizes.get(tree.name) ?? Number.NaN;
  const [left, right] = [valueOf(tree.left, sizes), valueOf(tree.right, sizes)];
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

const HOLDS: Readonly<Record<Guard['relation'], (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

/**
 * The first guard of a translation that does not hold for these sizes of its free dims; null where it may be run. A
 * translation whose guards do not hold would give another answer than the model.
 */
export function brokenGuard(guards: readonly Guard[], sizes: ReadonlyMap<string, number>): Guard | null {
  return (
    guards.find(
      ({ left, relation, right }) => !HOLDS[relation](valueOf(left, sizes), valueOf(right, sizes)),
    ) ?? null
  );
}
