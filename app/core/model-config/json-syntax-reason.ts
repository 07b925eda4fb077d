const CONTEXT_LENGTH = 20;

interface Mistake {
  /** Null at the end of the text, where protobuf shows none of it. */
  readonly offset: number | null;
  readonly message: string;
}

/** protobuf's reason for refusing a text that is not JSON, with the text around the place. */
export function jsonSyntaxReason(text: string): string {
  const { offset, message } = findMistake(text) ?? { offset: 0, message: 'Unexpected token.' };
  if (offset === null) return `${message}\n\n^`;
  const begin = Math.max(offset - CONTEXT_LENGTH, 0);
  const context = text.slice(begin, offset + CONTEXT_LENGTH);
  return `${message}\n${context}\n${' '.repeat(offset - begin)}^`;
}

const TOKEN = /\s+|"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|[{}[\],:]/y;

type Expectation = 'value' | 'firstValue' | 'key' | 'firstKey' | 'colon' | 'memberEnd' | 'itemEnd' | 'end';

const EXPECTED: Readonly<Record<Expectation, string>> = {
  value: 'Expected a value.',
  firstValue: 'Expected a value or ] within an array.',
  key: 'Expected an object key or }.',
  firstKey: 'Expected an object key or }.',
  colon: 'Expected : between key:value pair.',
  memberEnd: 'Expected , or } after key:value pair.',
  itemEnd: 'Expected , or ] after array value.',
  end: 'Parsing terminated before end of input.',
};

function findMistake(text: string): Mistake | null {
  const open: ('{' | '[')[] = [];
  let expected: Expectation = 'value';
  let offset = 0;
  const afterValue = (): Expectation => {
    const around = open.at(-1);
    if (around === undefined) return 'end';
    return around === '{' ? 'memberEnd' : 'itemEnd';
  };
  while (offset < text.length) {
    TOKEN.lastIndex = offset;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) return { offset, message: unreadable(expected) };
    if (token.trim() === '') {
      offset += token.length;
      continue;
    }
    const next = step(token, expected, open, afterValue);
    if (next === null) return { offset, message: unreadable(expected) };
    expected = next;
    offset += token.length;
  }
  if (expected === 'end') return null;
  return { offset: null, message: `Unexpected end of string. ${EXPECTED[expected]}` };
}

function unreadable(expected: Expectation): string {
  return expected === 'value' ? 'Unexpected token.' : EXPECTED[expected];
}

function step(
  token: string,
  expected: Expectation,
  open: ('{' | '[')[],
  afterValue: () => Expectation,
): Expectation | null {
  const close = (): Expectation => {
    open.pop();
    return afterValue();
  };
  switch (expected) {
    case 'firstKey':
    case 'key':
      if (token === '}') return close();
      return token.startsWith('"') ? 'colon' : null;
    case 'colon':
      return token === ':' ? 'value' : null;
    case 'memberEnd':
      if (token === '}') return close();
      return token === ',' ? 'key' : null;
    case 'itemEnd':
      if (token === ']') return close();
      return token === ',' ? 'value' : null;
    case 'end':
      return null;
    case 'firstValue':
    case 'value':
      if (token === '{' || token === '[') {
        open.push(token);
        return token === '{' ? 'firstKey' : 'firstValue';
      }
      if (token === ']' && expected === 'firstValue') return close();
      return /^[}\],:]$/.test(token) ? null : afterValue();
  }
}
