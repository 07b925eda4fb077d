import type { Datatype } from '../../core/datatypes.ts';
import type { RequestParameter } from '../../core/open-inference/infer-request.ts';
import type { ExecutionProvider } from '../../core/server-events/server-event.ts';
import type { ToEngine } from './engine-messages.ts';

/** An output of one run; `data` may lie in the runtime's own memory. */
export interface RunOutput {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** What one run gave; durations in nanoseconds. */
export interface RunResult {
  readonly outputs: readonly RunOutput[];
  readonly parameters: readonly (readonly [string, RequestParameter])[];
  readonly inferNs: number;
  readonly outputNs: number;
}

/** A model that is loaded in this thread. */
export interface ModelRunner {
  readonly provider: ExecutionProvider;
  /** Why not the provider that was asked for. */
  readonly providerReason: string | null;
  run(request: Extract<ToEngine, { kind: 'run' }>, payload: ArrayBuffer): Promise<RunResult>;
}
