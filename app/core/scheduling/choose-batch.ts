/** What the choice must know of a request that waits. Times in milliseconds of any one clock. */
export interface BatchCandidate {
  /** Its rows: its batch size. */
  readonly rows: number;
  readonly enqueuedAt: number;
}

/** How batches are formed (`dynamic_batching`). */
export interface BatchPolicy {
  readonly maxBatchSize: number;
  /** Never empty: without preferred sizes it is the largest batch alone, as in Triton. */
  readonly preferredSizes: ReadonlySet<number>;
  readonly maxQueueDelayMilliseconds: number;
}

/**
 * What to do now with those that wait: add the first `count` of them to the batch, or wait (`count` 0) so many
 * milliseconds at most. A closed batch takes no more.
 */
export interface BatchChoice {
  readonly count: number;
  readonly isClosed: boolean;
  /** Null: nothing changes by waiting alone. */
  readonly waitMilliseconds: number | null;
}

/** The largest preferred size. */
export function largestPreferred({ preferredSizes }: BatchPolicy): number {
  return Math.max(...preferredSizes);
}

/**
 * The dynamic batcher's choice (`GetDynamicBatch` of `dynamic_batch_scheduler.cc`): the largest preferred size that can
 * be reached; else, once the oldest has waited long enough or nothing more fits, everything that fits. `candidates` are
 * in their order, at most as many as rows fit a batch and one more; `isAlike` says whether a request may share a batch
 * with the first one. `open`: the batch that was begun and waits for an instance, with its first request.
 */
export function chooseBatch<Candidate extends BatchCandidate>(
  policy: BatchPolicy,
  candidates: readonly Candidate[],
  open: { readonly rows: number; readonly lead: Candidate } | null,
  now: number,
  isAlike: (lead: Candidate, candidate: Candidate) => boolean,
): BatchChoice {
  const { maxBatchSize, preferredSizes, maxQueueDelayMilliseconds: delay } = policy;
  const largest = largestPreferred(policy);
  const openRows = open?.rows ?? 0;
  const lead = open?.lead ?? candidates[0];
  let count = 0;
  let rows = openRows;
  let best = 0;
  let isClosed = false;
  let cannotGrow = false;
  let oldest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (rows > 0) {
      if (rows + candidate.rows > largest && best === 0) {
        best = count;
        isClosed = true;
      }
      if (rows + candidate.rows > maxBatchSize || (lead && !isAlike(lead, candidate))) {
        cannotGrow = true;
        break;
      }
    }
    count += 1;
    rows += candidate.rows;
    oldest = Math.min(oldest, candidate.enqueuedAt);
    if (preferredSizes.has(rows)) best = count;
  }
  const hasWaited = delay > 0 && now - oldest >= delay;
  if (best > 0 && !hasWaited) {
    return { count: best, isClosed: isClosed || delay === 0, waitMilliseconds: null };
  }
  if (count === 0) return { count, isClosed: isClosed || cannotGrow, waitMilliseconds: null };
  if (cannotGrow || rows >= largest) return { count, isClosed: true, waitMilliseconds: null };
  if (hasWaited || delay === 0) return { count, isClosed, waitMilliseconds: null };
  return { count: 0, isClosed, waitMilliseconds: delay - (now - oldest) };
}
