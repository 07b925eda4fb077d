import type { Datatype } from '../datatypes.ts';
import { datatypeOf } from '../datatypes.ts';
import type { ModelConfig } from './model-config.ts';

/** An input or output as clients see it. */
export interface WireTensor {
  readonly name: string;
  /** Null where the config names no data type. */
  readonly datatype: Datatype | null;
  /** As written in the config: without the batch dimension when `max_batch_size` > 0. */
  readonly dims: readonly number[];
  /** What clients send or receive: `dims`, with -1 for the batch before them when `max_batch_size` > 0. */
  readonly wireShape: readonly number[];
  /** The dims on the model's side where a reshape stands between client and model. */
  readonly reshape?: readonly number[];
  /** Whether a request may leave the input out. */
  readonly optional?: boolean;
}

/** The shapes that clients send and receive (Triton's `GET /v2/models/<model>`: the reshape plays no part in them). */
export function wireShapes(config: ModelConfig): {
  readonly inputs: readonly WireTensor[];
  readonly outputs: readonly WireTensor[];
} {
  const hasBatch = (config.max_batch_size ?? 0) > 0;
  const wireTensor = (io: {
    readonly name?: string;
    readonly data_type?: string;
    readonly dims?: readonly number[];
    readonly reshape?: { readonly shape?: readonly number[] };
    readonly optional?: boolean;
  }): WireTensor => {
    const dims = io.dims ?? [];
    return {
      name: io.name ?? '',
      datatype: datatypeOf(io.data_type ?? '') ?? null,
      dims,
      wireShape: hasBatch ? [-1, ...dims] : dims,
      ...(io.reshape && { reshape: io.reshape.shape ?? [] }),
      ...(io.optional && { optional: true }),
    };
  };
  return { inputs: (config.input ?? []).map(wireTensor), outputs: (config.output ?? []).map(wireTensor) };
}
