/** Limits that hold for everything that comes in as a set of named files: archives and uploads. */
export const MAX_ENTRY_COUNT = 100_000;

const MAX_PATH_BYTES = 1024;
const MAX_NAME_BYTES = 255;
const MAX_DEPTH = 64;

function partProblem(part: string): string | null {
  if (part === '') return 'it has an empty part';
  if (part === '.' || part === '..') return `it has the part "${part}"`;
  if (new TextEncoder().encode(part).byteLength > MAX_NAME_BYTES)
    return 'a name in it is longer than 255 bytes';
  return null;
}

/**
 * Why a relative path from outside may not be written below a folder of ours, or null where it may.
 * Refused: absolute paths, drive letters, `\`, NUL and other control characters, empty parts, `.` and `..`.
 */
export function relativePathProblem(path: string): string | null {
  if (path === '') return 'it is empty';
  if (path.startsWith('/')) return 'it is absolute';
  if (/^[A-Za-z]:/.test(path)) return 'it names a drive';
  if (path.includes('\\')) return 'it has a backslash';
  for (const character of path)
    if (character < ' ' || character === '\u007f') return 'it has a control character';
  if (new TextEncoder().encode(path).byteLength > MAX_PATH_BYTES) return 'it is longer than 1,024 bytes';
  const parts = path.split('/');
  if (parts.length > MAX_DEPTH) return `it is more than ${MAX_DEPTH} folders deep`;
  for (const part of parts) {
    const problem = partProblem(part);
    if (problem !== null) return problem;
  }
  return null;
}

/**
 * Takes paths one by one and says what is wrong with a set of them: two alike, two that differ in case or accent form
 * only (one file on Windows and macOS), a file where another path needs a folder.
 */
export function createPathSet(): { add(path: string): string | null } {
  const files = new Map<string, string>();
  const folders = new Set<string>();
  return {
    add: (path) => {
      const key = path.normalize('NFC').toLowerCase();
      const other = files.get(key);
      if (other === path) return 'it is there twice';
      if (other !== undefined) return `it differs from "${other}" only in case`;
      if (folders.has(key)) return 'another entry uses it as a folder';
      const parts = key.split('/');
      for (let length = 1; length < parts.length; length += 1) {
        const folder = parts.slice(0, length).join('/');
        if (files.has(folder)) return `another entry has "${folder}" as a file`;
        folders.add(folder);
      }
      files.set(key, path);
      return null;
    },
  };
}

/** A name from outside for a sentence: control and bidirectional characters escaped, at most 120 characters. */
export function shownName(name: string): string {
  const escaped = Array.from(name.slice(0, 400))
    .map((character) =>
      /[\p{Cc}\p{Cf}]/u.test(character) ? `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}` : character,
    )
    .join('');
  return escaped.length > 120 ? `${escaped.slice(0, 117)}…` : escaped;
}
