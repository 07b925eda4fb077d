import type { CheckedRequest } from '../../core/open-inference/check-infer-request.ts';
import type { BatchTensor } from '../../core/scheduling/batch-tensors.ts';
import { StatusError } from '../../core/status.ts';
import type { NamedTensor } from '../../core/tensors/tensor.ts';
import type { Inference } from '../repository/model-version.ts';

/** A request that was accepted and is not answered yet. Times are on the clock of {@link SchedulerClock}. */
export interface PendingRequest {
  readonly checked: CheckedRequest;
  /** When it had been received. */
  readonly arrivedAt: number;
  /** When it was handed to the scheduler: its queue time counts from here. */
  readonly enqueuedAt: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Its execution begins: it is not pending any more. */
  started(): void;
  /** Exactly one of these is called, once. */
  resolve(inference: Inference): void;
  reject(cause: unknown): void;
}

/** A request that waited and was given up by its queue's own rules, such as a timeout. */
export class RequestRejected extends StatusError {
  constructor(message: string) {
    super('unavailable', message);
  }
}

/** What runs at once on one instance. */
export interface Batch {
  /** In the order of their rows. */
  readonly requests: readonly PendingRequest[];
  /** First row of each request, where they do not simply follow one another (slots of sequences). */
  readonly firstRows?: readonly number[];
  /** Rows of the batch, also those that belong to no request; 1 for a model without batch dimension. */
  readonly batchSize: number;
  readonly inputs: readonly BatchTensor[];
  /** Outputs that are asked of the model. */
  readonly outputs: readonly string[];
  /**
   * Told the model's own outputs, of all rows, before the instance becomes idle and the requests are answered. The
   * requests in the result fail with what is said of them.
   */
  executed?(outputs: readonly NamedTensor[]): ReadonlyMap<PendingRequest, StatusError>;
}

/** A request that a scheduler did not take: it is answered, and counted, like one that does not fit its model. */
export class SchedulerRefusal extends StatusError {}

/** Decides which requests run when and together. The version that owns it runs the batches and answers the requests. */
export interface Scheduler {
  /** Takes a request. @throws SchedulerRefusal if it is refused at once; then it was never pending. */
  enqueue(request: PendingRequest): void;
  /** The instance has nothing to do: at the start, and after each batch. */
  instanceIdle(instance: number): void;
  /** The engine has ended: no instance exists any more. Requests that wait keep waiting. */
  instancesLost(): void;
  /** Rejects all requests that wait. */
  rejectAll(cause: StatusError): void;
  /** Requests that wait for their execution. */
  readonly pendingCount: number;
  /** Ends all timers. */
  close(): void;
}

/** The only clock of schedulers: milliseconds, monotonic. */
export interface SchedulerClock {
  now(): number;
  /** Calls back once after `milliseconds`; the result stops that. */
  startTimer(milliseconds: number, callback: () => void): () => void;
}

/** What a scheduler acts through. */
export interface SchedulerEnvironment {
  readonly clock: SchedulerClock;
  readonly instanceCount: number;
  /** Content of the files that `initial_state` names, by the name of the file. */
  readonly stateFiles: ReadonlyMap<string, Uint8Array>;
  /** Writes a line to the log. */
  warn(text: string): void;
  /** Runs a batch on an idle instance, which is then busy until `instanceIdle` is called for it. */
  runBatch(instance: number, batch: Batch): void;
}
