import { StatusError } from '../../status.ts';

/** A factor that is not a plain number: a dim of an input, or what cannot be written as a sum of them. */
type Atom =
  | { readonly kind: 'dim'; readonly name: string; readonly hint: number }
  | {
      readonly kind: 'product' | 'floor-divide' | 'modulo' | 'maximum' | 'minimum';
      readonly left: SymbolicInt;
      readonly right: SymbolicInt;
      readonly hint: number;
    };

interface Term {
  readonly atom: Atom;
  readonly factor: number;
}

/** How an integer is computed from the dims of the inputs, as a tree for whoever writes it into a graph. */
export type IntTree =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'dim'; readonly name: string }
  | {
      readonly kind: 'add' | 'multiply' | 'floor-divide' | 'modulo' | 'maximum' | 'minimum';
      readonly left: IntTree;
      readonly right: IntTree;
    };

const SIGNS = { 'floor-divide': '//', modulo: '%', product: '*' } as const;

function atomKey(atom: Atom): string {
  if (atom.kind === 'dim') return atom.name;
  if (atom.kind === 'maximum' || atom.kind === 'minimum')
    return `${atom.kind === 'maximum' ? 'max' : 'min'}(${atom.left.text}, ${atom.right.text})`;
  return `(${operandText(atom.left)} ${SIGNS[atom.kind]} ${operandText(atom.right)})`;
}

/** A sum stands in parentheses where it is divided or multiplied; what is in some already does not get more. */
function operandText({ text }: SymbolicInt): string {
  let depth = 0;
  const isSum = Array.from(text).some((character) => {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    return depth === 0 && /[\s*-]/.test(character);
  });
  return isSum ? `(${text})` : text;
}

/** `2*batch`, and what comes before it: `-` where its factor is negative. */
function signedText(key: string, factor: number, isFirst: boolean): string {
  const size = Math.abs(factor);
  const term = size === 1 ? key : `${size}*${key}`;
  if (isFirst) return factor < 0 ? `-${term}` : term;
  return factor < 0 ? ` - ${term}` : ` + ${term}`;
}

/** Python's floor division and remainder. @throws StatusError on a division by zero. */
function floorDivide(left: number, right: number): number {
  if (right === 0) throw new StatusError('invalid-argument', 'integer division by zero');
  return Math.floor(left / right);
}

/**
 * An integer that may depend on the dims of the inputs: a number plus multiples of dims and of what is computed from
 * them. `hint` is its value for the example shapes. Equal integers have equal texts.
 */
export class SymbolicInt {
  readonly hint: number;
  readonly #constant: number;
  readonly #terms: ReadonlyMap<string, Term>;

  private constructor(constant: number, terms: ReadonlyMap<string, Term>) {
    this.#constant = constant;
    this.#terms = terms;
    let hint = constant;
    for (const { atom, factor } of terms.values()) hint += factor * atom.hint;
    this.hint = hint;
  }

  static of(value: number): SymbolicInt {
    return new SymbolicInt(value, new Map());
  }

  /** A dim of an input that is free; `hint` is its size in the example. */
  static dim(name: string, hint: number): SymbolicInt {
    return SymbolicInt.#atom({ kind: 'dim', name, hint });
  }

  static #atom(atom: Atom): SymbolicInt {
    return new SymbolicInt(0, new Map([[atomKey(atom), { atom, factor: 1 }]]));
  }

  /** The value where it depends on nothing; null otherwise. */
  get constant(): number | null {
    return this.#terms.size === 0 ? this.#constant : null;
  }

  /** Everything that is multiplied in it; for products, whose sides are such themselves. */
  get atoms(): readonly Atom[] {
    return [...this.#terms.values()].flatMap(({ atom }) => factorsOf(atom));
  }

  /** `2*batch + 1` as its parts, where it is a multiple of one dim and a number; null otherwise. */
  get line(): { readonly name: string; readonly factor: number; readonly constant: number } | null {
    const [term, ...others] = this.#terms.values();
    if (term?.atom.kind !== 'dim' || others.length > 0) return null;
    return { name: term.atom.name, factor: term.factor, constant: this.#constant };
  }

  /** `2*batch + 1`. */
  get text(): string {
    const parts = [...this.#terms].sort(([left], [right]) => (left < right ? -1 : 1));
    const terms = parts.map(([key, { factor }], index) => signedText(key, factor, index === 0));
    if (terms.length === 0) return String(this.#constant);
    if (this.#constant === 0) return terms.join('');
    return `${terms.join('')} ${this.#constant < 0 ? '-' : '+'} ${Math.abs(this.#constant)}`;
  }

  plus(other: SymbolicInt): SymbolicInt {
    const terms = new Map(this.#terms);
    for (const [key, { atom, factor }] of other.#terms) {
      const sum = factor + (terms.get(key)?.factor ?? 0);
      if (sum === 0) terms.delete(key);
      else terms.set(key, { atom, factor: sum });
    }
    return new SymbolicInt(this.#constant + other.#constant, terms);
  }

  minus(other: SymbolicInt): SymbolicInt {
    return this.plus(other.times(SymbolicInt.of(-1)));
  }

  times(other: SymbolicInt): SymbolicInt {
    if (other.constant !== null) return this.#scaled(other.constant);
    if (this.constant !== null) return other.#scaled(this.constant);
    let product = SymbolicInt.of(0);
    for (const [left, leftFactor] of this.#parts)
      for (const [right, rightFactor] of other.#parts) {
        const atoms = [...left, ...right];
        product = product.plus(SymbolicInt.#productOf(atoms).#scaled(leftFactor * rightFactor));
      }
    return product;
  }

  /** The terms as what is multiplied with what. */
  get #parts(): readonly (readonly [atoms: readonly Atom[], factor: number])[] {
    const terms = [...this.#terms.values()].map(({ atom, factor }) => [factorsOf(atom), factor] as const);
    return this.#constant === 0 ? terms : [...terms, [[], this.#constant] as const];
  }

  /** One order for the factors of a product: equal products are one. */
  static #productOf(atoms: readonly Atom[]): SymbolicInt {
    const sorted = atoms.toSorted((left, right) => (atomKey(left) <= atomKey(right) ? -1 : 1));
    const [first, ...rest] = sorted.map((atom) => SymbolicInt.#atom(atom));
    return rest.reduce(
      (left, right) => SymbolicInt.#atom({ kind: 'product', left, right, hint: left.hint * right.hint }),
      first ?? SymbolicInt.of(1),
    );
  }

  #scaled(scale: number): SymbolicInt {
    if (scale === 0) return SymbolicInt.of(0);
    const terms = [...this.#terms].map(([key, { atom, factor }]): [string, Term] => [
      key,
      { atom, factor: factor * scale },
    ]);
    return new SymbolicInt(this.#constant * scale, new Map(terms));
  }

  /** @throws StatusError on a division by zero. */
  floorDividedBy(other: SymbolicInt): SymbolicInt {
    const divisor = other.constant;
    if (divisor !== null && this.#isMultipleOf(divisor)) return this.#dividedExactly(divisor);
    if (this.constant !== null && divisor !== null)
      return SymbolicInt.of(floorDivide(this.constant, divisor));
    if (this.text === other.text) return SymbolicInt.of(1);
    const exact = this.#withoutFactor(other);
    if (exact !== null) return exact;
    const hint = floorDivide(this.hint, other.hint);
    return SymbolicInt.#atom({ kind: 'floor-divide', left: this, right: other, hint });
  }

  #dividedExactly(divisor: number): SymbolicInt {
    const terms = [...this.#terms].map(([key, { atom, factor }]): [string, Term] => [
      key,
      { atom, factor: factor / divisor },
    ]);
    return new SymbolicInt(this.#constant / divisor, new Map(terms));
  }

  #isMultipleOf(divisor: number): boolean {
    if (divisor === 0 || this.#constant % divisor !== 0) return false;
    return [...this.#terms.values()].every(({ factor }) => factor % divisor === 0);
  }

  /** `3*batch` divided by `batch`, `(batch * length)` divided by `batch`; null where it does not go without rest. */
  #withoutFactor(other: SymbolicInt): SymbolicInt | null {
    const [divisor, ...others] = other.#terms.values();
    if (divisor === undefined || others.length > 0 || other.#constant !== 0 || this.#constant !== 0)
      return null;
    const wanted = factorsOf(divisor.atom).map(atomKey);
    let result = SymbolicInt.of(0);
    for (const { atom, factor } of this.#terms.values()) {
      const rest = [...factorsOf(atom)];
      for (const key of wanted) {
        const place = rest.findIndex((each) => atomKey(each) === key);
        if (place < 0) return null;
        rest.splice(place, 1);
      }
      if (factor % divisor.factor !== 0) return null;
      result = result.plus(SymbolicInt.#productOf(rest).#scaled(factor / divisor.factor));
    }
    return result;
  }

  /** Python's remainder: it has the sign of the divisor. @throws StatusError on a division by zero. */
  modulo(other: SymbolicInt): SymbolicInt {
    const divisor = other.constant;
    if (divisor !== null && this.#isMultipleOf(divisor)) return SymbolicInt.of(0);
    const quotient = floorDivide(this.hint, other.hint);
    const hint = this.hint - quotient * other.hint;
    if (this.constant !== null && divisor !== null) return SymbolicInt.of(hint);
    if (this.text === other.text || this.#withoutFactor(other) !== null) return SymbolicInt.of(0);
    return SymbolicInt.#atom({ kind: 'modulo', left: this, right: other, hint });
  }

  maximum(other: SymbolicInt): SymbolicInt {
    const difference = this.minus(other);
    if (difference.lowest >= 0) return this;
    if (other.minus(this).lowest >= 0) return other;
    const hint = Math.max(this.hint, other.hint);
    return SymbolicInt.#atom({ kind: 'maximum', left: this, right: other, hint });
  }

  minimum(other: SymbolicInt): SymbolicInt {
    // What is written as the largest int means "to the end".
    if (other.constant === Number.MAX_SAFE_INTEGER) return this;
    if (this.constant === Number.MAX_SAFE_INTEGER) return other;
    const difference = this.minus(other);
    if (difference.lowest >= 0) return other;
    if (other.minus(this).lowest >= 0) return this;
    const hint = Math.min(this.hint, other.hint);
    return SymbolicInt.#atom({ kind: 'minimum', left: this, right: other, hint });
  }

  /** No value of the dims (each at least 1) makes it less. −Infinity where that is not known. */
  get lowest(): number {
    let lowest = this.#constant;
    for (const { atom, factor } of this.#terms.values()) {
      if (factor < 0) return this.#lowestWithout(atom, factor);
      lowest += factor * lowestOf(atom);
    }
    return lowest;
  }

  /** What is divided is at least as much as its quotient: that stands for it where the quotient is taken away. */
  #lowestWithout(atom: Atom, factor: number): number {
    const isQuotient = atom.kind === 'floor-divide' && atom.left.lowest >= 0 && atom.right.lowest >= 1;
    if (!isQuotient) return Number.NEGATIVE_INFINITY;
    return this.plus(SymbolicInt.#atom(atom).#scaled(-factor)).plus(atom.left.#scaled(factor)).lowest;
  }

  /** Whether both are the same for every size of the dims. */
  equals(other: SymbolicInt): boolean {
    return this.minus(other).constant === 0;
  }

  get tree(): IntTree {
    const terms = [...this.#terms.values()].map(({ atom, factor }): IntTree => {
      const tree = treeOf(atom);
      return factor === 1 ? tree : { kind: 'multiply', left: tree, right: { kind: 'number', value: factor } };
    });
    if (this.#constant !== 0 || terms.length === 0) terms.push({ kind: 'number', value: this.#constant });
    return terms.reduce((left, right) => ({ kind: 'add', left, right }));
  }
}

/** What a product is a product of; anything else is that of itself. */
function factorsOf(atom: Atom): readonly Atom[] {
  if (atom.kind !== 'product') return [atom];
  return [...atom.left.atoms, ...atom.right.atoms];
}

function lowestOf(atom: Atom): number {
  switch (atom.kind) {
    case 'dim':
      return 1;
    case 'product':
      return atom.left.lowest >= 0 && atom.right.lowest >= 0
        ? atom.left.lowest * atom.right.lowest
        : Number.NEGATIVE_INFINITY;
    case 'floor-divide':
      return atom.left.lowest >= 0 && atom.right.lowest > 0 ? 0 : Number.NEGATIVE_INFINITY;
    case 'modulo':
      return atom.right.lowest > 0 ? 0 : Number.NEGATIVE_INFINITY;
    case 'maximum':
      return Math.max(atom.left.lowest, atom.right.lowest);
    case 'minimum':
      return Math.min(atom.left.lowest, atom.right.lowest);
  }
}

function treeOf(atom: Atom): IntTree {
  if (atom.kind === 'dim') return { kind: 'dim', name: atom.name };
  const kind = atom.kind === 'product' ? 'multiply' : atom.kind;
  return { kind, left: atom.left.tree, right: atom.right.tree };
}

/** The product of integers: how many elements a shape has. */
export function productOf(values: readonly SymbolicInt[]): SymbolicInt {
  return values.reduce((product, value) => product.times(value), SymbolicInt.of(1));
}
