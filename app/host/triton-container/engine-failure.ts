import { refusalReason } from '../../core/triton-container/exit-reason.ts';
import type { EngineAbsence } from '../../core/triton-container/preflight.ts';
import { StatusError } from '../../core/status.ts';
import { fileErrorCode } from '../files/file-failure.ts';
import { isRecord } from '../files/json-file.ts';

const START_FIX = 'Install and start Docker or Podman, or set DOCKER_HOST to where it listens.';

/** Why the Engine cannot be reached and what to do about it, each in a sentence. */
export function engineAbsence(cause: unknown): EngineAbsence {
  const path = cause instanceof Error && 'address' in cause ? String(cause.address) : 'its socket';
  switch (fileErrorCode(cause) ?? '') {
    case 'ENOENT':
      return { reason: `Docker is not installed or not running: there is no ${path}.`, fix: START_FIX };
    case 'EACCES':
    case 'EPERM':
      return {
        reason: `Docker is there, but you have no permission for ${path}.`,
        fix: 'Add yourself to its group: sudo usermod -aG docker $USER, then log in again.',
      };
    case 'ECONNREFUSED':
      return {
        reason: `Docker is installed but not running: nothing answers at ${path}.`,
        fix: 'Start it: sudo systemctl start docker, or open Docker Desktop.',
      };
    case 'ETIMEDOUT':
    case 'ECONNRESET':
      return {
        reason: 'Docker does not answer.',
        fix: 'Restart it: sudo systemctl restart docker, or from the menu of Docker Desktop.',
      };
    default: {
      const words = cause instanceof Error ? cause.message : String(cause);
      return { reason: `Docker cannot be reached: ${words}.`, fix: START_FIX };
    }
  }
}

/** Why the Engine cannot be reached, as one text; what to do is in it where nothing else would help. */
export function absenceReason(cause: unknown): string {
  const { reason, fix } = engineAbsence(cause);
  const code = fileErrorCode(cause);
  return code === 'EACCES' || code === 'EPERM' ? `${reason} ${fix}` : reason;
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
