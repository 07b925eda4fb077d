/** Metadata keys under which exporters keep the texts of a classifier's labels, best first. */
const LABEL_KEYS = [
  'labels',
  'names',
  'classes',
  'class_names',
  'classnames',
  'class_labels',
  'id2label',
  'label_names',
];
const MAX_LABELS = 100_000;

/**
 * Label texts in a model's own metadata, in the order of the classes; undefined where there are none. Reads JSON
 * lists and objects (`{"0": "cat"}`), Python lists and dictionaries (`{0: 'cat'}`), lines, and texts with commas.
 */
export function labelsOfMetadata(metadata: ReadonlyMap<string, string>): string[] | undefined {
  const byKey = new Map([...metadata].map(([key, value]) => [key.toLowerCase(), value]));
  for (const key of LABEL_KEYS) {
    const labels = parseLabels(byKey.get(key) ?? '');
    if (labels !== undefined) return labels;
  }
  return undefined;
}

/** The labels of one metadata text; see {@link labelsOfMetadata}. Undefined where the text is no list of at least two. */
export function parseLabels(text: string): string[] | undefined {
  const trimmed = text.trim();
  const labels = trimmed.startsWith('{')
    ? fromEntries(tokensOf(trimmed))
    : trimmed.startsWith('[') || trimmed.startsWith('(')
      ? fromList(tokensOf(trimmed))
      : fromLines(trimmed);
  return labels !== undefined && labels.length > 1 && labels.length <= MAX_LABELS ? labels : undefined;
}

type Token = { readonly kind: 'text' | 'word' | 'mark'; readonly value: string };

const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([{}[\](),:])|([^\s{}[\](),:'"]+))/gy;

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, double, single, mark, word] = match;
    end = match.index + whole.length;
    const quotedText = double ?? single;
    if (quotedText !== undefined) tokens.push({ kind: 'text', value: unescape(quotedText) });
    else if (mark !== undefined) tokens.push({ kind: 'mark', value: mark });
    else tokens.push({ kind: 'word', value: word ?? '' });
    if (tokens.length > 4 * MAX_LABELS) return undefined;
  }
  return text.slice(end).trim() === '' ? tokens : undefined;
}

function unescape(text: string): string {
  return text.replaceAll(
    /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))/g,
    (_, unicode, hex, other: string) => {
      const code = (unicode ?? hex) as string | undefined;
      return code === undefined
        ? other === 'n'
          ? '\n'
          : other
        : String.fromCharCode(Number.parseInt(code, 16));
    },
  );
}

function fromList(tokens: Token[] | undefined): string[] | undefined {
  const inner = tokens?.slice(1, -1) ?? [];
  const labels: string[] = [];
  for (const [index, token] of inner.entries()) {
    const isValue = index % 2 === 0;
    if (isValue === (token.kind === 'mark') || (!isValue && token.value !== ',')) return undefined;
    if (isValue) labels.push(token.value);
  }
  return labels;
}

/** `{0: 'a', 1: 'b'}` (class → label) or `{'a': 0, 'b': 1}` (label → class). */
function fromEntries(tokens: Token[] | undefined): string[] | undefined {
  const inner = tokens?.slice(1, -1) ?? [];
  const entries: [Token, Token][] = [];
  for (let index = 0; index < inner.length; index += 4) {
    const [key, colon, value, comma] = inner.slice(index, index + 4);
    if (key === undefined || value === undefined || colon?.value !== ':') return undefined;
    if (key.kind === 'mark' || value.kind === 'mark' || (comma !== undefined && comma.value !== ','))
      return undefined;
    entries.push([key, value]);
  }
  return byClass(entries) ?? byClass(entries.map(([key, value]) => [value, key]));
}

function byClass(entries: readonly (readonly [Token, Token])[]): string[] | undefined {
  const labels: string[] = Array.from({ length: entries.length });
  for (const [key, value] of entries) {
    const index = /^\d{1,6}$/.test(key.value) ? Number(key.value) : -1;
    if (index < 0 || index >= entries.length || labels[index] !== undefined) return undefined;
    labels[index] = value.value;
  }
  return labels;
}

function fromLines(text: string): string[] | undefined {
  if (text === '') return undefined;
  const parts = text.includes('\n') ? text.split(/\r?\n/) : text.split(',');
  const labels = parts.map((part) => part.trim());
  return labels.every((label) => label !== '' && label.length < 200) ? labels : undefined;
}
