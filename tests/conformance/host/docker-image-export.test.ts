import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NEWEST_RELEASE, tritonImage } from '../../../app/core/deployment/triton-releases.ts';
import { engineAbsence, startDockerEngine, type TestEngine } from '../../support/docker-engine.ts';
import { DOUBLES, writePythonModel } from '../../support/python-models.ts';
import { waitFor } from '../../support/start-test-host.ts';
import { buildTritonImage, realTriton } from '../../support/triton-image.ts';

const CONCH = fileURLToPath(new URL('../../../main/cli/conch.mjs', import.meta.url));
const BUILT = 'conch-test/doubles:1';

const absence = engineAbsence();
const server = absence === null ? realTriton() : absence;
const reason = typeof server === 'string' ? server : null;
if (reason !== null) process.stderr.write(`The exported Dockerfile is not built: ${reason}\n`);

describe.skipIf(reason !== null)('an exported Dockerfile', () => {
  let engine: TestEngine;
  let folder: string;

  beforeAll(async () => {
    if (typeof server === 'string') return;
    folder = await mkdtemp(join(tmpdir(), 'conch-image-export-'));
    engine = await startDockerEngine();
    // What the Dockerfile starts from is there already: nothing is pulled.
    await buildTritonImage(engine.docker, tritonImage(NEWEST_RELEASE), server);
  }, 180_000);
  afterAll(async () => {
    for (const { Id } of await engine.docker.listContainers({ all: true }))
      await engine.docker.getContainer(Id).remove({ force: true });
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('is built, becomes healthy by its own check, and answers', async () => {
    const [repository, exported] = [join(folder, 'repository'), join(folder, 'exported')];
    await writePythonModel(repository, 'doubles', DOUBLES);
    const { status, stderr } = spawnSync(
      process.execPath,
      [CONCH, 'export', repository, '--for', 'docker-image', '--to', exported],
      { encoding: 'utf8', env: { ...process.env, CONCH_DATA_FOLDER: join(folder, 'data') } },
    );
    expect({ status, isBroken: stderr.includes('rror') }).toEqual({ status: 0, isBroken: false });

    const built = spawnSync(
      'docker',
      ['--host', `unix://${engine.socketPath}`, 'build', '--tag', BUILT, exported],
      {
        encoding: 'utf8',
        // Without the plugin that the Engine's own builder does not need.
        env: { ...process.env, DOCKER_BUILDKIT: '0' },
      },
    );
    expect(built.stdout + built.stderr).toContain(`Successfully tagged ${BUILT}`);

    const container = await engine.docker.createContainer({
      Image: BUILT,
      HostConfig: { NetworkMode: 'host', ShmSize: 256 * 1024 * 1024 },
    });
    await container.start();
    await waitFor(
      async () => (await container.inspect()).State.Health?.Status === 'healthy',
      'its own health check passes',
      50_000,
    );
    const { Config } = await container.inspect();
    expect(Config.User).toBe('triton-server');
    const answer = await fetch('http://127.0.0.1:8000/v2/models/doubles/infer', {
      method: 'POST',
      body: JSON.stringify({ inputs: [{ name: 'INPUT', datatype: 'INT32', shape: [1, 2], data: [3, -4] }] }),
    });
    expect(await answer.json()).toMatchObject({ outputs: [{ name: 'OUTPUT', data: [6, -8] }] });
  });
});
