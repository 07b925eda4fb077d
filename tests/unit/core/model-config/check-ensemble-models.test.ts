import { describe, expect, test } from 'vitest';
import { checkEnsembleModels } from '../../../../app/core/model-config/check-ensemble-models.ts';
import type { ModelConfig } from '../../../../app/core/model-config/model-config.ts';

const dims = [4];
const data_type = 'TYPE_FP32';
const twice: ModelConfig = {
  name: 'twice',
  max_batch_size: 8,
  input: [{ name: 'X', data_type, dims }],
  output: [{ name: 'Y', data_type, dims }],
};

function check(changes: ModelConfig, model: ModelConfig = twice): string {
  const config: ModelConfig = {
    name: 'chain',
    max_batch_size: 8,
    input: [{ name: 'IN', data_type, dims }],
    output: [{ name: 'OUT', data_type, dims }],
    ensemble_scheduling: {
      step: [{ model_name: 'twice', input_map: { X: 'IN' }, output_map: { Y: 'OUT' } }],
    },
    ...changes,
  };
  try {
    checkEnsembleModels(config, new Map([['twice', model]]));
    return 'accepted';
  } catch (cause) {
    return (cause as Error).message;
  }
}

function withStep(input_map: Record<string, string>, output_map: Record<string, string>): ModelConfig {
  return { ensemble_scheduling: { step: [{ model_name: 'twice', input_map, output_map }] } };
}

describe('an ensemble and the models of its steps', () => {
  test('fit when types and shapes agree, -1 standing for any size', () => {
    expect(check({})).toBe('accepted');
    expect(check({ input: [{ name: 'IN', data_type, dims: [-1] }] })).toBe('accepted');
  });

  test('fit when a model without batches has the batch in its own dims', () => {
    const plain = {
      ...twice,
      max_batch_size: 0,
      input: [{ name: 'X', data_type, dims: [-1, 4] }],
      output: [{ name: 'Y', data_type, dims: [-1, 4] }],
    } satisfies ModelConfig;
    expect(check({}, plain)).toBe('accepted');
  });

  test.each([
    [
      withStep({ A: 'IN', X: 'IN' }, { Y: 'OUT' }),
      'in ensemble chain, ensemble tensor IN is mapping to non-existing input A in model twice',
    ],
    [
      withStep({}, { Y: 'OUT' }),
      'in ensemble chain, input X in model twice is not mapped to any ensemble tensors',
    ],
    [
      withStep({ X: 'IN' }, { Z: 'OUT' }),
      'in ensemble chain, ensemble tensor OUT is mapped from non-existing output Z in model twice',
    ],
    [
      { input: [{ name: 'IN', data_type: 'TYPE_INT32', dims }] },
      'in ensemble chain, ensemble tensor IN: inconsistent data type: TYPE_INT32 is inferred from model chain while TYPE_FP32 is inferred from model twice',
    ],
    [
      { output: [{ name: 'OUT', data_type, dims: [5] }] },
      'in ensemble chain, ensemble tensor OUT: inconsistent shape: [-1,5] is inferred from model chain while [-1,4] is inferred from model twice',
    ],
    [
      { max_batch_size: 16 },
      'ensemble chain allows maximum batch size 16, but it contains model twice which only allows maximum batch size to be 8',
    ],
  ] satisfies readonly (readonly [ModelConfig, string])[])(
    '%j is refused as by Triton',
    (changes, message) => {
      expect(check(changes)).toBe(message);
    },
  );
});
