import { appendFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { int32, ServerUnderTest, until } from './server-under-test.ts';

const MODEL = fileURLToPath(new URL('../../fixtures/models/batchable.onnx', import.meta.url));
const EXPLICIT = ['--model-control-mode=explicit', '--load-model=*'];
/** `CONCH_RELOADS=200` is the long version. */
const RELOADS = Number(process.env['CONCH_RELOADS'] ?? 8);
const CLIENTS = 6;

async function load(server: ServerUnderTest, name: string, config: unknown): Promise<string> {
  const body = JSON.stringify({ parameters: { config: JSON.stringify(config) } });
  const answer = await server.call(`/v2/repository/models/${name}/load`, { body });
  return answer.status === 200 ? '' : answer.text;
}

async function successes(server: ServerUnderTest, name: string): Promise<number> {
  const { text } = await server.call(`/v2/models/${name}/stats`);
  const { model_stats: stats } = JSON.parse(text) as {
    model_stats: { inference_stats: { success: { count: number } } }[];
  };
  return stats[0]?.inference_stats.success.count ?? -1;
}

test(`no request is lost while a model is loaded again ${RELOADS} times under load`, async () => {
  const server = await ServerUnderTest.start({ steady: { file: 'batchable.onnx' } }, EXPLICIT);
  try {
    await until(() => server.isReady('steady'));
    const zeros = await server.zeros('steady');
    const failures: string[] = [];
    let answered = 0;
    const end = new AbortController();
    const client = async (): Promise<void> => {
      while (!end.signal.aborted) {
        await server.infer('steady', zeros).then(
          () => (answered += 1),
          (cause: Error) => failures.push(cause.message),
        );
      }
    };
    const clients = Array.from({ length: CLIENTS }, client);
    for (let turn = 0; turn < RELOADS; turn += 1) {
      expect(await load(server, 'steady', { backend: 'onnxruntime', max_batch_size: 1 + (turn % 4) })).toBe(
        '',
      );
    }
    end.abort();
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(RELOADS);
  } finally {
    await server.stop();
  }
});

test('other instances leave a model the same, with its statistics; another batch size does not', async () => {
  const server = await ServerUnderTest.start({ counted: { file: 'batchable.onnx' } }, EXPLICIT);
  try {
    await until(() => server.isReady('counted'));
    const config = { backend: 'onnxruntime', max_batch_size: 2 };
    await load(server, 'counted', config);
    const zeros = await server.zeros('counted');
    await server.infer('counted', zeros);
    await server.infer('counted', zeros);
    await load(server, 'counted', { ...config, instance_group: [{ kind: 'KIND_CPU', count: 3 }] });
    const printed = await server.call('/v2/models/counted/config');
    expect(printed.text).toContain('"count":3');
    expect(await successes(server, 'counted')).toBe(2);
    await load(server, 'counted', { ...config, max_batch_size: 4 });
    expect(await successes(server, 'counted')).toBe(0);
  } finally {
    await server.stop();
  }
});

test('the log says of a version that it is unloaded when a reload drops or replaces it, and not of other instances', async () => {
  const models = {
    two: { file: 'batchable.onnx', versions: ['1', '2'], config: 'version_policy { all {} }' },
  };
  const server = await ServerUnderTest.start(models, EXPLICIT);
  const unloaded = (): string[] => server.output.match(/successfully unloaded 'two' version \d+/g) ?? [];
  try {
    await until(() => server.isReady('two'));
    const all = { backend: 'onnxruntime', max_batch_size: 2, version_policy: { all: {} } };
    await load(server, 'two', all);
    await until(() => unloaded().length === 2);
    await load(server, 'two', { ...all, instance_group: [{ kind: 'KIND_CPU', count: 3 }] });
    expect(unloaded()).toHaveLength(2);
    await load(server, 'two', { ...all, version_policy: { specific: { versions: [2] } } });
    await until(() => unloaded().length > 2);
    expect(unloaded().slice(2)).toContain("successfully unloaded 'two' version 1");
  } finally {
    await server.stop();
  }
});

test('a version that could not be loaded again serves on, and one that did not serve has the new reason', async () => {
  const server = await ServerUnderTest.start({ kept: { file: 'divide-int32.onnx' } }, EXPLICIT);
  try {
    await until(() => server.isReady('kept'));
    const broken = JSON.stringify({
      parameters: { config: '{"backend":"onnxruntime"}', 'file:2/model.onnx': 'anVuaw==' },
    });
    const answer = await server.call('/v2/repository/models/kept/load', { body: broken });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('version 2 is at UNAVAILABLE state: Internal: onnx runtime error 7');
    const index = JSON.parse((await server.call('/v2/repository/index', { body: '{}' })).text) as unknown;
    expect(index).toEqual([
      { name: 'kept', version: '1', state: 'READY' },
      {
        name: 'kept',
        version: '2',
        state: 'UNAVAILABLE',
        reason: expect.stringContaining('Protobuf parsing failed'),
      },
    ]);
    const inputs = (await server.inputsOf('kept')).map(({ name, datatype, shape }) => ({
      name,
      datatype,
      shape,
      data: int32(6),
    }));
    expect((await server.infer('kept', { inputs })).outputs.length).toBe(1);
  } finally {
    await server.stop();
  }
});

test('a poll leaves a model alone whose files are still being copied', async () => {
  const server = await ServerUnderTest.start({}, [
    '--model-control-mode=poll',
    '--repository-poll-secs=1',
    '--exit-on-error=false',
  ]);
  try {
    const directory = join(server.repository, 'growing', '1');
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'model.onnx'), '');
    const end = Date.now() + 3000;
    while (Date.now() < end) {
      await appendFile(join(directory, 'model.onnx'), 'x');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(server.output).not.toContain('growing');
    await rm(join(directory, 'model.onnx'));
    await cp(MODEL, join(directory, 'model.onnx'));
    await until(() => server.isReady('growing'));
    expect(server.output).not.toContain('failed to load');
  } finally {
    await server.stop();
  }
});

test('a name in two repositories is served by neither, and the index says why', async () => {
  const first = await ServerUnderTest.start({ twin: { file: 'divide-int32.onnx' } }, EXPLICIT);
  const second = await ServerUnderTest.launch({ twin: { file: 'divide-int32.onnx' } }, EXPLICIT);
  const both = await ServerUnderTest.startOn(
    [first.repository, second.repository],
    ['--model-control-mode=explicit'],
  );
  try {
    const answer = await both.call('/v2/repository/models/twin/load', { body: '{}' });
    expect([answer.status, answer.text]).toEqual([
      500,
      '{"error":"failed to load \'twin\', failed to poll from model repository"}',
    ]);
    expect(both.output).toContain("failed to poll model 'twin': not unique across all model repositories");
    const index = await both.call('/v2/repository/index', { body: '{"ready":true}' });
    expect(JSON.parse(index.text)).toEqual([
      { name: 'twin', state: 'UNAVAILABLE', reason: 'model appears in two or more repositories' },
    ]);
  } finally {
    await both.stop();
    await second.stop();
    await first.stop();
  }
});
