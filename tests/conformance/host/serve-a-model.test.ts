import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ModelEntry, VersionState } from '../../../app/contract/model-entry.ts';
import type { CompletedRequest } from '../../../app/contract/inference.ts';
import { forkLauncher } from '../../../app/host/processes/fork-launcher.ts';
import type { HostProcessLauncher } from '../../../app/host/processes/host-process-launcher.ts';
import { makeTestFolder, startTestHost, waitFor, type TestHost } from '../../support/start-test-host.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/models', import.meta.url));
const BUNDLES = fileURLToPath(new URL('../../../dist/node', import.meta.url));

/** Starts no process below another, as Electron: the server has to ask the host for its engines. */
function askingLauncher(): HostProcessLauncher {
  return { ...forkLauncher(BUNDLES), canChildrenFork: false };
}

describe.each([
  ['that may start their own', () => forkLauncher(BUNDLES)],
  ['that ask the host for theirs', askingLauncher],
])('a host with real processes %s', (_how, launcher) => {
  let folder: Awaited<ReturnType<typeof makeTestFolder>>;
  let tested: TestHost;
  beforeEach(async () => {
    folder = await makeTestFolder();
    tested = await startTestHost(join(folder.path, 'data'), { launcher: launcher() });
  });
  afterEach(async () => {
    await tested.close();
    await folder.remove();
  });

  const addSample = async (name: string) => {
    const { jobId } = await tested.client.call('model.import', { source: { kind: 'sample', name } });
    await tested.finishJob('import', jobId);
  };
  const addFile = async (name: string) => {
    const path = join(FIXTURES, name);
    const { jobId } = await tested.client.call('model.import', { source: { kind: 'paths', paths: [path] } });
    return tested.finishJob('import', jobId);
  };
  const untilProbed = (name: string) =>
    waitFor(async () => {
      const { probe } = await find(name);
      return probe.kind !== 'pending' && probe;
    }, `${name} to be tried`);
  const find = async (name: string): Promise<ModelEntry> => {
    const { models } = await tested.client.call('host.snapshot', null);
    const model = models.find((entry) => entry.name === name);
    if (!model) throw new Error(`There is no model ${name}.`);
    return model;
  };
  const untilState = (name: string, kind: VersionState['kind']) =>
    waitFor(async () => {
      const state = (await find(name)).versions.at(-1)?.state;
      return state?.kind === kind && state;
    }, `${name} to be ${kind}`);
  const serverPid = async () => {
    const { server } = await tested.client.call('host.snapshot', null);
    if (server.kind !== 'running') throw new Error(`The server is ${server.kind}.`);
    return server.pid;
  };

  test('serves a sample, answers it and keeps the request with its timing', async () => {
    await addSample('digits');
    const dots: CompletedRequest[] = [];
    tested.client.on('requests.completed', ({ requests }) => dots.push(...requests));
    await tested.client.call('model.load', { name: 'digits' });
    expect(await untilState('digits', 'ready')).toMatchObject({ executionProvider: 'CPU' });
    const inputs = await tested.client.call('sample.exampleInputs', { model: 'digits' });
    const run = (protocol: 'binary' | 'json') =>
      tested.client.call('inference.run', { model: 'digits', inputs, protocol, origin: 'user' });
    const binary = await run('binary');
    const json = await run('json');
    expect(binary).toMatchObject({ isAnswered: true, outcome: { kind: 'answered', modelVersion: '1' } });
    expect(json.outcome).toMatchObject({ kind: 'answered' });
    expect(binary.timing.server?.computeInferMicroseconds).toBeGreaterThan(0);
    const listed = await tested.client.call('history.list', { limit: 10 });
    expect(listed.map(({ id }) => id)).toEqual([json.id, binary.id]);
    expect(await tested.client.call('history.get', { id: binary.id })).toEqual(binary);
    const dot = await waitFor(() => dots.find(({ historyId }) => historyId === binary.id), 'its dot');
    expect(dot).toMatchObject({ isOk: true, model: 'digits' });
  });

  test('says why a request failed in the exact words of the wire', async () => {
    await addSample('add_sub');
    await tested.client.call('model.load', { name: 'add_sub' });
    await untilState('add_sub', 'ready');
    const entry = await tested.client.call('inference.run', {
      model: 'add_sub',
      inputs: [{ name: 'INPUT0', datatype: 'INT32', shape: [1, 16], data: new Uint8Array(64) }],
      protocol: 'binary',
      origin: 'user',
    });
    expect(entry).toMatchObject({
      isAnswered: false,
      outcome: {
        kind: 'failed',
        failure: { code: 'invalid-argument', httpStatus: 400, message: expect.stringContaining('INPUT1') },
      },
    });
  });

  test('says that a reload is needed after an edit, and not after the reload', async () => {
    await addSample('add_sub');
    await tested.client.call('model.load', { name: 'add_sub' });
    await untilState('add_sub', 'ready');
    const { config } = await find('add_sub');
    const text = config.text.replace(/max_batch_size: \d+/, 'max_batch_size: 5');
    await tested.client.call('config.edit', { model: 'add_sub', text, revision: config.revision });
    expect((await find('add_sub')).config.isReloadNeeded).toBe(true);
    await tested.client.call('model.load', { name: 'add_sub' });
    await waitFor(async () => !(await find('add_sub')).config.isReloadNeeded, 'the reload');
  });

  test('starts a killed server again with its models and says why', async () => {
    await addSample('add_sub');
    await tested.client.call('model.load', { name: 'add_sub' });
    await untilState('add_sub', 'ready');
    const reasons: string[] = [];
    tested.client.on('server.changed', (server) => {
      if (server.kind === 'restarting') reasons.push(server.reason);
    });
    const pid = await serverPid();
    process.kill(pid, 'SIGKILL');
    await waitFor(async () => {
      const { server } = await tested.client.call('host.snapshot', null);
      return server.kind === 'running' && server.pid !== pid;
    }, 'another server');
    await untilState('add_sub', 'ready');
    expect(reasons[0]).toContain('killed (SIGKILL)');
  });

  test('gives up after three deaths, and starts by hand', async () => {
    await tested.client.call('server.start', null);
    for (let death = 1; death <= 3; death += 1) {
      const pid = await waitFor(() => serverPid().catch(() => null), 'a running server');
      process.kill(pid, 'SIGKILL');
      await waitFor(async () => {
        const { server } = await tested.client.call('host.snapshot', null);
        return server.kind !== 'running' || server.pid !== pid;
      }, 'its death');
    }
    const failed = await waitFor(async () => {
      const { server } = await tested.client.call('host.snapshot', null);
      return server.kind === 'failed' && server;
    }, 'giving up');
    expect(failed.reason).toContain('three times in five minutes');
    await tested.client.call('server.start', null);
    expect(await serverPid()).toBeGreaterThan(0);
  });

  test('unloads a model and stops the server', async () => {
    await addSample('add_sub');
    await tested.client.call('model.load', { name: 'add_sub' });
    await untilState('add_sub', 'ready');
    await tested.client.call('model.unload', { name: 'add_sub' });
    await untilState('add_sub', 'unloaded');
    await tested.client.call('server.stop', null);
    const { server } = await tested.client.call('host.snapshot', null);
    expect(server).toEqual({ kind: 'stopped' });
  });

  test('tries a new model in a throw-away process and says what came of it', async () => {
    await addFile('batchable.onnx');
    await addFile('divide-int32.onnx');
    expect(await untilProbed('batchable')).toMatchObject({ kind: 'answered' });
    // The trial input is zeros, which this model cannot divide by.
    expect(await untilProbed('divide-int32')).toMatchObject({
      kind: 'skipped',
      reason: expect.stringContaining('It loads'),
    });
  });

  test('explains an engine that plain data killed, and has it back', async () => {
    await addFile('divide-int32.onnx');
    await addSample('add_sub');
    await tested.client.call('model.load', { name: 'divide-int32' });
    await tested.client.call('model.load', { name: 'add_sub' });
    await untilState('divide-int32', 'ready');
    await untilState('add_sub', 'ready');
    const seen: VersionState[] = [];
    tested.client.on('model.changed', ({ name, versions }) => {
      const state = versions.at(-1)?.state;
      if (name === 'divide-int32' && state) seen.push(state);
    });
    const { description } = await find('divide-int32');
    const [left, right] = description?.inputs ?? [];
    const int32 = (name: string, value: number) => ({
      name,
      datatype: 'INT32' as const,
      shape: (left?.dims.value ?? []).map((dim) => (dim.kind === 'fixed' ? dim.size : 1)),
      data: new Uint8Array(
        new Int32Array(
          (left?.dims.value ?? []).reduce((count, dim) => count * (dim.kind === 'fixed' ? dim.size : 1), 1),
        ).fill(value).buffer,
      ),
    });
    const entry = await tested.client.call('inference.run', {
      model: 'divide-int32',
      inputs: [int32(left?.name ?? '', -(2 ** 31)), int32(right?.name ?? '', -1)],
      protocol: 'binary',
      origin: 'user',
    });
    expect(entry).toMatchObject({ isAnswered: false, outcome: { failure: { code: 'unavailable' } } });
    const dead = await waitFor(() => seen.find(({ kind }) => kind === 'unavailable'), 'the death to be told');
    expect(dead).toMatchObject({ kind: 'unavailable', reason: expect.stringMatching(/SIGFPE|engine/) });
    await untilState('divide-int32', 'ready');
    expect((await find('add_sub')).versions[0]?.state.kind).toBe('ready');
  });

  test('keeps a request to a server that does not run, as failed', async () => {
    const entry = await tested.client.call('inference.run', {
      model: 'nothing',
      inputs: [],
      protocol: 'json',
      origin: 'user',
    });
    expect(entry.outcome).toMatchObject({ kind: 'failed', failure: { code: 'unavailable' } });
  });
});
