import { afterAll, beforeAll, expect, test } from 'vitest';
import { statefulModel, step } from './sequence-client.ts';
import { ServerUnderTest, until } from './server-under-test.ts';

/** Always the same numbers, so that a failure can be repeated. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

let server: ServerUnderTest;
const IDLE = 'max_sequence_idle_microseconds: 60000000';

beforeAll(async () => {
  const sum = (batching: string, options = {}) => statefulModel('sequence-sum.onnx', batching, options);
  server = await ServerUnderTest.start({
    direct: sum(`${IDLE} direct { max_queue_delay_microseconds: 2000 minimum_slot_utilization: 0.5 }`, {
      instances: 2,
    }),
    oldest: sum(
      `${IDLE} oldest { max_candidate_sequences: 6 preferred_batch_size: [ 2, 4 ] max_queue_delay_microseconds: 1000 }`,
      { rows: 8 },
    ),
    killed: sum(`${IDLE} direct {}`, { instances: 2 }),
  });
  await until(async () => (await server.call('/v2/health/ready')).status === 200, 60_000);
}, 120_000);
afterAll(() => server.stop());

/** Sends one whole sequence; how far its sums were right, and what it failed with where it failed. */
async function runSequence(
  model: string,
  id: number,
  random: () => number,
): Promise<{ readonly wrong: string | null; readonly failure: string | null }> {
  const length = 1 + Math.floor(random() * 12);
  let total = 0;
  for (let index = 0; index < length; index += 1) {
    const value = Math.floor(random() * 1000);
    total += value;
    const answer = await step(server, model, { id, start: index === 0, end: index === length - 1, value });
    if (typeof answer === 'string') return { wrong: null, failure: answer };
    if (answer !== total)
      return { wrong: `${model} ${id}: ${String(answer)} instead of ${total}`, failure: null };
    if (random() < 0.2) await new Promise((resolve) => setTimeout(resolve, random() * 20));
  }
  return { wrong: null, failure: null };
}

test.each(['direct', 'oldest'])(
  '%s: a hundred sequences of random lengths at once all get the sums of their own values',
  async (model) => {
    const sequences = Array.from({ length: 100 }, (_, index) =>
      runSequence(model, index + 1, randomNumbers(index)),
    );
    const outcomes = await Promise.all(sequences);
    expect(outcomes.filter(({ wrong, failure }) => wrong !== null || failure !== null)).toEqual([]);
  },
  120_000,
);

test('engines killed under sequences: each request is answered, right or with the reason, and sequences can start again', async () => {
  const state = { isDone: false };
  const kills = (async () => {
    for (let kill = 0; kill < 2 && !state.isDone; kill += 1) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      await until(() => server.isReady('killed'));
      process.kill(server.enginePid('killed'), 'SIGKILL');
    }
  })();
  const clients = Array.from({ length: 20 }, async (_, client) => {
    const random = randomNumbers(1000 + client);
    const failures: string[] = [];
    for (let round = 0; round < 12; round += 1) {
      const { wrong, failure } = await runSequence('killed', client + 1, random);
      expect(wrong).toBeNull();
      if (failure === null) continue;
      failures.push(failure);
      await until(() => server.isReady('killed'));
    }
    return failures;
  });
  const failures = (await Promise.all(clients)).flat();
  state.isDone = true;
  await kills;
  const isExplained = (failure: string): boolean =>
    /^503 .*(?:engine process|has ended and has to be started again|is not at ready state)/.test(failure);
  expect(failures.filter((failure) => !isExplained(failure))).toEqual([]);
  await until(() => server.isReady('killed'));
  expect(await runSequence('killed', 999, randomNumbers(7))).toEqual({ wrong: null, failure: null });
}, 120_000);
