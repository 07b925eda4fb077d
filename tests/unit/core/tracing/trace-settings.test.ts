import { describe, expect, test } from 'vitest';
import {
  changeTrace,
  checkTraceSettings,
  DEFAULT_TRACE_SETTINGS,
  readTraceLevels,
  readTraceNumber,
  wireTraceSettings,
} from '../../../../app/core/tracing/trace-settings.ts';
import { printTraceTensor } from '../../../../app/core/tracing/trace-lines.ts';

describe('trace settings', () => {
  test('that were cleared are not specified any more', () => {
    const specified = changeTrace({}, { rate: 5, levels: ['TENSORS'] });
    expect(changeTrace(specified, { rate: null })).toEqual({ levels: ['TENSORS'] });
  });

  test.each([
    [['OFF'], []],
    [
      ['TENSORS', 'TIMESTAMPS', 'FOO'],
      ['TIMESTAMPS', 'TENSORS'],
    ],
    [['MAX'], undefined],
    [[], undefined],
  ])('levels %j mean %j', (names, levels) => {
    expect(readTraceLevels(names)).toEqual(levels);
  });

  test.each([
    ['trace_rate', '-1', 4294967295],
    ['trace_rate', ' 5abc', 5],
    ['trace_count', '-1', -1],
    ['log_frequency', '10', 10],
  ] as const)('%s %j is %d', (key, text, value) => {
    expect(readTraceNumber(key, text)).toBe(value);
  });

  test.each([
    ['trace_rate', '', "Unable to parse 'trace_rate', got: "],
    [
      'trace_count',
      '99999999999',
      "Unable to parse 'trace_count', value is out of range [ -1, 2147483647 ], got: 99999999999",
    ],
    ['trace_count', '-2', "Unable to parse 'trace_count'. Expecting value >= -1, got:-2"],
  ] as const)('%s %j is refused', (key, text, message) => {
    expect(() => readTraceNumber(key, text)).toThrow(message);
  });

  test('that switch tracing on must be able to trace', () => {
    const on = { ...DEFAULT_TRACE_SETTINGS, levels: ['TIMESTAMPS'] } as const;
    expect(() => checkTraceSettings(on)).toThrow(
      'Attempting to set invalid trace setting :trace file name is not given',
    );
    expect(() => checkTraceSettings({ ...on, file: 'f', rate: 0 })).toThrow(
      'Attempting to set invalid trace setting :sample rate must be non-zero',
    );
    expect(() => checkTraceSettings({ ...on, file: 'f' })).not.toThrow();
    expect(wireTraceSettings(on)['trace_level']).toEqual(['TIMESTAMPS']);
  });

  test('a traced tensor is printed with short floats and escaped strings', () => {
    const data = new Uint8Array(new Float32Array([0.1, 1e9, Number.NaN]).buffer);
    expect(printTraceTensor(3, 'TENSOR_QUEUE_INPUT', { name: 'x', datatype: 'FP32', shape: [3], data })).toBe(
      '{"id":3,"activity":"TENSOR_QUEUE_INPUT","tensor":{"name":"x","data":"0.1,1000000000,NaN","shape":"3","dtype":"FP32"}}',
    );
    const text = Uint8Array.of(1, 0, 0, 0, 0x22);
    const printed = printTraceTensor(1, 'TENSOR_BACKEND_OUTPUT', {
      name: 's',
      datatype: 'BYTES',
      shape: [1],
      data: text,
    });
    expect(JSON.parse(printed)).toMatchObject({ tensor: { data: String.raw`"\""` } });
  });
});
