import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { SymbolicInt } from '../symbolic-int.ts';
import { int, text } from '../tensor-graph.ts';
import { TorchTensor } from '../torch-tensor.ts';
import { TorchTuple } from '../torch-values.ts';
import { binary } from './elementwise.ts';
import { linear } from './matrix-products.ts';
import { concatenated, permuted, reshaped, sliced } from './shapes.ts';

const ONE = SymbolicInt.of(1);

/** A recurrent operator of ONNX and how its gates stand against PyTorch's. */
interface Cell {
  readonly operator: 'LSTM' | 'GRU' | 'RNN';
  /** For each gate of ONNX its place among PyTorch's: i,f,g,o → i,o,f,c; r,z,n → z,r,h. */
  readonly gates: readonly number[];
  readonly hasCellState: boolean;
  readonly activation: string | null;
}

const LSTM: Cell = { operator: 'LSTM', gates: [0, 3, 1, 2], hasCellState: true, activation: null };
const GRU: Cell = { operator: 'GRU', gates: [1, 0, 2], hasCellState: false, activation: null };
const rnn = (activation: string): Cell => ({ operator: 'RNN', gates: [0], hasCellState: false, activation });

/** The gates of a weight or a bias in ONNX's order. */
function reordered(call: OperatorCall, weight: TorchTensor, { gates }: Cell): TorchTensor {
  if (gates.length === 1) return weight;
  const size = (weight.dims[0] ?? ONE).floorDividedBy(SymbolicInt.of(gates.length));
  const parts = gates.map((gate) =>
    sliced(call, weight, 0, { start: size.times(SymbolicInt.of(gate)), length: size, step: 1 }),
  );
  return concatenated(call, parts, 0);
}

/** A tensor under one more dim in front: ONNX counts directions there. */
function lifted(call: OperatorCall, tensor: TorchTensor): TorchTensor {
  return reshaped(call, tensor, [ONE, ...tensor.dims]);
}

interface Layer {
  readonly input: TorchTensor;
  /** Weights of each direction: input, hidden, and their biases where there are any. */
  readonly directions: readonly (readonly TorchTensor[])[];
  /** Initial states of this layer, [directions, batch, hidden]. */
  readonly states: readonly TorchTensor[];
}

function runLayer(
  call: OperatorCall,
  cell: Cell,
  { input, directions, states }: Layer,
): { readonly output: TorchTensor; readonly states: readonly TorchTensor[] } {
  const { graph } = call;
  const column = (place: number): TorchTensor =>
    concatenated(
      call,
      directions.map((weights) => lifted(call, reordered(call, weights[place] ?? input, cell))),
      0,
    );
  const hasBias = (directions[0]?.length ?? 0) > 2;
  const bias = hasBias ? concatenated(call, [column(2), column(3)], 1) : null;
  const hidden = states[0]?.dims.at(-1) ?? ONE;
  const [length = ONE, batch = ONE] = input.dims;
  const count = SymbolicInt.of(directions.length);
  const attributes = {
    hidden_size: int(call.known(hidden, 'the hidden size')),
    direction: text(directions.length === 2 ? 'bidirectional' : 'forward'),
    ...(cell.operator === 'GRU' ? { linear_before_reset: int(1) } : {}),
    ...(cell.activation === null
      ? {}
      : { activations: { kind: 'texts', value: directions.map(() => cell.activation ?? '') } as const }),
  };
  const inputs = [input, column(0), column(1), bias, null, ...states];
  const names = graph.emitAll(cell.operator, inputs, attributes, cell.hasCellState ? 3 : 2);
  // [length, directions, batch, hidden] → [length, batch, directions · hidden]
  const all = graph.tensor(names[0] ?? '', input.dtype, [length, count, batch, hidden]);
  const output = reshaped(call, permuted(call, all, [0, 2, 1, 3]), [length, batch, count.times(hidden)]);
  return {
    output,
    states: names.slice(1).map((name) => graph.tensor(name, input.dtype, [count, batch, hidden])),
  };
}

/** Layer after layer over a whole sequence. */
function recurrent(cell: Cell): OperatorBody {
  return (call) => {
    if (!call.takes('batch_first')) throw call.refuse('packed sequences');
    const isBatchFirst = call.bool('batch_first');
    const given = call.tensor('input');
    const initial = cell.hasCellState ? call.tensors('hx') : [call.tensor('hx')];
    if (given.rank !== 3) throw call.refuse('a sequence without a batch dim');
    if (call.bool('train') && call.float('dropout') > 0)
      throw call.refuse('the model was saved in training mode');
    const parameters = call.tensors('params');
    const directionCount = call.bool('bidirectional') ? 2 : 1;
    const each = call.bool('has_biases') ? 4 : 2;
    const layers = call.staticInt('num_layers');
    if (parameters.length !== layers * directionCount * each)
      throw call.refuse('a projection of the hidden state (proj_size)');
    let output = isBatchFirst ? permuted(call, given, [1, 0, 2]) : given;
    const finals: TorchTensor[][] = initial.map(() => []);
    for (let layer = 0; layer < layers; layer++) {
      const start = SymbolicInt.of(layer * directionCount);
      const result = runLayer(call, cell, {
        input: output,
        directions: Array.from({ length: directionCount }, (_, direction) => {
          const from = (layer * directionCount + direction) * each;
          return parameters.slice(from, from + each);
        }),
        states: initial.map((state) =>
          sliced(call, state, 0, { start, length: SymbolicInt.of(directionCount), step: 1 }),
        ),
      });
      ({ output } = result);
      for (const [index, state] of result.states.entries()) finals[index]?.push(state);
    }
    const ordered = isBatchFirst ? permuted(call, output, [1, 0, 2]) : output;
    return new TorchTuple([ordered, ...finals.map((states) => concatenated(call, states, 0))]);
  };
}

function gatesOf(
  call: OperatorCall,
  count: number,
): { readonly input: TorchTensor[]; readonly hidden: TorchTensor[] } {
  const state =
    call.value('hx') instanceof TorchTensor
      ? call.tensor('hx')
      : (call.tensors('hx')[0] ?? call.tensor('hx'));
  const fromInput = linear(call, call.tensor('input'), call.tensor('w_ih'), call.optionalTensor('b_ih'));
  const fromHidden = linear(call, state, call.tensor('w_hh'), call.optionalTensor('b_hh'));
  const split = (all: TorchTensor): TorchTensor[] => {
    const size = (all.dims.at(-1) ?? ONE).floorDividedBy(SymbolicInt.of(count));
    return Array.from({ length: count }, (_, index) =>
      sliced(call, all, all.rank - 1, { start: size.times(SymbolicInt.of(index)), length: size, step: 1 }),
    );
  };
  return { input: split(fromInput), hidden: split(fromHidden) };
}

const add = (call: OperatorCall, left: TorchTensor, right: TorchTensor): TorchTensor =>
  binary(call, 'Add', left, right, left.dtype);
const multiply = (call: OperatorCall, left: TorchTensor, right: TorchTensor): TorchTensor =>
  binary(call, 'Mul', left, right, left.dtype);
const activated = (call: OperatorCall, operator: string, tensor: TorchTensor): TorchTensor =>
  call.graph.apply(operator, [tensor], {}, tensor.dtype, tensor.dims);

const lstmCell: OperatorBody = (call) => {
  const { input, hidden } = gatesOf(call, 4);
  const cell = call.tensors('hx')[1];
  const sums = input.map((gate, index) => add(call, gate, hidden[index] ?? gate));
  const [enter, forget, candidate, leave] = sums;
  if (!enter || !forget || !candidate || !leave || !cell) throw call.refuse('four gates and two states');
  const kept = multiply(call, activated(call, 'Sigmoid', forget), cell);
  const added = multiply(call, activated(call, 'Sigmoid', enter), activated(call, 'Tanh', candidate));
  const next = add(call, kept, added);
  return new TorchTuple([
    multiply(call, activated(call, 'Sigmoid', leave), activated(call, 'Tanh', next)),
    next,
  ]);
};

const gruCell: OperatorBody = (call) => {
  const { input, hidden } = gatesOf(call, 3);
  const state = call.tensor('hx');
  const [resetIn, updateIn, newIn] = input;
  const [resetHidden, updateHidden, newHidden] = hidden;
  if (!resetIn || !updateIn || !newIn || !resetHidden || !updateHidden || !newHidden)
    throw call.refuse('three gates');
  const reset = activated(call, 'Sigmoid', add(call, resetIn, resetHidden));
  const update = activated(call, 'Sigmoid', add(call, updateIn, updateHidden));
  const candidate = activated(call, 'Tanh', add(call, newIn, multiply(call, reset, newHidden)));
  return add(call, candidate, multiply(call, update, binary(call, 'Sub', state, candidate, state.dtype)));
};

const rnnCell =
  (operator: 'Tanh' | 'Relu'): OperatorBody =>
  (call) => {
    const { input, hidden } = gatesOf(call, 1);
    const [left, right] = [input[0], hidden[0]];
    if (!left || !right) throw call.refuse('one gate');
    return activated(call, operator, add(call, left, right));
  };

/** Recurrent layers and cells. */
export const RECURRENT: OperatorTable = {
  lstm: recurrent(LSTM),
  gru: recurrent(GRU),
  rnn_tanh: recurrent(rnn('Tanh')),
  rnn_relu: recurrent(rnn('Relu')),
  lstm_cell: lstmCell,
  gru_cell: gruCell,
  rnn_tanh_cell: rnnCell('Tanh'),
  rnn_relu_cell: rnnCell('Relu'),
};
