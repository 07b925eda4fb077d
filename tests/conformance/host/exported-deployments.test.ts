import { execFile } from 'node:child_process';
import { access, cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PLAIN_REPOSITORY, type DeploymentTarget } from '../../../app/core/deployment/deployment-facts.ts';
import { forkLauncher } from '../../../app/host/processes/fork-launcher.ts';
import { unpackArchive } from '../../../app/host/archives/unpack-archive.ts';
import { conchServe } from '../../support/conch-command.ts';
import { SUB_ADD } from '../../support/exchanged-model.ts';
import { makeTestFolder, startTestHost, waitFor, type TestHost } from '../../support/start-test-host.ts';

const run = promisify(execFile);
const SAMPLES = fileURLToPath(new URL('../../../sample-models', import.meta.url));
const BUNDLES = fileURLToPath(new URL('../../../dist/node', import.meta.url));
const MODELS = ['add_sub', 'digits', 'text_router'];

let folder: Awaited<ReturnType<typeof makeTestFolder>>;
let tested: TestHost;

/** Every model answered once, so that there is something to check a deployment by. */
beforeAll(async () => {
  folder = await makeTestFolder();
  tested = await startTestHost(join(folder.path, 'data'), { launcher: forkLauncher(BUNDLES) });
  for (const name of MODELS) {
    const { jobId } = await tested.client.call('model.import', { source: { kind: 'sample', name } });
    await tested.finishJob('import', jobId);
    await tested.client.call('model.load', { name });
    await waitFor(async () => {
      const { models } = await tested.client.call('host.snapshot', null);
      return models.find((entry) => entry.name === name)?.versions.at(-1)?.state.kind === 'ready';
    }, `${name} to be ready`);
    const inputs = await tested.client.call('sample.exampleInputs', { model: name });
    const { outcome } = await tested.client.call('inference.run', {
      model: name,
      inputs,
      protocol: 'binary',
      origin: 'user',
    });
    if (outcome.kind !== 'answered') throw new Error(`${name}: ${outcome.failure.message}`);
  }
}, 60_000);

afterAll(async () => {
  await tested.close();
  await folder.remove();
});

async function exportFor(target: DeploymentTarget, models: readonly string[] = MODELS): Promise<string> {
  const { jobId } = await tested.client.call('export.start', {
    models,
    format: 'folder',
    deployment: { ...PLAIN_REPOSITORY, target, storageUri: '' },
    destination: join(folder.path, `${target}-${models.length}`),
  });
  const outcome = await tested.finishJob('export', jobId);
  if (outcome.kind !== 'path') throw new Error('The export has no path.');
  return outcome.path;
}

/** What a script printed, and whether it ended well. */
async function runScript(command: string, args: readonly string[]): Promise<{ isOk: boolean; text: string }> {
  try {
    const { stdout, stderr } = await run(command, args);
    return { isOk: true, text: stdout + stderr };
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    return { isOk: false, text: stdout + stderr };
  }
}

describe('the saved requests of an export', () => {
  const scripts = [
    ['smoke.sh', 'sh'],
    ['smoke.py', 'python3'],
  ] as const;

  test.each(scripts)('%s passes on a server of the exported repository', async (script, command) => {
    const path = await exportFor('compose', [...MODELS].toReversed().slice(0, script === 'smoke.sh' ? 3 : 2));
    const server = await conchServe(join(path, 'model_repository'));
    try {
      const { isOk, text } = await runScript(command, [join(path, script), server.url]);
      expect(text).not.toContain('FAILED');
      expect(text).toContain('text_router answers as before');
      expect(text).toContain('digits answers as before');
      expect(isOk).toBe(true);
    } finally {
      await server.stop();
    }
  });

  test.each(scripts)('%s finds a model that was exchanged for another', async (script, command) => {
    const path = join(folder.path, `exchanged-${script}`);
    await cp(join(SAMPLES, 'add_sub'), join(path, 'add_sub'), { recursive: true });
    await writeFile(join(path, 'add_sub', '1', 'model.onnx'), SUB_ADD);
    const exported = await exportFor(script === 'smoke.sh' ? 'docker-run' : 'docker-image');
    const server = await conchServe(path);
    try {
      const { isOk, text } = await runScript(command, [join(exported, script), server.url]);
      expect(text).toMatch(/FAILED add_sub: .*expected -?\d+, got -?\d+/);
      expect(text).toMatch(/FAILED digits is not ready/);
      expect(isOk).toBe(false);
    } finally {
      await server.stop();
    }
  });
});

test('scripts can be run, and the shell accepts them', async () => {
  for (const target of ['docker-run', 'cloud-storage', 'sagemaker'] as const) {
    const path = await exportFor(target, ['digits']);
    for (const name of (await readdir(path)).filter((each) => each.endsWith('.sh'))) {
      expect((await stat(join(path, name))).mode & 0o111).not.toBe(0);
      await run('sh', ['-n', join(path, name)]);
    }
  }
});

test('compose takes compose.yaml', async (context) => {
  const found = await run('docker-compose', ['version']).catch(() => null);
  if (!found) context.skip('docker-compose is not installed');
  const path = await exportFor('compose', ['add_sub']);
  const { stdout } = await run('docker-compose', ['-f', join(path, 'compose.yaml'), 'config']);
  expect(stdout).toContain('--model-repository=/models');
});

test("SageMaker's archive holds model directories at its root, where its start script looks for them", async () => {
  const one = await exportFor('sagemaker', ['digits']);
  const unpacked = join(folder.path, 'opt-ml-model');
  await mkdir(unpacked);
  await unpackArchive('tar.gz', { archivePath: join(one, 'model.tar.gz'), into: unpacked });
  expect(await readdir(unpacked)).toEqual(['digits']);
  await access(join(unpacked, 'digits', '1', 'model.onnx'));
  const many = await exportFor('sagemaker');
  expect((await readdir(join(many, 'models'))).toSorted()).toEqual([
    'add-sub.tar.gz',
    'digits.tar.gz',
    'text-router.tar.gz',
  ]);
  expect(await readFile(join(many, 'create_model.json'), 'utf8')).toContain('"MultiModel"');
});

test('a wrong choice is refused in words before anything is written', async () => {
  const start = (choices: object) =>
    tested.client.call('export.start', {
      models: ['digits'],
      format: 'folder',
      deployment: { ...PLAIN_REPOSITORY, ...choices },
      destination: join(folder.path, 'never'),
    });
  await expect(start({ target: 'heroku' })).rejects.toThrow('There is no deployment target heroku.');
  await expect(start({ release: 'latest; rm -rf /' })).rejects.toThrow('is no release of Triton');
  await expect(start({ target: 'kserve', storageUri: 'ftp://x/y' })).rejects.toThrow('KServe reads');
  await expect(access(join(folder.path, 'never'))).rejects.toThrow('ENOENT');
});
