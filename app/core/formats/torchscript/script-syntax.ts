/** Where something stands in TorchScript source: file in the archive and line, counted from 1. */
export interface ScriptPlace {
  readonly file: string;
  readonly line: number;
}

/** An expression of TorchScript source as `python_print.cpp` writes it: no infix operators, types are expressions too. */
export type ScriptExpression = { readonly place: ScriptPlace } & (
  | { readonly kind: 'name'; readonly name: string }
  /** An int literal is a bigint, a float literal a number: the difference drives type promotion. */
  | { readonly kind: 'number'; readonly value: number | bigint }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'literal'; readonly value: null | boolean }
  | { readonly kind: 'list' | 'tuple'; readonly items: readonly ScriptExpression[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [ScriptExpression, ScriptExpression])[] }
  | { readonly kind: 'attribute'; readonly object: ScriptExpression; readonly name: string }
  | { readonly kind: 'index'; readonly object: ScriptExpression; readonly items: readonly ScriptExpression[] }
  | {
      readonly kind: 'slice';
      readonly object: ScriptExpression;
      readonly start: ScriptExpression | null;
      readonly end: ScriptExpression | null;
    }
  | {
      readonly kind: 'call';
      readonly callee: ScriptExpression;
      readonly arguments: readonly ScriptExpression[];
      readonly keywords: readonly (readonly [string, ScriptExpression])[];
    }
  | { readonly kind: 'minus'; readonly operand: ScriptExpression }
);

/** A statement of a function. */
export type ScriptStatement = { readonly place: ScriptPlace } & (
  | {
      readonly kind: 'assign';
      /** Names and attributes. Several, or one with `unpacks`, take the value apart. */
      readonly targets: readonly ScriptExpression[];
      readonly unpacks: boolean;
      readonly type: ScriptExpression | null;
      readonly value: ScriptExpression;
    }
  | {
      readonly kind: 'if';
      readonly condition: ScriptExpression;
      readonly whenTrue: readonly ScriptStatement[];
      readonly whenFalse: readonly ScriptStatement[];
    }
  | {
      readonly kind: 'while';
      readonly condition: ScriptExpression;
      readonly body: readonly ScriptStatement[];
    }
  | {
      readonly kind: 'for';
      readonly target: string;
      readonly iterable: ScriptExpression;
      readonly body: readonly ScriptStatement[];
    }
  | {
      readonly kind: 'with';
      readonly context: ScriptExpression;
      readonly name: string | null;
      readonly body: readonly ScriptStatement[];
    }
  | { readonly kind: 'return'; readonly value: ScriptExpression | null }
  | { readonly kind: 'define'; readonly definition: ScriptFunction }
  | { readonly kind: 'pass' }
  | { readonly kind: 'expression'; readonly value: ScriptExpression }
);

/** A parameter of a function or a method; the object of a method is none. */
export interface ScriptParameter {
  readonly name: string;
  readonly type: ScriptExpression | null;
  readonly default: ScriptExpression | null;
}

/** A function or a method. */
export interface ScriptFunction {
  readonly name: string;
  /** What a method calls its object; null for a function. */
  readonly self: string | null;
  readonly parameters: readonly ScriptParameter[];
  readonly result: ScriptExpression | null;
  readonly body: readonly ScriptStatement[];
  readonly place: ScriptPlace;
}

/** A class: a module, a named tuple, an enum, an interface, or a plain script class. */
export interface ScriptClass {
  readonly name: string;
  /** `Module`, `NamedTuple`, `Enum`, `Interface`, `ModuleInterface`, or empty. */
  readonly base: string;
  /** Declared attributes with their types, in order. */
  readonly attributes: ReadonlyMap<string, ScriptExpression>;
  /** Values of `NAME : Final[TYPE] = value` and of enums. */
  readonly constants: ReadonlyMap<string, ScriptExpression>;
  readonly methods: ReadonlyMap<string, ScriptFunction>;
  readonly place: ScriptPlace;
}

/** One file of TorchScript source. */
export interface ScriptFile {
  readonly classes: ReadonlyMap<string, ScriptClass>;
  readonly functions: ReadonlyMap<string, ScriptFunction>;
}

/** An expression as it would stand in the source: `Optional[Tensor]`, `torch.conv2d`. For types and messages. */
export function printExpression(expression: ScriptExpression): string {
  const list = (items: readonly ScriptExpression[]): string => items.map(printExpression).join(', ');
  switch (expression.kind) {
    case 'name':
      return expression.name;
    case 'number':
    case 'literal':
      return expression.value === null ? 'None' : String(expression.value);
    case 'text':
      return JSON.stringify(expression.value);
    case 'list':
      return `[${list(expression.items)}]`;
    case 'tuple':
      return `(${list(expression.items)})`;
    case 'dict':
      return `{${expression.entries.map((entry) => entry.map(printExpression).join(': ')).join(', ')}}`;
    case 'attribute':
      return `${printExpression(expression.object)}.${expression.name}`;
    case 'index':
      return `${printExpression(expression.object)}[${list(expression.items)}]`;
    case 'slice': {
      const { object, start, end } = expression;
      return `${printExpression(object)}[${start ? printExpression(start) : ''}:${end ? printExpression(end) : ''}]`;
    }
    case 'call':
      return `${printExpression(expression.callee)}(${list(expression.arguments)})`;
    case 'minus':
      return `-${printExpression(expression.operand)}`;
  }
}
