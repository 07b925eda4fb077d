import type { ModelConfig } from '../../core/model-config/model-config.ts';
import type { ServedSignature } from '../../core/open-inference/served-signature.ts';
import { batchRule } from '../../core/scheduling/batch-tensors.ts';
import { sequenceSettings } from '../../core/scheduling/sequence-settings.ts';
import { DefaultScheduler } from './default-scheduler.ts';
import { schedulerHold } from './scheduler-hold.ts';
import { SequenceScheduler } from './sequence-scheduler.ts';
import type { Scheduler, SchedulerEnvironment } from './scheduler.ts';

/** The scheduler that the effective config asks for. */
export function createScheduler(
  config: ModelConfig,
  signature: ServedSignature,
  environment: SchedulerEnvironment,
): Scheduler {
  const sequences = sequenceSettings(config);
  if (sequences) {
    return new SequenceScheduler(config, sequences, signature, environment, schedulerHold(process.env));
  }
  return new DefaultScheduler(batchRule(config), signature, environment);
}
