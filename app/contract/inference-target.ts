/** A server that answers inference. The same request can go to any of them. */
export type InferenceTarget =
  /** The embedded server. */
  | { readonly kind: 'twin' }
  /** The Triton container that Conch runs. */
  | { readonly kind: 'container' };

/** Which server a request went to; history says it also when the server is long gone. */
export interface AnsweringServer {
  readonly kind: Exclude<InferenceTarget['kind'], 'twin'>;
  /** As people know it: an image, a name. */
  readonly name: string;
}
