/** The value of a node's attribute. */
export type OnnxAttribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'texts'; readonly value: readonly string[] }
  | { readonly kind: 'graph'; readonly value: OnnxSubgraph };

/** A graph inside of a node, such as a branch of `If`: it sees all values of the graph around it. */
export interface OnnxSubgraph {
  readonly nodes: readonly OnnxNode[];
  /** Values of its own nodes. */
  readonly outputs: readonly OnnxValue[];
}

/** One computation. Absent optional inputs are empty names. */
export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** Bytes of a tensor that stay where they are: a range of a file beside the model. */
export interface ExternalBytes {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A constant tensor. */
export interface OnnxInitializer {
  readonly name: string;
  /** `TensorProto.DataType`. */
  readonly type: number;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array | ExternalBytes;
}

/** An input or output: a dim is a number or the name of one that is free. */
export interface OnnxValue {
  readonly name: string;
  readonly type: number;
  readonly dims: readonly (number | string)[];
}

/** A whole model with one graph. */
export interface OnnxModel {
  readonly producer: string;
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/** The values that a node reads, those that the graphs inside of it read included. */
function readsOf({ inputs, attributes }: OnnxNode): readonly string[] {
  const inner = Object.values(attributes).flatMap((attribute) =>
    attribute.kind === 'graph' ? attribute.value.nodes.flatMap(readsOf) : [],
  );
  return [...inputs, ...inner];
}

/** The nodes, in order, that outputs depend on, and the names of all values that they read. */
export function nodesBehind(
  nodes: readonly OnnxNode[],
  outputs: readonly string[],
): { readonly nodes: readonly OnnxNode[]; readonly read: ReadonlySet<string> } {
  const read = new Set(outputs);
  const kept = nodes.toReversed().filter((node) => {
    if (!node.outputs.some((name) => read.has(name))) return false;
    for (const name of readsOf(node)) read.add(name);
    return true;
  });
  return { nodes: kept.toReversed(), read };
}
