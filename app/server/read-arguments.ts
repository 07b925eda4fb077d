/** What an option takes, for `readArguments`. */
export interface OptionShape {
  readonly takesValue: boolean;
}

/** One argument as `getopt_long` sees it. */
export type Argument =
  | { readonly kind: 'option'; readonly name: string; readonly value: string }
  /** It belongs to no option. */
  | { readonly kind: 'positional'; readonly text: string }
  /** The reason is glibc's. */
  | { readonly kind: 'mistake'; readonly reason: string };

type Names = ReadonlyMap<string, OptionShape>;

/** The option that is meant: by its name, or by a beginning that no other option has. */
function findName(names: Names, written: string, argument: string): string | { readonly reason: string } {
  if (names.has(written)) return written;
  const candidates = [...names.keys()].filter((name) => name.startsWith(written));
  const [only] = candidates;
  if (only === undefined) return { reason: `unrecognized option '${argument}'` };
  if (candidates.length === 1) return only;
  const possibilities = candidates.map((name) => ` '--${name}'`).join('');
  return { reason: `option '--${written}' is ambiguous; possibilities:${possibilities}` };
}

function readOption(names: Names, argument: string, next: () => string | undefined): Argument {
  const at = argument.indexOf('=');
  const written = argument.slice(2, at < 0 ? undefined : at);
  const inline = at < 0 ? undefined : argument.slice(at + 1);
  const name = findName(names, written, argument);
  if (typeof name !== 'string') return { kind: 'mistake', ...name };
  if (!names.get(name)?.takesValue) {
    return inline === undefined
      ? { kind: 'option', name, value: 'true' }
      : { kind: 'mistake', reason: `option '--${name}' doesn't allow an argument` };
  }
  const value = inline ?? next();
  return value === undefined
    ? { kind: 'mistake', reason: `option '--${name}' requires an argument` }
    : { kind: 'option', name, value };
}

/** Reads arguments as `getopt_long` does: options first, in their order, then what belongs to none. */
export function readArguments(names: Names, args: readonly string[]): readonly Argument[] {
  const options: Argument[] = [];
  const positional: Argument[] = [];
  const rest = [...args];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === '--') {
      positional.push(...rest.splice(0).map((text) => ({ kind: 'positional', text }) as const));
    } else if (argument.startsWith('--')) {
      options.push(readOption(names, argument, () => rest.shift()));
    } else if (argument.startsWith('-') && argument !== '-') {
      options.push({ kind: 'mistake', reason: `invalid option -- '${argument.charAt(1)}'` });
    } else {
      positional.push({ kind: 'positional', text: argument });
    }
  }
  return [...options, ...positional];
}
