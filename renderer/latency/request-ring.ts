import type { CompletedRequest } from '../../app/contract/inference.ts';
import { RollingPercentiles } from './percentile.ts';

/** Requests over which the lines of the chart are rolled. */
export const ROLLING_REQUESTS = 100;

/** What of a request is no number. */
export type RequestLabel = Pick<
  CompletedRequest,
  | 'requestId'
  | 'version'
  | 'error'
  | 'historyId'
  | 'httpStatus'
  | 'batchSize'
  | 'requestBytes'
  | 'responseBytes'
> & {
  /** `x [1, 8, 8] FP32, …` */
  readonly inputs: string;
  /** Whose clock measured it: the server's, or Conch's own where the server did not say. */
  readonly clock: 'server' | 'client';
};

/** A request as the ring takes it. All times in microseconds, `at` in epoch milliseconds. */
export interface RingRequest {
  readonly at: number;
  readonly isOk: boolean;
  readonly total: number;
  readonly queue: number;
  readonly compute: number;
  readonly label: RequestLabel;
}

const COLUMNS = ['at', 'total', 'queue', 'compute', 'p50', 'p95', 'p99'] as const;
type Column = (typeof COLUMNS)[number];

/**
 * The newest requests of one model, oldest first, in typed columns: adding never moves the rest. Each request has a
 * number that stays its own while it is kept (`first` … `end − 1`).
 */
export class RequestRing {
  readonly #capacity: number;
  #columns: Record<Column, Float64Array>;
  #ok: Uint8Array;
  #labels: (RequestLabel | undefined)[] = [];
  #end = 0;
  readonly #rolling = new RollingPercentiles(ROLLING_REQUESTS);

  /** @param capacity the most requests that are kept; memory grows towards it as they come. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#columns = emptyColumns(Math.min(capacity, 1024));
    this.#ok = new Uint8Array(Math.min(capacity, 1024));
  }

  /** Number of the oldest request that is kept. */
  get first(): number {
    return Math.max(0, this.#end - this.#capacity);
  }

  /** One past the number of the newest request. */
  get end(): number {
    return this.#end;
  }

  push(request: RingRequest): void {
    const place = this.#end % this.#capacity;
    if (place >= this.#ok.length) this.#grow();
    this.#columns.at[place] = request.at;
    this.#columns.total[place] = request.total;
    this.#columns.queue[place] = request.queue;
    this.#columns.compute[place] = request.compute;
    if (request.isOk) this.#rolling.push(request.total);
    this.#columns.p50[place] = this.#rolling.at(0.5);
    this.#columns.p95[place] = this.#rolling.at(0.95);
    this.#columns.p99[place] = this.#rolling.at(0.99);
    this.#ok[place] = request.isOk ? 1 : 0;
    this.#labels[place] = request.label;
    this.#end++;
  }

  /** One figure of a request that is kept. */
  value(column: Column, number: number): number {
    return this.#columns[column][number % this.#capacity] ?? NaN;
  }

  isOk(number: number): boolean {
    return this.#ok[number % this.#capacity] === 1;
  }

  label(number: number): RequestLabel | undefined {
    return number >= this.first && number < this.#end ? this.#labels[number % this.#capacity] : undefined;
  }

  /** Number of the first request at or after `epochMilliseconds`; `end` where there is none. */
  firstSince(epochMilliseconds: number): number {
    let low = this.first;
    let high = this.#end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.value('at', middle) < epochMilliseconds) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grow(): void {
    const length = Math.min(this.#capacity, this.#ok.length * 2);
    const columns = emptyColumns(length);
    for (const column of COLUMNS) columns[column].set(this.#columns[column]);
    const ok = new Uint8Array(length);
    ok.set(this.#ok);
    this.#columns = columns;
    this.#ok = ok;
  }
}

function emptyColumns(length: number): Record<Column, Float64Array> {
  return Object.fromEntries(COLUMNS.map((column) => [column, new Float64Array(length)])) as Record<
    Column,
    Float64Array
  >;
}
