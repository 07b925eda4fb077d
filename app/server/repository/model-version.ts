import type { ModelConfig } from '../../core/model-config/model-config.ts';
import type { CheckedRequest } from '../../core/open-inference/check-infer-request.ts';
import type { RequestParameter } from '../../core/open-inference/infer-request.ts';
import type { ServedSignature } from '../../core/open-inference/served-signature.ts';
import type { ModelVersionState } from '../../core/server-events/server-event.ts';
import type { ModelStatistics } from '../../core/statistics/model-statistics.ts';
import type { NamedTensor } from '../../core/tensors/tensor.ts';
import type { Engine } from '../engine/engine.ts';
import type { ProcessExit } from '../launch/process-launcher.ts';
import type { InferenceTrace } from '../trace/inference-trace.ts';
import type { OutputLabels } from './read-labels.ts';

/** State of a version, with the reason where there is one. */
export interface VersionStatus {
  readonly state: ModelVersionState;
  readonly reason: string;
}

/** What comes with a request besides its tensors. */
export interface InferenceCall {
  /** When the request had been received, on `performance.now()`. */
  readonly arrivedAt: number;
  /** Aborted when nobody waits for the answer any more; a request that is still queued is then given up. */
  readonly signal: AbortSignal;
  /** Absent or null: it is not traced. A step of an ensemble gets a child of it (`inferTraced`). */
  readonly trace?: InferenceTrace | null;
}

/** What an inference gave and took; durations in nanoseconds. */
export interface Inference {
  /** In wire shape, sorted by name. */
  readonly outputs: readonly NamedTensor[];
  readonly parameters: readonly (readonly [string, RequestParameter])[];
  readonly queueNs: number;
  readonly computeInputNs: number;
  readonly computeInferNs: number;
  readonly computeOutputNs: number;
}

/** One version of a model that is, was or will be served, whatever executes it: engine processes or other models. */
export interface ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly config: ModelConfig;
  readonly signature: ServedSignature;
  readonly labels: OutputLabels;
  readonly statistics: ModelStatistics;
  readonly status: VersionStatus;
  /** Null: it has none now, or never has one (an ensemble). */
  readonly engine: Engine | null;
  /** Requests that were accepted and not answered yet. */
  readonly inFlight: number;
  readonly loadMilliseconds: number;
  /** Makes it ready. Rejects with the reason; then the version is UNAVAILABLE. */
  start(): Promise<void>;
  /** Says that the version will not come (back). */
  fail(reason: string): void;
  /** Executes a checked request. Rejects with a StatusError. */
  infer(checked: CheckedRequest, call: InferenceCall): Promise<Inference>;
  /** A model that it needs is another one now (an ensemble only). */
  dependencyChanged?(): void;
  /**
   * Another one serves this version from now on: nobody is told any more what becomes of this one, and a request that
   * found it still goes to the other.
   */
  replace(successor: ModelVersion): void;
  /** Takes no more requests, answers those that it has, and ends. Past the limit they fail. */
  stop(drainMilliseconds: number, reason?: string): Promise<void>;
}

/** What happens to a version, for whoever keeps the log and tells the host. */
export interface VersionObserver {
  stateChanged(version: ModelVersion): void;
  engineDied(
    version: ModelVersion,
    exit: ProcessExit,
    reason: string,
    restartInMilliseconds: number | null,
  ): void;
  /** A line for the log. */
  warned(text: string): void;
}
