import { describe, expect, test } from 'vitest';
import { USUAL_CHOICES } from '../../../../app/core/triton-container/container-choices.ts';
import { containerOptions, tritonCommand } from '../../../../app/core/triton-container/container-options.ts';
import { exitReason } from '../../../../app/core/triton-container/exit-reason.ts';
import { preflightChecks, type PreflightFacts } from '../../../../app/core/triton-container/preflight.ts';
import { readTritonLogLine } from '../../../../app/core/triton-container/triton-log-line.ts';

const PLAN = {
  choices: USUAL_CHOICES,
  repository: '/home/ada/models',
  models: ['one', 'two'],
  ports: { http: 8010, grpc: 8011, metrics: 8012 },
  user: '1000:1000',
  hasBridge: true,
  labels: {},
};

describe('the container', () => {
  test('publishes its ports on loopback alone, mounts the models read-only and has no rights', () => {
    const { HostConfig: host, User: user } = containerOptions(PLAN);
    expect(user).toBe('1000:1000');
    expect(host).toMatchObject({
      Binds: ['/home/ada/models:/models:ro'],
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Memory: 8 * 1024 ** 3,
      MemorySwap: 8 * 1024 ** 3,
      PortBindings: { '8000/tcp': [{ HostIp: '127.0.0.1', HostPort: '8010' }] },
    });
    expect(host).not.toHaveProperty('NetworkMode');
    expect(host).not.toHaveProperty('DeviceRequests');
  });

  test('is bound to loopback by flags where it shares the network of the machine', () => {
    const command = tritonCommand({ ...PLAN, hasBridge: false });
    for (const protocol of ['http', 'grpc', 'metrics'])
      expect(command).toContain(`--${protocol}-address=127.0.0.1`);
    expect(command).toContain('--http-port=8010');
  });

  test('loads the models of the repository in explicit mode only', () => {
    expect(tritonCommand(PLAN)).toContain('--load-model=two');
    const polled = tritonCommand({ ...PLAN, choices: { ...USUAL_CHOICES, controlMode: 'poll' } });
    expect(polled.join(' ')).not.toContain('--load-model');
  });
});

test.each([
  [
    'E1126 18:20:45.337766 1 model_lifecycle.cc:642] failed to load',
    'error',
    'model_lifecycle.cc:642] failed to load',
  ],
  ['W1126 18:20:45.337766 17 server.cc:1] careful', 'warning', 'server.cc:1] careful'],
  ['2026-11-26T18:20:45Z I 1 http_server.cc:4] Started', 'info', 'http_server.cc:4] Started'],
  ['+--------+', 'info', '+--------+'],
  [
    'Error: what a model prints is no line of Triton',
    'info',
    'Error: what a model prints is no line of Triton',
  ],
])('the log line %s is of level %s', (line, level, text) => {
  expect(readTritonLogLine(line)).toEqual({ level, text });
});

describe('why a container ended', () => {
  const end = { exitCode: 1, isOutOfMemory: false, error: '', memoryGibibytes: 8, lastLines: [] };
  test.each([
    [{ isOutOfMemory: true, exitCode: 137 }, 'more than its 8 GiB'],
    [{ exitCode: 137 }, 'by hand or by the system'],
    [{ exitCode: 139, lastLines: ['loading'] }, 'SIGSEGV. Its last words: loading'],
    [
      { lastLines: ['Unavailable - Socket 127.0.0.1:8010 already in use', 'error: creating server'] },
      'ports was taken',
    ],
    [{ lastLines: ['CUDA driver version is insufficient for CUDA runtime version'] }, 'driver is too old'],
    [
      { lastLines: ['tritonserver: error while loading shared libraries: libdcgm.so.3: cannot open'] },
      'misses the library libdcgm.so.3',
    ],
    [{ exitCode: 7 }, 'exit code 7'],
  ])('%o', (facts, words) => {
    expect(exitReason({ ...end, ...facts })).toContain(words);
  });
});

describe('the checks before a start', () => {
  const facts: PreflightFacts = {
    choices: USUAL_CHOICES,
    platforms: [],
    engine: {
      version: '27',
      place: '/var/run/docker.sock',
      memoryBytes: 32 * 1024 ** 3,
      hasBridge: true,
      hasNvidiaRuntime: false,
    },
    imageBytes: 15_500_000_000,
    freeBytes: 1e12,
    driver: null,
    ports: [8010, 8011, 8012],
    takenPorts: [],
  };
  const check = (change: Partial<PreflightFacts>, id: string) =>
    preflightChecks({ ...facts, ...change }).find((item) => item.id === id);

  test('pass where everything is there', () => {
    expect(preflightChecks(facts).every(({ state }) => state === 'ok')).toBe(true);
  });

  test('say what is missing and what to do', () => {
    expect(check({ imageBytes: null }, 'image')).toMatchObject({
      state: 'blocked',
      fix: expect.stringContaining('Pull'),
    });
    expect(check({ imageBytes: null, freeBytes: 5e9 }, 'disk')).toMatchObject({
      state: 'warning',
      reason: expect.stringContaining('5.0 GB are free'),
    });
    const gpu = { ...USUAL_CHOICES, usesGpu: true };
    expect(check({ choices: gpu }, 'gpu')).toMatchObject({
      state: 'blocked',
      reason: 'No NVIDIA GPU was found.',
    });
    expect(check({ choices: gpu, driver: '580.65' }, 'gpu')).toMatchObject({
      fix: expect.stringContaining('nvidia-ctk'),
    });
    expect(check({ choices: gpu, driver: '580.65' }, 'driver')).toMatchObject({
      state: 'warning',
      fix: expect.stringContaining('610'),
    });
    expect(check({ platforms: ['tensorflow_savedmodel'] }, 'release')).toMatchObject({
      state: 'warning',
      reason: expect.stringContaining('25.02'),
    });
    expect(
      check({ choices: { ...USUAL_CHOICES, release: '26.02' }, platforms: ['torch_aoti'] }, 'release'),
    ).toMatchObject({ reason: expect.stringContaining('26.03') });
    expect(check({ choices: { ...USUAL_CHOICES, memoryGibibytes: 64 } }, 'memory')).toMatchObject({
      state: 'warning',
    });
    expect(
      check(
        { choices: { ...USUAL_CHOICES, memoryGibibytes: 1, sharedMemoryMebibytes: 2048 } },
        'shared-memory',
      ),
    ).toMatchObject({ state: 'blocked' });
  });

  test('are only one where no Engine answers', () => {
    const absence = { reason: 'Docker does not answer.', fix: 'Restart it.' };
    expect(preflightChecks({ ...facts, engine: { absence } })).toMatchObject([
      { id: 'engine', state: 'blocked', ...absence },
    ]);
  });
});
