/**
 * One small mistake for each kind of operator: `find` stands exactly once in the file (below
 * `app/core/formats/torch/`), `replace` is what a slip of the hand would have made of it.
 */
export const MUTANTS = [
  // Element by element.
  [
    'operators/elementwise.ts',
    "const exact = graph.emit('Sub', [a, rest]);",
    "const exact = graph.emit('Add', [a, rest]);",
  ],
  [
    'operators/elementwise.ts',
    "if (mode === 'floor') return floorDivide(call, left, right);",
    "if (mode === 'floor') return truncDivide(call, left, right);",
  ],
  [
    'operators/elementwise.ts',
    "return isFloating(dtype) ? dtype : 'float32';",
    "return isFloating(dtype) ? dtype : 'float64';",
  ],
  ['operators/elementwise.ts', '{ fmod: int(1) }', '{ fmod: int(0) }'],
  [
    'operators/elementwise.ts',
    "binary(call, 'Pow', base, exponent, dtype)",
    "binary(call, 'Pow', exponent, base, dtype)",
  ],
  [
    'operators/elementwise.ts',
    "if (low !== null) result = binary(call, 'Max', result, low, dtype);",
    "if (low !== null) result = binary(call, 'Min', result, low, dtype);",
  ],
  ['operators/elementwise.ts', "  ge: comparison('GreaterOrEqual'),", "  ge: comparison('Greater'),"],
  [
    'operators/elementwise.ts',
    "const inputs = [call.graph.cast(mask, 'bool'), value, self];",
    "const inputs = [call.graph.cast(mask, 'bool'), self, value];",
  ],
  ['operators/elementwise.ts', "  log2: scaled('Log', 1 / Math.LN2),", "  log2: scaled('Log', Math.LN2),"],
  [
    'operators/elementwise.ts',
    "return call.graph.apply('Sub', [power, call.graph.scalar(1, self.dtype)], {}, self.dtype, self.dims);",
    "return call.graph.apply('Add', [power, call.graph.scalar(1, self.dtype)], {}, self.dtype, self.dims);",
  ],
  ['operators/elementwise.ts', '  rsub: reverseSubtract,', "  rsub: arithmetic('Sub'),"],
  // Activations.
  ['operators/activations.ts', '0.044715', '0.044'],
  ['operators/activations.ts', 'number(Math.SQRT1_2)', 'number(Math.SQRT2)'],
  [
    'operators/activations.ts',
    '{ alpha: float(1 / 6), beta: float(0.5) }',
    '{ alpha: float(0.2), beta: float(0.5) }',
  ],
  [
    'operators/activations.ts',
    "[graph.emit('Greater', [scaled, number(threshold)]), self, soft]",
    "[graph.emit('Greater', [self, number(threshold)]), self, soft]",
  ],
  ['operators/activations.ts', 'alpha: float(1.6732632423543772)', 'alpha: float(1.67)'],
  [
    'operators/activations.ts',
    "return call.graph.apply('Mul', [left, call.graph.emit('Sigmoid', [right])], {}, self.dtype, dims);",
    "return call.graph.apply('Mul', [right, call.graph.emit('Sigmoid', [left])], {}, self.dtype, dims);",
  ],
  [
    'operators/activations.ts',
    'return call.graph.apply(operator, [input], { axis: int(axis) }, dtype, self.dims);',
    'return call.graph.apply(operator, [input], { axis: int(self.rank - 1) }, dtype, self.dims);',
  ],
  [
    'operators/activations.ts',
    "(_, index) => index + 1);\n  if (axes.length === 0) return result('PRelu'",
    "(_, index) => index);\n  if (axes.length === 0) return result('PRelu'",
  ],
  // Shapes.
  ['operators/shapes.ts', 'const cut = size.minus(end);', 'const cut = end;'],
  [
    'operators/shapes.ts',
    'const inputs = [self, each(-1), each(-(2 ** 53)), graph.int64s(axes), each(-1)];',
    'const inputs = [self, each(-2), each(-(2 ** 53)), graph.int64s(axes), each(-1)];',
  ],
  [
    'operators/shapes.ts',
    '[...batch.keys(), lead, lead + 3, lead + 1, lead + 4, lead + 2]',
    '[...batch.keys(), lead, lead + 3, lead + 2, lead + 4, lead + 1]',
  ],
  [
    'operators/shapes.ts',
    'const from = start.hint < 0 ? start.plus(self.dims[axis] ?? ONE) : start;',
    'const from = start;',
  ],
  ['operators/shapes.ts', 'start = start.plus(length);', 'start = start.plus(ONE);'],
  [
    'symbolic-int.ts',
    'if (divisor !== null && this.#isMultipleOf(divisor)) return this.#dividedExactly(divisor);',
    'if (divisor !== null && this.#isMultipleOf(divisor)) return this.#scaled(1 / divisor);',
  ],
  // Reductions.
  [
    'operators/reductions.ts',
    "return call.dtype() ?? (isFloating(self.dtype) ? self.dtype : 'int64');",
    'return call.dtype() ?? self.dtype;',
  ],
  ['operators/reductions.ts', "isAll ? 'ReduceMin' : 'ReduceMax'", "isAll ? 'ReduceMax' : 'ReduceMin'"],
  [
    'operators/reductions.ts',
    'indexOfExtreme(`Arg${kind}`, self, axis, keeps, call)',
    'indexOfExtreme(`Arg${kind}`, self, axis, !keeps, call)',
  ],
  // Convolutions and pooling.
  [
    'operators/convolutions.ts',
    'before: total.map((each) => Math.floor(each / 2)),',
    'before: total.map((each) => Math.ceil(each / 2)),',
  ],
  ['operators/pooling.ts', 'if ((count - 1) * stride >= known + padding) count -= 1;', ''],
  [
    'operators/pooling.ts',
    'count_include_pad: int(counts || hasDivisor ? 1 : 0)',
    'count_include_pad: int(0)',
  ],
  [
    'operators/pooling.ts',
    'dilations: ints(window.dilation)',
    'dilations: ints(window.dilation.map(() => 1))',
  ],
  [
    'operators/pooling.ts',
    "area / call.staticInt('divisor_override')",
    "call.staticInt('divisor_override') / area",
  ],
  // Normalisation.
  [
    'operators/normalization.ts',
    "axis: int(-shape.length), epsilon: float(call.float('eps'))",
    'axis: int(-shape.length), epsilon: float(1e-3)',
  ],
  ['operators/normalization.ts', '{ epsilon: float(eps) }', '{ epsilon: float(1e-2) }'],
  [
    'operators/normalization.ts',
    "const grouped = graph.emit('Reshape', [input, graph.int64s([0, groups, -1])]);",
    "const grouped = graph.emit('Reshape', [input, graph.int64s([0, groups * 2, -1])]);",
  ],
  // Recurrent networks.
  ['operators/recurrent.ts', "(cell.operator === 'GRU' ? { linear_before_reset: int(1) } : {})", '{}'],
  [
    'operators/recurrent.ts',
    'const [enter, forget, candidate, leave] = sums;',
    'const [forget, enter, candidate, leave] = sums;',
  ],
  ['operators/recurrent.ts', 'permuted(call, all, [0, 2, 1, 3])', 'permuted(call, all, [0, 1, 2, 3])'],
  // Attention.
  [
    'operators/attention.ts',
    'graph.scalar(Number.NEGATIVE_INFINITY, like.dtype)',
    'graph.scalar(-1, like.dtype)',
  ],
  // Resizing.
  ['operators/resizing.ts', "nearest_mode: text('floor')", "nearest_mode: text('round_prefer_floor')"],
  ['operators/resizing.ts', 'isAntialiased ? -0.5 : -0.75', '-0.5'],
  ['operators/resizing.ts', "alignsCorners ? 'align_corners' : mode === 'nearest'", "mode === 'nearest'"],
  ['operators/resizing.ts', 'padding_mode: text(padding)', "padding_mode: text('zeros')"],
  ['operators/resizing.ts', '{ antialias: int(1), exclude_outside: int(1) }', '{ antialias: int(1) }'],
  // Numbers, dtypes and defaults.
  [
    'fold-numbers.ts',
    'return b === 0 ? null : Math.trunc(a / b);',
    'return b === 0 ? null : Math.ceil(a / b);',
  ],
  ['fold-numbers.ts', 'Sqrt: (a = 0) => Math.sqrt(a),', 'Sqrt: (a = 0) => a,'],
  ['stored-tensor.ts', 'if (count !== 1 && stride[axis] !== expected) return false;', ''],
];
