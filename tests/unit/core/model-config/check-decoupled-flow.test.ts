import { expect, test } from 'vitest';
import { checkDecoupledFlow } from '../../../../app/core/model-config/check-decoupled-flow.ts';
import type { ModelConfig } from '../../../../app/core/model-config/model-config.ts';

const MODELS = new Map<string, ModelConfig>([
  ['plain', { name: 'plain' }],
  ['many', { name: 'many', model_transaction_policy: { decoupled: true } }],
]);

function flow(
  ...steps: readonly (readonly [model: string, reads: string, writes: string])[]
): boolean | string {
  const map = (names: string) => Object.fromEntries(names.split(' ').map((name) => [`T${name}`, name]));
  const config: ModelConfig = {
    name: 'e',
    input: [{ name: 'IN' }],
    output: [{ name: 'OUT' }],
    ensemble_scheduling: {
      step: steps.map(([model_name, reads, writes]) => ({
        model_name,
        input_map: map(reads),
        output_map: map(writes),
      })),
    },
  };
  try {
    return checkDecoupledFlow(config, MODELS).isDecoupled;
  } catch (cause) {
    return (cause as Error).message;
  }
}

test('an ensemble is decoupled if a model of its steps is', () => {
  expect(flow(['plain', 'IN', 'a'], ['plain', 'a', 'OUT'])).toBe(false);
  expect(flow(['plain', 'IN', 'a'], ['many', 'a', 'OUT'])).toBe(true);
  expect(flow(['many', 'IN', 'a b'], ['plain', 'a b', 'OUT'])).toBe(true);
});

test('a step cannot bring together what two decoupled models gave, in the words of Triton', () => {
  const words = (model: string): string =>
    `in ensemble e, step of model '${model}' receives inputs originated from different decoupled models`;
  const both = [
    ['many', 'IN', 'a'],
    ['many', 'IN', 'b'],
  ] as const;
  expect(flow(...both, ['plain', 'a b', 'c'], ['plain', 'c', 'OUT'])).toBe(words('plain'));
  expect(flow(...both, ['plain', 'a b', 'OUT'])).toBe(words('e'));
  expect(flow(['many', 'IN', 'a'], ['plain', 'a IN', 'OUT'])).toBe(words('e'));
});
