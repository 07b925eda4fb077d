/** The arguments and the result of `forward`, as TorchScript source declares them. */
export interface ForwardSignature {
  /** Without `self`; types as written: `Tensor`, `Optional[Tensor]`, `int`, … */
  readonly arguments: readonly { readonly name: string; readonly type: string }[];
  readonly result: string;
}

/**
 * Finds `def forward` of a class in TorchScript source. Null where the class or the method is not there. The source is
 * only searched, never run.
 */
export function forwardSignature(source: string, className: string): ForwardSignature | null {
  const start = source.search(new RegExp(`^class ${escapeRegExp(className)}\\b`, 'm'));
  if (start < 0) return null;
  const next = source.slice(start + 1).search(/^class /m);
  const body = next < 0 ? source.slice(start) : source.slice(start, start + 1 + next);
  const head = /^ {2}def forward\(([^]{0,20000}?)\) -> ([^\n]{1,2000}):\n/m.exec(body);
  if (head === null) return null;
  const declared = splitOutside(head[1] ?? '').map((argument) => argument.trim());
  return {
    arguments: declared
      .filter((argument) => !/^self\b/.test(argument))
      .map((argument) => {
        const [name = '', type = 'Tensor'] = argument.replace(/=.*$/s, '').split(/:(.*)/s);
        return { name: name.trim(), type: type.trim() || 'Tensor' };
      }),
    result: (head[2] ?? '').trim(),
  };
}

/** The types of the values that a result consists of: one, or those of its tuple. */
export function resultTypes(result: string): string[] {
  const tuple = /^Tuple\[(.*)\]$/s.exec(result)?.[1];
  return tuple === undefined ? [result] : splitOutside(tuple).map((type) => type.trim());
}

function splitOutside(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const character of text) {
    if ('[({'.includes(character)) depth++;
    if ('])}'.includes(character)) depth--;
    if (character === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  return part.trim() === '' ? parts : [...parts, part];
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
