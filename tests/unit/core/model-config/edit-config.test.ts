import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldsOf } from '../../../../app/core/model-config/config-fields.ts';
import { applyEdits, removeField, setField } from '../../../../app/core/model-config/edit-config.ts';
import type { ConfigPath } from '../../../../app/core/model-config/edit-config.ts';
import { parseModelConfig } from '../../../../app/core/model-config/parse-config.ts';
import { printModelConfig } from '../../../../app/core/model-config/print-config.ts';
import { fieldValue, message } from './config-arbitrary.ts';

const COMMENTED = `# the model of the shop
name: "shop"   # keep in step with the directory
max_batch_size: 0x8
input [
  {
    name: 'pixels'      # from the exporter
    data_type: TYPE_FP32
    dims: [ 3, 224,224 ]
  }
]
output { name: "scores" data_type: TYPE_FP32 dims: 1000 }
# the end
`;

function set(text: string, path: ConfigPath, value: unknown): string {
  return applyEdits(text, setField(text, path, value));
}

function remove(text: string, path: ConfigPath): string {
  return applyEdits(text, removeField(text, path));
}

describe('setField', () => {
  test('changes one number and nothing else', () => {
    const edits = setField(COMMENTED, ['max_batch_size'], 16);
    expect(edits).toEqual([{ offset: COMMENTED.indexOf('0x8'), length: 3, text: '16' }]);
  });

  test('touches nothing when the value is there already', () => {
    expect(setField(COMMENTED, ['max_batch_size'], 8)).toEqual([]);
    expect(setField(COMMENTED, ['input', 0, 'dims'], [3, 224, 224])).toEqual([]);
    expect(setField(COMMENTED, ['name'], 'shop')).toEqual([]);
  });

  test('changes single dims where their number stays', () => {
    const text = set(COMMENTED, ['input', 0, 'dims'], [3, -1, -1]);
    expect(text).toBe(COMMENTED.replace('[ 3, 224,224 ]', '[ 3, -1,-1 ]'));
  });

  test('rewrites a list of dims where their number changes', () => {
    expect(set(COMMENTED, ['input', 0, 'dims'], [3])).toBe(COMMENTED.replace('[ 3, 224,224 ]', '[ 3 ]'));
    expect(set(COMMENTED, ['output', 0, 'dims'], [10, 2])).toContain('dims: [ 10, 2 ] }');
  });

  test('adds a field of a one-line message on that line', () => {
    expect(set(COMMENTED, ['output', 0, 'label_filename'], 'labels.txt')).toContain(
      'output { name: "scores" data_type: TYPE_FP32 dims: 1000 label_filename: "labels.txt" }',
    );
  });

  test('adds a field of an indented message on a line of its own', () => {
    expect(set(COMMENTED, ['input', 0, 'format'], 'FORMAT_NCHW')).toContain(
      '    dims: [ 3, 224,224 ]\n    format: FORMAT_NCHW\n  }\n',
    );
  });

  test('makes the messages on the way to a new field', () => {
    const text = set(COMMENTED, ['dynamic_batching', 'default_queue_policy', 'max_queue_size'], 5);
    expect(parseModelConfig(text).config.dynamic_batching?.default_queue_policy?.max_queue_size).toBe(5);
    expect(text.startsWith(COMMENTED.slice(0, COMMENTED.indexOf('# the end')))).toBe(true);
    expect(text).toContain('# the end');
  });

  test('fills an empty message', () => {
    const text = set('dynamic_batching { }\n', ['dynamic_batching', 'preserve_ordering'], true);
    expect(text).toBe('dynamic_batching {\n  preserve_ordering: true\n}\n');
  });

  test('appends an entry to a list and to fields written one by one', () => {
    const input = { name: 'mask', data_type: 'TYPE_BOOL', dims: [1] };
    const text = set(COMMENTED, ['input', 1], input);
    expect(text).toContain('  },\n  {\n    name: "mask"\n    data_type: TYPE_BOOL\n    dims: [ 1 ]\n  }\n]');
    expect(parseModelConfig(set(COMMENTED, ['output', 1], input)).config.output).toHaveLength(2);
  });

  test('writes map entries by their key', () => {
    const text = set(COMMENTED, ['parameters', 'intra_op_thread_count', 'string_value'], '4');
    const again = set(text, ['parameters', 'intra_op_thread_count', 'string_value'], '8');
    expect(parseModelConfig(again).config.parameters).toEqual({
      intra_op_thread_count: { string_value: '8' },
    });
    expect(again.replace('"8"', '"4"')).toBe(text);
  });

  test('puts a scheduler in the place of the other one', () => {
    const text = set('max_batch_size: 8\ndynamic_batching { } # fast\n', ['sequence_batching'], {});
    expect(text).toBe('max_batch_size: 8\nsequence_batching {} # fast\n');
  });

  test('keeps Windows line ends', () => {
    expect(set('name: "a"\r\n', ['max_batch_size'], 2)).toBe('name: "a"\r\nmax_batch_size: 2\r\n');
  });

  test('refuses a path that no config can have', () => {
    expect(() => setField('', ['dimensions'], 1)).toThrow(RangeError);
    expect(() => setField('', ['input', 3, 'name'], 'x')).toThrow('input has 0 entries');
  });
});

describe('removeField', () => {
  test('takes a field out with its line and the comment behind it', () => {
    expect(remove(COMMENTED, ['name'])).toBe(
      COMMENTED.replace('name: "shop"   # keep in step with the directory\n', ''),
    );
  });

  test('takes an entry out of a list with its comma', () => {
    const text = 'input [ { name: "a" }, { name: "b" }, { name: "c" } ]\n';
    expect(remove(text, ['input', 0])).toBe('input [ { name: "b" }, { name: "c" } ]\n');
    expect(remove(text, ['input', 2])).toBe('input [ { name: "a" }, { name: "b" } ]\n');
  });

  test('leaves the text alone where nothing is', () => {
    expect(removeField(COMMENTED, ['backend'])).toEqual([]);
    expect(removeField(COMMENTED, ['input', 4, 'dims'])).toEqual([]);
  });
});

describe('any config and any change', () => {
  test('printing and reading gives the config back', () => {
    fc.assert(
      fc.property(message('ModelConfig'), (config) => {
        const { config: read, diagnostics } = parseModelConfig(printModelConfig(config));
        expect(diagnostics).toEqual([]);
        expect(read).toEqual(config);
      }),
      { numRuns: 60 },
    );
  });

  test('a field that is set has that value, and what the patches leave out is as it was', () => {
    const change = fc
      .constantFrom(...fieldsOf('ModelConfig'))
      .chain((field) => fc.tuple(fc.constant(field), fieldValue(field)));
    fc.assert(
      fc.property(message('ModelConfig'), change, (config, [field, value]) => {
        const text = printModelConfig(config);
        const changed = set(text, [field.name], value);
        const { config: read, diagnostics } = parseModelConfig(changed);
        expect(diagnostics).toEqual([]);
        expect(read).toEqual({ ...withoutRivals(config, field.oneof), [field.name]: value });
      }),
      { numRuns: 150 },
    );
  });

  test('a field that is removed is gone, and the others stay', () => {
    fc.assert(
      fc.property(message('ModelConfig'), fc.constantFrom(...fieldsOf('ModelConfig')), (config, field) => {
        const text = remove(printModelConfig(config), [field.name]);
        const { [field.name]: _, ...rest } = config;
        expect(parseModelConfig(text).config).toEqual(rest);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a text with mistakes', () => {
  const CHANGES: readonly (readonly [ConfigPath, unknown])[] = [
    [['name'], 'x'],
    [['max_batch_size'], 3],
    [
      ['input', 0, 'dims'],
      [1, 2, 3],
    ],
    [['input', 0, 'reshape', 'shape'], []],
    [['output'], [{ name: 'y' }]],
    [['parameters', 'k', 'string_value'], 'v'],
    [['sequence_batching', 'direct'], {}],
    [['dynamic_batching', 'preferred_batch_size'], [4]],
    [['instance_group', 0], { count: 1 }],
  ];

  test('takes a new field behind what is removed where a list has lost its bracket', () => {
    const text = 'output [\n  {\n    dims:  10000000 ]\n    is_shape_tensor: false\n  }\n]\n';
    const [removal, insertion] = setField(text, ['output'], [{ name: 'y' }]).toSorted(
      (left, right) => left.offset - right.offset,
    );
    expect(insertion?.offset).toBeGreaterThanOrEqual((removal?.offset ?? 0) + (removal?.length ?? 0));
  });

  test('loses what is changed inside a removal together with it', () => {
    const text = 'output [\n  {\n    name: ""\n  },\n  {\n    reshape }\n    name: "z"\n  }\n]\n';
    const edits = setField(text, ['output'], [{ name: 'y' }]);
    const ends = edits.map(({ offset, length }) => offset + length);
    expect(edits.slice(1).every(({ offset }, index) => offset >= (ends[index] ?? 0))).toBe(true);
  });

  test('is changed by patches that lie inside it and do not overlap', () => {
    const place = fc.nat().map((seed) => seed / 2 ** 31);
    fc.assert(
      fc.property(message('ModelConfig'), fc.array(place, { maxLength: 4 }), (config, places) => {
        let text = printModelConfig(config);
        for (const each of places) {
          const offset = Math.floor(each * text.length);
          text = text.slice(0, offset) + text.slice(offset + 1);
        }
        for (const [path, value] of CHANGES) {
          for (const edits of [editsOf(text, path, value), removeField(text, path)]) {
            const inOrder = edits.toSorted((left, right) => left.offset - right.offset);
            const ends = inOrder.map(({ offset, length }) => offset + length);
            expect(ends.every((end, index) => end <= (inOrder[index + 1]?.offset ?? text.length))).toBe(true);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});

/** No edits where the path leads nowhere, as after a list whose brackets are lost. */
function editsOf(text: string, path: ConfigPath, value: unknown): ReturnType<typeof setField> {
  try {
    return setField(text, path, value);
  } catch (cause) {
    if (cause instanceof RangeError) return [];
    throw cause;
  }
}

function withoutRivals(config: object, oneof: string | undefined): object {
  const rivals = fieldsOf('ModelConfig').filter((field) => oneof !== undefined && field.oneof === oneof);
  return Object.fromEntries(
    Object.entries(config).filter(([name]) => rivals.every((rival) => rival.name !== name)),
  );
}
