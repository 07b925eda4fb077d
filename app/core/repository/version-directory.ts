/**
 * The version of a version directory: a whole number without leading zero (Triton warns and ignores `01`, `v1`, `abc`;
 * it does load `0`). Null for any other name. At most 2^53.
 */
export function versionOfDirectory(name: string): number | null {
  if (!/^(0|[1-9]\d*)$/.test(name)) return null;
  const version = Number(name);
  return Number.isSafeInteger(version) ? version : null;
}

/** Sub-directories of a model that Triton does not look at as versions. */
const SPECIAL_MODEL_DIRECTORIES: ReadonlySet<string> = new Set(['configs', 'warmup', 'initial_state']);

/** Why a sub-directory of a model is no version, in words; null where it is one. */
export function whyNoVersion(name: string): string | null {
  if (versionOfDirectory(name) !== null || SPECIAL_MODEL_DIRECTORIES.has(name)) return null;
  if (/^0\d+$/.test(name))
    return `version directory ${name} has a leading zero; Triton ignores it (rename it to ${Number(name)})`;
  return `${name} is no version: versions are whole numbers, Triton ignores other directories`;
}
