import type { CheckedRequest } from '../../core/open-inference/check-infer-request.ts';
import { batchRule } from '../../core/scheduling/batch-tensors.ts';
import { warmupFailure, type WarmupSample } from '../../core/scheduling/warmup-samples.ts';
import { statusOf } from '../../core/status.ts';
import type { Engine } from '../engine/engine.ts';
import type { Answered, BatchRunner } from './batch-runner.ts';
import { formBatch } from './form-batch.ts';
import type { ModelVersion } from '../repository/model-version.ts';
import type { PendingRequest, SchedulerClock } from './scheduler.ts';

/** What warm-up runs on and is counted by. */
export interface WarmupEnvironment {
  readonly version: ModelVersion;
  readonly runner: BatchRunner;
  readonly clock: SchedulerClock;
}

const NEVER = new AbortController().signal;

function pending(checked: CheckedRequest, now: number): PendingRequest {
  return {
    checked,
    arrivedAt: now,
    enqueuedAt: now,
    signal: NEVER,
    started: () => undefined,
    resolve: () => undefined,
    reject: () => undefined,
  };
}

async function runOnce(
  environment: WarmupEnvironment,
  engine: Engine,
  instance: number,
  requests: readonly CheckedRequest[],
): Promise<readonly Answered[]> {
  const { version, runner, clock } = environment;
  const { config, signature, statistics } = version;
  const startedAt = clock.now();
  const batch = formBatch(
    batchRule(config),
    signature,
    requests.map((checked) => pending(checked, startedAt)),
  );
  const answered = await runner.run(engine, instance, batch);
  const requestNs = Math.max(0, Math.round((clock.now() - startedAt) * 1e6));
  for (const [{ checked }, answer] of answered) {
    if ('inference' in answer) {
      statistics.addSuccess({ ...answer.inference, requestNs, batchSize: checked.batchSize });
    } else statistics.addFailure('BACKEND', requestNs);
  }
  return answered;
}

/**
 * Runs the warm-up samples on one instance, one after the other, and counts them as Triton does. A model without a
 * batch dimension gets its requests one by one.
 * @throws StatusError with what failed; then the version does not become ready.
 */
export async function runWarmup(
  environment: WarmupEnvironment,
  engine: Engine,
  instance: number,
  samples: readonly WarmupSample[],
): Promise<void> {
  const isBatched = environment.version.signature.maxBatchSize > 0;
  for (const { name, requests, count } of samples) {
    const batches = isBatched ? [requests] : requests.map((request) => [request]);
    for (let time = 0; time < count; time += 1) {
      for (const batch of batches) {
        const answered = await runOnce(environment, engine, instance, batch);
        const failures = answered.flatMap(([, answer]) =>
          'failure' in answer ? [statusOf(answer.failure).message] : [],
        );
        if (failures.length > 0) throw warmupFailure(name, failures);
      }
    }
  }
}
