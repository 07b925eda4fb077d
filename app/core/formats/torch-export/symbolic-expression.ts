import { SymbolicInt } from '../torch/symbolic-int.ts';

type Token = string;
type Evaluated = SymbolicInt | null;

const TOKEN = /\s*(\/\/|\*\*|[A-Za-z_]\w*|\d+(?:\.\d+)?|'[^']*'|[()+\-*,=%])/y;
const MAX_DEPTH = 100;

/** What SymPy's and PyTorch's functions do with integers; those with an argument that is no integer give null. */
const FUNCTIONS: Readonly<Record<string, (left: SymbolicInt, right: SymbolicInt) => SymbolicInt>> = {
  Add: (left, right) => left.plus(right),
  Mul: (left, right) => left.times(right),
  FloorDiv: (left, right) => left.floorDividedBy(right),
  CleanDiv: (left, right) => left.floorDividedBy(right),
  Mod: (left, right) => left.modulo(right),
  PythonMod: (left, right) => left.modulo(right),
  Max: (left, right) => left.maximum(right),
  Min: (left, right) => left.minimum(right),
};

/**
 * Reads the expression of a symbolic size, as SymPy's `str` (`2*s0 + 1`, before PyTorch 2.7) or `srepr`
 * (`Add(Mul(Integer(2), Symbol('s0', positive=True, integer=True)), Integer(1))`) writes it. Null where it is no
 * arithmetic of integers.
 */
export function parseSymbolicExpression(
  text: string,
  symbol: (name: string) => SymbolicInt,
): SymbolicInt | null {
  const tokens = tokensOf(text);
  if (tokens === null) return null;
  const reader = new ExpressionReader(tokens, symbol);
  const value = reader.sum(0);
  return reader.isAtEnd ? value : null;
}

function tokensOf(text: string): Token[] | null {
  const tokens: Token[] = [];
  const scanner = new RegExp(TOKEN);
  while (scanner.lastIndex < text.trimEnd().length) {
    const token = scanner.exec(text)?.[1];
    if (token === undefined) return null;
    tokens.push(token);
  }
  return tokens;
}

class ExpressionReader {
  readonly #tokens: readonly Token[];
  readonly #symbol: (name: string) => SymbolicInt;
  #at = 0;

  constructor(tokens: readonly Token[], symbol: (name: string) => SymbolicInt) {
    this.#tokens = tokens;
    this.#symbol = symbol;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  #take(...wanted: readonly Token[]): Token | null {
    const token = this.#tokens[this.#at];
    if (token === undefined || !wanted.includes(token)) return null;
    this.#at += 1;
    return token;
  }

  sum(depth: number): Evaluated {
    let left = this.#product(depth);
    for (let sign = this.#take('+', '-'); sign !== null; sign = this.#take('+', '-')) {
      const right = this.#product(depth);
      left = left === null || right === null ? null : sign === '+' ? left.plus(right) : left.minus(right);
    }
    return left;
  }

  #product(depth: number): Evaluated {
    let left = this.#power(depth);
    for (let sign = this.#take('*', '//', '%'); sign !== null; sign = this.#take('*', '//', '%')) {
      const right = this.#power(depth);
      if (left === null || right === null) left = null;
      else if (sign === '*') left = left.times(right);
      else left = sign === '//' ? left.floorDividedBy(right) : left.modulo(right);
    }
    return left;
  }

  #power(depth: number): Evaluated {
    const base = this.#atom(depth);
    return this.#take('**') === null ? base : raised(base, this.#atom(depth));
  }

  #atom(depth: number): Evaluated {
    if (depth > MAX_DEPTH) return null;
    if (this.#take('-') !== null) {
      const value = this.#power(depth + 1);
      return value === null ? null : SymbolicInt.of(0).minus(value);
    }
    if (this.#take('(') !== null) {
      const value = this.sum(depth + 1);
      return this.#take(')') === null ? null : value;
    }
    const token = this.#tokens[this.#at];
    if (token === undefined) return null;
    this.#at += 1;
    if (/^\d+$/.test(token)) return SymbolicInt.of(Number(token));
    if (!/^[A-Za-z_]/.test(token)) return null;
    return this.#take('(') === null ? this.#symbol(token) : this.#call(token, depth + 1);
  }

  #call(name: string, depth: number): Evaluated {
    if (name === 'Symbol') return this.#named();
    const values: Evaluated[] = [];
    do values.push(this.sum(depth));
    while (this.#take(',') !== null);
    if (this.#take(')') === null) return null;
    const [first = null, second = null] = values;
    if (name === 'Integer') return first;
    if (name === 'Pow') return raised(first, second);
    const run = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (run === undefined || !values.every((value) => value !== null)) return null;
    return values.reduce(run);
  }

  /** `'s0', positive=True, integer=True)` */
  #named(): Evaluated {
    const name = this.#tokens[this.#at];
    const close = this.#tokens.indexOf(')', this.#at);
    if (name?.startsWith("'") !== true || close < 0) return null;
    this.#at = close + 1;
    return this.#symbol(name.slice(1, -1));
  }
}

/** Small whole powers only. */
function raised(base: Evaluated, exponent: Evaluated): Evaluated {
  const times = exponent?.constant ?? -1;
  if (base === null || times < 0 || times > 8) return null;
  return Array.from({ length: times }, () => base).reduce(
    (left, right) => left.times(right),
    SymbolicInt.of(1),
  );
}
