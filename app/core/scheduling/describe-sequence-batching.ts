import type { ModelConfig } from '../model-config/model-config.ts';
import { sequenceSettings } from './sequence-settings.ts';

function seconds(microseconds: number): string {
  return `${Number((microseconds / 1e6).toPrecision(3))} s`;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** How the sequences of a model are scheduled, in words for people; null for a model without sequence batching. */
export function describeSequenceBatching(config: ModelConfig): string | null {
  const settings = sequenceSettings(config);
  if (!settings) return null;
  const { strategy, slotsPerInstance, maxIdleMicroseconds, isIterative } = settings;
  const instances = (config.instance_group ?? []).reduce(
    (total, { count, gpus }) => total + Math.max(1, count ?? 1) * Math.max(1, gpus?.length ?? 1),
    0,
  );
  const many = slotsPerInstance * Math.max(1, instances);
  const where = instances > 1 ? `, ${slotsPerInstance} on each of ${counted(instances, 'instance')}` : '';
  const how =
    strategy.kind === 'direct'
      ? `Sequences, direct: ${counted(many, 'slot')}${where}, one for each sequence until it ends`
      : `Sequences, oldest first: up to ${counted(many, 'sequence')} at a time${where}, batched by ${strategy.maxBatchSize}`;
  const end = isIterative
    ? 'each request is a sequence of its own'
    : `${seconds(maxIdleMicroseconds)} without a request ends a sequence`;
  return `${how}; ${end}.`;
}
