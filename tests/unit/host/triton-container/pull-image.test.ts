import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JobProgress } from '../../../../app/contract/job.ts';
import { openEngine } from '../../../../app/host/triton-container/open-engine.ts';
import { pullImage } from '../../../../app/host/triton-container/pull-image.ts';
import { json, startFakeEngine, type FakeEngine } from '../../../support/fake-engine.ts';
import { makeTestFolder, waitFor } from '../../../support/start-test-host.ts';

const IMAGE = 'nvcr.io/nvidia/tritonserver:26.07-py3';

describe('pulling an image', () => {
  let folder: Awaited<ReturnType<typeof makeTestFolder>>;
  let engine: FakeEngine;
  let reports: JobProgress[];
  let abort: AbortController;
  beforeEach(async () => {
    folder = await makeTestFolder();
    engine = await startFakeEngine(join(folder.path, 'docker.sock'));
    reports = [];
    abort = new AbortController();
  });
  afterEach(async () => {
    await engine.close();
    await folder.remove();
  });

  const pull = async () =>
    pullImage(await openEngine({ label: '', socketPath: engine.socketPath }, null), IMAGE, {
      signal: abort.signal,
      report: (progress) => reports.push(progress),
    });
  /** The Engine's answer to a pull, line by line; it stays open. */
  const answerPull = (lines: readonly object[], then: (response: ServerResponse) => void = () => undefined) =>
    engine.answer('POST /images/create', (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      for (const line of lines) response.write(`${JSON.stringify(line)}\r\n`);
      then(response);
    });
  const downloading = (id: string, current: number) => ({
    id,
    status: 'Downloading',
    progressDetail: { current, total: 1000 },
  });

  test('tells how many layers are whole, and the bytes of those that are not', async () => {
    answerPull(
      [
        { id: '26.07-py3', status: 'Pulling from nvidia/tritonserver' },
        { id: 'a', status: 'Pulling fs layer', progressDetail: {} },
        { id: 'b', status: 'Pulling fs layer', progressDetail: {} },
        downloading('a', 400),
        downloading('b', 100),
        { id: 'a', status: 'Download complete', progressDetail: {} },
        { id: 'a', status: 'Pull complete', progressDetail: {} },
      ],
      (response) => response.end(),
    );
    expect(await pull()).toEqual({ image: IMAGE, byteSize: 1_000_000 });
    expect(reports.at(3)).toEqual({ stage: '0 of 2 layers', doneUnits: 400, unit: 'bytes' });
    expect(reports.at(-1)).toEqual({
      stage: '1 of 2 layers',
      doneUnits: 1100,
      totalUnits: 2000,
      unit: 'bytes',
    });
  });

  test('is cancelled at once, and the Engine hears of it', async () => {
    let isClosed = false;
    answerPull([downloading('a', 10)], (response) => response.on('close', () => (isClosed = true)));
    const pulling = pull();
    await waitFor(() => reports.length > 0, 'the first progress');
    abort.abort();
    await expect(pulling).rejects.toMatchObject({ code: 'cancelled' });
    await waitFor(() => isClosed, 'the Engine to see the connection closed');
  });

  test('fails at once where the daemon dies in the middle', async () => {
    answerPull([downloading('a', 10)]);
    const pulling = pull();
    await waitFor(() => reports.length > 0, 'the first progress');
    engine.cut();
    await expect(pulling).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`${IMAGE} was not pulled`),
    });
  });

  test.each([
    ['write /var/lib/docker/tmp/x: no space left on device', 'the Engine’s disk is full'],
    [
      'manifest for nvcr.io/nvidia/tritonserver:99.99-py3 not found: manifest unknown',
      'the registry has no such tag',
    ],
    ['unauthorized: authentication required', 'Run docker login'],
    ['dial tcp: lookup nvcr.io: no such host', 'the registry cannot be reached'],
  ])('says in words that %s', async (error, words) => {
    answerPull([downloading('a', 10), { error }], (response) => response.end());
    await expect(pull()).rejects.toMatchObject({ message: expect.stringContaining(words) });
  });

  test('says in words what the Engine refuses before it begins', async () => {
    engine.answer('POST /images/create', json(404, { message: 'manifest unknown: manifest unknown' }));
    await expect(pull()).rejects.toMatchObject({ message: expect.stringContaining('no such tag') });
  });
});
