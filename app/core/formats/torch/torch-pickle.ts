import { globalName, textOf, type PickleNode } from '../pickle/pickle-node.ts';
import type { PickleScan } from '../pickle/scan-pickle.ts';

/** A tensor that a PyTorch pickle names. */
export interface PickledTensor {
  /** Path of keys to it: `state_dict.fc.weight`. */
  readonly name: string;
  /** `Float`, `Half`, `Long`, … */
  readonly storage: string;
  readonly shape: readonly number[];
}

/** What a PyTorch pickle holds. */
export interface TorchPickle {
  readonly tensors: readonly PickledTensor[];
  readonly parameterCount: bigint;
  /** Names that are no part of PyTorch's own tensors: what they name runs when the file is loaded. */
  readonly foreignGlobals: readonly string[];
  /** Key of the weights where they lie inside a training checkpoint: `state_dict`. */
  readonly weightsKey?: string;
}

const MAX_VISITS = 2_000_000;
const MAX_DEPTH = 50;

const TENSOR_FUNCTIONS: ReadonlySet<string> = new Set([
  'torch._utils._rebuild_tensor',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_tensor_v3',
  'torch._utils._rebuild_qtensor',
]);

/** Functions whose first argument is the tensor. */
const WRAPPERS: ReadonlySet<string> = new Set([
  'torch._utils._rebuild_parameter',
  'torch._utils._rebuild_parameter_with_state',
]);

const OWN_GLOBALS: ReadonlySet<string> = new Set([
  ...TENSOR_FUNCTIONS,
  ...WRAPPERS,
  'torch._utils._rebuild_sparse_tensor',
  'torch._utils._rebuild_sparse_csr_tensor',
  'torch._utils._rebuild_meta_tensor_no_storage',
  'torch._tensor._rebuild_from_type_v2',
  'torch.nn.parameter.Parameter',
  'torch.Tensor',
  'torch.Size',
  'torch.device',
  'torch.per_tensor_affine',
  'torch.per_channel_affine',
  'torch.per_channel_affine_float_qparams',
  'torch.serialization._get_layout',
  'torch.storage.UntypedStorage',
  'torch.storage.TypedStorage',
  'collections.OrderedDict',
  'collections.Counter',
  '_codecs.encode',
  'builtins.complex',
  'builtins.set',
  'builtins.bytearray',
  'numpy.dtype',
  'numpy.ndarray',
  'numpy.core.multiarray.scalar',
  'numpy.core.multiarray._reconstruct',
  'numpy._core.multiarray.scalar',
  'numpy._core.multiarray._reconstruct',
]);
const OWN_PATTERN =
  /^(torch\.\w+Storage|torch\.cuda\.\w+Storage|torch\.(u?int\d+|float\d+(_\w+)?|bfloat16|complex\d+|bool|half|double|q\w?int\d+)|torch\.jit\._pickle\.\w+|__torch__(\.\w+)+)$/;

/** Whether a global is one of PyTorch's own, which only build tensors and containers. */
export function isOwnGlobal(name: string): boolean {
  return OWN_GLOBALS.has(name) || OWN_PATTERN.test(name);
}

/** Lists what a scanned PyTorch pickle holds. */
export function readTorchPickle(scan: PickleScan): TorchPickle {
  const tensors: PickledTensor[] = [];
  const budget = { visits: MAX_VISITS };
  if (scan.root !== null) collect(scan.root, '', 0, tensors, budget);
  const weightsKey = keyOfWeights(tensors);
  return {
    tensors,
    parameterCount: tensors.reduce(
      (sum, { shape }) => sum + shape.reduce((count, dim) => count * BigInt(dim), 1n),
      0n,
    ),
    foreignGlobals: scan.globals.filter((name) => !isOwnGlobal(name)),
    ...(weightsKey === undefined ? {} : { weightsKey }),
  };
}

function keyOfWeights(tensors: readonly PickledTensor[]): string | undefined {
  const keys = ['state_dict', 'model_state_dict', 'model', 'net', 'weights', 'params', 'ema'];
  return keys.find(
    (key) =>
      tensors.some(({ name }) => name.startsWith(`${key}.`)) &&
      tensors.some(({ name }) => name.split('.').length > 2),
  );
}

function collect(
  node: PickleNode,
  name: string,
  depth: number,
  tensors: PickledTensor[],
  budget: { visits: number },
): void {
  if (depth > MAX_DEPTH || --budget.visits < 0) return;
  const inside = (inner: PickleNode, key: string): void =>
    collect(inner, name === '' ? key : `${name}.${key}`, depth + 1, tensors, budget);
  switch (node.kind) {
    case 'dict':
      for (const [key, value] of node.entries) inside(value, textOf(key) ?? '?');
      return;
    case 'list':
    case 'tuple':
    case 'set':
      for (const [index, item] of node.items.entries()) inside(item, String(index));
      return;
    case 'call': {
      const tensor = tensorOf(node, name);
      if (tensor !== null) tensors.push(tensor);
      else if (WRAPPERS.has(globalName(node.callee) ?? ''))
        collect(itemsOf(node.arguments)[0] ?? node.callee, name, depth + 1, tensors, budget);
      else {
        for (const argument of itemsOf(node.arguments)) collect(argument, name, depth + 1, tensors, budget);
        for (const [key, value] of node.entries) inside(value, textOf(key) ?? '?');
        if (node.state !== undefined) collect(node.state, name, depth + 1, tensors, budget);
      }
      return;
    }
    case 'value':
    case 'bytes':
    case 'global':
    case 'persistent':
      return;
  }
}

function tensorOf(node: Extract<PickleNode, { kind: 'call' }>, name: string): PickledTensor | null {
  if (!TENSOR_FUNCTIONS.has(globalName(node.callee) ?? '')) return null;
  const [storage, , size] = itemsOf(node.arguments);
  const parts = storage?.kind === 'persistent' ? itemsOf(storage.id) : [];
  const storageName = globalName(parts[1])?.replace(/^.*\.(\w+)Storage$/, '$1') ?? 'unknown';
  const shape = itemsOf(size).map((dim) =>
    dim.kind === 'value' && Number.isSafeInteger(dim.value) && Number(dim.value) >= 0 ? Number(dim.value) : 0,
  );
  return { name, storage: storageName, shape };
}

function itemsOf(node: PickleNode | undefined): readonly PickleNode[] {
  return node?.kind === 'tuple' || node?.kind === 'list' ? node.items : [];
}
