import type { Dim } from '../model-description.ts';

/** The type of a graph input or output as the file has it. */
export type OnnxType =
  | { readonly kind: 'tensor'; readonly elementType: number; readonly dims: readonly Dim[] | null }
  | { readonly kind: 'sequence' | 'map' | 'optional' | 'sparse tensor' | 'opaque' | 'none' };

/** A graph input or output. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
}

/** A tensor whose values lie in another file. */
export interface OnnxExternalTensor {
  readonly name: string;
  /** Path relative to the folder of the model file, as written. */
  readonly location: string;
  /** As written; absent: 0. */
  readonly offset?: string;
  /** As written; absent: to the end of the file. */
  readonly length?: string;
  /** Bytes that the dims and element type ask for; null where they cannot be known. */
  readonly byteSize: bigint | null;
}

/** What an ONNX file says of itself, weights and node wiring left out. */
export interface OnnxModel {
  irVersion: bigint | null;
  producerName: string;
  producerVersion: string;
  domain: string;
  modelVersion: bigint | null;
  docString: string;
  /** Domain ('' is ai.onnx) → opset version. */
  readonly opsets: Map<string, bigint>;
  readonly metadata: Map<string, string>;
  hasGraph: boolean;
  graphName: string;
  readonly inputs: OnnxValue[];
  readonly outputs: OnnxValue[];
  /** Names of the initializers of the main graph. */
  readonly initializers: Set<string>;
  initializerCount: number;
  /** Elements of all initializers, those of subgraphs included. */
  parameterCount: bigint;
  nodeCount: number;
  /** `Conv`, or `com.microsoft:Attention` → nodes, subgraphs and functions included. */
  readonly operators: Map<string, number>;
  /** Domains of all nodes. */
  readonly nodeDomains: Set<string>;
  /** `domain:name` of the model's own functions. */
  readonly functions: Set<string>;
  /** Deepest nesting of graphs; the main graph is 1. */
  graphDepth: number;
  readonly externalTensors: OnnxExternalTensor[];
}

/** A model of which nothing is known yet. */
export function emptyOnnxModel(): OnnxModel {
  return {
    irVersion: null,
    producerName: '',
    producerVersion: '',
    domain: '',
    modelVersion: null,
    docString: '',
    opsets: new Map(),
    metadata: new Map(),
    hasGraph: false,
    graphName: '',
    inputs: [],
    outputs: [],
    initializers: new Set(),
    initializerCount: 0,
    parameterCount: 0n,
    nodeCount: 0,
    operators: new Map(),
    nodeDomains: new Set(),
    functions: new Set(),
    graphDepth: 0,
    externalTensors: [],
  };
}
