import { expect, test } from 'vitest';
import { CONFIG_MESSAGES } from '../../../../app/core/model-config/config-fields.ts';
import { describeField } from '../../../../app/core/model-config/describe-fields.ts';

test('a field deep inside lists and maps is found by its path', () => {
  expect(describeField(['input', 0, 'dims'])).toMatchObject({ name: 'dims', typeText: 'list of int64' });
  expect(describeField(['parameters', 'parameters', 'string_value'])).toMatchObject({ name: 'string_value' });
  expect(describeField(['instance_group', 1, 'kind'])?.values).toContain('KIND_GPU');
  expect(describeField(['dynamic_batching'])?.fields).toContain('max_queue_delay_microseconds');
  expect(describeField(['parameters'])?.typeText).toBe('map from string to ModelParameter');
});

test('nothing is said of fields that do not exist', () => {
  expect(describeField(['dimensions'])).toBeNull();
  expect(describeField(['name', 'first'])).toBeNull();
  expect(describeField([])).toBeNull();
});

test('every field of the proto has a number of its own and one sentence', () => {
  for (const fields of Object.values(CONFIG_MESSAGES)) {
    expect(new Set(fields.map(({ number }) => number)).size).toBe(fields.length);
    for (const { doc } of fields) expect(doc).toMatch(/^[A-Z][^\n]*(?:\.|…)$/);
  }
});
