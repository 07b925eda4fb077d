import { fork, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processesWithVariable } from '../../support/process-table.ts';
import { makeTestFolder, startTestHost, waitFor } from '../../support/start-test-host.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MODEL = join(ROOT, 'tests/fixtures/models/batchable.onnx');
const KILLS = 8;

interface Acknowledged {
  readonly edit: number;
  readonly historyId: string;
}

let folder: Awaited<ReturnType<typeof makeTestFolder>>;
let bundle: string;

beforeAll(async () => {
  folder = await makeTestFolder();
  // Inside the checkout, so that the bundle finds the packages.
  bundle = join(ROOT, 'node_modules/.cache/conch-editing-host');
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['dockerode', 'onnxruntime-node'] },
    build: {
      ssr: true,
      outDir: bundle,
      target: 'node20',
      rolldownOptions: {
        input: {
          'editing-host': join(ROOT, 'tests/support/editing-host.ts'),
          'serving-host': join(ROOT, 'tests/support/serving-host.ts'),
        },
        external: [...builtinModules, ...builtinModules.map((name) => `node:${name}`)],
        output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
      },
    },
  });
});
afterAll(() => folder.remove());

/** Runs the editing host, kills it after a while, and gives the last edit that it acknowledged. */
function editUntilKilled(
  dataFolder: string,
  edits: number,
  extraMilliseconds: number,
): Promise<Acknowledged | null> {
  return new Promise((resolve, reject) => {
    const child = fork(join(bundle, 'editing-host.mjs'), [dataFolder, MODEL], {
      execArgv: [],
      stdio: 'pipe',
    });
    let last: Acknowledged | null = null;
    let seen = 0;
    let stderr = '';
    child.stderr?.on('data', (text: Buffer) => {
      stderr += text.toString();
    });
    child.on('message', (message) => {
      last = message as Acknowledged;
      seen += 1;
      if (seen === edits) setTimeout(() => child.kill('SIGKILL'), extraMilliseconds);
    });
    child.on('exit', (_code, signal) => {
      if (signal === 'SIGKILL') resolve(last);
      else reject(new Error(`The editing host ended by itself: ${stderr}`));
    });
  });
}

test(
  'a kill at any moment loses no acknowledged edit, tears no file and no history',
  { timeout: 180_000 },
  async () => {
    const dataFolder = join(folder.path, 'data');
    const historyIds: string[] = [];
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const last = await editUntilKilled(dataFolder, 1 + (kill % 4), (kill * 7) % 23);
      if (!last) throw new Error('It acknowledged nothing.');
      historyIds.push(last.historyId);

      const tested = await startTestHost(dataFolder);
      const { models } = await tested.client.call('host.snapshot', null);
      expect(models).toHaveLength(1);
      const [model] = models;
      if (!model) throw new Error('The model is lost.');
      const edit = Number(/# edit (\d+)/.exec(model.config.text)?.[1]);
      expect(edit).toBeGreaterThanOrEqual(last.edit);
      expect(model.config.text.endsWith(`# end ${edit}\n`)).toBe(true);
      const saved = await readFile(join(model.path, 'config.pbtxt'), 'utf8');
      expect(saved).toBe(model.config.savedText);
      expect(saved).toMatch(/(?:# edit (\d+)\n(?:# padding\n)+# end \1|\])\n$/);
      const listed = await tested.client.call('history.list', { limit: 5000 });
      expect(listed.map(({ id }) => id)).toEqual(expect.arrayContaining(historyIds));
      expect((await tested.client.call('history.get', { id: last.historyId })).inputs).toHaveLength(1);
      expect((await readdir(model.path)).filter((name) => name.startsWith('.conch'))).toEqual([]);
      await tested.close();
      expect(await readdir(join(dataFolder, 'staging'))).toEqual([]);
    }
  },
);

test(
  'a probe of a model that never ends ends with the process that asked for it',
  { timeout: 60_000 },
  async () => {
    const probe = join(ROOT, 'dist/node/probe.mjs');
    const script = `
    const { fork } = await import('node:child_process');
    const child = fork(${JSON.stringify(probe)}, [${JSON.stringify(join(ROOT, 'tests/fixtures/models/endless.onnx'))}, '--json'], { execArgv: [], stdio: ['ignore', 'pipe', 'ignore', 'ipc'] });
    child.stdout.on('data', (text) => String(text).includes('described') && process.send(child.pid));`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const pid = await new Promise<number>((resolve) =>
      parent.once('message', (message) => resolve(Number(message))),
    );
    parent.kill('SIGKILL');
    await waitFor(() => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    }, 'the probe to end');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  },
);

test.each([
  ['that the server started', 'forked'],
  ['that the host started for the server', 'asked'],
])(
  'kill -9 of the host ends everything that it started within 2 s, also an engine %s in a run that never ends',
  { timeout: 120_000 },
  async (_who, whoStartsEngines) => {
    const mark = randomUUID();
    const endless = join(ROOT, 'tests/fixtures/models/endless.onnx');
    const child = fork(
      join(bundle, 'serving-host.mjs'),
      [join(folder.path, mark), endless, join(ROOT, 'dist/node'), whoStartsEngines],
      {
        execArgv: [],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: { ...process.env, CONCH_TEST: mark },
      },
    );
    const started = () => processesWithVariable('CONCH_TEST', mark);
    try {
      const said = await new Promise((resolve, reject) => {
        child.once('message', resolve);
        child.once('exit', (code) => reject(new Error(`The host ended by itself with ${code}.`)));
      });
      expect(said).toBe('running');
      const names = started().map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['serving-host.mjs', 'server.mjs', 'engine.mjs']));
    } finally {
      child.kill('SIGKILL');
    }
    await waitFor(() => started().length === 0, 'its processes to end', 2000);
    expect(started()).toEqual([]);
  },
);
