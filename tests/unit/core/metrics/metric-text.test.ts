import { array, assert, constantFrom, dictionary, double, property, record, string } from 'fast-check';
import { expect, test } from 'vitest';
import { printMetrics, printNumber } from '../../../../app/core/metrics/metric-text.ts';
import { tagLabels } from '../../../../app/core/metrics/tag-labels.ts';
import { readPrometheusText } from './prometheus-text.ts';

test.each([
  [0, '0'],
  [40, '40'],
  [100_000, '100000'],
  [8_321_499_136, '8321499136'],
  [0.30225581, '0.30225581'],
  [0.0001220703125, '0.0001220703125'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [0.1 + 0.2, '0.3'],
  [1e15, '1000000000000000'],
  [1e16, '1e+16'],
  [-2.5, '-2.5'],
  [Number.NaN, 'Nan'],
  [Number.POSITIVE_INFINITY, '+Inf'],
  [Number.NEGATIVE_INFINITY, '-Inf'],
])('%d is written %s', (value, text) => {
  expect(printNumber(value)).toBe(text);
});

test('a number that is read back is the same to the 16th digit', () => {
  assert(
    property(double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }), (value) => {
      expect(Math.abs(Number(printNumber(value)) - value)).toBeLessThanOrEqual(Math.abs(value) * 1e-15);
    }),
  );
});

test('labels are sorted by name, and le and quantile come last', () => {
  const labels = { version: '1', model: 'm', _team: 'blue' };
  const text = printMetrics([
    {
      name: 'h',
      type: 'histogram',
      help: 'A histogram',
      series: [{ labels, value: { kind: 'histogram', count: 3, sum: 7, bounds: [1, 2.5], counts: [1, 2] } }],
    },
  ]);
  expect(text).toBe(
    [
      '# HELP h A histogram',
      '# TYPE h histogram',
      'h_count{_team="blue",model="m",version="1"} 3',
      'h_sum{_team="blue",model="m",version="1"} 7',
      'h_bucket{_team="blue",model="m",version="1",le="1"} 1',
      'h_bucket{_team="blue",model="m",version="1",le="2.5"} 2',
      'h_bucket{_team="blue",model="m",version="1",le="+Inf"} 3',
      '',
    ].join('\n'),
  );
});

test('a family without series is left out', () => {
  expect(printMetrics([{ name: 'x', type: 'gauge', help: 'X', series: [] }])).toBe('');
});

test('whatever a tag holds, the text stays readable and gives the tag back', () => {
  const value = string({ unit: 'binary' });
  const tags = dictionary(constantFrom('team', 'a', 'Z9', '_x'), value, { maxKeys: 3 });
  assert(
    property(array(record({ tags, value: double() }), { maxLength: 1 }), (rows) => {
      const series = rows.map((row) => ({ labels: tagLabels(row.tags).labels, value: row.value }));
      const text = printMetrics([{ name: 'nv_x', type: 'gauge', help: 'X', series }]);
      const samples = readPrometheusText(text).get('nv_x')?.samples ?? [];
      expect(samples.map(({ labels }) => labels)).toEqual(series.map(({ labels }) => labels));
    }),
    { numRuns: 40 },
  );
});

test.each(['a b', 'ä', 'x-y', '', '_x', 'model"', '.'])(
  'the tag %j is no label and is left out, unless an underscore in front makes it one',
  (key) => {
    const { labels, refused } = tagLabels({ [key]: 'v', team: 'blue' });
    const isLabel = key === '';
    expect(refused).toEqual(isLabel ? [] : [key]);
    expect(labels).toEqual(isLabel ? { _: 'v', _team: 'blue' } : { _team: 'blue' });
  },
);
