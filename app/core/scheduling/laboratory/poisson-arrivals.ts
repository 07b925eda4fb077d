import { createRandom } from '../../tensors/random.ts';
import type { SimulatedRequest } from './simulate-schedule.ts';

/** Requests that come independently of one another, `perSecond` on average (a Poisson process): the same for a seed. */
export function poissonArrivals(
  seed: number,
  perSecond: number,
  count: number,
  rows: number,
): readonly SimulatedRequest[] {
  const random = createRandom(seed);
  let at = 0;
  return Array.from({ length: count }, () => {
    at += (-Math.log(1 - random.nextUnit()) / perSecond) * 1000;
    return { at, rows };
  });
}
