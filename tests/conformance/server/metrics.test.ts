import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readPrometheusText, type ScrapedFamily } from '../../unit/core/metrics/prometheus-text.ts';
import { callPort, ServerUnderTest, until, type TestModel } from './server-under-test.ts';

const identity = (extra: string): TestModel => ({
  config: `backend: "identity" max_batch_size: 4 ${extra}
    input { name: "INPUT0" data_type: TYPE_INT32 dims: [ 2 ] }
    output { name: "OUTPUT0" data_type: TYPE_INT32 dims: [ 2 ] }`,
});
const TAGS =
  'metric_tags { key: "team" value: "bl\\"ue" } metric_tags { key: "no label" value: "x" } metric_tags { key: "_own" value: "x" }';

async function withServer(
  models: Readonly<Record<string, TestModel>>,
  flags: readonly string[],
  use: (server: ServerUnderTest) => Promise<void>,
): Promise<void> {
  const server = await ServerUnderTest.start(models, flags);
  try {
    await until(async () => (await server.call('/v2/health/ready')).status === 200);
    await use(server);
  } finally {
    await server.stop();
  }
}

async function scrape(server: ServerUnderTest): Promise<ReadonlyMap<string, ScrapedFamily>> {
  const answer = await callPort(server.metricsPort, '/metrics');
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  return readPrometheusText(answer.text);
}

function valueOf(
  families: ReadonlyMap<string, ScrapedFamily>,
  name: string,
  labels: Readonly<Record<string, string>>,
): number | undefined {
  const isMeant = (own: Readonly<Record<string, string>>): boolean =>
    Object.entries(labels).every(([key, value]) => own[key] === value);
  return families.get(name)?.samples.find((sample) => isMeant(sample.labels))?.value;
}

const infer = (server: ServerUnderTest, model: string, rows: number) =>
  server.infer(model, {
    inputs: [{ name: 'INPUT0', datatype: 'INT32', shape: [rows, 2], data: new Uint8Array(rows * 8) }],
  });

test('a scrape counts what the statistics count, with the tags of a model as labels', async () => {
  await withServer({ plain: identity(''), tagged: identity(TAGS) }, [], async (server) => {
    await infer(server, 'tagged', 1);
    await infer(server, 'tagged', 3);
    const families = await scrape(server);
    const labels = { model: 'tagged', version: '1' };
    const read = (name: string): number | undefined => valueOf(families, name, labels);
    expect(read('nv_inference_request_success')).toBe(2);
    expect(read('nv_inference_count')).toBe(4);
    expect(read('nv_inference_exec_count')).toBe(2);
    expect(read('nv_inference_pending_request_count')).toBe(0);
    expect(read('nv_model_load_duration_secs')).toBeGreaterThan(0);
    expect(valueOf(families, 'nv_inference_count', { model: 'plain' })).toBe(0);
    const { text } = await server.call('/v2/models/tagged/stats');
    const { model_stats: stats } = JSON.parse(text) as {
      model_stats: { inference_stats: Record<string, { count: number; ns: number }> }[];
    };
    const request = (stats[0]?.inference_stats['success']?.ns ?? 0) / 1000;
    const counted = read('nv_inference_request_duration_us') ?? 0;
    expect(counted).toBeGreaterThan(request - 2);
    expect(counted).toBeLessThanOrEqual(request);
    expect(families.get('nv_inference_count')?.samples.map((sample) => sample.labels)).toEqual([
      { model: 'plain', version: '1' },
      { _team: 'bl"ue', model: 'tagged', version: '1' },
    ]);
    expect(server.output).toContain("metric_tags of model 'tagged': 'no label' makes no valid label");
    expect(server.output).toContain(`Started Metrics Service at 127.0.0.1:${server.metricsPort}`);
  });
});

test('requests that fail in the model are counted with their reason; refused ones are counted nowhere', async () => {
  const divide = { 'divide-int32': { file: 'divide-int32.onnx' } };
  await withServer({ ...divide, plain: identity('') }, [], async (server) => {
    await infer(server, 'plain', 9).catch(() => null);
    const families = await scrape(server);
    for (const reason of ['REJECTED', 'CANCELED', 'BACKEND', 'OTHER']) {
      expect(valueOf(families, 'nv_inference_request_failure', { model: 'plain', reason })).toBe(0);
    }
    const zeros = await server.zeros('divide-int32');
    await server.infer('divide-int32', zeros).catch(() => null);
    await until(async () => {
      const labels = { model: 'divide-int32', reason: 'BACKEND' };
      return valueOf(await scrape(server), 'nv_inference_request_failure', labels) === 1;
    });
  });
});

test('series come with a load and go with an unload', async () => {
  const flags = ['--model-control-mode=explicit', '--load-model=one'];
  await withServer({ one: identity(''), two: identity('') }, flags, async (server) => {
    const models = async (): Promise<unknown> =>
      (await scrape(server)).get('nv_inference_count')?.samples.map(({ labels }) => labels['model']);
    expect(await models()).toEqual(['one']);
    await server.call('/v2/repository/models/two/load', { body: '{}' });
    expect(await models()).toEqual(['one', 'two']);
    await server.call('/v2/repository/models/one/unload', { body: '{}' });
    await until(async () => JSON.stringify(await models()) === '["two"]');
  });
});

test('histograms and summaries are there when asked for, a model’s own buckets too', async () => {
  const buckets =
    'model_metrics { metric_control { metric_identifier { family: "nv_inference_first_response_histogram_ms" } histogram_options { buckets: [ -1, 0.5, 7000 ] } } }';
  const flags = ['--metrics-config=histogram_latencies=true', '--metrics-config=summary_latencies=true'];
  await withServer({ plain: identity(''), own: identity(buckets) }, flags, async (server) => {
    await infer(server, 'own', 1);
    const families = await scrape(server);
    const name = 'nv_inference_first_response_histogram_ms';
    const bucket = (model: string, le: string): number | undefined =>
      families.get(name)?.samples.find(({ labels }) => labels['model'] === model && labels['le'] === le)
        ?.value;
    expect(['-1', '7000', '+Inf'].map((le) => bucket('own', le))).toEqual([0, 1, 1]);
    expect(['100', '5000', '+Inf'].map((le) => bucket('plain', le))).toEqual([0, 0, 0]);
    const summary = families.get('nv_inference_queue_summary_us');
    expect(summary?.type).toBe('summary');
    expect(
      summary?.samples.filter(({ labels }) => labels['model'] === 'own' && labels['quantile']).length,
    ).toBe(5);
    expect(valueOf(families, 'nv_inference_queue_summary_us', { model: 'plain', quantile: '0.5' })).toBeNaN();
  });
});

test('the port answers GET alone, and other paths with nothing; processor gauges come after an interval', async () => {
  await withServer({}, ['--metrics-interval-ms=100'], async (server) => {
    const call = (path: string, method = 'GET') => callPort(server.metricsPort, path, { method });
    expect(await call('/other')).toMatchObject({ status: 200, text: '' });
    expect((await call('/metrics?x=1')).text).toContain('nv_pinned_memory_pool_total_bytes 0\n');
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) {
      const answer = await call('/metrics', method);
      const text = method === 'HEAD' ? '' : '{"error":"Method Not Allowed"}';
      expect({ method, ...answer }).toMatchObject({ method, status: 405, text });
    }
    const foreign = await callPort(server.metricsPort, '/metrics', { headers: { Host: 'evil.example' } });
    expect(foreign.status).toBe(403);
    await until(async () => (valueOf(await scrape(server), 'nv_cpu_memory_total_bytes', {}) ?? 0) > 0);
    expect(valueOf(await scrape(server), 'nv_cpu_utilization', {})).toBeLessThanOrEqual(1);
  });
});

test('without --allow-cpu-metrics there are no processor gauges; without --allow-metrics there is no port', async () => {
  await withServer({}, ['--allow-cpu-metrics=false'], async (server) => {
    expect([...(await scrape(server)).keys()].filter((name) => name.startsWith('nv_cpu'))).toEqual([]);
  });
  await withServer({}, ['--allow-metrics=false'], async (server) => {
    const listening = server.events.find(({ kind }) => kind === 'listening');
    expect(listening).toMatchObject({ endpoints: expect.not.arrayContaining([{ protocol: 'metrics' }]) });
    expect(server.metricsPort).toBe(0);
  });
});

test('a taken metrics port ends the start with the reason', async () => {
  await withServer({}, [], async (holder) => {
    const server = await ServerUnderTest.launch({}, [`--metrics-port=${holder.metricsPort}`]);
    const { code } = await server.exited;
    expect(code).toBe(1);
    expect(server.output).toContain(`Socket '127.0.0.1:${holder.metricsPort}' already in use`);
    await server.stop();
  });
});

interface RecordedScrape {
  readonly flags: readonly string[];
  readonly text?: string;
}

const RECORDED = fileURLToPath(new URL('../../fixtures/goldens/metrics.jsonl', import.meta.url));

/** A scrape without its values, and without what varies: sorted lines of names and labels. */
function shapeOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => (line.startsWith('#') ? line : line.slice(0, line.lastIndexOf(' '))))
    .toSorted();
}

test('families, help texts, labels and their order are those of a real Triton, whatever is switched on', async () => {
  const lines = (await readFile(RECORDED, 'utf8')).trim().split('\n');
  const scrapes = lines
    .map((line) => JSON.parse(line) as RecordedScrape)
    .filter(({ flags, text }) => text !== undefined && flags.includes('--load-model=tags'));
  expect(scrapes.length).toBeGreaterThan(0);
  const tags = 'metric_tags { key: "team" value: "blue" } metric_tags { key: "a" value: "b" }';
  for (const { flags, text = '' } of scrapes) {
    await withServer({ simple: identity(''), tags: identity(tags) }, flags, async (server) => {
      const { text: own } = await callPort(server.metricsPort, '/metrics');
      const order = (each: string) => each.split('\n').filter((line) => line.startsWith('# TYPE'));
      expect([flags, shapeOf(own), order(own)]).toEqual([flags, shapeOf(text), order(text)]);
    });
  }
});
