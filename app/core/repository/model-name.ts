const MAX_NAME_BYTES = 255;
const MAX_SAFE_LENGTH = 100;
const RESERVED_ON_WINDOWS = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i;

/**
 * A model name from the stem of a file: letters, digits, `_`, `-` and `.` stay, everything else becomes `_`; at most
 * 100 characters, no leading dot, no name that Windows reserves, and none of `taken` (compared without case, because
 * a model is a folder): then `_2`, `_3`, … is put behind it.
 */
export function safeModelName(fileStem: string, taken: Iterable<string> = []): string {
  const plain = fileStem
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9_.-]+/g, '_')
    .replaceAll(/^[._-]+|[._-]+$/g, '')
    .slice(0, MAX_SAFE_LENGTH)
    .replace(/[._-]+$/, '');
  const named = plain === '' ? 'model' : RESERVED_ON_WINDOWS.test(plain) ? `model_${plain}` : plain;
  const lowerTaken = new Set(Array.from(taken, (name) => name.toLowerCase()));
  for (let number = 1; ; number++) {
    const name = number === 1 ? named : `${named}_${number}`;
    if (!lowerTaken.has(name.toLowerCase())) return name;
  }
}

/**
 * Why a model cannot have this name; null where it can. The first two sentences are Triton's own, the others say
 * where a folder of that name would make trouble.
 */
export function checkModelName(name: string): string | null {
  if (name === '') return 'Model name cannot be empty. Please enter a valid name to deploy.';
  if (/[/\\]/.test(name) || name === '.' || name === '..') {
    return `invalid model name '${name}', model name must not contain path traversal characters`;
  }
  if (hasControlCharacter(name)) return 'A model name cannot contain control characters.';
  if (name.startsWith('.')) return 'A model name cannot begin with a dot: the folder would be hidden.';
  if (/[<>:"|?*]/.test(name))
    return 'A model name cannot contain < > : " | ? *, which Windows does not allow in folders.';
  if (new TextEncoder().encode(name).byteLength > MAX_NAME_BYTES) {
    return `A model name is a folder name and takes at most ${MAX_NAME_BYTES} bytes.`;
  }
  if (!/^[A-Za-z0-9_.~-]+$/.test(name))
    return 'A model name takes the letters A to Z, digits, _, - and . only: Triton does not decode what other characters become in a URL, so no client could ask for the model over HTTP.';
  if (name.endsWith('.'))
    return 'A model name cannot end with a dot, which Windows does not allow in folders.';
  if (RESERVED_ON_WINDOWS.test(name)) return `A model cannot be called ${name}: Windows reserves this name.`;
  return null;
}

function hasControlCharacter(name: string): boolean {
  return Array.from(name).some((character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
  });
}
