import type { GoldenCase } from '../../core/deployment/smoke-tests.ts';
import type { HistoryStore } from '../history/history-store.ts';

const CASES_PER_MODEL = 3;
const LOOKED_AT = 50;

/** The newest answered requests of each model that stand for themselves (no sequence): what a deployment is checked by. */
export async function goldenCases(
  models: readonly string[],
  history: HistoryStore,
): Promise<readonly GoldenCase[]> {
  const cases: GoldenCase[] = [];
  for (const model of models) {
    const answered = history
      .list({ model, limit: LOOKED_AT })
      .filter(({ isAnswered, sequence }) => isAnswered && sequence === undefined)
      .slice(0, CASES_PER_MODEL);
    for (const { id } of answered) {
      const { inputs, outcome } = await history.get(id);
      if (outcome.kind === 'answered') cases.push({ model, inputs, outputs: outcome.outputs });
    }
  }
  return cases;
}
