import type { Datatype } from '../datatypes.ts';

/** Where a value comes from: read in the model file, derived from it, or guessed. */
export type Provenance = 'model' | 'inferred' | 'assumed';

/** A value, where it comes from, and why in one sentence (shown to the user). */
export interface Sourced<Value> {
  readonly value: Value;
  readonly provenance: Provenance;
  readonly reason: string;
}

/** One dimension as the model file has it: a size, a symbolic name (`batch`), or unknown. */
export type Dim =
  | { readonly kind: 'fixed'; readonly size: number }
  | { readonly kind: 'symbolic'; readonly name: string }
  | { readonly kind: 'unknown' };

/** One input or output of a model, as the model file declares it (batch dimension included). */
export interface TensorSignature {
  readonly name: string;
  /** Null where Triton has no datatype for it (a sequence, INT4, …); {@link TensorSignature.unsupported} says why. */
  readonly datatype: Sourced<Datatype | null>;
  /** Null where the rank is unknown. */
  readonly dims: Sourced<readonly Dim[] | null>;
  /** An input that may be left out (an overridable initializer). */
  readonly isOptional?: boolean;
  /** Why no client can send or receive it. */
  readonly unsupported?: string;
}

/** Ids of every format that Conch tells apart, each a folder or a row in `detect`. */
export type FormatId =
  | 'onnx'
  | 'torchscript'
  | 'torch-export'
  | 'torch-aoti'
  | 'torch-state-dict'
  | 'torch-pickle'
  | 'torch-package'
  | 'torch-mobile'
  | 'executorch'
  | 'saved-model'
  | 'tensorrt-plan'
  | 'openvino'
  | 'tflite'
  | 'keras'
  | 'safetensors'
  | 'gguf'
  | 'core-ml'
  | 'python-model'
  | 'pickle'
  | 'unknown';

/** What can be done with a model. Every format ends in exactly one of these. */
export type Verdict =
  | { readonly kind: 'runs-natively' }
  | { readonly kind: 'runs-by-translation' }
  | { readonly kind: 'needs-container'; readonly backend: string; readonly reason: string }
  | { readonly kind: 'cannot-be-served'; readonly reason: string; readonly fix: Fix };

/** What to do about it, in words, with the lines to copy where there are some. */
export interface Fix {
  readonly text: string;
  /** Commands or code that fix it, ready to copy. */
  readonly lines?: readonly string[];
  readonly language?: 'python' | 'sh' | 'pbtxt';
}

/** Something about the model that its user should know; never an exception. */
export interface ModelNotice {
  readonly severity: 'info' | 'warning' | 'error';
  readonly text: string;
  readonly fix?: Fix;
}

/** All that Conch knows of a model without reading its weights. Plain data: it crosses every channel. */
export interface ModelDescription {
  readonly format: FormatId;
  /** "ONNX", "TorchScript", … for people. */
  readonly formatName: string;
  /** Bytes of the model file and its external data together. */
  readonly byteSize: number;
  /** Label → value rows of the card: producer, IR version, opset, parameter count, largest operator counts, … */
  readonly facts: readonly { readonly label: string; readonly value: string }[];
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  /** Relative paths of external data files that the model names. */
  readonly externalData: readonly string[];
  /** Label texts found in the model's own metadata, for a classifier. */
  readonly labels?: readonly string[];
  readonly notices: readonly ModelNotice[];
  readonly verdict: Verdict;
}
