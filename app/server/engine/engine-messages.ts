import type { ExecutionProvider } from '../../core/server-events/server-event.ts';
import type { Datatype } from '../../core/datatypes.ts';
import type { RequestParameter } from '../../core/open-inference/infer-request.ts';
import type { PayloadPlace } from './frame.ts';
import type { TranslationRequest } from './torch-translation.ts';

/** Environment variable that carries the secret which every socket shows first. */
export const TOKEN_VARIABLE = 'CONCH_ENGINE_TOKEN';

/** The first frame on a socket. Instance −1 is the engine's own control socket. */
export interface Hello {
  readonly kind: 'hello';
  readonly token: string;
  readonly engine: string;
  readonly instance: number;
}

/** Which code runs the model. */
export type EngineBackend = 'onnxruntime' | 'identity' | 'pytorch';

/** ONNX Runtime's session options, as far as a config may set them. */
export interface SessionSettings {
  readonly intraOpThreads: number;
  readonly interOpThreads: number;
  readonly executionMode: 'sequential' | 'parallel';
  readonly graphOptimizationLevel: 'disabled' | 'basic' | 'extended' | 'all';
  readonly enableCpuMemArena: boolean;
  readonly enableMemPattern: boolean;
}

/** An instance of the model: what it asks for. An engine that cannot have `cuda` falls back, and says why. */
export interface InstancePlace {
  readonly provider: 'cpu' | 'cuda';
  readonly device: number;
}

/** A tensor in a frame's payload. */
export interface FramedTensor extends PayloadPlace {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/** Server → engine. */
export type ToEngine =
  | { readonly kind: 'start'; readonly instances: number }
  | {
      readonly kind: 'load';
      readonly backend: EngineBackend;
      readonly modelPath: string;
      /** What a PyTorch model is translated for; null for the others. */
      readonly translation: TranslationRequest | null;
      readonly place: InstancePlace;
      readonly settings: SessionSettings;
    }
  | {
      readonly kind: 'run';
      readonly inputs: readonly FramedTensor[];
      readonly outputs: readonly string[];
      /** Milliseconds to wait first (`execute_delay_ms` of the identity backend). */
      readonly delayMilliseconds: number;
    };

/** Engine → server. Durations in nanoseconds. */
export type FromEngine =
  | Hello
  | { readonly kind: 'loaded'; readonly provider: ExecutionProvider; readonly providerReason: string | null }
  | { readonly kind: 'load-failed'; readonly message: string }
  | {
      readonly kind: 'ran';
      readonly outputs: readonly FramedTensor[];
      readonly parameters: readonly (readonly [string, RequestParameter])[];
      readonly inferNs: number;
      readonly outputNs: number;
    }
  | {
      readonly kind: 'run-failed';
      readonly code: 'internal' | 'invalid-argument' | 'unsupported';
      readonly message: string;
    };
