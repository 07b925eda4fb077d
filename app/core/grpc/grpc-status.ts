import type { StatusCode } from '../status.ts';

/** gRPC's own numbers for how a call ended (those that a server of ours sends). */
export const GRPC_CODES = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const;

/** The name of a gRPC status. */
export type GrpcCode = keyof typeof GRPC_CODES;

const CODES: Readonly<Record<StatusCode, GrpcCode>> = {
  unknown: 'UNKNOWN',
  internal: 'INTERNAL',
  'not-found': 'NOT_FOUND',
  'invalid-argument': 'INVALID_ARGUMENT',
  unavailable: 'UNAVAILABLE',
  unsupported: 'UNIMPLEMENTED',
  'already-exists': 'ALREADY_EXISTS',
  cancelled: 'CANCELLED',
};

/** The gRPC status of a failure (`GrpcStatusUtil::CodeToStatus`). */
export function grpcCodeOf(code: StatusCode): GrpcCode {
  return CODES[code];
}

const MAX_DETAIL_BYTES = 16 * 1024;

/** A text as the `grpc-message` header carries it: UTF-8, percent-encoded outside printable ASCII; at most 16 KiB. */
export function encodeGrpcMessageHeader(text: string): string {
  let encoded = '';
  for (const byte of new TextEncoder().encode(text).subarray(0, MAX_DETAIL_BYTES)) {
    encoded +=
      byte < 0x20 || byte > 0x7e || byte === 0x25
        ? `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
        : String.fromCharCode(byte);
  }
  return encoded;
}
