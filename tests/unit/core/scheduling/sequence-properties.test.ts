import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SequenceBatcher } from '../../../../app/core/scheduling/sequence-batcher.ts';
import type { SequenceRow } from '../../../../app/core/scheduling/sequence-lanes.ts';
import { sequenceSettings } from '../../../../app/core/scheduling/sequence-settings.ts';
import type { ModelSequenceBatching } from '../../../../app/core/model-config/model-config.ts';

interface Work {
  /** Which sequence, and which request of it. */
  readonly sequence: number;
  readonly position: number;
  readonly shape: string;
}

const strategies: fc.Arbitrary<ModelSequenceBatching> = fc.oneof(
  fc.record({
    direct: fc.record({
      minimum_slot_utilization: fc.constantFrom(0, 0.5, 1),
      max_queue_delay_microseconds: fc.constantFrom(0, 300),
    }),
  }),
  fc.record({
    oldest: fc.record({
      max_candidate_sequences: fc.integer({ min: 0, max: 5 }),
      preferred_batch_size: fc.constantFrom([], [2], [1, 3]),
      max_queue_delay_microseconds: fc.constantFrom(0, 300),
    }),
  }),
);

const schedules = fc.record({
  batching: strategies,
  rows: fc.integer({ min: 0, max: 4 }),
  instances: fc.integer({ min: 1, max: 3 }),
  lengths: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 12 }),
  shapes: fc.constantFrom(1, 2),
  /** Which sequence sends next, and which instance is asked next. */
  choices: fc.array(fc.nat(), { minLength: 20, maxLength: 200 }),
});

/** Sends every request of every sequence in a mixed order and runs batches in between, until nothing waits. */
function play({
  batching,
  rows,
  instances,
  lengths,
  shapes,
  choices,
}: typeof schedules extends fc.Arbitrary<infer Type> ? Type : never) {
  const settings = sequenceSettings({
    max_batch_size: rows,
    sequence_batching: { ...batching, max_sequence_idle_microseconds: 10 ** 9 },
  });
  if (!settings) throw new Error('no sequence batching');
  const facts = { states: [], shapeKey: ({ shape }: Work) => shape, isAbandoned: () => false };
  const batcher = new SequenceBatcher<Work>(settings, instances, facts, { queued: 0, backlogged: 0 });
  const sent = lengths.map(() => 0);
  const batches: (readonly SequenceRow<Work>[])[] = [];
  const busy = new Set<number>();
  let now = 0;
  const send = (sequence: number): void => {
    const position = sent[sequence] ?? 0;
    const length = lengths[sequence] ?? 0;
    if (position >= length) return;
    sent[sequence] = position + 1;
    const arrival = batcher.enqueue(
      {
        id: BigInt(sequence + 1),
        isStart: position === 0,
        isEnd: position === length - 1,
        isLast: position === length - 1,
        backlogDeadlineMicroseconds: Infinity,
        work: { sequence, position, shape: String((sequence + position) % shapes) },
      },
      now,
    );
    expect(arrival).toEqual({ kind: 'taken', isConflict: false });
  };
  const work = (instance: number): void => {
    if (busy.delete(instance)) batcher.completed(instance, now);
    const step = batcher.next(instance, now);
    if (step.kind !== 'run') return;
    busy.add(instance);
    batches.push(step.rows);
  };
  for (const choice of choices) {
    now += 50;
    if (choice % 2 === 0) send((choice >> 1) % lengths.length);
    else work((choice >> 1) % instances);
  }
  for (let round = 0; round < 200; round += 1) {
    now += 400;
    for (const sequence of lengths.keys()) send(sequence);
    for (let instance = 0; instance < instances; instance += 1) work(instance);
  }
  expect(batcher.queued()).toEqual([]);
  return batches.map((batch) => batch.map((row) => ({ ...row, work: row.request?.work ?? null })));
}

test('no request is lost or run twice, each sequence keeps its order, and no batch has two requests of one', () => {
  fc.assert(
    fc.property(schedules, (schedule) => {
      const batches = play(schedule);
      const done = batches.flat().flatMap(({ work }) => (work ? [work] : []));
      for (const [sequence, length] of schedule.lengths.entries()) {
        const positions = done.filter((work) => work.sequence === sequence).map(({ position }) => position);
        expect(positions).toEqual(Array.from({ length }, (_, position) => position));
      }
      for (const batch of batches) {
        const sequences = batch.flatMap(({ work }) => (work ? [work.sequence] : []));
        expect(new Set(sequences).size).toBe(sequences.length);
        expect(batch.length).toBeLessThanOrEqual(Math.max(1, schedule.rows));
        expect(new Set(batch.flatMap(({ work }) => (work ? [work.shape] : []))).size).toBe(1);
      }
    }),
    { numRuns: 300 },
  );
});

test('the requests of a sequence share their states with each other and with no other sequence', () => {
  fc.assert(
    fc.property(schedules, (schedule) => {
      const owners = new Map<object, number>();
      for (const { work, sequence } of play(schedule).flat()) {
        const owner = work ? work.sequence : -1;
        expect(owners.get(sequence) ?? owner).toBe(owner);
        owners.set(sequence, owner);
      }
      const started = new Set([...owners.values()].filter((owner) => owner >= 0));
      expect(started.size).toBe([...owners.values()].filter((owner) => owner >= 0).length);
    }),
    { numRuns: 200 },
  );
});

test('direct: a sequence has the same row in every batch', () => {
  fc.assert(
    fc.property(schedules, (schedule) => {
      if (!schedule.batching.direct) return;
      const rowOf = new Map<number, number>();
      for (const batch of play(schedule)) {
        for (const [row, { work }] of batch.entries()) {
          if (!work) continue;
          expect(rowOf.get(work.sequence) ?? row).toBe(row);
          rowOf.set(work.sequence, row);
        }
      }
    }),
    { numRuns: 200 },
  );
});
