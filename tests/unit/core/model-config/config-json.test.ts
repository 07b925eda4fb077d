import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseConfigJson, printConfigJson } from '../../../../app/core/model-config/config-json.ts';
import { message } from './config-arbitrary.ts';

function refusalOf(text: string): string {
  try {
    parseConfigJson(text);
    return 'accepted';
  } catch (cause) {
    return (cause as Error).message;
  }
}

describe('printConfigJson', () => {
  test('prints 64-bit integers as numbers only where Triton does', () => {
    const json = printConfigJson({
      input: [{ dims: [-1, 3], reshape: { shape: [] } }],
      instance_group: [{ secondary_devices: [{ device_id: 1 }] }],
      dynamic_batching: { priority_queue_policy: { '2': { default_timeout_microseconds: 5 } } },
    });
    expect(json).toContain('"dims":[-1,3],"reshape":{"shape":[]}');
    expect(json).toContain('"device_id":"1"');
    expect(json).toContain('"2":{"timeout_action":"REJECT","default_timeout_microseconds":5');
  });

  test('keeps the largest 64-bit value', () => {
    const json = printConfigJson({ dynamic_batching: { max_queue_delay_microseconds: 2 ** 64 } });
    expect(json).toContain('"max_queue_delay_microseconds":18446744073709551615');
  });

  test('prints 32-bit floats in their shortest form and escapes as RapidJSON does', () => {
    const json = printConfigJson({
      name: '\u001f"\u007f/<',
      sequence_batching: { direct: { minimum_slot_utilization: Math.fround(0.1) } },
    });
    expect(json).toContain('"minimum_slot_utilization":0.1}');
    expect(json).toContain('"name":"\\u001F\\"\u007f/<"');
  });

  test('leaves out unset messages and members of a oneof, and prints all other fields', () => {
    const json = printConfigJson({ version_policy: { all: {} }, model_warmup: [{ inputs: { A: {} } }] });
    expect(json).toContain('"version_policy":{"all":{}}');
    expect(json).toContain('"inputs":{"A":{"data_type":"TYPE_INVALID","dims":[]}}');
    expect(json).not.toContain('optimization');
  });
});

describe('parseConfigJson', () => {
  test('reads back what is printed', () => {
    fc.assert(
      fc.property(message('ModelConfig'), (config) => {
        const once = printConfigJson(parseConfigJson(printConfigJson(config)));
        expect(once).toBe(printConfigJson(config));
      }),
      { numRuns: 60 },
    );
  });

  test('takes enums in any case, camelCase names, integers as text and null for nothing', () => {
    const text =
      '{"maxBatchSize":"8","input":[{"data_type":"type_fp32","dims":["3",4]}],"backend":null,"instanceGroup":[{"kind":2}]}';
    expect(parseConfigJson(text)).toEqual({
      max_batch_size: 8,
      input: [{ data_type: 'TYPE_FP32', dims: [3, 4] }],
      instance_group: [{ kind: 'KIND_CPU' }],
    });
  });

  test.each([
    ['', 'Unexpected end of string. Expected a value.\n\n^'],
    ['{', 'Unexpected end of string. Expected an object key or }.\n\n^'],
    ['{"max_batch_sizes": 2}', 'max_batch_sizes: Cannot find field.'],
    [
      '{"instance_group": [{"kind": "FOO"}]}',
      '(instance_group[0].kind): invalid value "FOO" for type type.googleapis.com/inference.ModelInstanceGroup.Kind',
    ],
    ['max_batch_size: 2', 'Unexpected token.\nmax_batch_size: 2\n^'],
    ['{"max_batch_size": "x"}', '(max_batch_size): invalid value "x" for type TYPE_INT32'],
    ['{"max_batch_size": 2147483648}', '(max_batch_size): invalid value 2147483648 for type TYPE_INT32'],
    ['{"input": [{"nam": "x"}]}', '(input[0]) nam: Cannot find field.'],
    ['{"name": "a" "b"}', 'Expected , or } after key:value pair.\n{"name": "a" "b"}\n             ^'],
  ])('refuses %s as Triton does', (text, reason) => {
    expect(refusalOf(text)).toBe(`Invalid config override: ${reason}`);
  });

  test('refuses two schedulers, and texts that are no object', () => {
    expect(refusalOf('{"dynamic_batching":{},"sequence_batching":{}}')).toContain('scheduling_choice');
    expect(refusalOf('[1]')).toContain('Invalid config override: ');
    expect(refusalOf('"a"')).toContain('Invalid config override: ');
  });
});
