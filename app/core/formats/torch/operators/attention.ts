import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { SymbolicInt } from '../symbolic-int.ts';
import { float, int } from '../tensor-graph.ts';
import { TorchTensor } from '../torch-tensor.ts';
import { TorchTuple } from '../torch-values.ts';
import { binary } from './elementwise.ts';
import { linear, matmul, transposed } from './matrix-products.ts';
import { expanded, permuted, reshaped, sliced } from './shapes.ts';

const ONE = SymbolicInt.of(1);

interface Attention {
  readonly query: TorchTensor;
  readonly key: TorchTensor;
  readonly value: TorchTensor;
  /** Bools (true: look at it) or numbers that are added. */
  readonly mask: TorchTensor | null;
  readonly isCausal: boolean;
  readonly scale: number | null;
}

/** A mask as numbers to add: nothing where one may look, −∞ where not. */
function additive(call: OperatorCall, mask: TorchTensor, like: TorchTensor): TorchTensor {
  if (mask.dtype !== 'bool') return call.graph.cast(mask, like.dtype);
  const { graph } = call;
  const inputs = [mask, graph.scalar(0, like.dtype), graph.scalar(Number.NEGATIVE_INFINITY, like.dtype)];
  return graph.apply('Where', inputs, {}, like.dtype, mask.dims);
}

/** True on and below the diagonal of [queries, keys]. */
function causalMask(call: OperatorCall, queries: SymbolicInt, keys: SymbolicInt): TorchTensor {
  const { graph } = call;
  const ones = graph.emit('Expand', [graph.constant([true], 'bool', [1]), graph.shape([queries, keys])]);
  return graph.apply('Trilu', [ones], { upper: int(0) }, 'bool', [queries, keys]);
}

/** `softmax(q kᵀ · scale + mask) v` over the last two dims. Gives the weights too. */
function attend(
  call: OperatorCall,
  given: Attention,
): { readonly output: TorchTensor; readonly weights: TorchTensor } {
  const { query, key, value, mask, isCausal } = given;
  const { graph } = call;
  const depth = query.dims.at(-1) ?? ONE;
  const scale = given.scale ?? 1 / Math.sqrt(call.known(depth, 'the size of a head'));
  const scaled = binary(call, 'Mul', query, scale, query.dtype);
  let scores = matmul(call, scaled, transposed(call, key));
  if (isCausal) {
    const triangle = causalMask(call, query.dims.at(-2) ?? ONE, key.dims.at(-2) ?? ONE);
    scores = binary(call, 'Add', scores, additive(call, triangle, scores), scores.dtype);
  }
  if (mask !== null) scores = binary(call, 'Add', scores, additive(call, mask, scores), scores.dtype);
  const weights = graph.apply('Softmax', [scores], { axis: int(-1) }, scores.dtype, scores.dims);
  return { output: matmul(call, weights, value), weights };
}

/** Keys or values of fewer heads, each for several heads of queries that stand side by side. */
function repeatedHeads(call: OperatorCall, tensor: TorchTensor, heads: SymbolicInt): TorchTensor {
  const [length = ONE, width = ONE] = tensor.dims.slice(-2);
  const own = tensor.dims.at(-3) ?? ONE;
  const stack = tensor.dims.slice(0, -3);
  const times = heads.floorDividedBy(own);
  const apart = reshaped(call, tensor, [...stack, own, ONE, length, width]);
  const repeated = expanded(call, apart, [...stack, own, times, length, width]);
  return reshaped(call, repeated, [...stack, heads, length, width]);
}

const scaledDotProduct: OperatorBody = (call) => {
  if (call.float('dropout_p') > 0)
    throw call.refuse('dropout in attention: the model was saved in training mode');
  const query = call.tensor('query');
  const sharesKeys = call.takes('enable_gqa') && call.bool('enable_gqa');
  const headed = (tensor: TorchTensor): TorchTensor =>
    sharesKeys ? repeatedHeads(call, tensor, query.dims.at(-3) ?? ONE) : tensor;
  return attend(call, {
    query,
    key: headed(call.tensor('key')),
    value: headed(call.tensor('value')),
    mask: call.optionalTensor('attn_mask'),
    isCausal: call.bool('is_causal'),
    scale: call.takes('scale') ? call.optionalFloat('scale') : null,
  }).output;
};

const flashAttention: OperatorBody = (call) => {
  const output = attend(call, {
    query: call.tensor('query'),
    key: call.tensor('key'),
    value: call.tensor('value'),
    mask: call.takes('attn_mask') ? call.optionalTensor('attn_mask') : null,
    isCausal: call.bool('is_causal'),
    scale: call.takes('scale') ? call.optionalFloat('scale') : null,
  }).output;
  return new TorchTuple([output, output]);
};

/** [batch, length, width] as [batch, heads, length, width / heads]. */
function headed(call: OperatorCall, tensor: TorchTensor, heads: SymbolicInt): TorchTensor {
  const [batch = ONE, length = ONE, width = ONE] = tensor.dims;
  const wide = reshaped(call, tensor, [batch, length, heads, width.floorDividedBy(heads)]);
  return permuted(call, wide, [0, 2, 1, 3]);
}

interface SelfAttention {
  readonly source: TorchTensor;
  readonly heads: SymbolicInt;
  readonly projection: { readonly weight: TorchTensor; readonly bias: TorchTensor | null };
  readonly output: { readonly weight: TorchTensor; readonly bias: TorchTensor | null };
  readonly mask: TorchTensor | null;
}

/** Multi-head attention of a sequence with itself, batch first. */
function selfAttention(
  call: OperatorCall,
  given: SelfAttention,
): { readonly output: TorchTensor; readonly weights: TorchTensor } {
  const { source, heads } = given;
  const width = source.dims.at(-1) ?? ONE;
  const all = linear(call, source, given.projection.weight, given.projection.bias);
  const parts = [0, 1, 2].map((index) =>
    headed(
      call,
      sliced(call, all, 2, { start: width.times(SymbolicInt.of(index)), length: width, step: 1 }),
      heads,
    ),
  );
  const [query = all, key = all, value = all] = parts;
  const { output, weights } = attend(call, {
    query,
    key,
    value,
    mask: given.mask,
    isCausal: false,
    scale: null,
  });
  const joined = reshaped(call, permuted(call, output, [0, 2, 1, 3]), source.dims);
  return { output: linear(call, joined, given.output.weight, given.output.bias), weights };
}

/** True in the mask of the fast path means: do not look. */
function fastPathMask(
  call: OperatorCall,
  name: string,
  kind: SymbolicInt | null,
  source: TorchTensor,
): TorchTensor | null {
  const mask = call.optionalTensor(name);
  if (mask === null) return null;
  const { graph } = call;
  const [batch = ONE, length = ONE] = source.dims;
  const isPadding = kind?.constant === 1 || (mask.rank === 2 && !mask.dims[0]?.equals(mask.dims[1] ?? ONE));
  const wanted = isPadding ? [batch, length] : [...mask.dims.slice(0, -2), length, length];
  const fits =
    mask.rank === wanted.length &&
    mask.dims.every((dim, axis) => graph.unify(dim, wanted[axis] ?? dim) !== null);
  if (!fits)
    throw call.refuse(
      `a mask of [${mask.dims.map((dim) => dim.text).join(', ')}] for [${wanted.map((dim) => dim.text).join(', ')}]`,
    );
  const wide = isPadding
    ? reshaped(call, mask, [batch, ONE, ONE, length])
    : mask.rank === 3
      ? reshaped(call, mask, [mask.dims[0] ?? ONE, ONE, length, length])
      : mask;
  return wide.dtype === 'bool' ? graph.apply('Not', [wide], {}, 'bool', wide.dims) : wide;
}

function layerNorm(
  call: OperatorCall,
  input: TorchTensor,
  weight: TorchTensor,
  bias: TorchTensor,
  eps: number,
): TorchTensor {
  const attributes = { axis: int(-1), epsilon: float(eps) };
  return call.graph.apply('LayerNormalization', [input, weight, bias], attributes, input.dtype, input.dims);
}

function activate(call: OperatorCall, input: TorchTensor, usesGelu: boolean): TorchTensor {
  const { graph } = call;
  if (!usesGelu) return graph.apply('Relu', [input], {}, input.dtype, input.dims);
  const erf = graph.emit('Erf', [graph.emit('Mul', [input, graph.scalar(Math.SQRT1_2, input.dtype)])]);
  const half = graph.emit('Mul', [input, graph.scalar(0.5, input.dtype)]);
  return graph.apply(
    'Mul',
    [half, graph.emit('Add', [erf, graph.scalar(1, input.dtype)])],
    {},
    input.dtype,
    input.dims,
  );
}

/** The whole layer as one operator: what `nn.TransformerEncoderLayer` calls in evaluation. */
const encoderLayer: OperatorBody = (call) => {
  const source = call.tensor('src');
  const kind = call.has('mask_type') ? call.int('mask_type') : null;
  const attention = (input: TorchTensor): TorchTensor =>
    selfAttention(call, {
      source: input,
      heads: call.int('num_heads'),
      projection: { weight: call.tensor('qkv_weight'), bias: call.tensor('qkv_bias') },
      output: { weight: call.tensor('proj_weight'), bias: call.tensor('proj_bias') },
      mask: fastPathMask(call, 'mask', kind, source),
    }).output;
  const eps = call.float('eps');
  const normalise = (input: TorchTensor, index: 1 | 2): TorchTensor =>
    layerNorm(call, input, call.tensor(`norm_weight_${index}`), call.tensor(`norm_bias_${index}`), eps);
  const feed = (input: TorchTensor): TorchTensor => {
    const inner = linear(call, input, call.tensor('ffn_weight_1'), call.tensor('ffn_bias_1'));
    return linear(
      call,
      activate(call, inner, call.bool('use_gelu')),
      call.tensor('ffn_weight_2'),
      call.tensor('ffn_bias_2'),
    );
  };
  const add = (left: TorchTensor, right: TorchTensor): TorchTensor =>
    binary(call, 'Add', left, right, left.dtype);
  if (call.bool('norm_first')) {
    const middle = add(source, attention(normalise(source, 1)));
    return add(middle, feed(normalise(middle, 2)));
  }
  const middle = normalise(add(source, attention(source)), 1);
  return normalise(add(middle, feed(middle)), 2);
};

/** What `nn.MultiheadAttention` calls in evaluation, for a sequence that attends to itself. */
const nativeMultiHead: OperatorBody = (call) => {
  const [query, key, value] = [call.tensor('query'), call.tensor('key'), call.tensor('value')];
  if (query !== key || key !== value) throw call.refuse('a query that is not the key');
  const kind = call.has('mask_type') ? call.int('mask_type') : null;
  const { output, weights } = selfAttention(call, {
    source: query,
    heads: call.int('num_head'),
    projection: { weight: call.tensor('qkv_weight'), bias: call.tensor('qkv_bias') },
    output: { weight: call.tensor('proj_weight'), bias: call.tensor('proj_bias') },
    mask: fastPathMask(call, 'mask', kind, query),
  });
  if (!call.bool('need_weights')) return new TorchTuple([output, null]);
  if (!call.bool('average_attn_weights')) return new TorchTuple([output, weights]);
  const inputs = [weights, call.graph.int64s([1])];
  const mean = call.graph.apply(
    'ReduceMean',
    inputs,
    { keepdims: int(0) },
    weights.dtype,
    weights.dims.toSpliced(1, 1),
  );
  return new TorchTuple([output, mean]);
};

/** Attention, whole and in parts. */
export const ATTENTION: OperatorTable = {
  scaled_dot_product_attention: scaledDotProduct,
  _scaled_dot_product_flash_attention_for_cpu: flashAttention,
  _scaled_dot_product_attention_math: flashAttention,
  _transformer_encoder_layer_fwd: encoderLayer,
  _native_multi_head_attention: nativeMultiHead,
};
