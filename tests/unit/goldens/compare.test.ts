import { describe, expect, test } from 'vitest';
import { compareHttp } from '../../conformance/goldens/compare-http.ts';
import { compareTexts } from '../../conformance/goldens/compare-json.ts';
import { compareComplaints, findComplaints } from '../../conformance/goldens/compare-log.ts';
import { compareMetrics } from '../../conformance/goldens/compare-metrics.ts';
import { readAnswer, type WireAnswer } from '../../conformance/goldens/http-exchange.ts';
import { StateOffsets, stateComparison } from '../../conformance/goldens/replay-sequences.ts';

const recorded = {
  status: 400,
  reason: 'Bad Request',
  headers: [['Content-Type', 'application/json']] as const,
  body_base64: Buffer.from('{"error":"no"}').toString('base64'),
};
const answer = (changes: Partial<WireAnswer> = {}): WireAnswer => ({
  status: 400,
  reason: 'Bad Request',
  headers: [['content-type', 'application/json']],
  body: Buffer.from('{"error":"no"}'),
  ...changes,
});
const asIs = (text: string): string => text;

describe('an answer over HTTP', () => {
  test('with the same bytes is exact', () => {
    expect(compareHttp(recorded, answer(), asIs).kind).toBe('exact');
  });

  test.each([
    ['status', { status: 404 }],
    ['error text', { body: Buffer.from('{"error":"No"}') }],
    ['content type', { headers: [['content-type', 'text/plain']] as const }],
    ['silence', { status: -1, body: Buffer.alloc(0) }],
  ])('with another %s is different', (_what, changes) => {
    expect(compareHttp(recorded, answer(changes), asIs).kind).toBe('different');
  });

  test('is read from chunks', () => {
    const bytes = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n');
    expect(readAnswer(bytes, 'GET', false)?.body.toString()).toBe('abc');
    expect(readAnswer(bytes.subarray(0, -6), 'GET', false)).toBeNull();
  });
});

describe('JSON', () => {
  test.each([
    ['named things in another order', '[{"name":"a"},{"name":"b"}]', '[{"name":"b"},{"name":"a"}]', 'same'],
    ['durations', '{"ns":12,"last_inference":3}', '{"ns":15,"last_inference":0}', 'exact'],
    [
      'maps of a config in another order',
      '{"input_map":{"a":"}","b":"c"}}',
      '{"input_map":{"b":"c","a":"}"}}',
      'exact',
    ],
    ['other members in another order', '{"x":{"a":"1","b":"c"}}', '{"x":{"b":"c","a":"1"}}', 'same'],
    [
      'another value in a map of a config',
      '{"input_map":{"a":"1","b":"2"}}',
      '{"input_map":{"b":"1","a":"2"}}',
      'different',
    ],
    ['sequence parameters of an ensemble', '{"parameters":{"sequence_id":0},"id":"1"}', '{"id":"1"}', 'same'],
    ['plain lists in another order', '[1,2]', '[2,1]', 'different'],
    ['the last digit of 64 bits', '{"data":[9007199254740993]}', '{"data":[9007199254740992]}', 'different'],
    ['NaN for Infinity', '{"data":[NaN]}', '{"data":[Infinity]}', 'different'],
    ['a member less', '{"a":1,"b":2}', '{"a":1}', 'different'],
    ['a member more', '{"a":1}', '{"a":1,"b":2}', 'different'],
    ['counts', '{"count":1}', '{"count":2}', 'different'],
  ])('with %s', (_what, want, got, kind) => {
    expect(compareTexts(want, got).kind).toBe(kind);
  });

  test('takes anything where a recording is masked, and nothing else elsewhere', () => {
    const masked = '{"count":2,"ns":"*"}';
    expect(compareTexts('{"count":2,"ns":7}', '{"count":2,"ns":9}', masked).kind).toBe('exact');
    expect(compareTexts('{"count":2,"ns":7}', '{"count":3,"ns":9}', masked).kind).toBe('different');
  });
});

describe('metrics', () => {
  const scrape = '# HELP m about\n# TYPE m counter\nm{a="1",b="2"} 3\nnv_load_secs{model="x"} 0.5\n';
  test.each([
    ['labels in another order', scrape.replace('a="1",b="2"', 'b="2",a="1"'), 'same'],
    ['another duration', scrape.replace('0.5', '0.7'), 'exact'],
    ['another count', scrape.replace(' 3', ' 4'), 'different'],
    ['a series less', scrape.replace(/m\{.*\n/, ''), 'different'],
    ['another help text', scrape.replace('about', 'About'), 'different'],
    ['a line that is no metric', `${scrape}oops\n`, 'different'],
  ])('with %s', (_what, got, kind) => {
    expect(compareMetrics(scrape, got).kind).toBe(kind);
  });
});

describe('a log', () => {
  test('has warnings and errors, and the parser’s own lines', () => {
    const log = [
      'I1125 10:00:00.000000 7 "fine"',
      'E1125 10:00:00.000000 7 model_lifecycle.cc:654] "failed to load \'m\'"',
      '[libprotobuf ERROR x] Error parsing: 1:2: no',
      'W1125 10:00:00.000000 7 "careful"',
    ];
    expect(findComplaints(log.join('\n'))).toEqual([
      "E failed to load 'm'",
      'P [libprotobuf ERROR x] Error parsing: 1:2: no',
      'W careful',
    ]);
  });

  test('differs by a line more or less, not by order', () => {
    expect(compareComplaints(['E a', 'W b'], ['W b', 'E a']).kind).toBe('same');
    expect(compareComplaints(['E a', 'W b'], ['E a']).kind).toBe('different');
    expect(compareComplaints(['E a'], ['E a', 'W b']).kind).toBe('different');
  });
});

test('a state that starts anywhere has to move on as the real one does', () => {
  const offsets = new StateOffsets();
  const body = (value: number): string => `{"outputs":[{"name":"OUTPUT","data":[${value}]}]}`;
  const compare = (start: boolean, want: number, got: number): string => {
    const request = `{"parameters":{"sequence_id":5,"sequence_start":${start}}}`;
    return stateComparison(offsets, request, '/v2/models/st_direct/infer')(body(want), body(got)).kind;
  };
  expect([compare(true, 1001, 1), compare(false, 1003, 3), compare(false, 1006, 7)]).toEqual([
    'exact',
    'exact',
    'different',
  ]);
});
