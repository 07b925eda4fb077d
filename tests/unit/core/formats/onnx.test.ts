import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../../../app/core/formats/byte-source.ts';
import { describeModel } from '../../../../app/core/formats/describe-model.ts';
import { checkExternalLocation } from '../../../../app/core/formats/onnx/external-data.ts';
import { readOnnx } from '../../../../app/core/formats/onnx/read-onnx.ts';
import { countingSource, fixtureBytes, fixtureTree, treeOf } from './fixture-tree.ts';

describe('an ONNX model', () => {
  test('shows inputs and outputs with datatype, dims and where they come from', async () => {
    const { inputs, outputs } = await describeModel(fixtureTree('batchable.onnx'));
    expect(inputs).toEqual([
      {
        name: 'x',
        datatype: { value: 'FP32', provenance: 'model', reason: 'The model declares FLOAT.' },
        dims: {
          value: [
            { kind: 'symbolic', name: 'batch' },
            { kind: 'fixed', size: 4 },
          ],
          provenance: 'model',
          reason: 'The model declares these dimensions.',
        },
      },
    ]);
    expect(outputs.map(({ name }) => name)).toEqual(['y']);
  });

  test('shows producer, versions, parameters and operators', async () => {
    const { facts } = await describeModel(fixtureTree('batchable.onnx'));
    expect(facts).toEqual([
      { label: 'Producer', value: 'conch-fixtures' },
      { label: 'Graph', value: 'fixture' },
      { label: 'IR version', value: '8' },
      { label: 'Opset', value: 'ai.onnx 17' },
      { label: 'Parameters', value: '12' },
      { label: 'Operators', value: '1 node: MatMul 1' },
    ]);
  });

  test('an input with an initializer may be left out', async () => {
    const { inputs } = await describeModel(fixtureTree('optional-input.onnx'));
    expect(inputs.map(({ name, isOptional }) => [name, isOptional])).toEqual([
      ['x', undefined],
      ['scale', true],
    ]);
  });

  test('a scalar has no dims, an unknown rank has null', async () => {
    expect((await describeModel(fixtureTree('scalar.onnx'))).inputs[0]?.dims.value).toEqual([]);
    expect((await describeModel(fixtureTree('unknown-rank.onnx'))).inputs[0]?.dims.value).toBeNull();
  });

  test('every datatype of Triton is read', async () => {
    const { inputs } = await describeModel(fixtureTree('all-datatypes.onnx'));
    expect(inputs.map(({ datatype }) => String(datatype.value)).sort()).toEqual([
      'BOOL',
      'BYTES',
      'FP16',
      'FP32',
      'FP64',
      'INT16',
      'INT32',
      'INT64',
      'INT8',
      'UINT16',
      'UINT32',
      'UINT64',
      'UINT8',
    ]);
  });

  test('labels come from its metadata, in whatever form', async () => {
    expect((await describeModel(fixtureTree('labelled-classifier.onnx'))).labels).toEqual([
      'cat',
      "dog's bone",
      'fox',
    ]);
  });

  test('external data are part of its size and are named', async () => {
    const description = await describeModel(fixtureTree('external-data'));
    expect(description.externalData).toEqual(['weights.bin']);
    expect(description.byteSize).toBe(fixtureBytes('external-data/model.onnx').byteLength + 64);
  });

  test('operators of loop bodies are counted', async () => {
    const { facts } = await describeModel(fixtureTree('slow.onnx'));
    expect(facts.find(({ label }) => label === 'Operators')?.value).toBe(
      '3 nodes: Identity 1, Loop 1, MatMul 1',
    );
  });
});

describe('weights are jumped over', () => {
  test('of 64 MiB of weights a few kilobytes are read', async () => {
    const weightBytes = 64 * 1024 * 1024;
    const head = message(
      5,
      [
        ...varintField(1, 4096),
        ...varintField(1, 4096),
        ...varintField(2, 1),
        ...field(8, text('w')),
        (9 << 3) | 2,
        ...varint(weightBytes),
      ],
      weightBytes,
    );
    const graph = [...field(1, field(4, text('Relu'))), ...head];
    const output = field(12, field(1, text('y')));
    const size = graph.length + weightBytes + output.length;
    const start = [
      ...varintField(1, 8),
      ...field(8, varintField(2, 17)),
      (7 << 3) | 2,
      ...varint(size),
      ...graph,
    ];
    const bytes = new Uint8Array(start.length + weightBytes + output.length);
    bytes.set(start);
    bytes.set(output, start.length + weightBytes);
    const source = countingSource(bytesSource(bytes));
    const model = await readOnnx(source);
    expect(model.parameterCount).toBe(4096n * 4096n);
    expect(model.outputs.map(({ name }) => name)).toEqual(['y']);
    expect(source.bytesRead).toBeLessThan(100_000);
  });
});

describe('external locations', () => {
  test.each([
    ['weights.bin', null],
    ['data/w.bin', null],
    ['./w.bin', null],
    ['a/../w.bin', null],
    ['', 'empty'],
    ['../w.bin', 'leaves'],
    ['a/../../b', 'leaves'],
    ['/etc/passwd', 'absolute'],
    [String.raw`\\server\share`, 'network'],
    ['//server/share', 'network'],
    [String.raw`C:\w.bin`, 'drive'],
    [String.raw`a\b`, 'backslash'],
    ['a\0b', 'NUL'],
    ['*/_ORT_MEM_ADDR_/*', 'memory address'],
    ['.', 'leaves'],
  ])('%j', (location, why) => {
    expect(checkExternalLocation(location) ?? 'good').toContain(why ?? 'good');
  });
});

describe('hostile bytes end in a sentence', () => {
  const good = fixtureBytes('slow.onnx').subarray(0, 400);
  const small = fixtureBytes('labelled-classifier.onnx');

  test('any flipped bytes of a model', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(small.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        async (flips) => {
          const bytes = small.slice();
          for (const [place, byte] of flips) bytes[place] = byte;
          const description = await describeModel(treeOf({ 'm.onnx': bytes }));
          expect(description.format).toBe('onnx');
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a model cut anywhere, and any bytes at all', async () => {
    for (let length = 0; length < small.length; length++) {
      expect((await describeModel(treeOf({ 'm.onnx': small.slice(0, length) }))).format).toBe('onnx');
    }
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect((await describeModel(treeOf({ 'm.onnx': bytes }))).verdict.kind).toBe('cannot-be-served');
      }),
      { numRuns: 300 },
    );
  });

  test('a graph nested a thousand deep', async () => {
    let graph = field(1, field(4, text('Relu')));
    for (let depth = 0; depth < 1000; depth++) graph = field(1, field(5, field(6, graph)));
    const bytes = Uint8Array.from([...varintField(1, 8), ...field(7, graph)]);
    const { verdict } = await describeModel(treeOf({ 'm.onnx': bytes }));
    expect(verdict.kind === 'cannot-be-served' && verdict.reason).toContain('nested more than 32 deep');
  });

  test('a million empty nodes are counted, not kept', async () => {
    const count = 1_000_000;
    const bytes = new Uint8Array(20 + count * 2);
    const start = [...varintField(1, 8), (7 << 3) | 2, ...varint(count * 2)];
    bytes.set(start);
    for (let index = 0; index < count; index++) bytes[start.length + index * 2] = (1 << 3) | 2;
    const model = await readOnnx(bytesSource(bytes.subarray(0, start.length + count * 2)));
    expect(model.nodeCount).toBe(count);
  });

  test.each([
    ['a length past the end', [0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f], 'is said to take 4294967295 bytes'],
    ['a length of 2^63', [0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], 'is said to take'],
    ['an 11-byte number', Array.from({ length: 12 }, () => 0xff), 'longer than 10 bytes'],
    ['field number 0', [0x00, 0x00], 'field number is 0'],
    ['a group', [0x0b], 'wire type 3'],
    ['a cut number', [0x08, 0x80], 'cut short'],
  ])('%s', async (_, bytes, why) => {
    const { verdict } = await describeModel(treeOf({ 'm.onnx': Uint8Array.from(bytes) }));
    expect(verdict.kind === 'cannot-be-served' && verdict.reason).toContain(why);
  });

  test('a product of dims beyond 2^63 is still a number', async () => {
    const tensor = Array.from({ length: 4 }, () => varintField(1, 2 ** 40)).flat();
    const model = await readOnnx(
      bytesSource(Uint8Array.from([...varintField(1, 8), ...field(7, field(5, tensor))])),
    );
    expect(model.parameterCount).toBe(2n ** 160n);
  });

  test('names with control and direction characters are shown escaped', async () => {
    const graph = field(12, [...field(1, text('y\u202e\u0007')), ...field(2, field(4, []))]);
    const bytes = Uint8Array.from([...varintField(1, 8), ...field(7, graph)]);
    const { verdict } = await describeModel(treeOf({ 'm.onnx': bytes }));
    expect(verdict.kind === 'cannot-be-served' && verdict.reason).toContain(String.raw`"y\u202e\u0007"`);
  });

  test('the start of a larger model is not taken for another format', async () => {
    expect((await describeModel(treeOf({ download: good }))).format).toBe('onnx');
  });
});

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

function field(number: number, content: readonly number[]): number[] {
  return message(number, content, 0);
}

/** A message whose last `missing` bytes come later. */
function message(number: number, content: readonly number[], missing: number): number[] {
  return [...varint(number * 8 + 2), ...varint(content.length + missing), ...content];
}

function varintField(number: number, value: number): number[] {
  return [number * 8, ...varint(value)];
}

function text(content: string): number[] {
  return [...new TextEncoder().encode(content)];
}
