import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ContainerStatus } from '../../../app/contract/container-status.ts';
import {
  USUAL_CHOICES,
  type ContainerChoices,
} from '../../../app/core/triton-container/container-choices.ts';
import { createContainerSupervisor } from '../../../app/host/triton-container/container-supervisor.ts';
import { engineAbsence, startDockerEngine, type TestEngine } from '../../support/docker-engine.ts';
import { waitFor } from '../../support/start-test-host.ts';
import { DOUBLES, writePythonModel } from '../../support/python-models.ts';
import { buildTritonImage, realTriton } from '../../support/triton-image.ts';

const IMAGE = 'conch-test/tritonserver:24.10-py3';
const CHOICES: ContainerChoices = {
  ...USUAL_CHOICES,
  release: IMAGE,
  memoryGibibytes: 4,
  sharedMemoryMebibytes: 256,
};
const BREAKS = `class TritonPythonModel:
    def initialize(self, args):
        raise RuntimeError("the weights are missing")

    def execute(self, requests):
        return []
`;
const GROWS = `class TritonPythonModel:
    def initialize(self, args):
        blocks = []
        while True:
            blocks.append(b"x" * (64 << 20))

    def execute(self, requests):
        return []
`;

const absence = engineAbsence();
const server = absence === null ? realTriton() : absence;
const reason = typeof server === 'string' ? server : null;
if (reason !== null) process.stderr.write(`A real Triton in a real container is not tested: ${reason}\n`);

describe.skipIf(reason !== null)('a real Triton in a container of a real Engine', () => {
  let engine: TestEngine;
  let folder: string;
  let lines: { level: string; text: string }[];
  let supervisors: ReturnType<typeof createContainerSupervisor>[];

  beforeAll(async () => {
    if (typeof server === 'string') return;
    engine = await startDockerEngine();
    await buildTritonImage(engine.docker, IMAGE, server);
  }, 180_000);
  afterAll(() => engine.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'conch-container-'));
    // The container's user is another one than the test's.
    await chmod(folder, 0o755);
    lines = [];
    supervisors = [];
  });
  afterEach(async () => {
    for (const supervisor of supervisors) await supervisor.close();
    for (const { Id } of await engine.docker.listContainers({ all: true }))
      await engine.docker.getContainer(Id).remove({ force: true });
    await rm(folder, { recursive: true, force: true });
  });

  async function addModel(name: string, program: string): Promise<void> {
    await writePythonModel(folder, name, program);
  }

  function supervise(models: readonly string[] = ['doubles']) {
    const statuses: ContainerStatus[] = [];
    const supervisor = createContainerSupervisor({
      dataFolder: folder,
      now: Date.now,
      repository: () => ({ path: folder, models, platforms: [] }),
      onStatus: (status) => statuses.push(status),
      log: (level, _source, text) => lines.push({ level, text }),
      place: { label: engine.socketPath, socketPath: engine.socketPath },
    });
    supervisors.push(supervisor);
    return { supervisor, statuses };
  }

  const running = async (supervisor: ReturnType<typeof createContainerSupervisor>) => {
    await waitFor(() => supervisor.status().kind === 'running', 'the container runs', 30_000);
    const status = supervisor.status();
    if (status.kind !== 'running') throw new Error(`It is ${status.kind}.`);
    return status;
  };
  const ready = (supervisor: ReturnType<typeof createContainerSupervisor>) =>
    waitFor(
      () => {
        const status = supervisor.status();
        return status.kind === 'running' && status.isReady && status;
      },
      'Triton is ready',
      30_000,
    );
  const containers = () => engine.docker.listContainers({ all: true });

  test('is checked, started, ready, answers, and logs with levels', async () => {
    await addModel('doubles', DOUBLES);
    const { supervisor } = supervise();
    const checks = await supervisor.check(CHOICES);
    expect(checks.filter(({ state }) => state === 'blocked')).toEqual([]);
    expect(checks.find(({ id }) => id === 'image')?.state).toBe('ok');
    await supervisor.start(CHOICES);
    await ready(supervisor);
    const { response } = await supervisor.client().infer({
      model: 'doubles',
      id: 'one',
      protocol: 'json',
      inputs: [
        {
          name: 'INPUT',
          datatype: 'INT32',
          shape: [1, 2],
          data: new Uint8Array(new Int32Array([3, -4]).buffer),
        },
      ],
    });
    const [output] = response.outputs;
    expect(output).toMatchObject({ name: 'OUTPUT', datatype: 'INT32', shape: [1, 2] });
    expect(new Int32Array(output?.data.slice().buffer ?? new ArrayBuffer(0))).toEqual(
      new Int32Array([6, -8]),
    );
    await waitFor(
      () => lines.some(({ text }) => text.includes("successfully loaded 'doubles'")),
      'the log says it',
      10_000,
    );
    expect(lines.find(({ text }) => text.includes("successfully loaded 'doubles'"))?.level).toBe('info');
  });

  test('is hardened: another user, no capabilities, models that cannot be written, loopback alone', async () => {
    await addModel('doubles', DOUBLES);
    const { supervisor } = supervise();
    await supervisor.start(CHOICES);
    const { containerId, httpUrl } = await running(supervisor);
    const { Config, HostConfig, Mounts } = await engine.docker.getContainer(containerId).inspect();
    expect(Config.User).toBe('1000:1000');
    expect(HostConfig.CapDrop).toEqual(['ALL']);
    expect(HostConfig.SecurityOpt).toEqual(['no-new-privileges']);
    expect(Mounts.map(({ Destination, RW }) => [Destination, RW])).toEqual([['/models', false]]);
    expect(httpUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const writing = await engine.docker
      .getContainer(containerId)
      .exec({ Cmd: ['/bin/sh', '-c', 'echo x > /models/doubles/x'], AttachStderr: true });
    const stream = await writing.start({});
    let said = '';
    stream.on('data', (piece: Buffer) => (said += piece.toString()));
    await new Promise((resolve) => stream.once('end', resolve));
    expect(said).toMatch(/Read-only file system|Permission denied/);
  });

  test('that is killed is explained within seconds and started again', async () => {
    await addModel('doubles', DOUBLES);
    const { supervisor, statuses } = supervise();
    await supervisor.start(CHOICES);
    const { containerId } = await running(supervisor);
    await engine.docker.getContainer(containerId).kill();
    await waitFor(() => statuses.some(({ kind }) => kind === 'restarting'), 'the end is noticed', 3_000);
    expect(statuses.find((status) => status.kind === 'restarting')?.reason).toContain('was killed (SIGKILL)');
    const again = await running(supervisor);
    expect(again.containerId).not.toBe(containerId);
    expect(await containers()).toHaveLength(1);
  });

  test('that is stopped from outside is not started again, and it is said', async () => {
    await addModel('doubles', DOUBLES);
    const { supervisor } = supervise();
    await supervisor.start(CHOICES);
    const { containerId } = await ready(supervisor);
    await engine.docker.getContainer(containerId).stop({ t: 30 });
    await waitFor(() => supervisor.status().kind === 'failed', 'the stop is noticed', 15_000);
    expect(supervisor.status()).toMatchObject({ reason: expect.stringContaining('stopped from outside') });
    expect(await containers()).toEqual([]);
  });

  test('that is removed by hand is missed within seconds', async () => {
    await addModel('doubles', DOUBLES);
    const { supervisor } = supervise();
    await supervisor.start(CHOICES);
    const { containerId } = await running(supervisor);
    await engine.docker.getContainer(containerId).remove({ force: true });
    await waitFor(() => supervisor.status().kind !== 'running', 'the removal is noticed', 3_000);
    await waitFor(() => supervisor.status().kind === 'failed', 'it is not started again', 10_000);
    expect(supervisor.status()).toMatchObject({ reason: expect.stringContaining('removed from outside') });
  });

  test('whose model cannot be loaded runs on, is not ready, and says why', async () => {
    await addModel('breaks', BREAKS);
    const { supervisor } = supervise(['breaks']);
    await supervisor.start(CHOICES);
    expect((await running(supervisor)).isReady).toBe(false);
    await waitFor(
      () => lines.some(({ text }) => text.includes('the weights are missing')),
      'the log says it',
      10_000,
    );
    await waitFor(
      () => lines.some(({ level, text }) => level === 'error' && text.includes("failed to load 'breaks'")),
      'the refusal is an error',
      10_000,
    );
  });

  test('that keeps running is found by the next Conch, and is the only one', async () => {
    await addModel('doubles', DOUBLES);
    const first = supervise();
    await first.supervisor.start({ ...CHOICES, keepsRunning: true });
    const { containerId } = await running(first.supervisor);
    await first.supervisor.close();
    const second = supervise();
    await second.supervisor.adopt();
    expect(await running(second.supervisor)).toMatchObject({ containerId, isAdopted: true });
    await second.supervisor.start(CHOICES);
    expect((await running(second.supervisor)).containerId).not.toBe(containerId);
    expect(await containers()).toHaveLength(1);
    await second.supervisor.close();
    expect(await containers()).toEqual([]);
  });

  test('is stopped when asked to', async () => {
    await addModel('doubles', DOUBLES);
    const { supervisor } = supervise();
    await supervisor.start(CHOICES);
    await running(supervisor);
    await supervisor.stop();
    expect(supervisor.status()).toEqual({ kind: 'stopped' });
    expect(await containers()).toEqual([]);
  });

  test('whose model takes all memory lives on, and says that its model died', async () => {
    await addModel('grows', GROWS);
    const { supervisor } = supervise(['grows']);
    await supervisor.start({ ...CHOICES, memoryGibibytes: 1 });
    await waitFor(
      () => lines.some(({ level, text }) => level === 'error' && text.includes("failed to load 'grows'")),
      'the end of the model is noticed',
      40_000,
    );
    expect((await running(supervisor)).isReady).toBe(false);
  });

  test('without its image is refused with what to do', async () => {
    await addModel('doubles', DOUBLES);
    const { supervisor } = supervise();
    const absent = { ...CHOICES, release: 'conch-test/tritonserver:absent' };
    expect((await supervisor.check(absent)).find(({ id }) => id === 'image')?.state).toBe('blocked');
    await expect(supervisor.start(absent)).rejects.toThrow('Pull it first');
  });
});
