import { describe, expect, test } from 'vitest';
import { readTraceOptions } from '../../../../app/server/trace/read-trace-options.ts';

const read = (config: readonly string[], rest: object = {}): ReturnType<typeof readTraceOptions> =>
  readTraceOptions({ config, file: [], level: [], rate: [], count: [], logFrequency: [], ...rest });

describe('the tracing flags', () => {
  test('say everything by --trace-config', () => {
    expect(
      read([
        'mode=triton',
        'level=TIMESTAMPS',
        'level=TENSORS',
        'rate=2',
        'count=-1',
        'triton,file=/tmp/t.json',
        'triton,log-frequency=10',
      ]),
    ).toEqual({
      levels: ['TIMESTAMPS', 'TENSORS'],
      rate: 2,
      count: -1,
      logFrequency: 10,
      file: '/tmp/t.json',
    });
  });

  test('have deprecated forms', () => {
    expect(read([], { file: ['f'], level: ['MAX'], rate: ['3'], count: ['4'], logFrequency: ['5'] })).toEqual(
      {
        levels: ['TIMESTAMPS'],
        rate: 3,
        count: 4,
        logFrequency: 5,
        file: 'f',
      },
    );
  });

  test('refuse OpenTelemetry with the reason', () => {
    expect(() => read(['mode=opentelemetry'])).toThrow('no OpenTelemetry collector is spoken to');
  });
});
