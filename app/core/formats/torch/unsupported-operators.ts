import { TorchPoison } from './torch-values.ts';
import type { UnsupportedOperator } from './translation-failure.ts';

const MAX_PLACES = 3;

/** Collects everything in a model that is not translated, so that all of it can be told at once. */
export class UnsupportedOperators {
  readonly #found = new Map<string, { count: number; places: string[]; reason: string }>();

  /** Notes one more; what stands for its result. */
  add(name: string, place: string, reason: string): TorchPoison {
    const found = this.#found.get(name) ?? { count: 0, places: [], reason };
    found.count += 1;
    if (found.places.length < MAX_PLACES && !found.places.includes(place)) found.places.push(place);
    this.#found.set(name, found);
    return new TorchPoison(reason);
  }

  get list(): readonly UnsupportedOperator[] {
    return [...this.#found].map(([name, { count, places, reason }]) => ({ name, count, places, reason }));
  }
}
