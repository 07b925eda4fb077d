import type { ModelConfig } from '../model-config/model-config.ts';

/** A sequence owns a row of the batch of one instance. */
export interface DirectStrategy {
  readonly kind: 'direct';
  /** How long a batch waits for more sequences; 0: not at all. */
  readonly maxQueueDelayMicroseconds: number;
  /** Share of the slots that has to be ready before a batch runs without waiting; 0: any. */
  readonly minimumSlotUtilization: number;
  /** Rows of an instance's batch. */
  readonly rows: number;
}

/** The oldest requests of an instance's sequences are batched dynamically. */
export interface OldestStrategy {
  readonly kind: 'oldest';
  readonly maxQueueDelayMicroseconds: number;
  readonly preferredBatchSizes: readonly number[];
  readonly maxBatchSize: number;
}

/** How a config wants sequences to be batched. */
export interface SequenceSettings {
  readonly strategy: DirectStrategy | OldestStrategy;
  readonly slotsPerInstance: number;
  readonly maxIdleMicroseconds: number;
  /** Requests need no id: the backend may ask for a request again (none of ours does). */
  readonly isIterative: boolean;
}

const DEFAULT_IDLE_MICROSECONDS = 1_000_000;

/** Reads `sequence_batching`; null for a model without it. */
export function sequenceSettings(config: ModelConfig): SequenceSettings | null {
  const batching = config.sequence_batching;
  if (!batching) return null;
  const rows = Math.max(1, config.max_batch_size ?? 0);
  const { oldest, direct } = batching;
  const strategy: SequenceSettings['strategy'] = oldest
    ? {
        kind: 'oldest',
        maxQueueDelayMicroseconds: oldest.max_queue_delay_microseconds ?? 0,
        preferredBatchSizes: oldest.preferred_batch_size ?? [],
        maxBatchSize: rows,
      }
    : {
        kind: 'direct',
        maxQueueDelayMicroseconds: direct?.max_queue_delay_microseconds ?? 0,
        minimumSlotUtilization: direct?.minimum_slot_utilization ?? 0,
        rows,
      };
  return {
    strategy,
    slotsPerInstance: oldest?.max_candidate_sequences || rows,
    maxIdleMicroseconds: batching.max_sequence_idle_microseconds || DEFAULT_IDLE_MICROSECONDS,
    isIterative: batching.iterative_sequence ?? false,
  };
}
