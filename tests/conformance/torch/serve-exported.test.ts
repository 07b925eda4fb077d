import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { numericElements } from '../../../app/core/tensors/elements.ts';
import type { NamedTensor } from '../../../app/core/tensors/tensor.ts';
import { torchAnswers, type TorchAnswers } from '../../support/torch-fixtures.ts';
import { ServerUnderTest } from '../server/server-under-test.ts';

const EXPORTED = fileURLToPath(new URL('../../fixtures/torch/exported/', import.meta.url));
const CONCH = fileURLToPath(new URL('../../../main/cli/conch.mjs', import.meta.url));
const PROGRAMS = ['nested', 'sequence', 'even', 'counter', 'options', 'gradless', 'branch'] as const;

let root: string;
let server: ServerUnderTest;

const conch = async (...args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [CONCH, ...args], { cwd: root })).stdout;

async function placeWith(name: string, path: string, config: string): Promise<void> {
  const folder = join(root, 'models', name);
  await mkdir(join(folder, '1'), { recursive: true });
  await cp(path, join(folder, '1', 'model.pt2'));
  await writeFile(join(folder, 'config.pbtxt'), config);
}

/** A model with the config that Conch writes for it, or an edited one. */
async function place(name: string, file: string, edit?: (config: string) => string): Promise<void> {
  const path = join(EXPORTED, file);
  const config = await conch('config', path);
  const named = config.replace(/^name: .*$/m, `name: ${JSON.stringify(name)}`);
  await placeWith(name, path, edit?.(named) ?? named);
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'conch-exported-'));
  process.env['CONCH_CACHE_FOLDER'] = join(root, 'cache');
  for (const name of PROGRAMS) await place(name, `programs/${name}.pt2`);
  await place('places', 'programs/nested.pt2', (config) =>
    config.replaceAll(/"(?:ARGS|KWARGS)[^"]*"/g, nextName('INPUT')),
  );
  await place('wrong_name', 'programs/counter.pt2', (config) => config.replace('INPUT__0', 'x'));
  await place('wrong_type', 'programs/counter.pt2', (config) => config.replace('TYPE_FP32', 'TYPE_INT64'));
  await placeWith(
    'keeps_memory',
    join(EXPORTED, 'programs/memory.pt2'),
    'platform: "torch_aoti" input { name: "INPUT__0" data_type: TYPE_FP32 dims: [ 3, 4 ] } output { name: "OUTPUT__0" data_type: TYPE_FP32 dims: [ 3, 4 ] }',
  );
  server = await ServerUnderTest.startOn([join(root, 'models')], ['--exit-on-error=false']);
}, 60_000);
afterAll(async () => {
  await server.stop();
  delete process.env['CONCH_CACHE_FOLDER'];
  await rm(root, { recursive: true, force: true });
});

/** Names by place for what is replaced one after the other. */
function nextName(prefix: string): () => string {
  let place = 0;
  return () => `"${prefix}__${place++}"`;
}

const plain = (tensor: NamedTensor): readonly (number | boolean)[] =>
  Array.from(numericElements(tensor) as ArrayLike<number | bigint>, (value) =>
    tensor.datatype === 'BOOL' ? Number(value) !== 0 : Number(value),
  );

interface Metadata {
  readonly inputs: readonly { readonly name: string }[];
  readonly outputs: readonly { readonly name: string }[];
}

async function metadataOf(name: string): Promise<Metadata> {
  return JSON.parse((await server.call(`/v2/models/${name}`)).text) as Metadata;
}

async function ask(
  name: string,
  inputs: readonly NamedTensor[],
): Promise<{ readonly status: number; readonly text: string }> {
  const { inputs: named } = await metadataOf(name);
  const body = JSON.stringify({
    inputs: inputs.map((tensor, index) => ({
      name: named[index]?.name,
      datatype: tensor.datatype,
      shape: tensor.shape,
      data: plain(tensor),
    })),
  });
  return server.call(`/v2/models/${name}/infer`, { body });
}

interface AnsweredTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What differs from PyTorch's answer, in words; empty where it is the same. */
async function differences(name: string, { inputs, outputs }: TorchAnswers): Promise<readonly string[]> {
  const answer = await ask(name, inputs);
  if (answer.status !== 200) return [answer.text];
  const given = (JSON.parse(answer.text) as { readonly outputs: readonly AnsweredTensor[] }).outputs;
  const { outputs: named } = await metadataOf(name);
  const counts = given.length === outputs.length ? [] : [`${given.length} outputs`];
  const found = outputs.flatMap((output, index) => {
    const actual = given.find((each) => each.name === named[index]?.name);
    const wanted = `${output.datatype} [${output.shape.join(', ')}]`;
    const type = `${actual?.datatype ?? ''} [${actual?.shape.join(', ') ?? ''}]`;
    const isNear = plain(output).every(
      (value, at) => Math.abs((actual?.data[at] ?? Number.NaN) - Number(value)) < 1e-4,
    );
    return type === wanted && isNear ? [] : [`output ${index} is ${type}, or of other values`];
  });
  return [...counts, ...found];
}

describe('a program of torch.export in a model repository', () => {
  test.each(PROGRAMS)('%s answers as PyTorch does, for two sizes of its free dims', async (name) => {
    const { answers, wide } = await torchAnswers('exported/programs', name);
    expect(await differences(name, answers)).toEqual([]);
    expect(await differences(name, wide ?? answers)).toEqual([]);
  });

  test('is asked by the names of its places, too', async () => {
    const { answers } = await torchAnswers('exported/programs', 'nested');
    const config = await readFile(join(root, 'models', 'places', 'config.pbtxt'), 'utf8');
    expect(config).toContain('"INPUT__4"');
    expect(await differences('places', answers)).toEqual([]);
  });

  test('keeps its file as it is, with the platform that Triton has for the name', async () => {
    expect(await readdir(join(root, 'models', 'even', '1'))).toEqual(['model.pt2']);
    const { text } = await server.call('/v2/models/even/config');
    expect(JSON.parse(text)).toMatchObject({ platform: 'torch_aoti', max_batch_size: 0 });
  });

  test.each([
    ['wrong_name', 'Input \\"x\\" for model instance \\"wrong_name\\" is not found in model input map'],
    [
      'wrong_type',
      "the config has INT64 [-1, 4] for input 'INPUT__0', and the program was exported for FP32 [batch, 4]",
    ],
    ['keeps_memory', 'the model keeps last for its next call'],
  ])('%s is unavailable, with the reason', async (_, words) => {
    const index = await server.call('/v2/repository/index', { method: 'POST' });
    expect(index.text).toContain(words);
  });
});

describe('a request that the program was not exported for is refused', () => {
  const rows = (tensor: NamedTensor, count: number): NamedTensor => {
    const [size = 1, ...rest] = tensor.shape;
    return {
      ...tensor,
      shape: [count, ...rest],
      data: tensor.data.slice(0, (tensor.data.byteLength / size) * count),
    };
  };

  test('where two inputs disagree on a free dim', async () => {
    const { answers } = await torchAnswers('exported/programs', 'nested');
    const [first, second, ...rest] = answers.inputs;
    if (first === undefined || second === undefined) throw new Error('the fixture has no inputs');
    const answer = await ask('nested', [first, rows(second, 1), ...rest]);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("input 'ARGS[0]' has 3 for the dim");
  });

  test('where a size is no multiple of what it has to be', async () => {
    const { answers } = await torchAnswers('exported/programs', 'even');
    const answer = await ask(
      'even',
      answers.inputs.map((input) => rows(input, 5)),
    );
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("dim 0 of input 'INPUT__0' is 5");
  });

  test('where a size is outside of the range of the program', async () => {
    const { answers } = await torchAnswers('exported/programs', 'sequence');
    const short = answers.inputs.map(({ name, datatype, data }): NamedTensor => {
      const bytes = data.byteLength / 14;
      return { name, datatype, shape: [1, 3], data: data.slice(0, bytes * 3) };
    });
    const answer = await ask('sequence', short);
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(/translated for shapes with s\d+ >= 4/);
  });
});

describe('conch on a .pt2', () => {
  test('translates it to an ONNX file that holds everything', async () => {
    const said = await conch('translate', join(EXPORTED, 'families', 'lenet.pt2'), '-o', 'lenet.onnx');
    expect(said).toContain('INPUT__0  FP32 [batch, 1, 28, 28]');
    const inferred = await conch('infer', 'lenet.onnx', '--json');
    expect(JSON.parse(inferred)).toMatchObject({ outputs: [{ name: 'OUTPUT__0', shape: [1, 10] }] });
  });

  test('exports a repository with its translation, which every Triton serves', async () => {
    await conch('export', join(EXPORTED, 'families', 'lenet.pt2'), '--as', 'onnx', '--to', 'repository');
    expect(await readdir(join(root, 'repository', 'lenet', '1'))).toEqual(['model.onnx']);
    const config = await readFile(join(root, 'repository', 'lenet', 'config.pbtxt'), 'utf8');
    expect(config).toContain('backend: "onnxruntime"');
    expect(config).toMatch(/name: "INPUT__0"[^}]*dims: \[ 1, 28, 28 \]/);
  });

  test('exports a repository with the program itself', async () => {
    await conch('export', join(EXPORTED, 'families', 'lenet.pt2'), '--to', 'saved');
    expect(await readdir(join(root, 'saved', 'lenet', '1'))).toEqual(['model.pt2']);
    expect(await readFile(join(root, 'saved', 'lenet', 'config.pbtxt'), 'utf8')).toContain('torch_aoti');
  });

  test('infers with the very file', async () => {
    const inferred = await conch('infer', join(EXPORTED, 'programs', 'nested.pt2'), '--json');
    expect(JSON.parse(inferred)).toMatchObject({
      outputs: [{ name: 'RESULT[pair][0]' }, { name: 'RESULT[sum]' }],
    });
  });

  test('says every operator that is not translated, with its line, and what to do', async () => {
    const failure = await conch(
      'translate',
      join(EXPORTED, 'programs', 'spectrum.pt2'),
      '-o',
      's.onnx',
    ).catch((cause: unknown) => String((cause as { stderr?: string }).stderr));
    expect(failure).toMatch(/aten::linalg_qr {2}2× {2}make-exports\.py:\d+/);
    expect(failure).toMatch(/aten::linalg_svdvals {2}1×/);
    await expect(
      conch('translate', join(EXPORTED, 'programs', 'counter.pt2'), '-o', 's.onnx', '--shape', 'x=1'),
    ).rejects.toThrow('has its shapes in it');
  });
});
