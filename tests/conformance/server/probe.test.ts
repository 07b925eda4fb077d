import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const PROBE = fileURLToPath(new URL('../../../dist/node/probe.mjs', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../../fixtures/models/', import.meta.url));

interface Step {
  readonly step: string;
  readonly during?: string;
  readonly message?: string;
}

function probe(file: string, ...flags: readonly string[]): Promise<{ code: number | null; steps: Step[] }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PROBE, `${FIXTURES}${file}`, '--json', ...flags], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('close', (code) => {
      const lines = output.split('\n').filter((line) => line !== '');
      resolve({ code, steps: lines.map((line) => JSON.parse(line) as Step) });
    });
  });
}

test('a good model is described, loaded and run once', async () => {
  const { code, steps } = await probe('identity-fp32.onnx');
  expect(steps.map(({ step }) => step)).toEqual(['described', 'loaded', 'ran', 'done']);
  expect(code).toBe(0);
});

test.each([
  ['garbage.onnx', 'load', 'Protobuf parsing failed'],
  ['int4-output.onnx', 'load', 'INT4'],
  ['does-not-exist.onnx', 'describe', 'ENOENT'],
])('%s fails during %s, in words', async (file, during, message) => {
  const { code, steps } = await probe(file);
  expect(steps.at(-1)).toMatchObject({
    step: 'failed',
    during,
    message: expect.stringContaining(message) as string,
  });
  expect(code).toBe(1);
});
