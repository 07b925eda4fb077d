import { describe, expect, test } from 'vitest';
import { parseCommandLine, printUsage } from '../../../app/server/command-line.ts';
import { FLAGS, type Flag } from '../../../app/server/command-line-flags.ts';

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
    modelRepositories: ['/models', '/more'],
    startupModels: ['a', 'b'],
    httpPort: 9000,
  });
});

describe('mistakes have the words of tritonserver', () => {
  const bad = (name: string, reason: string): string => `Bad option: "--${name}".\n${reason}\n`;

  test.each([
    ['positional', 'Unexpected argument: positional'],
    ['--http-port=abc', bad('http-port', 'Invalid option value. Got abc\n')],
    ['--http-port=3000000000', bad('http-port', 'Provided option value is out of bound. Got 3000000000\n')],
    ['--log-verbose=abc', bad('log-verbose', 'Invalid option value. Got abc\n')],
    ['--log-format=foo', bad('log-format', 'invalid argument for --log-format')],
    ['--strict-readiness=foo', bad('strict-readiness', 'invalid value for bool option: foo')],
    ['--model-control-mode=foo', bad('model-control-mode', 'invalid argument for --model-control-mode')],
    ['--model-config-name=', bad('model-config-name', 'Error: empty argument for --model-config-name')],
    [
      '--http-max-input-size=0',
      bad('http-max-input-size', 'Error: --http-max-input-size must be greater than 0.'),
    ],
    ['--http-restricted-api=foo:a=b', bad('http-restricted-api', `unknown restricted api 'foo' \n`)],
    [
      '--http-restricted-api=health',
      bad(
        'http-restricted-api',
        `--http-restricted-api option format is '<config name>:<setting>=<value>'. Got health\n`,
      ),
    ],
    [
      '--backend-config=foo',
      bad(
        'backend-config',
        `--backend-config option format is '<backend name>,<setting>=<value>'. Got foo\n`,
      ),
    ],
    [
      '--host-policy=foo',
      bad('host-policy', `--host-policy option format is '<policy name>,<setting>=<value>'. Got foo\n`),
    ],
    ['--rate-limit=foo', bad('rate-limit', 'invalid argument for --rate-limit')],
    [
      '--rate-limit-resource=R1',
      bad(
        'rate-limit-resource',
        `--rate-limit-resource option format is '<resource_name>:<count>:<device>' or '<resource_name>:<count>'. Got R1`,
      ),
    ],
    ['--rate-limit-resource=R2:2:global', bad('rate-limit-resource', 'Invalid option value. Got global\n')],
    [
      '--cache-config=local',
      bad(
        'cache-config',
        'No cache specified. --cache-config option format is <cache name>,<setting>=<value>. Got local\n',
      ),
    ],
    ['--trace-config=level=FOO', bad('trace-config level', 'invalid value for trace level option: foo')],
    [
      '--trace-config=foo',
      bad('trace-config', `--trace-config option format is '<trace mode>,<setting>=<value>'. Got foo\n`),
    ],
    [
      '--metrics-config=foo',
      bad('metrics-config', '--metrics-config option format is <setting>=<value>. Got foo\n'),
    ],
    [
      '--min-supported-compute-capability=x',
      bad('min-supported-compute-capability', 'Invalid option value. Got x\n'),
    ],
    [
      '--load-model=good',
      "Error: Use of '--load-model' requires setting '--model-control-mode=explicit' as well.",
    ],
    [
      '--metrics-port=8000',
      'The server cannot listen to HTTP requests and metrics requests at the same address and port 127.0.0.1:8000\n',
    ],
  ])('%s', (flag, after) => {
    expect(parse(flag)).toEqual({ kind: 'usage', before: '', after });
  });

  test.each([
    ['--foo', "unrecognized option '--foo'"],
    ['--allow-sagemaker=true', "unrecognized option '--allow-sagemaker=true'"],
    ['-x', "invalid option -- 'x'"],
    ['--disable-auto-complete-config=1', "option '--disable-auto-complete-config' doesn't allow an argument"],
    ['--id', "option '--id' requires an argument"],
    ['--log-f', "option '--log-f' is ambiguous; possibilities: '--log-format' '--log-file'"],
  ])('%s, in the words of getopt', (flag, before) => {
    expect(parse(flag)).toMatchObject({ kind: 'usage', before });
  });

  test('the first mistake is the one that is named, and what belongs to no option comes last', () => {
    expect(parse('extra', '--http-port=x', '--log-format=y')).toMatchObject({
      after: expect.stringContaining('--http-port'),
    });
  });
});

test('a flag may be shortened as far as it stays the only one', () => {
  expect(options('--exit-t=7').exitTimeoutSeconds).toBe(7);
});

test('without a repository it is for the server to refuse, as the tables come first', () => {
  expect(parseCommandLine([])).toMatchObject({ kind: 'run', options: { modelRepositories: [] } });
});

test('what is deprecated is said once for each', () => {
  expect(parse('--strict-model-config=false', '--disable-auto-complete-config')).toMatchObject({
    options: { autoCompleteConfig: false },
    warnings: [
      "Warning: '--strict-model-config' has been deprecated! Please use '--disable-auto-complete-config' instead.",
      "Warning: Overriding deprecated '--strict-model-config' from False to True in favor of '--disable-auto-complete-config'!",
    ],
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
  expect(parse('--grpc-infer-thread-count=4')).toMatchObject({
    notes: [expect.stringContaining('--grpc-infer-thread-count has no effect')],
  });
  expect(parse('--allow-sagemaker=true')).toMatchObject({ kind: 'usage' });
});

test('help names every flag that there is', () => {
  for (const [name, { effect }] of Object.entries<Flag>(FLAGS)) {
    expect(printUsage().includes(`  --${name} `) || printUsage().includes(`  --${name}\n`)).toBe(
      effect.kind !== 'unknown',
    );
  }
});
