import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseModelConfig } from '../../app/core/model-config/parse-config.ts';
import { tensorOf } from '../../app/core/tensors/elements.ts';
import { generateTensor } from '../../app/core/tensors/generate.ts';
import { readNpz, writeNpz } from '../../app/core/tensors/npz.ts';
import { conchServe } from '../support/conch-command.ts';
import { SUB_ADD } from '../support/exchanged-model.ts';

const CONCH = fileURLToPath(new URL('../../main/cli/conch.mjs', import.meta.url));
const SAMPLES = fileURLToPath(new URL('../../sample-models', import.meta.url));
const IDENTITY = fileURLToPath(new URL('../fixtures/models/identity-fp32.onnx', import.meta.url));
const TORCH = fileURLToPath(new URL('../fixtures/torch/families', import.meta.url));
const DIGITS = join(SAMPLES, 'digits/1/model.onnx');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conch-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

function start(args: readonly string[]) {
  return spawn(process.execPath, [CONCH, ...args], {
    cwd: folder,
    env: { ...process.env, CONCH_DATA_FOLDER: join(folder, 'data'), TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function conch(...args: readonly string[]) {
  const child = start(args);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

describe('conch inspect', () => {
  test('prints a card', async () => {
    const { code, stdout } = await conch('inspect', DIGITS);
    expect(code).toBe(0);
    expect(stdout).toContain('image  FP32 [batch, 1, 8, 8]');
    expect(stdout).toContain('Conch can serve it.');
  });

  test('prints the description as JSON', async () => {
    const { stdout } = await conch('inspect', DIGITS, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      format: 'onnx',
      verdict: { kind: 'runs-natively' },
      inputs: [{ name: 'image', datatype: { value: 'FP32', provenance: 'model' } }],
    });
  });

  test('says what is wrong with a damaged file, and what to do', async () => {
    await writeFile(join(folder, 'junk.onnx'), Buffer.alloc(100, 7));
    const { code, stdout } = await conch('inspect', 'junk.onnx');
    expect(code).toBe(0);
    expect(stdout).toMatch(/It cannot be served: .+\n.+\./);
  });

  test('fails in one sentence where there is no file', async () => {
    const { code, stdout, stderr } = await conch('inspect', 'nothing.onnx');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^Cannot read .*nothing\.onnx: .+\.\n$/);
  });
});

describe('conch config', () => {
  test('prints a config.pbtxt under the name asked for', async () => {
    const { code, stdout } = await conch('config', DIGITS, '--name', 'mine');
    const { config, diagnostics } = parseModelConfig(stdout);
    expect(code).toBe(0);
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(config).toMatchObject({
      name: 'mine',
      backend: 'onnxruntime',
      input: [{ name: 'image', dims: [1, 8, 8] }],
    });
  });

  test('prints it as JSON too', async () => {
    const { stdout } = await conch('config', DIGITS, '--name', 'mine', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ name: 'mine', config: { name: 'mine', max_batch_size: 4 } });
  });

  test('refuses a name that is a path, and a file that is no model', async () => {
    await writeFile(join(folder, 'text.onnx'), 'no model');
    expect((await conch('config', DIGITS, '--name', '../x')).code).toBe(1);
    const { code, stdout, stderr } = await conch('config', 'text.onnx');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('cannot be served');
  });
});

describe('conch infer', () => {
  test('compares with another server, and ends with 1 where it answers differently', async () => {
    const repository = join(folder, 'elsewhere');
    await cp(join(SAMPLES, 'add_sub'), join(repository, 'add_sub'), { recursive: true });
    await cp(join(SAMPLES, 'add_sub'), join(repository, 'sub_add'), { recursive: true });
    await writeFile(join(repository, 'sub_add', '1', 'model.onnx'), SUB_ADD);
    const config = await readFile(join(repository, 'sub_add', 'config.pbtxt'), 'utf8');
    await writeFile(join(repository, 'sub_add', 'config.pbtxt'), config.replace('add_sub', 'sub_add'));
    const other = await conchServe(repository);
    try {
      const model = join(SAMPLES, 'add_sub/1/model.onnx');
      const alike = await conch('infer', model, '--against', `${other.url}/add_sub`);
      expect(alike.stdout).toMatch(/add_sub answered in .* ms\.\n {2}OUTPUT0: equal\n {2}OUTPUT1: equal/);
      expect(alike.code).toBe(0);
      const different = await conch('infer', model, '--against', `${other.url}/sub_add`, '--json');
      expect(different.code).toBe(1);
      expect(JSON.parse(different.stdout)).toMatchObject({
        comparison: { outputs: [{ name: 'OUTPUT0', kind: 'different' }, { kind: 'different' }] },
      });
    } finally {
      await other.stop();
    }
  });

  test('serves a file for one request with generated inputs, and leaves nothing behind', async () => {
    const { code, stdout } = await conch('infer', DIGITS);
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('probabilities FP32 [1, 10]'),
    });
    expect((await readdir(folder)).filter((name) => name.startsWith('conch-command-'))).toEqual([]);
  });

  test.each(['image', '0'])('takes the array called %s, and writes what came back', async (name) => {
    const image = generateTensor('FP32', [3, 1, 8, 8], { kind: 'ones' });
    await writeFile(join(folder, 'x.npz'), writeNpz([{ ...image, name }]));
    const { code, stdout } = await conch(
      'infer',
      DIGITS,
      '--inputs',
      'x.npz',
      '--outputs',
      'y.npz',
      '--json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      model: 'digits',
      outputs: [{ name: 'probabilities', shape: [3, 10] }],
      outputsFile: 'y.npz',
    });
    const [output] = readNpz(new Uint8Array(await readFile(join(folder, 'y.npz'))));
    expect(output).toMatchObject({ name: 'probabilities', datatype: 'FP32', shape: [3, 10] });
  });

  test('prints what is no number as a text: JSON has none', async () => {
    const tensor = tensorOf(
      'FP32',
      [1, 4],
      [1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    );
    await writeFile(join(folder, 'odd.npz'), writeNpz([{ ...tensor, name: '0' }]));
    const { stdout } = await conch('infer', IDENTITY, '--inputs', 'odd.npz', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ outputs: [{ data: [1.5, 'NaN', 'Infinity', '-Infinity'] }] });
  });

  test.each([
    ['listens', 'spectrogram_scripted', 'x FP32 [1, 16000]', 'OUTPUT__0 FP32 [1, 4]'],
    ['draws', 'gan_scripted', 'FP32 [1, 10, 1, 1]', 'OUTPUT__0 FP32 [1, 3'],
  ])('finds what a scripted model that %s takes, and it answers', async (_what, name, sent, answered) => {
    const { code, stdout } = await conch('infer', join(TORCH, `${name}.pt`));
    expect(code).toBe(0);
    expect(stdout).toContain(sent);
    expect(stdout).toContain(answered);
  });

  test("keeps Triton's words where the server refuses the input", async () => {
    const wrong = generateTensor('FP64', [1, 1, 8, 8], { kind: 'ones' });
    await writeFile(join(folder, 'wrong.npz'), writeNpz([{ ...wrong, name: 'image' }]));
    const { code, stderr } = await conch('infer', DIGITS, '--inputs', 'wrong.npz');
    expect(code).toBe(1);
    expect(stderr).toContain("data-type is 'FP64', but model 'digits' expects 'FP32'");
  });

  test('names the inputs where an array fits none', async () => {
    const image = generateTensor('FP32', [1, 1, 8, 8], { kind: 'ones' });
    await writeFile(join(folder, 'other.npz'), writeNpz([{ ...image, name: 'picture' }]));
    const { code, stderr } = await conch('infer', DIGITS, '--inputs', 'other.npz');
    expect(code).toBe(1);
    expect(stderr).toContain("has an array picture, but the model's inputs are image");
  });

  test('says that nothing answers', async () => {
    const { code, stderr } = await conch('infer', 'http://127.0.0.1:1/digits');
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'Nothing answers at http://127.0.0.1:1.\n' });
  });
});

describe('conch export', () => {
  test('writes a repository that conch serve serves and conch infer asks', async () => {
    const { code, stdout } = await conch('export', DIGITS, '--to', 'repository', '--json');
    expect({ code, answer: JSON.parse(stdout) }).toMatchObject({
      code: 0,
      answer: { models: ['digits'], format: 'folder', path: join(folder, 'repository') },
    });

    const server = start(['serve', 'repository', '--http-port=0', '--grpc-port=0', '--metrics-port=0']);
    const url = await new Promise<string>((settle, reject) => {
      let text = '';
      const read = (piece: string) => {
        text += piece;
        const port = /HTTPService at 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
        if (port !== undefined) settle(`http://127.0.0.1:${port}/digits`);
      };
      server.stdout.setEncoding('utf8').on('data', read);
      server.stderr.setEncoding('utf8').on('data', read);
      server.once('exit', () => reject(new Error(text)));
    });
    const answer = await conch('infer', url);
    expect({ code: answer.code, stderr: answer.stderr }).toEqual({ code: 0, stderr: '' });

    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  test('never overwrites', async () => {
    await writeFile(join(folder, 'there.zip'), '');
    const { code, stderr } = await conch('export', DIGITS, '--to', 'there.zip');
    expect(code).toBe(1);
    expect(stderr).toContain('exists already');
  });

  test('knows no model of that name', async () => {
    const { code, stderr } = await conch('export', 'nobody', '--to', 'zip');
    expect(code).toBe(1);
    expect(stderr).toContain('nobody');
  });
});

describe('wrong usage', () => {
  test.each([[['inspcet']], [['infer']], [['export', 'x']], [['inspect', 'x', '--jsno']]])(
    '%j ends with 2 and points at the help',
    async (args) => {
      const { code, stdout, stderr } = await conch(...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^error: .+\n(\(Did you mean .+\)\n)?\(conch --help/);
    },
  );

  test('the help of every command has an example', async () => {
    for (const command of ['inspect', 'config', 'infer', 'export']) {
      const { code, stdout } = await conch(command, '--help');
      expect({ command, code }).toEqual({ command, code: 0 });
      expect(stdout).toContain(`$ conch ${command}`);
    }
  });

  test("conch serve speaks of tritonserver's flags", async () => {
    const { code, stderr } = await conch('serve', '--help');
    // As tritonserver: its usage is on stderr, and nothing was served.
    expect(code).toBe(1);
    expect(stderr).toContain('--model-control-mode');
    expect((await conch('serve', 'nowhere', '--bogus')).stderr).toContain("unrecognized option '--bogus'");
  });
});
