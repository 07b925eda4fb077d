import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAlive, isChildOf, ServerUnderTest, until } from '../server/server-under-test.ts';
import { randomFrom } from './random-from.ts';

const IS_LONG = process.env['STRESS'] === 'long';
const MILLISECONDS = IS_LONG ? 60_000 : 5000;
const CLIENTS = 16;
/** Numbers that the model takes at once, per item of a batch. */
const WIDTH = 4;
const MODELS = ['m0', 'm1', 'm2'];
const SEED = Number(process.env['STRESS_SEED'] ?? 1);

let server: ServerUnderTest;
beforeAll(async () => {
  const models = Object.fromEntries(MODELS.map((name) => [name, { file: 'identity-int64.onnx' }]));
  server = await ServerUnderTest.start(models, ['--model-control-mode=explicit', '--load-model=*']);
});
afterAll(() => server.stop());

/** A config that Triton takes, of every scheduling kind that changes how requests meet. */
function randomConfig(pick: (below: number) => number): string {
  const batching = [
    {},
    { dynamic_batching: {} },
    { dynamic_batching: { max_queue_delay_microseconds: 1 + pick(5000), preferred_batch_size: [2, 4] } },
    { dynamic_batching: { preserve_ordering: true, max_queue_delay_microseconds: pick(2000) } },
    { dynamic_batching: { priority_levels: 3, default_priority_level: 2 } },
    { dynamic_batching: { default_queue_policy: { max_queue_size: 1 + pick(8) } } },
    {
      dynamic_batching: {
        default_queue_policy: {
          default_timeout_microseconds: 1000 + pick(20_000),
          allow_timeout_override: true,
        },
      },
    },
  ];
  return JSON.stringify({
    backend: 'onnxruntime',
    max_batch_size: 8,
    instance_group: [{ kind: 'KIND_CPU', count: 1 + pick(3) }],
    ...batching[pick(batching.length)],
  });
}

interface Tally {
  sent: number;
  right: number;
  refused: number;
  readonly wrong: string[];
}

/** Answers that a model may give while it is loaded, unloaded or killed, or has too much to do. */
const REFUSALS =
  /^(?:503|404|400) .*(?:not at ready state|has no available versions|is not found|engine process|Exceeds maximum queue size|timeout expired|unloaded|Server exiting|is not ready)/;

/** Sends `batchSize` numbers from `value` on and wants them back under the same id. */
async function askOnce(
  value: number,
  batchSize: number,
  model: string,
  priority: number,
  tally: Tally,
): Promise<void> {
  tally.sent += 1;
  const data = Array.from({ length: batchSize * WIDTH }, (_, at) => value + at);
  const id = String(value);
  const inputs = [{ name: inputName, datatype: 'INT64', shape: [batchSize, WIDTH], data }];
  const answer = await server.call(`/v2/models/${model}/infer`, {
    body: JSON.stringify({ id, inputs, parameters: { priority } }),
  });
  const isRight = answer.text.includes(`"data":[${data.join(',')}]`) && answer.text.includes(`"id":"${id}"`);
  if (answer.status === 200 && isRight) tally.right += 1;
  else if (REFUSALS.test(`${answer.status} ${answer.text}`)) tally.refused += 1;
  else tally.wrong.push(`${answer.status} ${answer.text.slice(0, 300)} for ${id}`);
}

let inputName = '';

/** Asks one after the other, each request with numbers of its own, until the time is over. */
async function client(index: number, end: number, tally: Tally): Promise<void> {
  const pick = randomFrom(SEED * 1000 + index);
  for (let count = 0; Date.now() < end; count += 1) {
    const value = (index + 1) * 1_000_000_000_000 + count * 100;
    await askOnce(value, 1 + pick(4), MODELS[pick(MODELS.length)] ?? '', 1 + pick(3), tally);
  }
}

/** Loads with other configs, unloads, and kills engines, so that every state meets every request. */
async function troublemaker(end: number): Promise<void> {
  const pick = randomFrom(SEED);
  while (Date.now() < end) {
    const model = MODELS[pick(MODELS.length)] ?? '';
    const path = `/v2/repository/models/${model}`;
    const deed = pick(10);
    if (deed === 0) await server.call(`${path}/unload`, { method: 'POST' });
    else if (deed <= 2) await killEngine(model);
    else
      await server.call(`${path}/load`, {
        body: JSON.stringify({ parameters: { config: randomConfig(pick) } }),
      });
    await new Promise((resolve) => setTimeout(resolve, pick(300)));
  }
}

async function killEngine(model: string): Promise<void> {
  const pid = server.enginePid(model);
  if (await isChildOf(pid, server.pid)) process.kill(pid, 'SIGKILL');
}

interface Statistics {
  readonly model_stats: readonly {
    readonly inference_stats: Readonly<Record<'success' | 'fail', { count: number }>>;
  }[];
}

test(
  `under random configs, loads and kills for ${MILLISECONDS / 1000} s every request is answered once, and rightly (seed ${SEED})`,
  { timeout: MILLISECONDS + 120_000 },
  async () => {
    inputName = (await server.inputsOf('m0'))[0]?.name ?? '';
    const tally: Tally = { sent: 0, right: 0, refused: 0, wrong: [] };
    const end = Date.now() + MILLISECONDS;
    await Promise.all([
      troublemaker(end),
      ...Array.from({ length: CLIENTS }, (_, index) => client(index, end, tally)),
    ]);
    expect(tally.wrong.slice(0, 5)).toEqual([]);
    expect(tally.right + tally.refused).toBe(tally.sent);
    expect(tally.right).toBeGreaterThan(100);

    // What is left works: every model loads and answers, and counts what it answers.
    for (const model of MODELS) {
      await server.call(`/v2/repository/models/${model}/unload`, { method: 'POST' });
      await until(async () => !(await server.isReady(model)));
      expect((await server.call(`/v2/repository/models/${model}/load`, { method: 'POST' })).status).toBe(200);
      const after: Tally = { sent: 0, right: 0, refused: 0, wrong: [] };
      await askOnce(5_000_000_000_000, 1, model, 1, after);
      expect(after).toMatchObject({ right: 1, wrong: [] });
      const { text } = await server.call(`/v2/models/${model}/stats`);
      const [statistics] = (JSON.parse(text) as Statistics).model_stats;
      expect(statistics?.inference_stats.success.count).toBe(1);
      await server.call(`/v2/repository/models/${model}/unload`, { method: 'POST' });
    }
    const pids = server.events.flatMap((event) =>
      event.kind === 'model-state' && event.enginePid !== undefined ? [event.enginePid] : [],
    );
    await until(async () => (await Promise.all(pids.map(isAlive))).every((isThere) => !isThere));
  },
);
