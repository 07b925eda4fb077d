import { refusalReason } from '../../core/triton-container/exit-reason.ts';
import { StatusError } from '../../core/status.ts';
import { fileErrorCode } from '../files/file-failure.ts';
import { isRecord } from '../files/json-file.ts';

/** Why the Engine cannot be reached, in a sentence with what to do. */
export function absenceReason(cause: unknown): string {
  const path = cause instanceof Error && 'address' in cause ? String(cause.address) : 'its socket';
  switch (fileErrorCode(cause) ?? '') {
    case 'ENOENT':
      return `Docker is not installed or not running: there is no ${path}.`;
    case 'EACCES':
    case 'EPERM':
      return `Docker is there, but you have no permission for ${path}. Add yourself to its group: sudo usermod -aG docker $USER, then log in again.`;
    case 'ECONNREFUSED':
      return `Docker is installed but not running: nothing answers at ${path}.`;
    case 'ETIMEDOUT':
    case 'ECONNRESET':
      return 'Docker does not answer.';
    default:
      return `Docker cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}.`;
  }
}

/** The HTTP status that the Engine answered with; null where it did not answer. */
export function answeredStatus(cause: unknown): number | null {
  const status: unknown = cause instanceof Error && 'statusCode' in cause ? cause.statusCode : null;
  return typeof status === 'number' ? status : null;
}

/** What the Engine said in its own words; why it cannot be reached where it said nothing. */
export function engineWords(cause: unknown): string {
  if (answeredStatus(cause) === null) return absenceReason(cause);
  const said: unknown = cause instanceof Error && 'json' in cause ? cause.json : null;
  if (isRecord(said) && typeof said['message'] === 'string') return said['message'];
  return cause instanceof Error ? cause.message : String(cause);
}

/** A refusal or an absence of the Engine as a failure with words. */
export function engineFailure(cause: unknown): StatusError {
  if (cause instanceof StatusError) return cause;
  const words = engineWords(cause);
  const hasAnswered = answeredStatus(cause) !== null;
  return new StatusError('unavailable', hasAnswered ? refusalReason(words) : words, { cause });
}
