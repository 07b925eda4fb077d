import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bytesSource } from '../../../../app/core/formats/byte-source.ts';
import type { OnnxModel } from '../../../../app/core/formats/onnx/onnx-graph.ts';
import { writeOnnxFile } from '../../../../app/host/files/write-onnx-file.ts';

const FLOAT = 1;
const COUNT = 3000;
/** Weights as another file holds them: something before, numbers 0, 1, 2 …, something behind. */
const other = new Uint8Array(new Float32Array([-1, ...Array(COUNT).keys(), -1]).buffer);

/** y = x + weights + 1. */
const model: OnnxModel = {
  producer: 'test',
  opset: 18,
  nodes: [
    { operator: 'Add', inputs: ['x', 'weights'], outputs: ['sum'], attributes: {} },
    { operator: 'Add', inputs: ['sum', 'one'], outputs: ['y'], attributes: {} },
  ],
  initializers: [
    {
      name: 'weights',
      type: FLOAT,
      shape: [COUNT],
      bytes: { location: 'other', offset: 4, length: COUNT * 4 },
    },
    { name: 'one', type: FLOAT, shape: [], bytes: new Uint8Array(new Float32Array([1]).buffer) },
  ],
  inputs: [{ name: 'x', type: FLOAT, dims: ['n'] }],
  outputs: [{ name: 'y', type: FLOAT, dims: [COUNT] }],
};

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conch-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function answerOf(path: string): Promise<unknown> {
  const session = await InferenceSession.create(path);
  const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(0.5), [1]) });
  await session.release();
  return [y?.data[0], y?.data[COUNT - 1]];
}

test('weights that lie in another file become part of the ONNX file', async () => {
  const path = join(folder, 'model.onnx');
  await writeOnnxFile(path, model, bytesSource(other));
  expect(await readdir(folder)).toEqual(['model.onnx']);
  expect(await answerOf(path)).toEqual([1.5, COUNT + 0.5]);
});

test('a model too long for one file has its weights in a data file beside it', async () => {
  const path = join(folder, 'model.onnx');
  await writeOnnxFile(path, model, bytesSource(other), 10_000);
  expect((await readdir(folder)).sort()).toEqual(['model.onnx', 'model.onnx.data']);
  expect((await readFile(path)).byteLength).toBeLessThan(1000);
  expect(await answerOf(path)).toEqual([1.5, COUNT + 0.5]);
});

test('where the weights cannot be read, the path keeps what it held and nothing is left behind', async () => {
  const path = join(folder, 'model.onnx');
  await writeOnnxFile(path, model, bytesSource(other));
  const broken = { size: 0, read: () => Promise.reject(new Error('EIO: i/o error')) };
  await expect(writeOnnxFile(path, model, broken)).rejects.toThrow('EIO');
  expect(await readdir(folder)).toEqual(['model.onnx']);
  expect(await answerOf(path)).toEqual([1.5, COUNT + 0.5]);
});
