import type { ModelConfig } from '../../core/model-config/model-config.ts';
import type { ServedSignature } from '../../core/open-inference/served-signature.ts';
import { batchRule } from '../../core/scheduling/batch-tensors.ts';
import { sharingRule } from '../../core/scheduling/can-share-batch.ts';
import { batcherPolicy } from '../../core/scheduling/dynamic-batcher.ts';
import { sequenceSettings } from '../../core/scheduling/sequence-settings.ts';
import { BatchScheduler } from './batch-scheduler.ts';
import { OrderedScheduler } from './ordered-scheduler.ts';
import { schedulerHold } from './scheduler-hold.ts';
import type { Scheduler, SchedulerEnvironment } from './scheduler.ts';
import { SequenceScheduler } from './sequence-scheduler.ts';

/** The scheduler that the effective config asks for. */
export function createScheduler(
  config: ModelConfig,
  signature: ServedSignature,
  environment: SchedulerEnvironment,
): Scheduler {
  const hold = schedulerHold(process.env);
  const sequences = sequenceSettings(config);
  if (sequences) return new SequenceScheduler(config, sequences, signature, environment, hold);
  const rules = {
    policy: batcherPolicy(config, hold.queued),
    sharing: sharingRule(config),
    tensors: batchRule(config),
    signature,
  };
  const scheduler = new BatchScheduler(rules, environment);
  return (config.dynamic_batching?.preserve_ordering ?? false) ? new OrderedScheduler(scheduler) : scheduler;
}
