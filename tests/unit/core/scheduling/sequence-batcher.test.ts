import { expect, test } from 'vitest';
import { SequenceBatcher, type SchedulerHold } from '../../../../app/core/scheduling/sequence-batcher.ts';
import type { SequenceStep } from '../../../../app/core/scheduling/sequence-lanes.ts';
import { sequenceSettings } from '../../../../app/core/scheduling/sequence-settings.ts';
import type { SequenceRequest } from '../../../../app/core/scheduling/sequence-slots.ts';
import type { ModelConfig, ModelSequenceBatching } from '../../../../app/core/model-config/model-config.ts';

interface Work {
  readonly name: string;
  readonly shape: string;
  isAbandoned: boolean;
}

const NO_HOLD = { queued: 0, backlogged: 0 };

function batcherFor(
  sequence_batching: ModelSequenceBatching,
  {
    rows = 4,
    instances = 1,
    hold = NO_HOLD,
  }: { rows?: number; instances?: number; hold?: SchedulerHold } = {},
): SequenceBatcher<Work> {
  const config: ModelConfig = { name: 'm', max_batch_size: rows, sequence_batching };
  const settings = sequenceSettings(config);
  if (!settings) throw new Error('the config has no sequence batching');
  const facts = {
    states: [],
    shapeKey: ({ shape }: Work) => shape,
    isAbandoned: (work: Work) => work.isAbandoned,
  };
  return new SequenceBatcher(settings, instances, facts, hold);
}

/** `5 start a`: the request `a` of sequence 5, which it starts. */
function request(text: string, more: Partial<Work> & { deadline?: number } = {}): SequenceRequest<Work> {
  const words = text.split(' ');
  const { deadline = Infinity, ...work } = more;
  return {
    id: BigInt(words[0] ?? 0),
    isStart: words.includes('start'),
    isEnd: words.includes('end'),
    isLast: words.includes('end'),
    backlogDeadlineMicroseconds: deadline,
    work: { name: words.at(-1) ?? '', shape: '', isAbandoned: false, ...work },
  };
}

function names(requests: readonly SequenceRequest<Work>[]): string[] {
  return requests.map(({ work }) => work.name);
}

/** The names of the requests in the rows; `-` for an idle row. */
function shown(step: SequenceStep<Work>): string {
  if (step.kind === 'wait') return `wait until ${step.untilMicroseconds}`;
  if (step.kind === 'idle') return 'idle';
  return step.rows.map((row) => row.request?.work.name ?? '-').join(' ');
}

test('direct: a sequence keeps its row, rows below it stand idle, and rows above it are left out', () => {
  const batcher = batcherFor({ direct: {} });
  batcher.enqueue(request('1 start a1'), 0);
  batcher.enqueue(request('2 start b1'), 0);
  expect(shown(batcher.next(0, 0))).toBe('a1 b1');
  batcher.completed(0, 0);
  batcher.enqueue(request('2 b2'), 0);
  expect(shown(batcher.next(0, 0))).toBe('- b2');
  batcher.completed(0, 0);
  batcher.enqueue(request('1 end a2'), 0);
  expect(shown(batcher.next(0, 0))).toBe('a2');
  batcher.completed(0, 0);
  batcher.enqueue(request('3 start c1'), 0);
  batcher.enqueue(request('2 end b3'), 0);
  expect(shown(batcher.next(0, 0))).toBe('c1 b3');
});

test('without a strategy a model is batched directly, and one slot is enough without batch dimension', () => {
  const batcher = batcherFor({}, { rows: 0 });
  batcher.enqueue(request('1 start a1'), 0);
  batcher.enqueue(request('2 start b1'), 0);
  expect(shown(batcher.next(0, 0))).toBe('a1');
  expect(shown(batcher.next(0, 0))).toBe('idle');
  batcher.enqueue(request('1 end a2'), 0);
  expect(shown(batcher.next(0, 0))).toBe('a2');
  expect(shown(batcher.next(0, 0))).toBe('b1');
});

test('a request that starts nothing is not taken, before its sequence and after its end', () => {
  const batcher = batcherFor({ direct: {} });
  expect(batcher.enqueue(request('1 a1'), 0)).toEqual({ kind: 'not-started' });
  expect(batcher.enqueue(request('1 start end a1'), 0)).toEqual({ kind: 'taken', isConflict: false });
  expect(batcher.enqueue(request('1 a2'), 0)).toEqual({ kind: 'not-started' });
});

test('a start of a sequence that has not ended is a conflict, and goes on in its slot', () => {
  const batcher = batcherFor({ direct: {} });
  batcher.enqueue(request('1 start a1'), 0);
  expect(batcher.enqueue(request('1 start a1-again'), 0)).toEqual({ kind: 'taken', isConflict: true });
  expect(shown(batcher.next(0, 0))).toBe('a1');
  expect(shown(batcher.next(0, 0))).toBe('a1-again');
});

test('slots are spread over the instances, the lowest first', () => {
  const batcher = batcherFor({ direct: {} }, { rows: 2, instances: 2 });
  for (const id of [1, 2, 3, 4]) batcher.enqueue(request(`${id} start s${id}`), 0);
  expect(shown(batcher.next(0, 0))).toBe('s1 s3');
  expect(shown(batcher.next(1, 0))).toBe('s2 s4');
});

test('sequences without a slot wait for one in their order, whole or in part', () => {
  const batcher = batcherFor({ direct: {} }, { rows: 1 });
  batcher.enqueue(request('1 start a1'), 0);
  batcher.enqueue(request('2 start b1'), 0);
  batcher.enqueue(request('3 start c1'), 0);
  batcher.enqueue(request('2 end b2'), 0);
  // The id is free again although its sequence still waits.
  batcher.enqueue(request('2 start b1-second'), 0);
  expect(shown(batcher.next(0, 0))).toBe('a1');
  expect(shown(batcher.next(0, 0))).toBe('idle');
  batcher.enqueue(request('1 end a2'), 0);
  const order = ['a2', 'b1', 'b2', 'c1'];
  for (const name of order) expect(shown(batcher.next(0, 0))).toBe(name);
  batcher.enqueue(request('3 end c2'), 0);
  expect(shown(batcher.next(0, 0))).toBe('c2');
  expect(shown(batcher.next(0, 0))).toBe('b1-second');
  expect(batcher.liveIds()).toEqual([2n]);
});

test('a sequence that is idle for too long loses its slot to the next one', () => {
  const batcher = batcherFor({ direct: {}, max_sequence_idle_microseconds: 1000 }, { rows: 1 });
  batcher.enqueue(request('1 start a1'), 0);
  expect(shown(batcher.next(0, 0))).toBe('a1');
  batcher.enqueue(request('2 start b1'), 500);
  expect(batcher.nextExpiry()).toBe(1000);
  expect(batcher.expire(999)).toEqual([]);
  expect(shown(batcher.next(0, 999))).toBe('idle');
  batcher.expire(1000);
  expect(shown(batcher.next(0, 1000))).toBe('b1');
  expect(batcher.enqueue(request('1 a2'), 1000)).toEqual({ kind: 'not-started' });
  batcher.expire(1999);
  expect(batcher.liveIds()).toEqual([2n]);
  batcher.expire(2000);
  expect(batcher.nextExpiry()).toBe(Infinity);
  expect(batcher.liveIds()).toEqual([]);
});

test('each request begins the idle time anew, and a sequence in the backlog is not ended for it', () => {
  const batcher = batcherFor({
    oldest: { max_candidate_sequences: 1 },
    max_sequence_idle_microseconds: 1000,
  });
  batcher.enqueue(request('1 start a1'), 0);
  batcher.enqueue(request('2 start b1'), 0);
  expect(shown(batcher.next(0, 0))).toBe('a1');
  batcher.completed(0, 10);
  batcher.enqueue(request('1 a2'), 900);
  batcher.expire(1500);
  expect(batcher.liveIds()).toEqual([1n, 2n]);
  expect(batcher.nextExpiry()).toBeGreaterThan(1500);
  batcher.expire(1900);
  expect(batcher.liveIds()).toEqual([2n]);
});

test('a sequence that waits for a slot longer than a request of it allows is rejected whole', () => {
  const batcher = batcherFor({ direct: {}, max_sequence_idle_microseconds: 1_000_000 }, { rows: 1 });
  batcher.enqueue(request('1 start a1'), 0);
  batcher.enqueue(request('2 start b1'), 0);
  batcher.enqueue(request('2 b2', { deadline: 300 }), 0);
  batcher.enqueue(request('3 start c1', { deadline: 900 }), 0);
  expect(batcher.nextExpiry()).toBe(300);
  expect(names(batcher.expire(300))).toEqual(['b1', 'b2']);
  expect(batcher.enqueue(request('2 b3'), 300)).toEqual({ kind: 'not-started' });
  expect(names(batcher.expire(1000))).toEqual(['c1']);
});

test('a sequence whose client has gone is given up, and its slot goes to the next', () => {
  for (const strategy of [{ direct: {} }, { oldest: { max_candidate_sequences: 1 } }]) {
    const batcher = batcherFor(strategy, { rows: 1 });
    const gone = request('1 start a1');
    batcher.enqueue(gone, 0);
    batcher.enqueue(request('1 a2'), 0);
    batcher.enqueue(request('2 start b1'), 0);
    gone.work.isAbandoned = true;
    expect(shown(batcher.next(0, 0))).toBe('b1');
    expect(names(batcher.takeAbandoned())).toEqual(['a1', 'a2']);
    expect(batcher.enqueue(request('1 a3'), 0)).toEqual({ kind: 'not-started' });
  }
});

test('a sequence whose client has gone in the backlog does not get a slot', () => {
  const batcher = batcherFor({ direct: {} }, { rows: 1 });
  batcher.enqueue(request('1 start a1'), 0);
  batcher.enqueue(request('2 start b1', { isAbandoned: true }), 0);
  batcher.enqueue(request('3 start c1'), 0);
  batcher.enqueue(request('1 end a2'), 0);
  expect([batcher.next(0, 0), batcher.next(0, 0), batcher.next(0, 0)].map(shown)).toEqual(['a1', 'a2', 'c1']);
  expect(names(batcher.takeAbandoned())).toEqual(['b1']);
});

test('direct: requests of other shapes wait as idle rows of each other', () => {
  const batcher = batcherFor({ direct: {} });
  batcher.enqueue(request('1 start a1', { shape: '[2]' }), 0);
  batcher.enqueue(request('2 start b1', { shape: '[3]' }), 0);
  batcher.enqueue(request('3 start c1', { shape: '[2]' }), 0);
  expect(shown(batcher.next(0, 0))).toBe('a1 - c1');
  expect(shown(batcher.next(0, 0))).toBe('- b1');
});

test('direct: a batch waits until enough slots are ready, but not longer than the delay', () => {
  const direct = { minimum_slot_utilization: 0.75, max_queue_delay_microseconds: 500 };
  const batcher = batcherFor({ direct });
  batcher.enqueue(request('1 start a1'), 100);
  expect(shown(batcher.next(0, 200))).toBe('wait until 600');
  batcher.enqueue(request('2 start b1'), 300);
  expect(shown(batcher.next(0, 300))).toBe('wait until 600');
  batcher.enqueue(request('3 start c1'), 400);
  expect(shown(batcher.next(0, 400))).toBe('a1 b1 c1');
  batcher.enqueue(request('2 b2'), 1000);
  expect(shown(batcher.next(0, 1400))).toBe('wait until 1500');
  expect(shown(batcher.next(0, 1500))).toBe('- b2');
});

test('oldest: candidates of all slots make a batch without idle rows, one request of a sequence at a time', () => {
  const batcher = batcherFor({ oldest: { max_candidate_sequences: 3 } }, { rows: 2 });
  for (const text of ['1 start a1', '1 a2', '2 start b1', '3 start c1', '4 start d1']) {
    batcher.enqueue(request(text), 0);
  }
  expect(shown(batcher.next(0, 0))).toBe('a1 b1');
  batcher.completed(0, 0);
  expect(shown(batcher.next(0, 0))).toBe('c1 a2');
  batcher.completed(0, 0);
  batcher.enqueue(request('2 end b2'), 0);
  expect(shown(batcher.next(0, 0))).toBe('b2');
  expect(shown(batcher.next(0, 0))).toBe('idle');
  batcher.completed(0, 0);
  expect(shown(batcher.next(0, 0))).toBe('d1');
});

test('oldest: preferred sizes run at once, others wait for the delay', () => {
  const oldest = {
    max_candidate_sequences: 8,
    preferred_batch_size: [2, 4],
    max_queue_delay_microseconds: 500,
  };
  const batcher = batcherFor({ oldest }, { rows: 8 });
  batcher.enqueue(request('1 start a1'), 0);
  expect(shown(batcher.next(0, 100))).toBe('wait until 500');
  batcher.enqueue(request('2 start b1'), 100);
  batcher.enqueue(request('3 start c1'), 100);
  expect(shown(batcher.next(0, 100))).toBe('a1 b1');
  batcher.completed(0, 200);
  expect(shown(batcher.next(0, 600))).toBe('c1');
});

test('oldest: a batch ends before a request of another shape', () => {
  const batcher = batcherFor({ oldest: { max_candidate_sequences: 4 } });
  for (const [id, shape] of ['[2]', '[2]', '[3]', '[2]'].entries()) {
    batcher.enqueue(request(`${id + 1} start r${id}`, { shape }), 0);
  }
  const steps = [1, 2, 3].map(() => {
    const step = shown(batcher.next(0, 0));
    batcher.completed(0, 0);
    return step;
  });
  expect(steps).toEqual(['r0 r1', 'r2', 'r3']);
});

test('a held scheduler starts when so many requests wait as it was told', () => {
  const batcher = batcherFor({ direct: {} }, { rows: 2, hold: { queued: 3, backlogged: 1 } });
  for (const text of ['1 start a1', '2 start b1', '1 a2']) batcher.enqueue(request(text), 0);
  expect(shown(batcher.next(0, 0))).toBe('idle');
  batcher.enqueue(request('3 start c1'), 0);
  expect(shown(batcher.next(0, 0))).toBe('a1 b1');
  expect(shown(batcher.next(0, 0))).toBe('a2');
  expect(names(batcher.queued())).toEqual(['c1']);
});
