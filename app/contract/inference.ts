import type { RequestRecord } from '../core/server-events/server-event.ts';
import type { NamedTensor } from '../core/tensors/tensor.ts';
import type { StatusCode } from '../core/status.ts';
import type { AnsweringServer, InferenceTarget } from './inference-target.ts';
import type { Explanation } from './model-entry.ts';

/** One request that the UI asks for. It goes to a server over the network like any client's. */
export interface InferCall {
  /** The server that it is sent to; the twin when absent. */
  readonly target?: InferenceTarget;
  readonly model: string;
  /** Newest ready version when absent. */
  readonly version?: number;
  readonly inputs: readonly NamedTensor[];
  /** All outputs when absent. */
  readonly outputs?: readonly string[];
  /** `binary`: the binary tensor extension both ways; `json`: plain JSON both ways. */
  readonly protocol: 'binary' | 'json';
  /** Who asked: a person, or the request that Conch sends by itself after the first load. */
  readonly origin: 'user' | 'first-run';
  /** Where the request stands in a sequence, for models that keep state between requests. */
  readonly sequence?: SequencePlace;
  /** How each input was made, so that history can offer the same form again. Kept as it is. */
  readonly recipes?: Readonly<Record<string, InputRecipe>>;
}

/** A request's place in a sequence. The id is text here (64-bit numbers are exact so), and a number on the wire or not. */
export interface SequencePlace {
  readonly id: string;
  readonly idType: 'number' | 'text';
  readonly isStart: boolean;
  readonly isEnd: boolean;
}

/** How an input's values were made. */
export type InputRecipe =
  | { readonly kind: 'values' }
  | { readonly kind: 'generator'; readonly generator: GeneratorRecipe }
  | { readonly kind: 'file'; readonly fileName: string };

/** A generator and its settings; the same seed gives the same values. */
export type GeneratorRecipe =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }
  | { readonly kind: 'constant'; readonly value: string }
  | { readonly kind: 'arange'; readonly start: string; readonly step: string }
  | { readonly kind: 'random'; readonly seed: number; readonly minimum: string; readonly maximum: string };

/** Where a request's time went, as far as it is known. All in microseconds. */
export interface RequestTiming {
  /** Client clock: request written → response read. */
  readonly totalMicroseconds: number;
  /** Server's clock; absent where the server did not say. */
  readonly server?: {
    readonly totalMicroseconds: number;
    readonly queueMicroseconds: number;
    readonly computeInputMicroseconds: number;
    readonly computeInferMicroseconds: number;
    readonly computeOutputMicroseconds: number;
  };
}

/** A request that was answered or refused, with its whole body. Survives restarts. */
export interface HistoryEntry extends HistorySummary {
  readonly inputs: readonly NamedTensor[];
  readonly recipes: Readonly<Record<string, InputRecipe>>;
  readonly outcome:
    | { readonly kind: 'answered'; readonly modelVersion: string; readonly outputs: readonly NamedTensor[] }
    | { readonly kind: 'failed'; readonly failure: InferFailure };
}

/** Why a request failed: the wire's exact text, and ours beside it. */
export interface InferFailure {
  readonly code: StatusCode;
  /** Absent where no answer came. */
  readonly httpStatus?: number;
  readonly message: string;
  readonly explanation?: Explanation;
}

/** A history entry without its tensors. */
export interface HistorySummary {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly model: string;
  readonly version?: number;
  readonly protocol: 'binary' | 'json';
  readonly origin: 'user' | 'first-run';
  readonly sequence?: SequencePlace;
  /** The server that it was sent to; absent: the twin. */
  readonly server?: AnsweringServer;
  readonly isAnswered: boolean;
  /** `input [1,8,8] FP32, …` */
  readonly inputsSummary: string;
  readonly timing: RequestTiming;
}

/** One request that the server completed, from any client: a dot of the latency chart. */
export interface CompletedRequest extends RequestRecord {
  /** Counts from 1 in the order in which the host learned of them; a gap means that some were dropped. */
  readonly sequence: number;
  /** The history entry with its whole body, where the request came from Conch. */
  readonly historyId?: string;
}
