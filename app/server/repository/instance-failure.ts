import { StatusError, statusOf } from '../../core/status.ts';

/** A refusal that Triton finds only when it creates the instances of a model; its log says so. */
export class InstanceFailure extends StatusError {}

function asInstanceFailure(cause: unknown): InstanceFailure {
  const { code, message } = statusOf(cause);
  return new InstanceFailure(code, message, { cause });
}

/** Runs a check of the instance stage: what it refuses becomes an {@link InstanceFailure}. */
export function ofInstance<Result>(check: () => Result): Result {
  try {
    return check();
  } catch (cause) {
    throw asInstanceFailure(cause);
  }
}

/** {@link ofInstance} for a check that takes its time. */
export function ofInstanceLater<Result>(check: () => Promise<Result>): Promise<Result> {
  return check().catch((cause: unknown) => {
    throw asInstanceFailure(cause);
  });
}
