import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ContainerStatus } from '../../../../app/contract/container-status.ts';
import { USUAL_CHOICES } from '../../../../app/core/triton-container/container-choices.ts';
import { createContainerSupervisor } from '../../../../app/host/triton-container/container-supervisor.ts';
import { json, startFakeEngine, type FakeEngine } from '../../../support/fake-engine.ts';
import { makeTestFolder, waitFor } from '../../../support/start-test-host.ts';

const STATE = { Running: true, ExitCode: 0, OOMKilled: false, Error: '' };

describe('a container on an Engine that misbehaves', () => {
  let folder: Awaited<ReturnType<typeof makeTestFolder>>;
  let engine: FakeEngine;
  let created: { HostConfig: { PortBindings: Record<string, { HostPort: string }[]> } }[];
  let triton: Server | null;
  let supervisor: ReturnType<typeof createContainerSupervisor>;
  let statuses: ContainerStatus[];
  let state: typeof STATE;

  beforeEach(async () => {
    folder = await makeTestFolder();
    engine = await startFakeEngine(join(folder.path, 'docker.sock'));
    created = [];
    statuses = [];
    triton = null;
    state = STATE;
    engine.answer('POST /containers/create', (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        created.push(JSON.parse(body));
        json(201, { Id: 'c1' })(request, response);
      });
    });
    // What runs "in the container" answers on the port that was published.
    engine.answer('POST /containers/c1/start', (_request, response) => {
      const port = Number(created.at(-1)?.HostConfig.PortBindings['8000/tcp']?.[0]?.HostPort);
      triton = createServer((_asked, answer) => answer.end()).listen(port, '127.0.0.1');
      response.writeHead(204).end();
    });
    engine.answer('POST /containers/c1/stop', (_request, response) => response.writeHead(204).end());
    engine.answer('GET /containers/c1/json', (request, response) =>
      json(200, { Id: 'c1', State: state })(request, response),
    );
    engine.answer('GET /containers/c1/logs', (_request, response) => response.end());
    supervisor = createContainerSupervisor({
      dataFolder: folder.path,
      now: Date.now,
      repository: () => ({ path: '/models', models: ['m'], platforms: [] }),
      onStatus: (status) => statuses.push(status),
      log: () => undefined,
      place: { label: 'fake', socketPath: engine.socketPath },
      pace: { pollMilliseconds: 200, retryMilliseconds: 50 },
    });
  });
  afterEach(async () => {
    await supervisor.close();
    triton?.closeAllConnections();
    triton?.close();
    await engine.close();
    await folder.remove();
  });

  const running = () => waitFor(() => supervisor.status().kind === 'running', 'the container to run');
  const told = (kind: ContainerStatus['kind']) =>
    waitFor(() => statuses.find((status) => status.kind === kind), `the status ${kind}`);

  test('an end is seen by looking where the stream of events says nothing', async () => {
    await supervisor.start(USUAL_CHOICES);
    await running();
    state = { ...STATE, Running: false, ExitCode: 137, OOMKilled: true };
    expect(await told('restarting')).toMatchObject({ reason: expect.stringContaining('OOM-killed') });
  });

  test('an end is seen at once by an event', async () => {
    let tell: () => void = () => undefined;
    engine.answer('GET /events', (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      tell = () => response.write(`${JSON.stringify({ status: 'die', id: 'c1' })}\n`);
    });
    await supervisor.close();
    supervisor = createContainerSupervisor({
      dataFolder: folder.path,
      now: Date.now,
      repository: () => ({ path: '/models', models: [], platforms: [] }),
      onStatus: (status) => statuses.push(status),
      log: () => undefined,
      place: { label: 'fake', socketPath: engine.socketPath },
    });
    await supervisor.start(USUAL_CHOICES);
    await running();
    await waitFor(() => engine.asked.includes('GET /events'), 'the events to be followed');
    state = { ...STATE, Running: false, ExitCode: 139 };
    const diedAt = performance.now();
    tell();
    expect(await told('restarting')).toMatchObject({ reason: expect.stringContaining('SIGSEGV') });
    expect(performance.now() - diedAt).toBeLessThan(1000);
  });

  test('an Engine that does not answer is told, and the container is found again', async () => {
    await supervisor.start(USUAL_CHOICES);
    await running();
    engine.answer('GET /containers/c1/json', (_request, response) => response.socket?.destroy());
    expect(await told('unreachable')).toMatchObject({ reason: expect.stringContaining('does not answer') });
    engine.answer('GET /containers/c1/json', json(200, { Id: 'c1', State: STATE }));
    await running();
  });

  test('a container that was removed is told and not started again', async () => {
    await supervisor.start(USUAL_CHOICES);
    await running();
    engine.answer('GET /containers/c1/json', json(404, { message: 'No such container: c1' }));
    expect(await told('failed')).toMatchObject({ reason: expect.stringContaining('removed from outside') });
    expect(created).toHaveLength(1);
  });

  test.each([
    ['driver failed: Bind for 127.0.0.1:8010 failed: port is already allocated', 'taken by another program'],
    ['could not select device driver "nvidia" with capabilities: [[gpu]]', 'NVIDIA Container Toolkit'],
    ['mkdir /var/lib/docker/x: no space left on device', 'disk of the Docker Engine is full'],
    ['exec: "tritonserver": executable file not found in $PATH', 'The image has no tritonserver'],
  ])('a start that is refused with "%s" leaves no container and says why', async (message, words) => {
    engine.answer('POST /containers/c1/start', json(500, { message }));
    await expect(supervisor.start(USUAL_CHOICES)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(words),
    });
    expect(engine.asked).toContain('DELETE /containers/c1');
    expect(supervisor.status()).toMatchObject({ kind: 'failed', reason: expect.stringContaining(words) });
  });

  test('no Engine at all is a reason, for the checks and for the start', async () => {
    await engine.close();
    const [only] = await supervisor.check(USUAL_CHOICES);
    expect(only).toMatchObject({ id: 'engine', state: 'blocked', reason: expect.stringContaining('not') });
    await expect(supervisor.start(USUAL_CHOICES)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('choices that are none are refused by name', async () => {
    for (const wrong of [
      { release: 'UPPER case' },
      { memoryGibibytes: 0 },
      { sharedMemoryMebibytes: 1.5 },
      { controlMode: 'sometimes' as 'none' },
    ])
      await expect(supervisor.start({ ...USUAL_CHOICES, ...wrong })).rejects.toMatchObject({
        code: 'invalid-argument',
      });
  });
});
