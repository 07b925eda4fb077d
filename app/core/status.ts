/** The closed set of failure codes, Triton's own (`TRITONSERVER_Error_Code`). A failure crosses processes, HTTP and gRPC by this code, never by class or text. */
export const STATUS_CODES = [
  'unknown',
  'internal',
  'not-found',
  'invalid-argument',
  'unavailable',
  'unsupported',
  'already-exists',
  'cancelled',
] as const;

/** One of {@link STATUS_CODES}. */
export type StatusCode = (typeof STATUS_CODES)[number];

/** A failure that the caller should see. Anything else thrown is a bug. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: StatusCode;

  /** @param message the text for the caller; on the wire it is Triton's exact text. */
  constructor(code: StatusCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The failure as data: a {@link StatusError} keeps its code, anything else becomes `internal`. */
export function statusOf(cause: unknown): { readonly code: StatusCode; readonly message: string } {
  if (cause instanceof StatusError) return { code: cause.code, message: cause.message };
  return { code: 'internal', message: cause instanceof Error ? cause.message : String(cause) };
}
