import { execFile, spawnSync } from 'node:child_process';
import { access, cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { PLAIN_REPOSITORY, type DeploymentTarget } from '../../../app/core/deployment/deployment-facts.ts';
import { NEWEST_RELEASE, tritonImage } from '../../../app/core/deployment/triton-releases.ts';
import { forkLauncher } from '../../../app/host/processes/fork-launcher.ts';
import { conchServe } from '../../support/conch-command.ts';
import { SUB_ADD } from '../../support/exchanged-model.ts';
import {
  startMultiModel,
  startSingleModel,
  type SagemakerContainer,
  type SagemakerStart,
} from '../../support/sagemaker-container.ts';
import { makeTestFolder, startTestHost, waitFor, type TestHost } from '../../support/start-test-host.ts';
import { ensemble } from '../server/ensemble-models.ts';

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

async function exportFor(
  target: DeploymentTarget,
  models: readonly string[] = MODELS,
  usesGpu = false,
): Promise<string> {
  const { jobId } = await tested.client.call('export.start', {
    models,
    format: 'folder',
    deployment: { ...PLAIN_REPOSITORY, target, storageUri: '', usesGpu },
    destination: join(folder.path, `${target}-${models.join('-')}${usesGpu ? '-gpu' : ''}`),
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

const composeAbsence =
  spawnSync('docker-compose', ['version']).status === 0 ? null : 'docker-compose is not installed';
if (composeAbsence !== null) process.stderr.write(`compose.yaml is not checked: ${composeAbsence}\n`);

describe.skipIf(composeAbsence !== null)('compose', () => {
  const resolve = (path: string) => run('docker-compose', ['-f', join(path, 'compose.yaml'), 'config']);

  test('takes compose.yaml without a word, and resolves it to what was meant', async () => {
    const path = await exportFor('compose', ['add_sub']);
    const { stdout, stderr } = await resolve(path);
    expect(stderr).toBe('');
    expect((parse(stdout) as { services: unknown }).services).toMatchObject({
      triton: {
        image: tritonImage(NEWEST_RELEASE),
        user: 'triton-server',
        command: ['tritonserver', '--model-repository=/models'],
        ports: ['127.0.0.1:8000:8000/tcp', '127.0.0.1:8001:8001/tcp', '127.0.0.1:8002:8002/tcp'],
        volumes: [`${join(path, 'model_repository')}:/models:ro`],
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        healthcheck: { test: ['CMD', 'curl', '-fsS', 'http://localhost:8000/v2/health/ready'] },
        restart: 'unless-stopped',
      },
    });
  });

  test('takes the reservation of GPUs', async () => {
    const { stdout } = await resolve(await exportFor('compose', ['add_sub'], true));
    expect(parse(stdout)).toMatchObject({
      services: {
        triton: {
          deploy: {
            resources: {
              reservations: {
                devices: [{ capabilities: ['gpu'], count: expect.toBeOneOf(['all', -1]), driver: 'nvidia' }],
              },
            },
          },
        },
      },
    });
  });

  test('would refuse a misspelt key', async () => {
    const path = await exportFor('compose', ['digits']);
    const text = await readFile(join(path, 'compose.yaml'), 'utf8');
    await writeFile(join(path, 'compose.yaml'), text.replace('healthcheck:', 'health_check:'));
    await expect(resolve(path)).rejects.toThrow('health_check');
  });
});

describe('the archives for SageMaker', () => {
  const containerOf = async (path: string): Promise<SagemakerContainer> =>
    (
      JSON.parse(await readFile(join(path, 'create_model.json'), 'utf8')) as {
        PrimaryContainer: SagemakerContainer;
      }
    ).PrimaryContainer;
  const archivesOf = async (path: string): Promise<string[]> =>
    (await readdir(join(path, 'models'))).toSorted().map((name) => join(path, 'models', name));

  /** The HTTP status of each model's readiness once the server runs as SageMaker would have started it. */
  const readinessOf = async (start: SagemakerStart, models: readonly string[]) => {
    if (start.kind === 'refused') throw new Error(start.words);
    const [first = '', ...others] = start.repositories;
    const more = others.map((path) => `--model-repository=${path}`);
    const server = await conchServe(first, [...more, ...start.flags]);
    try {
      const statuses: number[] = [];
      for (const name of models) statuses.push((await fetch(`${server.url}/v2/models/${name}/ready`)).status);
      return statuses;
    } finally {
      await server.stop();
    }
  };

  test('of one model is served from where its start script finds it', async () => {
    const path = await exportFor('sagemaker', ['digits']);
    const container = await containerOf(path);
    expect(container).toMatchObject({ ModelDataUrl: expect.stringMatching(/\/model\.tar\.gz$/) });
    const start = await startSingleModel(
      join(path, 'model.tar.gz'),
      container,
      join(folder.path, 'opt-ml-model'),
    );
    expect(await readdir(join(folder.path, 'opt-ml-model'))).toEqual(['digits']);
    expect(await readinessOf(start, ['digits'])).toEqual([200]);
  });

  test('of an ensemble brings its steps, and the ensemble is the one that is loaded', async () => {
    const { workspace } = await tested.client.call('host.snapshot', null);
    const { config = '' } = ensemble([['add_sub', { INPUT0: 'A', INPUT1: 'B' }, { OUTPUT0: 'SUM' }]], {
      inputs: [
        { name: 'A', dims: '16' },
        { name: 'B', dims: '16' },
      ],
      outputs: [{ name: 'SUM', dims: '16' }],
    });
    await mkdir(join(workspace.path, 'sum', '1'), { recursive: true });
    await writeFile(join(workspace.path, 'sum', 'config.pbtxt'), config);
    await waitFor(async () => {
      const { models } = await tested.client.call('host.snapshot', null);
      return models.some(({ name }) => name === 'sum');
    }, 'the ensemble to be seen');
    const path = await exportFor('sagemaker', ['sum', 'add_sub']);
    const container = await containerOf(path);
    expect(container.Environment).toEqual({ SAGEMAKER_TRITON_DEFAULT_MODEL_NAME: 'sum' });
    const archive = join(path, 'model.tar.gz');
    const single = await startSingleModel(archive, container, join(folder.path, 'ensemble-single'));
    expect(await readinessOf(single, ['sum', 'add_sub'])).toEqual([200, 200]);
    // Without the name the start script gives up: the export must not forget it.
    expect(await startSingleModel(archive, {}, join(folder.path, 'ensemble-unnamed'))).toEqual({
      kind: 'refused',
      words: 'ERROR: More than 1 model directory found in model repository.',
    });
    const multi = await startMultiModel([archive], join(folder.path, 'ensemble-multi'));
    expect(await readinessOf(multi, ['sum'])).toEqual([200]);
  });

  test('of independent models are one each, and a multi-model endpoint loads them side by side', async () => {
    const path = await exportFor('sagemaker');
    expect(await containerOf(path)).toMatchObject({ Mode: 'MultiModel' });
    const archives = await archivesOf(path);
    expect(archives.map((each) => basename(each))).toEqual([
      'add-sub.tar.gz',
      'digits.tar.gz',
      'text-router.tar.gz',
    ]);
    const start = await startMultiModel(archives, join(folder.path, 'opt-ml-models'));
    expect(await readinessOf(start, MODELS)).toEqual([200, 200, 200]);
  });
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
