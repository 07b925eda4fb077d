import type { RequestTiming } from '../../app/contract/inference.ts';
import { durationUnit, formatIn } from './format-number.ts';

/** Where a request's time went. All in microseconds; the parts sum to the total. */
export interface TimingSplit {
  readonly total: number;
  readonly queue: number;
  readonly compute: number;
  /** Network, encoding and everything else that is neither queue nor compute. */
  readonly rest: number;
}

/** The split of a request by the server's figures; null where the server did not say. */
export function timingSplit(timing: RequestTiming): TimingSplit | null {
  const { server, totalMicroseconds: total } = timing;
  if (server === undefined) return null;
  const queue = server.queueMicroseconds;
  const compute =
    server.computeInputMicroseconds + server.computeInferMicroseconds + server.computeOutputMicroseconds;
  return { total, queue, compute, rest: Math.max(0, total - queue - compute) };
}

/** `3.1 ms total · queue 0.02 · compute 2.4 · rest 0.7`. */
export function timingLine(timing: RequestTiming): string {
  const unit = durationUnit(timing.totalMicroseconds);
  const total = `${formatIn(unit, timing.totalMicroseconds)} ${unit.name} total`;
  const split = timingSplit(timing);
  if (split === null) return total;
  const part = (name: string, value: number) => `${name} ${formatIn(unit, value)}`;
  return [total, part('queue', split.queue), part('compute', split.compute), part('rest', split.rest)].join(
    ' · ',
  );
}
