/**
 * What a pickle would build, as inert data: nothing named in it is ever looked up, imported or called. Nodes may be
 * shared (memo), so walk them with a limit.
 */
export type PickleNode =
  | {
      readonly kind: 'value';
      readonly value: null | boolean | number | bigint | string;
      /** A float, also where it is whole. */
      readonly isFloat?: true;
    }
  | { readonly kind: 'bytes'; readonly length: number }
  | { readonly kind: 'list' | 'tuple' | 'set'; readonly items: PickleNode[] }
  | { readonly kind: 'dict'; readonly entries: [PickleNode, PickleNode][] }
  /** A class or function by its full name. */
  | { readonly kind: 'global'; readonly name: string }
  /** What a call, an instance or a class would give, with what is put into it afterwards. */
  | {
      readonly kind: 'call';
      readonly callee: PickleNode;
      readonly arguments: PickleNode;
      readonly items: PickleNode[];
      readonly entries: [PickleNode, PickleNode][];
      state?: PickleNode;
    }
  | { readonly kind: 'persistent'; readonly id: PickleNode };

/** The name of a global; undefined for any other node. */
export function globalName(node: PickleNode | undefined): string | undefined {
  return node?.kind === 'global' ? node.name : undefined;
}

/** The text of a text node; undefined for any other node. */
export function textOf(node: PickleNode | undefined): string | undefined {
  return node?.kind === 'value' && typeof node.value === 'string' ? node.value : undefined;
}
