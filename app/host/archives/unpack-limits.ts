import { StatusError } from '../../core/status.ts';
import { shownName } from '../files/path-rules.ts';

/** How much an archive may become. */
export interface UnpackLimits {
  readonly maxEntryCount: number;
  /** Bytes of all files together. */
  readonly maxTotalBytes: number;
  /** Unpacked bytes for one packed byte, judged once more than {@link UnpackLimits.ratioFreeBytes} came out. */
  readonly maxRatio: number;
  readonly ratioFreeBytes: number;
}

/** Far above any real model repository, far below what fills a disk by accident. */
export const UNPACK_LIMITS: UnpackLimits = {
  maxEntryCount: 100_000,
  maxTotalBytes: 256 * 1024 ** 3,
  maxRatio: 200,
  ratioFreeBytes: 16 * 1024 ** 2,
};

/** What unpacking needs to know. */
export interface UnpackTask {
  /** The archive. */
  readonly archivePath: string;
  /** A new, empty folder of ours. */
  readonly into: string;
  readonly signal?: AbortSignal;
  /** Told with every piece: unpacked bytes so far, and the total where the archive says it. */
  readonly onProgress?: (doneBytes: number, totalBytes: number | undefined, entry: string) => void;
  readonly limits?: UnpackLimits;
}

/** Why an archive is not unpacked, said by the entry that is wrong. */
export function archiveFailure(reason: string): StatusError {
  return new StatusError('invalid-argument', reason);
}

/** {@link archiveFailure} that names an entry. */
export function entryFailure(entry: string, problem: string): StatusError {
  return archiveFailure(
    `The archive is not unpacked because of its entry "${shownName(entry)}": ${problem}.`,
  );
}

/** Counts what really came out, whatever the archive declared. */
export function createByteBudget(limits: UnpackLimits, packedBytes: number) {
  let total = 0;
  return {
    /** Throws once the archive has become too much. */
    spend: (bytes: number): number => {
      total += bytes;
      if (total > limits.maxTotalBytes)
        throw archiveFailure(`The archive unpacks to more than ${limits.maxTotalBytes} bytes.`);
      if (total > limits.ratioFreeBytes && total > packedBytes * limits.maxRatio)
        throw archiveFailure(
          `The archive unpacks to more than ${limits.maxRatio} times its size, as zip bombs do. It was not unpacked any further.`,
        );
      return total;
    },
  };
}
