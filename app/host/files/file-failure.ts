import { StatusError, type StatusCode } from '../../core/status.ts';

interface Sentence {
  readonly code: StatusCode;
  readonly text: (action: string, path: string) => string;
}

const SENTENCES: Readonly<Record<string, Sentence>> = {
  ENOSPC: {
    code: 'unavailable',
    text: (action, path) =>
      `Cannot ${action} ${path}: the disk is full. Free some space and try again; nothing was changed.`,
  },
  EDQUOT: {
    code: 'unavailable',
    text: (action, path) =>
      `Cannot ${action} ${path}: your disk quota is used up. Free some space and try again; nothing was changed.`,
  },
  EROFS: {
    code: 'unavailable',
    text: (action, path) => `Cannot ${action} ${path}: the file system is mounted read-only.`,
  },
  EACCES: {
    code: 'unavailable',
    text: (action, path) => `Cannot ${action} ${path}: you have no permission for it.`,
  },
  EPERM: {
    code: 'unavailable',
    text: (action, path) => `Cannot ${action} ${path}: the system does not permit it.`,
  },
  ENOENT: {
    code: 'not-found',
    text: (action, path) => `Cannot ${action} ${path}: it does not exist (any more).`,
  },
  ENOTDIR: {
    code: 'invalid-argument',
    text: (action, path) => `Cannot ${action} ${path}: a part of the path is a file, not a folder.`,
  },
  EISDIR: {
    code: 'invalid-argument',
    text: (action, path) => `Cannot ${action} ${path}: it is a folder, not a file.`,
  },
  EEXIST: { code: 'already-exists', text: (action, path) => `Cannot ${action} ${path}: it exists already.` },
  ENOTEMPTY: {
    code: 'already-exists',
    text: (action, path) => `Cannot ${action} ${path}: it exists already.`,
  },
  EMFILE: {
    code: 'unavailable',
    text: (action, path) => `Cannot ${action} ${path}: too many files are open. Try again in a moment.`,
  },
  EFBIG: {
    code: 'unavailable',
    text: (action, path) => `Cannot ${action} ${path}: it is larger than this file system allows.`,
  },
  EIO: {
    code: 'unavailable',
    text: (action, path) => `Cannot ${action} ${path}: the disk reported an input/output error.`,
  },
  ENAMETOOLONG: {
    code: 'invalid-argument',
    text: (action, path) => `Cannot ${action} ${path}: the name is too long for this file system.`,
  },
};

/** The system's code of a failed file operation (`ENOSPC`), or undefined for any other failure. */
export function fileErrorCode(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}

/**
 * A failed file operation as a failure that the person should read: what was tried ("write"), where, and why.
 * A {@link StatusError} passes through; anything that is no file failure is thrown as it is: it is a bug.
 */
export function fileFailure(cause: unknown, action: string, path: string): StatusError {
  if (cause instanceof StatusError) return cause;
  const code = fileErrorCode(cause);
  if (code === undefined) throw cause;
  const sentence = SENTENCES[code];
  if (sentence) return new StatusError(sentence.code, sentence.text(action, path), { cause });
  return new StatusError('unavailable', `Cannot ${action} ${path}: ${code}.`, { cause });
}

/** Runs `body` and turns its file failures into sentences. */
export async function withFileFailure<Result>(
  action: string,
  path: string,
  body: () => Promise<Result>,
): Promise<Result> {
  try {
    return await body();
  } catch (cause) {
    throw fileFailure(cause, action, path);
  }
}
