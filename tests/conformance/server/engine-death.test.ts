import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { firstBytes, int32, isAlive, ServerUnderTest, until } from './server-under-test.ts';

const INT_MIN = -(2 ** 31);

function division(a: number, b: number) {
  return {
    inputs: [
      { name: 'a', datatype: 'INT32' as const, shape: [1, 1], data: int32(a) },
      { name: 'b', datatype: 'INT32' as const, shape: [1, 1], data: int32(b) },
    ],
  };
}

/** Three seconds; on a machine so busy that the first load took long, as much longer as that. */
function recoveryLimit(server: ServerUnderTest, model: string): number {
  const ready = server.events.find(
    (event) => event.kind === 'model-state' && event.model === model && event.state === 'READY',
  );
  const loadMilliseconds = ready?.kind === 'model-state' ? (ready.loadMilliseconds ?? 0) : 0;
  return Math.max(3000, 5 * loadMilliseconds);
}

/** One request after the other until told to stop; the failures that it met. */
function keepAsking(server: ServerUnderTest, model: string): { stop: () => Promise<string[]> } {
  const state = { isStopped: false };
  const failures: string[] = [];
  const run = async (): Promise<void> => {
    while (!state.isStopped) {
      await server.infer(model, division(9, 3)).catch((cause: Error) => failures.push(cause.message));
    }
  };
  const running = run();
  return {
    stop: async () => {
      state.isStopped = true;
      await running;
      return failures;
    },
  };
}

describe('when an engine dies', () => {
  let server: ServerUnderTest;
  beforeAll(async () => {
    server = await ServerUnderTest.start({
      victim: { file: 'divide-int32.onnx' },
      other: { file: 'divide-int32.onnx' },
      killed: { file: 'divide-int32.onnx' },
    });
  });
  afterAll(() => server.stop());

  test('INT_MIN / -1 fails with the reason, the model is back within 3 s, and another model notices nothing', async () => {
    const other = keepAsking(server, 'other');
    await expect(server.infer('victim', division(INT_MIN, -1))).rejects.toThrow(
      /^503 .*dividing the smallest integer by -1.*SIGFPE/,
    );
    await until(() => server.isReady('victim'), recoveryLimit(server, 'victim'));
    const answer = await server.infer('victim', division(7, 2));
    expect(firstBytes(answer)).toEqual([...int32(3)]);
    expect(await other.stop()).toEqual([]);
    const died = server.events.find((event) => event.kind === 'engine-died');
    expect(died).toMatchObject({ model: 'victim', signal: 'SIGFPE', restartInMilliseconds: 250 });
  });

  test('kill -9 is survived the same way', async () => {
    const pid = server.enginePid('killed');
    process.kill(pid, 'SIGKILL');
    await until(async () => !(await server.isReady('killed')));
    await until(() => server.isReady('killed'), recoveryLimit(server, 'killed'));
    expect(server.enginePid('killed')).not.toBe(pid);
    expect(firstBytes(await server.infer('killed', division(8, 2)))).toEqual([...int32(4)]);
  });

  test('three deaths in five minutes leave it unavailable with the reason', async () => {
    for (let death = 1; death < 3; death += 1) {
      process.kill(server.enginePid('killed'), 'SIGKILL');
      await until(async () => !(await server.isReady('killed')));
      if (death === 1) await until(() => server.isReady('killed'));
    }
    const index = JSON.parse((await server.call('/v2/repository/index', { method: 'POST' })).text) as {
      name: string;
      state: string;
      reason: string;
    }[];
    const entry = index.find(({ name }) => name === 'killed');
    expect(entry).toMatchObject({
      state: 'UNAVAILABLE',
      reason: expect.stringContaining('3 times within 5 minutes') as string,
    });
    expect(await server.isReady('other')).toBe(true);
    expect((await server.call('/v2/health/ready')).status).toBe(400);
  });
});

test('a model that was given up works again after a load by hand', async () => {
  const server = await ServerUnderTest.start({ model: { file: 'divide-int32.onnx' } }, [
    '--model-control-mode=explicit',
    '--load-model=model',
  ]);
  try {
    let killed = 0;
    for (let death = 0; death < 3; death += 1) {
      // Which process it has now is told beside its being ready.
      await until(async () => (await server.isReady('model')) && server.enginePid('model') !== killed);
      killed = server.enginePid('model');
      process.kill(killed, 'SIGKILL');
      await until(async () => !(await server.isReady('model')));
    }
    expect((await server.call('/v2/repository/models/model/load', { method: 'POST' })).status).toBe(200);
    expect(await server.isReady('model')).toBe(true);
  } finally {
    await server.stop();
  }
});

test('a run past its time limit ends the engine, and only it', async () => {
  const server = await ServerUnderTest.start({
    endless: {
      file: 'endless.onnx',
      config: 'parameters { key: "conch_run_timeout_secs" value { string_value: "0.5" } }',
    },
    other: { file: 'divide-int32.onnx' },
  });
  try {
    const pid = server.enginePid('endless');
    const zeros = await server.zeros('endless');
    await expect(server.infer('endless', zeros)).rejects.toThrow(
      '503 {"error":"a run took longer than 0.5 s, its limit, and was ended"}',
    );
    expect(await isAlive(pid)).toBe(false);
    expect(firstBytes(await server.infer('other', division(8, 2)))).toEqual([...int32(4)]);
  } finally {
    await server.stop();
  }
});

test('the server answers others at once while a model runs for a second', async () => {
  const server = await ServerUnderTest.start({ slow: { file: 'slow.onnx' } });
  try {
    const zeros = await server.zeros('slow');
    const state = { isRunning: true };
    const inference = server.infer('slow', zeros).finally(() => (state.isRunning = false));
    const waits: number[] = [];
    while (state.isRunning) {
      const start = performance.now();
      await server.call('/v2/health/live');
      waits.push(performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await inference;
    waits.sort((left, right) => left - right);
    // Were the event loop blocked by the run, half of the pings would take as long as it.
    expect(waits.length).toBeGreaterThan(10);
    expect(waits[Math.floor(waits.length / 2)]).toBeLessThan(20);
  } finally {
    await server.stop();
  }
});
