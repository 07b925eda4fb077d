import { grpcCodeOf, type GrpcCode } from '../../core/grpc/grpc-status.ts';
import { MalformedMessage } from '../../core/protobuf/message-reader.ts';
import { StatusError, statusOf } from '../../core/status.ts';

/** How a call ends: gRPC's code and the text for the client. */
export interface GrpcStatus {
  readonly code: GrpcCode;
  readonly details: string;
}

/** A failure of the protocol itself, with a code that Triton's own failures do not have. */
export class GrpcFailure extends Error {
  readonly code: GrpcCode;
  constructor(code: GrpcCode, details: string) {
    super(details);
    this.code = code;
  }
}

/** What a client is told of a failure. Bytes that are no message are answered as gRPC's own library does. */
export function grpcStatusOf(cause: unknown): GrpcStatus {
  if (cause instanceof GrpcFailure) return { code: cause.code, details: cause.message };
  if (cause instanceof MalformedMessage) return { code: 'INTERNAL', details: 'Unable to parse request' };
  const { code, message } = statusOf(cause);
  return { code: grpcCodeOf(code), details: message };
}

/** Whether a failure is one that clients are told of on purpose; anything else is a bug. */
export function isForeseen(cause: unknown): boolean {
  return cause instanceof StatusError || cause instanceof GrpcFailure || cause instanceof MalformedMessage;
}
