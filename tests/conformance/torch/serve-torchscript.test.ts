import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ServerUnderTest } from '../server/server-under-test.ts';
import { torchAnswers } from '../../support/torch-fixtures.ts';

const FAMILIES = fileURLToPath(new URL('../../fixtures/torch/families/', import.meta.url));
const CONCH = fileURLToPath(new URL('../../../main/cli/conch.mjs', import.meta.url));

/** The config of the tutorial: names that are no arguments of forward, and no batching. */
const TUTORIAL = `name: "linear_regression_model"
platform: "pytorch_libtorch"
input {
  name: "input"
  data_type: TYPE_FP32
  dims: [ 1, 1 ]
}
output {
  name: "output"
  data_type: TYPE_FP32
  dims: [ 1, 1 ]
}
`;

let root: string;
let server: ServerUnderTest;

async function place(name: string, file: string, config: string): Promise<void> {
  const folder = join(root, 'models', name, '1');
  await mkdir(folder, { recursive: true });
  await cp(join(FAMILIES, file), join(folder, 'model.pt'));
  await writeFile(join(root, 'models', name, 'config.pbtxt'), config);
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'conch-torch-'));
  process.env['CONCH_CACHE_FOLDER'] = join(root, 'cache');
  await place('linear_regression_model', 'linear_scripted.pt', TUTORIAL);
  await place(
    'too_many',
    'linear_scripted.pt',
    TUTORIAL.replace('linear_regression_model', 'too_many').replace(
      'output {',
      'input { name: "more" data_type: TYPE_FP32 dims: [ 1 ] }\noutput {',
    ),
  );
  server = await ServerUnderTest.startOn([join(root, 'models')], ['--exit-on-error=false']);
});
afterAll(async () => {
  await server.stop();
  delete process.env['CONCH_CACHE_FOLDER'];
  await rm(root, { recursive: true, force: true });
});

async function expectedAnswer(): Promise<{ readonly given: number; readonly answered: number }> {
  const { answers } = await torchAnswers('families', 'linear');
  const first = (data: Uint8Array | undefined): number =>
    data === undefined ? Number.NaN : new DataView(data.buffer, data.byteOffset, 4).getFloat32(0, true);
  return { given: first(answers.inputs[0]?.data), answered: first(answers.outputs[0]?.data) };
}

describe("the tutorial's linear regression", () => {
  test('answers a plain JSON body without a content type as PyTorch does', async () => {
    const { given, answered } = await expectedAnswer();
    const body = JSON.stringify({
      inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 1], data: [[given]] }],
    });
    const answer = await server.call('/v2/models/linear_regression_model/versions/1/infer', { body });
    expect(answer.status).toBe(200);
    const { outputs } = JSON.parse(answer.text) as { outputs: { name: string; data: number[] }[] };
    expect(outputs[0]?.name).toBe('output');
    expect(outputs[0]?.data[0]).toBeCloseTo(answered, 5);
  });

  test('keeps the file and the config as they are, and its translation outside the repository', async () => {
    const folder = join(root, 'models', 'linear_regression_model');
    expect(await readdir(join(folder, '1'))).toEqual(['model.pt']);
    expect(await readFile(join(folder, 'config.pbtxt'), 'utf8')).toBe(TUTORIAL);
    expect(await readdir(join(root, 'cache', 'translations'))).toHaveLength(1);
  });

  test('is refused in Triton’s words where the config has more inputs than forward', async () => {
    const index = await server.call('/v2/repository/index', { method: 'POST' });
    expect(index.text).toContain(
      "unable to load model 'too_many', configuration expects 2 inputs, model provides 1",
    );
  });
});

describe('conch translate', () => {
  const conch = async (...args: readonly string[]) =>
    promisify(execFile)(process.execPath, [CONCH, ...args], { cwd: root });

  test('writes an ONNX file that answers, with what it is for', async () => {
    const { stdout } = await conch('translate', join(FAMILIES, 'lenet_scripted.pt'), '-o', 'lenet.onnx');
    expect(stdout).toContain('x  FP32 [batch, 1, 28, 28]');
    const inferred = await conch('infer', 'lenet.onnx', '--json');
    expect(JSON.parse(inferred.stdout)).toMatchObject({ outputs: [{ name: 'OUTPUT__0', shape: [1, 10] }] });
  });

  test('takes the shapes that are named, and says what is wrong with one', async () => {
    const file = join(FAMILIES, 'transformer_scripted.pt');
    const { stdout } = await conch('translate', file, '-o', 't.onnx', '--shape', 'ids=INT64:-1,9');
    expect(stdout).toContain('ids  INT64 [batch, 9]');
    await expect(conch('translate', file, '-o', 't.onnx', '--shape', 'ids')).rejects.toThrow('--shape takes');
  });
});
