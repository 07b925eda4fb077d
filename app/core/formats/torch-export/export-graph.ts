import { SymbolicInt } from '../torch/symbolic-int.ts';
import { dtypeOfExportCode, TORCH_DTYPES, type TorchDtype } from '../torch/torch-dtypes.ts';
import { TorchDevice, type TorchValue } from '../torch/torch-values.ts';
import { MalformedFile } from '../malformed-file.ts';
import {
  entriesOf,
  listOf,
  member,
  objectOf,
  textOf,
  unionOf,
  type Json,
  type JsonObject,
} from './program-json.ts';

/** What a node takes or gives: a constant, the name of a value of the graph, a list of both, or a graph of its own. */
export type ExportArgument =
  | { readonly kind: 'value'; readonly value: TorchValue }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly ExportArgument[] }
  | { readonly kind: 'graph'; readonly graph: ExportGraph }
  | { readonly kind: 'unreadable'; readonly why: string };

/** A size: a number, or an expression of symbols with its value in the example that was exported. */
export type ExportSize = number | { readonly expression: string; readonly hint: number | null };

/** What the program says of a tensor. */
export interface ExportTensor {
  /** Null for complex, quantized and other dtypes that are not translated. */
  readonly dtype: TorchDtype | null;
  readonly sizes: readonly ExportSize[];
}

/** One call of an operator. */
export interface ExportNode {
  /** `torch.ops.aten.conv2d.default`, `_operator.mul`, `torch.ops.higher_order.cond`. */
  readonly target: string;
  /** By the names of the operator's schema; those of higher-order operators have none. */
  readonly inputs: readonly { readonly name: string; readonly argument: ExportArgument }[];
  readonly outputs: readonly ExportArgument[];
  /** Where it stands in the Python source: `model.py:12`. */
  readonly place: string;
}

/** The computation of a program, or of a branch of it. */
export interface ExportGraph {
  readonly inputs: readonly ExportArgument[];
  readonly outputs: readonly ExportArgument[];
  readonly nodes: readonly ExportNode[];
  readonly tensors: ReadonlyMap<string, ExportTensor>;
  /** Values of the symbolic numbers among the inputs in the example; of others, they are computed. */
  readonly numbers: ReadonlyMap<string, ExportSize>;
}

const MAX_GRAPH_DEPTH = 20;
/** The largest models have some ten thousand. */
const MAX_NODES = 100_000;
/** `torch/_export/serde/schema.py`, as `c10/core/MemoryFormat.h` numbers them. */
const MEMORY_FORMATS: Readonly<Record<number, number>> = { 1: 0, 2: 2, 3: 3, 4: 1 };
const STRIDED = 7;
/** The numbers of complex dtypes in TorchScript: operators refuse them by name. */
const COMPLEX_CODES: Readonly<Record<number, number>> = { 9: 8, 10: 9, 11: 10 };
const UNKNOWN_CODE = -1;

const name = (text: string): ExportArgument => ({ kind: 'name', name: text });
const constant = (value: TorchValue): ExportArgument => ({ kind: 'value', value });
const list = (items: readonly ExportArgument[]): ExportArgument => ({ kind: 'list', items });

function intOf(value: Json): SymbolicInt {
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw new MalformedFile('an int of the program is none');
  // What is written as the largest int means "to the end".
  return SymbolicInt.of(Math.max(Math.min(value, Number.MAX_SAFE_INTEGER), -Number.MAX_SAFE_INTEGER));
}

/** A float; the numbers that JSON has none of are texts. */
function floatOf(value: Json): number {
  const number = Number(value);
  if (typeof value === 'number' || value === 'NaN' || !Number.isNaN(number)) return number;
  throw new MalformedFile('a float of the program is none');
}

function scriptCodeOf(value: Json): SymbolicInt {
  const code = Number(value);
  const dtype = dtypeOfExportCode(code);
  return SymbolicInt.of(
    dtype === undefined ? (COMPLEX_CODES[code] ?? UNKNOWN_CODE) : TORCH_DTYPES[dtype].scriptCode,
  );
}

/** `{name: "x"}` */
function named(value: Json): ExportArgument {
  return name(textOf(member(objectOf(value, 'a tensor of the program'), 'name'), 'the name of a tensor'));
}

/** `{as_name: "s"}`, `{as_int: 3}` */
function numberOf(value: Json): ExportArgument {
  const [kind, inner] = unionOf(value, 'a number of the program');
  if (kind === 'as_name') return name(textOf(inner, 'the name of a number'));
  return readArgument({ [kind]: inner }, 0);
}

function itemsOf(value: Json, read: (item: Json) => ExportArgument): ExportArgument {
  return list(listOf(value, 'a list of the program').map(read));
}

function optionalTensor(value: Json): ExportArgument {
  const [kind, inner] = unionOf(value, 'an optional tensor of the program');
  return kind === 'as_none' ? constant(null) : named(inner);
}

/** Reads an argument. @throws MalformedFile where it is none. */
export function readArgument(value: Json, depth: number): ExportArgument {
  const [kind, inner] = unionOf(value, 'an argument of the program');
  switch (kind) {
    case 'as_none':
      return constant(null);
    case 'as_tensor':
      return named(inner);
    case 'as_tensors':
      return itemsOf(inner, named);
    case 'as_optional_tensor':
      return optionalTensor(inner);
    case 'as_optional_tensors':
      return itemsOf(inner, optionalTensor);
    case 'as_int':
      return constant(intOf(inner));
    case 'as_ints':
      return itemsOf(inner, (item) => constant(intOf(item)));
    case 'as_float':
      return constant(floatOf(inner));
    case 'as_floats':
      return itemsOf(inner, (item) => constant(floatOf(item)));
    case 'as_bool':
      return constant(inner === true);
    case 'as_bools':
      return itemsOf(inner, (item) => constant(item === true));
    case 'as_string':
      return constant(textOf(inner, 'a text of the program'));
    case 'as_strings':
      return itemsOf(inner, (item) => constant(textOf(item, 'a text of the program')));
    case 'as_sym_int':
    case 'as_sym_float':
    case 'as_sym_bool':
      return numberOf(inner);
    case 'as_sym_ints':
    case 'as_sym_floats':
    case 'as_sym_bools':
      return itemsOf(inner, numberOf);
    case 'as_scalar_type':
      return constant(scriptCodeOf(inner));
    case 'as_memory_format':
      return constant(SymbolicInt.of(MEMORY_FORMATS[Number(inner)] ?? 0));
    case 'as_layout':
      return Number(inner) === STRIDED
        ? constant(SymbolicInt.of(0))
        : { kind: 'unreadable', why: 'only dense tensors are translated' };
    case 'as_device':
      return constant(new TorchDevice(textOf(member(objectOf(inner, 'a device'), 'type'), 'a device')));
    case 'as_graph':
      return {
        kind: 'graph',
        graph: readGraph(objectOf(member(objectOf(inner, 'a graph'), 'graph'), 'a graph'), depth + 1),
      };
    default:
      return {
        kind: 'unreadable',
        why: `arguments that are ${kind.replace(/^as_/, '').replaceAll('_', ' ')} are not translated`,
      };
  }
}

function readSize(value: Json): ExportSize {
  // PyTorch 2.1 to 2.4 write some sizes as plain numbers.
  if (typeof value === 'number') return value;
  const [kind, inner] = unionOf(value, 'a size of the program');
  if (kind === 'as_int' && typeof inner === 'number') return inner;
  const expression = objectOf(inner, 'a size of the program');
  const hint = member(expression, 'hint');
  const known = typeof hint === 'number' || hint === null ? hint : unionOf(hint, 'a hint')[1];
  return {
    expression: textOf(member(expression, 'expr_str'), 'the expression of a size'),
    hint: typeof known === 'number' ? known : null,
  };
}

function readTensor(value: Json): ExportTensor {
  const outer = objectOf(value, 'a tensor of the program');
  const inner = member(outer, 'meta');
  const meta = inner === null ? outer : objectOf(inner, 'a tensor of the program');
  return readTensorMeta(meta);
}

/** Reads a `TensorMeta`. @throws MalformedFile where it is none. */
export function readTensorMeta(meta: JsonObject): ExportTensor {
  return {
    dtype: dtypeOfExportCode(Number(member(meta, 'dtype'))) ?? null,
    sizes: listOf(member(meta, 'sizes'), 'the sizes of a tensor').map(readSize),
  };
}

const FRAME = /File "([^"]+)", line (\d+)/g;

/** The innermost line of the user's own source, else of PyTorch's. */
function placeOf(metadata: Json, fallback: string): string {
  const trace = metadata === null ? null : member(objectOf(metadata, 'metadata'), 'stack_trace');
  const frames = [...(typeof trace === 'string' ? trace : '').matchAll(FRAME)].map(
    ([, file = '', line = '']) => ({
      file,
      text: `${file.replace(/^.*[\\/]/, '')}:${line}`,
    }),
  );
  const own = frames.findLast(({ file }) => !/(^|[\\/])(torch|site-packages)[\\/]/.test(file));
  return own?.text ?? frames.at(-1)?.text ?? fallback;
}

function readNode(value: Json, depth: number): ExportNode {
  const node = objectOf(value, 'a node of the program');
  const target = textOf(member(node, 'target'), 'the target of a node');
  return {
    target,
    inputs: listOf(member(node, 'inputs'), 'the inputs of a node').map((each) => {
      const input = objectOf(each, 'an input of a node');
      const argumentName = member(input, 'name');
      return {
        name: typeof argumentName === 'string' ? argumentName : '',
        argument: readArgument(member(input, 'arg'), depth),
      };
    }),
    outputs: listOf(member(node, 'outputs'), 'the outputs of a node').map((each) =>
      readArgument(each, depth),
    ),
    place: placeOf(member(node, 'metadata'), target),
  };
}

function nodesOf(graph: JsonObject): readonly Json[] {
  const nodes = listOf(member(graph, 'nodes'), 'the nodes of the graph');
  if (nodes.length > MAX_NODES)
    throw new MalformedFile(`the graph has ${nodes.length} nodes; at most ${MAX_NODES} are read`);
  return nodes;
}

/** Reads a graph. @throws MalformedFile saying what of it is wrong. */
export function readGraph(graph: JsonObject, depth = 0): ExportGraph {
  if (depth > MAX_GRAPH_DEPTH) throw new MalformedFile('the graphs of the program nest too deep');
  const numbers = [
    ...entriesOf(member(graph, 'sym_int_values'), 'the symbolic ints'),
    ...entriesOf(member(graph, 'sym_float_values'), 'the symbolic floats'),
  ];
  return {
    inputs: listOf(member(graph, 'inputs'), 'the inputs of the graph').map((each) =>
      readArgument(each, depth),
    ),
    outputs: listOf(member(graph, 'outputs'), 'the outputs of the graph').map((each) =>
      readArgument(each, depth),
    ),
    nodes: nodesOf(graph).map((each) => readNode(each, depth)),
    tensors: new Map(
      entriesOf(member(graph, 'tensor_values'), 'the tensors of the graph').map(([key, value]) => [
        key,
        readTensor(value),
      ]),
    ),
    numbers: new Map(
      numbers.flatMap(([key, value]) => (isFloat(value) ? [] : [[key, readSize(value)] as const])),
    ),
  };
}

function isFloat(value: Json): boolean {
  return value !== null && typeof value === 'object' && Object.keys(value)[0] === 'as_float';
}
