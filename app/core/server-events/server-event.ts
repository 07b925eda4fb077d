/** One tensor of a request as the latency chart shows it. */
export interface RequestTensor {
  readonly name: string;
  readonly datatype: string;
  /** Wire shape, batch dimension included. */
  readonly shape: readonly number[];
}

/** What became of one inference request that reached a model. Durations are whole microseconds. */
export interface RequestRecord {
  /** Epoch milliseconds at which the request had been read. */
  readonly at: number;
  readonly model: string;
  readonly version: string;
  /** The client's `id`, empty if it sent none. */
  readonly requestId: string;
  readonly isOk: boolean;
  readonly httpStatus: number;
  /** The wire error, only if not `isOk`. */
  readonly error?: string;
  /** First dimension of the inputs if the model batches, else 1. */
  readonly batchSize: number;
  readonly totalMicroseconds: number;
  readonly queueMicroseconds: number;
  readonly computeInputMicroseconds: number;
  readonly computeInferMicroseconds: number;
  readonly computeOutputMicroseconds: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly inputs: readonly RequestTensor[];
}

/** What a port speaks. */
export type EndpointProtocol = 'http' | 'grpc' | 'metrics';

/** A port that answers now. `address` is what was bound, `port` the port that was really taken. */
export interface ListeningEndpoint {
  readonly address: string;
  readonly port: number;
}

/** A {@link ListeningEndpoint} and what it speaks. */
export interface ServedEndpoint extends ListeningEndpoint {
  readonly protocol: EndpointProtocol;
}

/** States of a model version in the repository index. */
export type ModelVersionState = 'LOADING' | 'READY' | 'UNLOADING' | 'UNAVAILABLE';

/** Where a model runs. */
export type ExecutionProvider = 'cpu' | 'cuda' | 'webgpu';

/** What the server process tells its host over the control channel. All else goes over HTTP. */
export type ServerEvent =
  | {
      readonly kind: 'listening';
      /** Every port that is served, told once. */
      readonly endpoints: readonly ServedEndpoint[];
    }
  | {
      readonly kind: 'port-busy';
      readonly wanted: number;
      /** The port that was taken instead; null: the server exits. */
      readonly taken: number | null;
      /** The process that holds the wanted port, where the system tells. */
      readonly holder?: { readonly pid: number; readonly name: string };
    }
  | {
      readonly kind: 'model-state';
      readonly model: string;
      readonly version: string;
      readonly state: ModelVersionState;
      /** Triton's text, for UNAVAILABLE. */
      readonly reason?: string;
      /** From the start of loading to READY. */
      readonly loadMilliseconds?: number;
      readonly executionProvider?: ExecutionProvider;
      /** Why not the provider that the config asks for, in words. */
      readonly executionProviderReason?: string;
      readonly instanceCount?: number;
      /** Threads with which each instance computes on the CPU. */
      readonly threadsPerInstance?: number;
      readonly enginePid?: number;
    }
  | {
      readonly kind: 'model-failed';
      /** A model directory that could not even be polled (bad config): no version of it has a state. */
      readonly model: string;
      readonly reason: string;
    }
  | {
      readonly kind: 'engine-died';
      readonly model: string;
      readonly version: string;
      readonly signal: string | null;
      readonly code: number | null;
      /** What happened, in words. */
      readonly reason: string;
      /** Null: it is not started again until the model is loaded by hand. */
      readonly restartInMilliseconds: number | null;
    }
  | { readonly kind: 'requests'; readonly records: readonly RequestRecord[] }
  | { readonly kind: 'log'; readonly level: 'error' | 'warning' | 'info' | 'verbose'; readonly text: string };

/** A child that the server asks its parent to start (Electron's utilityProcess can only be forked by main). */
export type LaunchRequest =
  | {
      readonly kind: 'launch';
      readonly id: string;
      /** The sibling bundle to start: `engine.mjs`. */
      readonly entry: 'engine';
      readonly args: readonly string[];
      /** Variables to add to the parent's environment. */
      readonly env: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'terminate'; readonly id: string; readonly signal: 'SIGTERM' | 'SIGKILL' };

/** The parent's answers to a {@link LaunchRequest}. `stderrTail` is the last few thousand characters. */
export type LaunchReport =
  | { readonly kind: 'launched'; readonly id: string; readonly pid: number }
  | {
      readonly kind: 'exited';
      readonly id: string;
      readonly code: number | null;
      readonly signal: string | null;
      readonly stderrTail: string;
    };

/** Everything that the server process posts to its parent. */
export type ServerToParent = ServerEvent | LaunchRequest;
/** Everything that the parent posts to the server process. */
export type ParentToServer = LaunchReport;
