import type { SimulatedSchedule } from './simulate-schedule.ts';

/** A schedule in figures. Times in milliseconds, rates per second. */
export interface ScheduleSummary {
  readonly requestsPerSecond: number;
  readonly rowsPerSecond: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  /** Rows an execution, on average. */
  readonly meanBatchSize: number;
  readonly refusedCount: number;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/** The figures that a load test of the same schedule would report: of the answered requests, from sending to answer. */
export function summarizeSchedule({ outcomes, executions }: SimulatedSchedule): ScheduleSummary {
  const answered = outcomes.filter(({ outcome }) => outcome === 'answered');
  const latencies = answered.map(({ request, answeredAt }) => answeredAt - request.at);
  latencies.sort((left, right) => left - right);
  const begin = Math.min(...answered.map(({ request }) => request.at));
  const end = Math.max(...answered.map(({ answeredAt }) => answeredAt));
  const seconds = (end - begin) / 1000;
  const answeredRows = answered.reduce((total, { request }) => total + request.rows, 0);
  const executedRows = executions.reduce((total, { rows }) => total + rows, 0);
  return {
    requestsPerSecond: answered.length / seconds,
    rowsPerSecond: answeredRows / seconds,
    p50Milliseconds: percentile(latencies, 0.5),
    p99Milliseconds: percentile(latencies, 0.99),
    meanBatchSize: executedRows / executions.length,
    refusedCount: outcomes.length - answered.length,
  };
}
