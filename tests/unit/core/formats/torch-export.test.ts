import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { unzipSync, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../../../app/core/formats/byte-source.ts';
import { describeModel } from '../../../../app/core/formats/describe-model.ts';
import type { ModelDescription } from '../../../../app/core/formats/model-description.ts';
import { dimsText } from '../../../../app/core/formats/dims-text.ts';
import { SymbolicInt } from '../../../../app/core/formats/torch/symbolic-int.ts';
import { argumentPaths, resultPaths } from '../../../../app/core/formats/torch-export/call-paths.ts';
import { parseSymbolicExpression } from '../../../../app/core/formats/torch-export/symbolic-expression.ts';
import { generateConfig } from '../../../../app/core/model-config/generate-config.ts';
import { countingSource, treeOf } from './fixture-tree.ts';

const EXPORTED = fileURLToPath(new URL('../../../fixtures/torch/exported/', import.meta.url));
const read = (path: string): Uint8Array => new Uint8Array(readFileSync(`${EXPORTED}${path}.pt2`));
const describeBytes = (bytes: Uint8Array): Promise<ModelDescription> =>
  describeModel(treeOf({ 'model.pt2': bytes }));

function signature({ inputs, outputs }: ModelDescription): readonly string[] {
  return [...inputs, ...outputs].map(
    ({ name, datatype, dims }) => `${name} ${datatype.value ?? '?'} ${dimsText(dims.value ?? [])}`,
  );
}

function reasonOf({ verdict }: ModelDescription): string {
  return 'reason' in verdict ? verdict.reason : verdict.kind;
}

/** A member of JSON that a test changes. */
interface Editable {
  [key: string]: Editable;
}

/** A fixture with one of its entries changed. */
function edited(path: string, entry: RegExp, edit: (content: Uint8Array) => Uint8Array | string): Uint8Array {
  const entries = unzipSync(read(path));
  const found = Object.keys(entries).filter((name) => entry.test(name));
  if (found.length === 0) throw new Error(`${path} has no entry like ${String(entry)}`);
  for (const name of found) {
    const content = edit(entries[name] ?? new Uint8Array());
    entries[name] = typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content);
  }
  return zipSync(entries, { level: 0 });
}

function editedJson(path: string, entry: RegExp, edit: (json: Editable) => void): Uint8Array {
  return edited(path, entry, (content) => {
    const json = JSON.parse(new TextDecoder().decode(content)) as Editable;
    edit(json);
    return JSON.stringify(json);
  });
}

const PROGRAM = /models\/model\.json$/;
const WEIGHTS = /model_weights_config\.json$/;
const graphOf = (json: Editable): Editable => json['graph_module']?.['graph'] ?? {};
const as = (value: unknown): Editable => value as Editable;

describe('what a program of torch.export says of itself', () => {
  test.each([
    ['versions/2.1.2', 'flat', '1'],
    ['versions/2.5.1', 'flat', '7.3'],
    ['versions/2.7.1', 'flat', '8.7'],
    ['versions/2.8.0', 'weights by torch.save', '8.8'],
  ])('%s', async (path, layout, schemaVersion) => {
    const description = await describeBytes(read(path));
    expect(description.verdict.kind).toBe('runs-by-translation');
    // PyTorch numbers its symbols.
    expect(signature(description).map((text) => text.replaceAll(/s\d+/g, 's'))).toEqual([
      'INPUT__0 FP32 [s, 6]',
      'INPUT__1 FP32 [2]',
      'OUTPUT__0 FP32 [s, 4]',
      'OUTPUT__1 FP32 [s, 2]',
      'OUTPUT__2 FP32 [s, 2]',
      'OUTPUT__3 FP32 [2*s, 2]',
    ]);
    const facts = new Map(description.facts.map(({ label, value }) => [label, value]));
    expect(facts.get('Layout')).toContain(layout);
    expect(facts.get('Schema version')).toBe(schemaVersion);
    expect(facts.get('Parameters')).toBe('36');
  });

  test('the first dim of all inputs is the batch, and every value comes from the model', async () => {
    const description = await describeBytes(read('families/bert'));
    expect(signature(description)[0]).toBe('INPUT__0 INT64 [batch, 7]');
    for (const { datatype, dims } of [...description.inputs, ...description.outputs])
      expect([datatype.provenance, dims.provenance]).toEqual(['model', 'model']);
  });

  test('values inside of others are called by their paths; what is no tensor is left out', async () => {
    const names = signature(await describeBytes(read('programs/nested'))).map((text) => text.split(' ')[0]);
    expect(names).toEqual([
      'ARGS[0]',
      'ARGS[1][left]',
      'ARGS[1][right][0]',
      'ARGS[1][right][1]',
      'KWARGS[scale]',
      'RESULT[sum]',
      'RESULT[pair][0]',
    ]);
  });

  test('limits of free dims are told', async () => {
    const { notices } = await describeBytes(read('programs/sequence'));
    expect(notices.map(({ text }) => text).join()).toMatch(/holds for shapes with s\d+ >= 4, s\d+ <= 32;/);
  });

  test('what a real Triton does with the file is told, with the lines that compile it', async () => {
    const { notices } = await describeBytes(read('families/linear'));
    const told = notices.find(({ severity }) => severity === 'warning');
    expect(told?.text).toContain('A Triton container does not run this file');
    expect(told?.fix?.lines?.at(-1)).toContain('aoti_compile_and_package(program, package_path="model.pt2")');
  });

  test('its config is that of Triton’s platform, which does not batch', async () => {
    const description = await describeBytes(read('families/lenet'));
    const config = generateConfig({ modelName: 'lenet', description, knownFiles: [] });
    expect(config).toContain('platform: "torch_aoti"');
    expect(config).toContain('max_batch_size: 0');
    expect(config).toContain('dims: [ -1, 1, 28, 28 ]');
  });

  test('its weights are not read', async () => {
    const bytes = edited('families/linear', /data\/weights\/weight_0$/, () => new Uint8Array(30_000_000));
    const counted = countingSource(bytesSource(bytes));
    const description = await describeModel({ paths: ['m.pt2'], open: () => Promise.resolve(counted) });
    expect(description.verdict.kind).toBe('runs-by-translation');
    expect(counted.bytesRead).toBeLessThan(300_000);
  });
});

test('a choice by the values of a tensor is translated with both of its branches', async () => {
  const description = await describeBytes(read('programs/branch'));
  expect(signature(description)).toEqual([
    expect.stringMatching(/^INPUT__0 FP32 \[s\d+, 4\]$/),
    'INPUT__1 FP32 [4]',
    expect.stringMatching(/^OUTPUT__0 FP32 \[s\d+, 4\]$/),
    expect.stringMatching(/^OUTPUT__1 FP32 \[s\d+, 2\]$/),
  ]);
});

describe('what is not translated is refused in words', () => {
  test.each([
    ['programs/memory', 'the model keeps last for its next call'],
    ['programs/autocast', 'save program.run_decompositions()'],
    ['programs/spectrum', 'aten::linalg_qr is not translated'],
  ])('%s', async (path, words) => {
    const description = await describeBytes(read(path));
    expect(description.verdict.kind).toBe('cannot-be-served');
    expect(reasonOf(description)).toContain(words);
  });

  test('all of it at once, with counts and lines', async () => {
    const { notices } = await describeBytes(read('programs/spectrum'));
    expect(notices[0]?.text).toMatch(/aten::linalg_svdvals \(1×, make-exports\.py:\d+\)/);
    expect(notices[0]?.text).toMatch(/aten::linalg_qr \(2×, make-exports\.py:\d+\)/);
  });
});

describe('a file that is not what it says is refused in words', () => {
  const cases: readonly (readonly [string, () => Uint8Array, string])[] = [
    [
      'a tensor that is larger than its file',
      () =>
        editedJson('families/linear', WEIGHTS, ({ config }) => {
          as(config?.['linear.weight']?.['tensor_meta'])['sizes'] = as([{ as_int: 1000 }, { as_int: 1000 }]);
        }),
      'reaches past the end',
    ],
    [
      'a tensor that begins before its file',
      () =>
        editedJson('families/linear', WEIGHTS, ({ config }) => {
          as(config?.['linear.weight']?.['tensor_meta'])['storage_offset'] = as({ as_int: -4 });
        }),
      'has a size or stride that no tensor has',
    ],
    [
      'a file of weights that is not there',
      () =>
        editedJson('families/linear', WEIGHTS, ({ config }) => {
          as(config?.['linear.weight'])['path_name'] = as('../../../etc/passwd');
        }),
      'is missing',
    ],
    [
      'weights in a pickle of Python objects',
      () =>
        editedJson('families/linear', WEIGHTS, ({ config }) => {
          as(config?.['linear.weight'])['use_pickle'] = as(true);
        }),
      'no plain tensor',
    ],
    ['a program that is no JSON', () => edited('families/linear', PROGRAM, () => '{"graph'), 'is no JSON'],
    ['a program that is a list', () => edited('families/linear', PROGRAM, () => '[]'), 'is no object'],
    [
      'a program without a graph',
      () => edited('families/linear', PROGRAM, () => '{"graph_module": {}}'),
      'the graph is no object',
    ],
    [
      'a node that reads what nothing gives',
      () =>
        editedJson('families/linear', PROGRAM, (json) => {
          as(graphOf(json)['nodes']?.['0']?.['inputs']?.['0'])['arg'] = as({ as_tensor: { name: 'gone' } });
        }),
      'gone has no value',
    ],
    [
      'a node with an argument that its operator has not',
      () =>
        editedJson('families/linear', PROGRAM, (json) => {
          as(graphOf(json)['nodes']?.['0']?.['inputs']?.['0'])['name'] = as('other');
        }),
      'has no overload that takes',
    ],
    [
      'a tensor that is said to be of another size than it has',
      () =>
        editedJson('families/linear', PROGRAM, (json) => {
          as(graphOf(json)['tensor_values']?.['linear'])['sizes'] = as([{ as_int: 9 }, { as_int: 1 }]);
        }),
      'the program says float32 [9, 1]',
    ],
    [
      'a tensor that is said to be of another dtype than it has',
      () =>
        editedJson('families/linear', PROGRAM, (json) => {
          as(graphOf(json)['tensor_values']?.['linear'])['dtype'] = as(5);
        }),
      'the program says int64',
    ],
    [
      'an input of a size that cannot be computed',
      () =>
        editedJson('families/linear', PROGRAM, (json) => {
          as(graphOf(json)['tensor_values']?.['x'])['sizes'] = as([
            { as_expr: { expr_str: "Mul(Symbol('a'), Symbol('b'))", hint: null } },
            { as_int: 1 },
          ]);
        }),
      'has a size that is not read',
    ],
    [
      'weights of a machine that writes numbers the other way round',
      () =>
        zipSync(
          { ...unzipSync(read('families/linear')), 'linear/byteorder': new TextEncoder().encode('big') },
          { level: 0 },
        ),
      'big-endian',
    ],
    [
      'an operator that would fill the memory',
      () =>
        editedJson('families/linear', PROGRAM, (json) => {
          const node = as(graphOf(json)['nodes']?.['0']);
          node['target'] = as('torch.ops.aten.eye.default');
          node['inputs'] = as([{ name: 'n', arg: { as_int: 1_000_000_000 } }]);
        }),
      'it would be written out 1000000000000000000 times',
    ],
    [
      'more nodes than any model has',
      () =>
        editedJson('families/linear', PROGRAM, (json) => {
          const node = graphOf(json)['nodes']?.['0'];
          graphOf(json)['nodes'] = as(Array.from({ length: 100_001 }, () => node));
        }),
      'the graph has 100001 nodes',
    ],
    [
      'graphs inside of graphs without end',
      () =>
        editedJson('families/linear', PROGRAM, (json) => {
          const inner = {
            name: 'g',
            graph: { inputs: [], outputs: [], nodes: [] as unknown[], tensor_values: {} },
          };
          let argument: unknown = { as_graph: inner };
          for (let depth = 0; depth < 50; depth++)
            argument = {
              as_graph: {
                name: 'g',
                graph: {
                  inputs: [],
                  outputs: [],
                  nodes: [{ target: 't', inputs: [{ name: '', arg: argument }], outputs: [], metadata: {} }],
                  tensor_values: {},
                },
              },
            };
          as(graphOf(json)['nodes']?.['0']?.['inputs']?.['0'])['arg'] = as(argument);
        }),
      'nest too deep',
    ],
  ];
  test.each(cases)('%s', async (_, make, words) => {
    const description = await describeBytes(make());
    expect(description.verdict.kind).toBe('cannot-be-served');
    expect([reasonOf(description), ...description.notices.map(({ text }) => text)].join()).toContain(words);
  });

  test('a pickle of weights that would run code is only looked at', async () => {
    // Would run a command where Python loads it.
    const pickle = new Uint8Array([0x80, 2, ...new TextEncoder().encode("cos\nsystem\n(S'echo gone'\ntR.")]);
    const weights = zipSync(
      { 'archive/data.pkl': pickle, 'archive/version': new Uint8Array([51]) },
      { level: 0 },
    );
    const description = await describeBytes(
      edited('versions/2.8.0', /data\/weights\/model\.pt$/, () => weights),
    );
    expect(description.verdict.kind).toBe('cannot-be-served');
    expect(reasonOf(description)).toContain('data.pkl names os.system, which no model is made of');
  });

  test.each([
    ['weights alone', 'a/data/weights/weight_0', 'holds no program'],
    ['a program for phones', 'a/data/executorch/model.pte', 'ExecuTorch'],
    ['compiled code', 'a/data/aotinductor/model/model.so', 'torch_aoti'],
  ])('a PT2 archive of %s is told apart', async (_, entry, words) => {
    const text = new TextEncoder().encode('pt2');
    const description = await describeBytes(
      zipSync({ 'a/archive_format': text, [entry]: text }, { level: 0 }),
    );
    expect(description.verdict.kind).not.toBe('runs-by-translation');
    expect(reasonOf(description)).toContain(words);
  });

  test('a file that is cut short', async () => {
    const bytes = read('families/linear');
    const description = await describeBytes(bytes.slice(0, bytes.byteLength / 2));
    expect(description.verdict.kind).toBe('cannot-be-served');
  });
});

describe('sizes as SymPy writes them', () => {
  const symbol = (name: string): SymbolicInt => SymbolicInt.dim(name, 6);
  test.each([
    ['s0', 's0', 6],
    ['2*s0 + 1', '2*s0 + 1', 13],
    ['-s0 + 10', '-s0 + 10', 4],
    ['((s0 - 1)//2) + 1', '((s0 - 1) // 2) + 1', 3],
    ["Symbol('s77', positive=True, integer=True)", 's77', 6],
    ["Add(Mul(Integer(2), Symbol('s0', positive=True, integer=True)), Integer(1))", '2*s0 + 1', 13],
    ["FloorDiv(Add(Symbol('s0', integer=True), Integer(3)), Integer(4))", '((s0 + 3) // 4)', 2],
    ["Pow(Symbol('s0'), Integer(2))", '(s0 * s0)', 36],
    ['s0**2', '(s0 * s0)', 36],
    ["Mod(Symbol('s0'), Integer(4))", '(s0 % 4)', 2],
    ["Max(Integer(1), Symbol('s0'))", 's0', 6],
  ])('%s', (text, expected, hint) => {
    const value = parseSymbolicExpression(text, symbol);
    expect([value?.text, value?.hint]).toEqual([expected, hint]);
  });

  test.each(['', 's0 +', '(s0', 'Where(s0, 1, 2)', "Symbol('s0'", '1.5*s0', '$', '('.repeat(5000)])(
    '%s is none',
    (text) => {
      expect(parseSymbolicExpression(text, symbol)).toBeNull();
    },
  );
});

describe('names of the values of a call', () => {
  const leaf = { type: null, context: null, children_spec: [] };
  const tuple = (...children: unknown[]) => ({
    type: 'builtins.tuple',
    context: 'null',
    children_spec: children,
  });
  const dict = (keys: readonly string[], ...children: unknown[]) => ({
    type: 'builtins.dict',
    context: JSON.stringify(keys),
    children_spec: children,
  });
  const spec = (root: unknown): string => JSON.stringify([1, root]);

  test('arguments by place and by name', () => {
    const call = tuple(tuple(leaf, dict(['a', 'b'], leaf, tuple(leaf, leaf))), dict(['mask'], leaf));
    expect(argumentPaths(spec(call))).toEqual([
      'ARGS[0]',
      'ARGS[1][a]',
      'ARGS[1][b][0]',
      'ARGS[1][b][1]',
      'KWARGS[mask]',
    ]);
  });

  test('PyTorch 2.1 has no keyword arguments in it', () => {
    expect(argumentPaths(spec(tuple(leaf, leaf)))).toEqual(['ARGS[0]', 'ARGS[1]']);
  });

  test('one result, several, and by key', () => {
    expect(resultPaths(spec(leaf))).toEqual(['RESULT']);
    expect(resultPaths(spec(tuple(leaf, leaf)))).toEqual(['RESULT[0]', 'RESULT[1]']);
    expect(resultPaths(spec(dict(['out'], leaf)))).toEqual(['RESULT[out]']);
  });

  test('what is no specification gives none', () => {
    expect(argumentPaths('nonsense')).toEqual([]);
    expect(resultPaths('')).toEqual([]);
  });
});
