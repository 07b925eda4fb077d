import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyEdits } from '../../../../app/core/model-config/config-document.ts';
import {
  MAX_CONFIG_LENGTH,
  parseModelConfig,
  protobufReason,
} from '../../../../app/core/model-config/parse-config.ts';
import { printModelConfig } from '../../../../app/core/model-config/print-config.ts';
import { message } from './config-arbitrary.ts';

function read(text: string): unknown {
  const { config, diagnostics } = parseModelConfig(text);
  expect(diagnostics).toEqual([]);
  return config;
}

function reasonOf(text: string): string | undefined {
  return protobufReason(parseModelConfig(text).diagnostics);
}

/** The text after the first fix that is offered. */
function fixed(text: string): string {
  const fix = parseModelConfig(text).diagnostics.find((diagnostic) => diagnostic.fix)?.fix;
  return applyEdits(text, fix?.edits ?? []);
}

describe('what Triton accepts', () => {
  test.each([
    ['max_batch_size: 010', { max_batch_size: 8 }],
    ['max_batch_size: 0x1F', { max_batch_size: 31 }],
    ['max_batch_size:\t-2;', { max_batch_size: -2 }],
    ['name: \'a\' "b" # c', { name: 'ab' }],
    ['name: "\\x41\\102\\n\\u00e9\\\'"', { name: "AB\n\u00e9'" }],
    ['optimization < eager_batching: t >', { optimization: { eager_batching: true } }],
    ['optimization: { eager_batching: 1 }', { optimization: { eager_batching: true } }],
    ['optimization { eager_batching: False, }', { optimization: { eager_batching: false } }],
    [
      'input { dims: 1 dims: [ 2, 3 ] data_type: 11 }',
      { input: [{ dims: [1, 2, 3], data_type: 'TYPE_FP32' }] },
    ],
    ['input [ ]\r\noutput: [ { }, { } ]', { input: [], output: [{}, {}] }],
    [
      'parameters { key: "a" value { string_value: "1" } } parameters { key: "a" value: { string_value: "2" } }',
      { parameters: { a: { string_value: '2' } } },
    ],
    [
      'sequence_batching { direct { minimum_slot_utilization: .5f } }',
      { sequence_batching: { direct: { minimum_slot_utilization: 0.5 } } },
    ],
    [
      'dynamic_batching { priority_queue_policy { key: 1 value { max_queue_size: 4294967295 } } }',
      { dynamic_batching: { priority_queue_policy: { '1': { max_queue_size: 4294967295 } } } },
    ],
    ['max_batch_size: 0 max_batch_size: 4', { max_batch_size: 4 }],
    [
      'metric_tags { key: "__proto__" value: "x" }',
      { metric_tags: Object.fromEntries([['__proto__', 'x']]) },
    ],
    ['', {}],
  ])('%s', (text, config) => {
    expect(read(text)).toEqual(config);
  });
});

describe('what Triton refuses, with protobuf’s place and reason', () => {
  test.each([
    ['\uFEFFname: "a"', '1:1: Interpreting non ascii codepoint 239.'],
    ['name: "é" x: 1', '1:13: Message type "inference.ModelConfig" has no field named "x".'],
    ['\tname: 5', '1:15: Expected string, got: 5'],
    ['name: "abc\n', '1:11: String literals cannot cross line boundaries.'],
    ['name: "a\\q"', '1:10: Invalid escape sequence in string literal.'],
    ['max_batch_size: 8x', '1:18: Need space between number and identifier.'],
    ['max_batch_size: 09', '1:18: Numbers starting with leading zero must be in octal.'],
    ['max_batch_size: 2147483648', '1:17: Integer out of range (2147483648)'],
    ['max_batch_size 8', '1:16: Expected ":", found "8".'],
    ['max_batch_size: ${size}', '1:17: Expected integer, got: $'],
    ['input [ { name: "a" } { name: "b" } ]', '1:23: Expected ",", found "{".'],
    ['input { dims: [ 1, ] }', '1:20: Expected integer, got: ]'],
    ['input { data_type: "TYPE_FP32" }', '1:20: Expected integer or identifier, got: "TYPE_FP32"'],
    ['input { data_type: FP32 }', '1:25: Unknown enumeration value of "FP32" for field "data_type".'],
    ['input { data_type: 99 }', '1:23: Unknown enumeration value of "99" for field "data_type".'],
    [
      'optimization { eager_batching: yes }',
      '1:36: Invalid value for boolean field "eager_batching". Value: "yes".',
    ],
    ['dynamic_batching { ', '1:20: Expected identifier, got: '],
    ['dynamic_batching { >', '1:20: Expected "}", found ">".'],
    [
      'dynamic_batching { } sequence_batching { }',
      '1:40: Field "sequence_batching" is specified along with field "dynamic_batching", another member of oneof "scheduling_choice".',
    ],
    [
      '[foo.bar] { }',
      '1:11: Extension "foo.bar" is not defined or is not an extension of "inference.ModelConfig".',
    ],
    ['parameters { "a": "b" }', '1:14: Expected identifier, got: "a"'],
    [
      'parameters { name: "a" }',
      '1:18: Message type "inference.ModelConfig.ParametersEntry" has no field named "name".',
    ],
    ['@@@', '1:1: Expected identifier, got: @'],
  ])('%s', (text, reason) => {
    expect(reasonOf(text)).toBe(reason);
  });
});

describe('fixes that make the text readable', () => {
  test.each([
    ['\uFEFFname: "a"', 'name: "a"'],
    ['max_batch_sizes: 8', 'max_batch_size: 8'],
    ['max_batch_size 8', 'max_batch_size: 8'],
    ['max_batch_size: "8"', 'max_batch_size: 8'],
    ['name: shop', 'name: "shop"'],
    ['input { data_type: FP32 }', 'input { data_type: TYPE_FP32 }'],
    ['input { data_type: "TYPE_FP32" }', 'input { data_type: TYPE_FP32 }'],
    ['input [ { name: "a" }, ]', 'input [ { name: "a" } ]'],
    ['input { dims: [ 1, 2, ] }', 'input { dims: [ 1, 2 ] }'],
    ['input [ { name: "a" } { name: "b" } ]', 'input [ { name: "a" }, { name: "b" } ]'],
    ['input [ { name: "a" }', 'input [ { name: "a" } ]'],
    ['dynamic_batching {', 'dynamic_batching { }'],
    ['instance_group { kind: GPU }', 'instance_group { kind: KIND_GPU }'],
  ])('%s', (text, better) => {
    expect(fixed(text)).toBe(better);
    expect(parseModelConfig(better).diagnostics).toEqual([]);
  });
});

describe('half a file', () => {
  test('keeps what stands before and after a mistake', () => {
    const { config, diagnostics } = parseModelConfig(`name: "shop"
max_batch_sise: 8
input [ { name: "a" data_type: FLOAT dims: [ 3 ] } ]
output [ { name: "y" dims: [ 1 2 ] } ]
instance_group { count: 2 }
`);
    expect(config).toEqual({
      name: 'shop',
      input: [{ name: 'a', dims: [3] }],
      output: [{ name: 'y', dims: [1, 2] }],
      instance_group: [{ count: 2 }],
    });
    expect(diagnostics.map(({ range }) => range.startLine)).toEqual([2, 3, 4]);
  });

  test('finds the next section after a brace or bracket that was left open', () => {
    const { config } = parseModelConfig('input [ { name: "a"\noutput { name: "y" }\nbackend: "x"\n');
    expect(config).toEqual({ input: [{ name: 'a' }], output: [{ name: 'y' }], backend: 'x' });
  });

  test('marks the misspelt word itself, counted as editors count', () => {
    const { diagnostics } = parseModelConfig('name: "🐚" max_batchsize: 8');
    expect(diagnostics[0]?.range).toEqual({ startLine: 1, startColumn: 12, endLine: 1, endColumn: 25 });
  });
});

describe('any text', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '<',
    '>',
    ':',
    ',',
    ';',
    '#',
    '\n',
    '"',
    "'",
    '\\',
    '-',
    '.',
    '0x',
    '08',
    '1e',
    ' ',
    'input',
    'output',
    'name',
    'dims',
    'dynamic_batching',
    'parameters',
    'key',
    'value',
    'true',
    '9',
    '"a"',
    '\0',
    'é',
    '🐚',
  );

  test('is read without an exception, and each diagnostic lies inside it', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
        const text = parts.join('');
        const lines = text.split('\n');
        const { diagnostics } = parseModelConfig(text);
        for (const { range } of diagnostics) {
          expect(range.endLine).toBeLessThanOrEqual(lines.length);
          expect(range.startColumn).toBeLessThanOrEqual((lines[range.startLine - 1]?.length ?? 0) + 1);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('cut anywhere, still gives the fields before the cut', () => {
    fc.assert(
      fc.property(message('ModelConfig'), fc.nat(), (config, seed) => {
        const text = printModelConfig(config);
        const cut = text.slice(0, seed % (text.length + 1));
        const lineStart = cut.lastIndexOf('\n') + 1;
        const topLevel = Array.from(
          cut.slice(0, lineStart).matchAll(/^(\w+): .*\n/gm),
          ([, name = '']) => name,
        );
        const readConfig = parseModelConfig(cut).config;
        for (const name of topLevel) expect(readConfig).toHaveProperty(name);
      }),
      { numRuns: 100 },
    );
  });

  test('ten thousand open braces are no danger', () => {
    const { diagnostics } = parseModelConfig('input { reshape { x '.repeat(10_000));
    expect(diagnostics.length).toBeGreaterThan(0);
    expect(diagnostics.length).toBeLessThanOrEqual(100);
  });

  test('a text beyond the size limit is one diagnostic', () => {
    const { diagnostics, config } = parseModelConfig(`name: "${'a'.repeat(MAX_CONFIG_LENGTH)}"`);
    expect(diagnostics).toHaveLength(1);
    expect(config).toEqual({});
  });
});
