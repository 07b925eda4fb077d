import { describe, expect, test } from 'vitest';
import { parseCommandLine, printUsage } from '../../../app/server/command-line.ts';
import { FLAGS } from '../../../app/server/command-line-flags.ts';

const parse = (...flags: string[]) => parseCommandLine(['--model-repository=/models', ...flags]);

function options(...flags: string[]) {
  const commandLine = parse(...flags);
  if (commandLine.kind !== 'run') throw new Error(`not a run: ${JSON.stringify(commandLine)}`);
  return commandLine.options;
}

test('nothing but a repository: loopback, port 8000, all models, exit on error', () => {
  expect(options()).toMatchObject({
    httpAddress: '127.0.0.1',
    httpPort: 8000,
    modelControlMode: 'none',
    exitOnError: true,
    strictReadiness: true,
    exitTimeoutSeconds: 30,
    modelRepositories: ['/models'],
  });
});

test('values may follow after a space or an equals sign, and repeat', () => {
  const { modelRepositories, startupModels, httpPort } = options(
    '--model-store',
    '/more',
    '--model-control-mode',
    'explicit',
    '--load-model=a',
    '--load-model=b',
    '--http-port',
    '9000',
  );
  expect({ modelRepositories, startupModels, httpPort }).toEqual({
    modelRepositories: ['/more', '/models'],
    startupModels: ['a', 'b'],
    httpPort: 9000,
  });
});

describe('mistakes have the words of tritonserver', () => {
  test.each([
    [['positional'], 'Unexpected argument: positional'],
    [['--http-port=abc'], 'Bad option: "--http-port".\nInvalid option value. Got abc\n'],
    [['--strict-readiness=foo'], 'Bad option: "--strict-readiness".\ninvalid value for bool option: foo'],
    [
      ['--model-control-mode=foo'],
      'Bad option: "--model-control-mode".\ninvalid argument for --model-control-mode',
    ],
    [
      ['--http-max-input-size=0'],
      'Bad option: "--http-max-input-size".\nError: --http-max-input-size must be greater than 0.',
    ],
    [
      ['--http-restricted-api=foo:a=b'],
      `Bad option: "--http-restricted-api".\nunknown restricted api 'foo' \n`,
    ],
    [
      ['--backend-config=foo'],
      `Bad option: "--backend-config".\n--backend-config option format is '<backend name>,<setting>=<value>'. Got foo\n`,
    ],
  ])('%j', (flags, text) => {
    expect(parse(...flags)).toMatchObject({ kind: 'wrong', text });
  });

  test('no repository at all', () => {
    expect(parseCommandLine([])).toMatchObject({
      kind: 'wrong',
      text: 'error: creating server: Invalid argument - --model-repository must be specified',
    });
  });
});

test('the batch size that auto-complete gives: of onnxruntime, else of all backends, of no other', () => {
  const size = (...settings: string[]) =>
    options(...settings.map((setting) => `--backend-config=${setting}`)).defaultMaxBatchSize;
  expect(size()).toBeNull();
  expect(size('onnxruntime,default-max-batch-size=16')).toBe('16');
  expect(size('onnxruntime,default-max-batch-size=16', 'default-max-batch-size=2')).toBe('16');
  expect(size('default-max-batch-size=2')).toBe('2');
  expect(size('tensorflow,default-max-batch-size=2')).toBeNull();
});

test('what has no effect is said once, what must not seem to work is refused', () => {
  expect(parse('--grpc-port=8001')).toMatchObject({
    notes: [expect.stringContaining('--grpc-port has no effect')],
  });
  expect(parse('--grpc-use-ssl=true')).toMatchObject({ kind: 'wrong' });
});

test('help names every flag', () => {
  for (const name of Object.keys(FLAGS)) expect(printUsage()).toContain(`--${name}`);
});
