/** What the host's machine offers, for the chips of the empty window. */
export interface MachineStatus {
  readonly cpu: { readonly model: string; readonly cores: number; readonly memoryBytes: number };
  readonly gpu: Availability<{ readonly name: string; readonly executionProvider: string }> & {
    /** What installing the CUDA execution provider would do, where it could help. */
    readonly install?: { readonly text: string; readonly byHand: readonly string[] };
  };
  readonly docker: Availability<{ readonly version: string }>;
}

/** There, or not there and why in a sentence. */
export type Availability<Facts> =
  | ({ readonly kind: 'available' } & Facts)
  | { readonly kind: 'absent'; readonly reason: string }
  | { readonly kind: 'checking' };
