import { describe, expect, test } from 'vitest';
import { checkRateLimit } from '../../../../app/core/model-config/check-rate-limit.ts';
import { configChangeRequiresReload } from '../../../../app/core/model-config/requires-reload.ts';
import type { ModelConfig } from '../../../../app/core/model-config/model-config.ts';

const wants = (
  resource: { name: string; count: number; global?: boolean },
  gpus?: number[],
): ModelConfig => ({
  name: 'm',
  instance_group: [{ ...(gpus && { gpus }), rate_limiter: { resources: [resource] } }],
});

describe('a model whose instances could never get their resources is refused', () => {
  const refusal = (name: string, limit: number, count: number): string =>
    `Resource count for "${name}" is limited to ${limit} which will prevent scheduling of one or more model instances, the minimum required count is ${count}`;

  test.each([
    ['too few', wants({ name: 'R', count: 2 }), [{ name: 'R', count: 1, device: null }], refusal('R', 1, 2)],
    ['none', wants({ name: 'R', count: 1 }), [{ name: 'S', count: 9, device: null }], refusal('R', 0, 1)],
    [
      'those of another device',
      wants({ name: 'R', count: 1 }, [1]),
      [{ name: 'R', count: 4, device: 0 }],
      refusal('R', 0, 1),
    ],
    [
      'the own device first',
      wants({ name: 'R', count: 3 }),
      [
        { name: 'R', count: 9, device: null },
        { name: 'R', count: 2, device: 0 },
      ],
      refusal('R', 2, 3),
    ],
  ])('%s', (_, config, limits, text) => {
    expect(() => checkRateLimit(config, limits)).toThrow(text);
  });

  test.each([
    ['without any limit', wants({ name: 'R', count: 9 }), []],
    ['a CPU instance is on device 0', wants({ name: 'R', count: 4 }), [{ name: 'R', count: 4, device: 0 }]],
    [
      'a global resource of any device',
      wants({ name: 'R', count: 2, global: true }),
      [{ name: 'R', count: 2, device: 7 }],
    ],
  ])('but not %s', (_, config, limits) => {
    expect(() => checkRateLimit(config, limits)).not.toThrow();
  });
});

test('other instances or versions do not make it another model, everything else does', () => {
  const before: ModelConfig = { name: 'm', max_batch_size: 2, parameters: { a: {}, b: {} } };
  const same: ModelConfig = {
    parameters: { b: {}, a: {} },
    max_batch_size: 2,
    name: 'm',
    instance_group: [{ count: 3 }],
    version_policy: { all: {} },
  };
  expect(configChangeRequiresReload(before, same)).toBe(false);
  expect(configChangeRequiresReload(before, { ...same, max_batch_size: 3 })).toBe(true);
});
