import { afterAll, beforeAll, expect, test } from 'vitest';
import { ServerUnderTest, until } from '../server/server-under-test.ts';
import { quantile, startOpenLoop, type Answered, type OpenLoop } from './open-loop.ts';

const IS_LONG = process.env['STRESS'] === 'long';
const KILLS = IS_LONG ? 100 : 4;
const REQUESTS_PER_SECOND = 50;
/** Some milliseconds of work, so that a kill meets requests in flight. */
const TRIPS = 6n;
/** A third death within five minutes is the last; a load by hand begins anew. */
const KILLS_BEFORE_RELOAD = 2;

let server: ServerUnderTest;
beforeAll(async () => {
  const file = '../../bench/models/slow_loop.onnx';
  server = await ServerUnderTest.start({ victim: { file }, other: { file } }, [
    '--model-control-mode=explicit',
    '--load-model=*',
  ]);
});
afterAll(() => server.stop());

function ask(model: string): Promise<unknown> {
  const data = new Uint8Array(new BigInt64Array([TRIPS]).buffer);
  return server.infer(model, { inputs: [{ name: 'trips', datatype: 'INT64', shape: [1], data }] });
}

interface Kill {
  /** From the kill to the first success after it, less what loading took. */
  readonly backAfterMilliseconds: number;
  /** From the kill to the last failure among the requests that it met. */
  readonly failedWithinMilliseconds: number;
}

function lastLoadMilliseconds(model: string): number {
  const event = server.events.findLast(
    (each) => each.kind === 'model-state' && each.model === model && each.state === 'READY',
  );
  return event?.kind === 'model-state' ? (event.loadMilliseconds ?? 0) : 0;
}

async function kill(victim: OpenLoop): Promise<Kill> {
  const pid = server.enginePid('victim');
  const killedAt = performance.now();
  process.kill(pid, 'SIGKILL');
  const isSuccess = ({ sentAt, failure }: Answered): boolean => sentAt > killedAt && failure === null;
  await until(() => server.enginePid('victim') !== pid && victim.answered.some(isSuccess));
  const back = victim.answered.find(isSuccess)?.answeredAt ?? Infinity;
  const met = victim.answered.filter((each) => each.sentAt <= killedAt && each.answeredAt > killedAt);
  const failed = met.filter(({ failure }) => failure !== null).map(({ answeredAt }) => answeredAt);
  return {
    backAfterMilliseconds: back - killedAt - lastLoadMilliseconds('victim'),
    failedWithinMilliseconds: Math.max(0, ...failed.map((at) => at - killedAt)),
  };
}

async function reload(): Promise<void> {
  await server.call('/v2/repository/models/victim/unload', { method: 'POST' });
  await until(async () => !(await server.isReady('victim')));
  expect((await server.call('/v2/repository/models/victim/load', { method: 'POST' })).status).toBe(200);
}

test(
  `an engine killed ${KILLS} times under ${REQUESTS_PER_SECOND} requests/s costs another model nothing, and is back within a second`,
  { timeout: 20 * 60_000 },
  async () => {
    const victim = startOpenLoop(REQUESTS_PER_SECOND, () => ask('victim'));
    const other = startOpenLoop(REQUESTS_PER_SECOND, () => ask('other'));
    const kills: Kill[] = [];
    for (let at = 0; at < KILLS; at += 1) {
      if (at > 0 && at % KILLS_BEFORE_RELOAD === 0) await reload();
      await until(() => server.isReady('victim'));
      kills.push(await kill(victim));
    }
    const sent = [await victim.stop(), await other.stop()];

    expect([victim.answered.length, other.answered.length]).toEqual(sent);
    expect(other.answered.filter(({ failure }) => failure !== null)).toEqual([]);
    const failures = victim.answered.flatMap(({ failure }) => failure ?? []);
    expect(failures.length).toBeGreaterThan(0);
    // Killed, being started again, or unloaded for a while: each says that it is the model that is not available.
    const unexpected = failures.filter((text) => !/^(?:503 |404 .*has no available versions)/.test(text));
    expect(unexpected).toEqual([]);
    // A machine with other work is that much slower; what the other model's clients waited says how much.
    const waits = other.answered.map(({ sentAt, answeredAt }) => answeredAt - sentAt);
    const busyMilliseconds = 5 * quantile(waits, 0.99);
    const p99 = (pick: (kill: Kill) => number): number => quantile(kills.map(pick), 0.99);
    expect(p99((each) => each.failedWithinMilliseconds)).toBeLessThan(250 + busyMilliseconds);
    expect(p99((each) => each.backAfterMilliseconds)).toBeLessThan(1000 + busyMilliseconds);
  },
);
