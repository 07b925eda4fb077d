import type { OutputComparison } from '../core/comparison/compare-outputs.ts';

/** The server that a saved request is sent to once more: any Triton, or any server of the Open Inference Protocol. */
export interface ComparedServer {
  /** Base URL of its HTTP endpoint. */
  readonly url: string;
  /** Sent with every request, and kept nowhere. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A saved request and what another server made of it. */
export interface RequestComparison {
  readonly id: string;
  /** Epoch milliseconds of the saved request. */
  readonly at: number;
  readonly model: string;
  readonly inputsSummary: string;
  readonly hereMicroseconds: number;
  /** Absent where no answer came. */
  readonly thereMicroseconds?: number;
  readonly isSame: boolean;
  readonly outcome:
    | { readonly kind: 'answered'; readonly outputs: readonly OutputComparison[] }
    /** One of them refused the request, or both did in different words. */
    | { readonly kind: 'refused'; readonly here: string | null; readonly there: string | null };
}
