import type { NamedTensor } from '../tensors/tensor.ts';
import { splitOutput, type BatchRule } from './batch-tensors.ts';
import { controlTensors, type SequenceControls, type SequenceSignals } from './sequence-controls.ts';
import type { LiveSequence } from './sequence-lanes.ts';
import {
  nextStates,
  stateTensors,
  zeroTensor,
  type SequenceStates,
  type StateSpec,
} from './sequence-states.ts';

/**
 * All inputs of one row: the request's own, the controls, the states. An idle row (`signals` null) has zeros in the
 * shapes of `modelInputs`, which are those of another row.
 */
export function rowInputs(
  controls: SequenceControls,
  signals: SequenceSignals | null,
  modelInputs: readonly NamedTensor[],
  sequence: LiveSequence,
): NamedTensor[] {
  const own = signals
    ? modelInputs
    : modelInputs.map(({ name, datatype, shape }) => ({ name, ...zeroTensor(datatype, shape) }));
  return [...own, ...controlTensors(controls, signals), ...stateTensors(sequence.states)];
}

/**
 * How many rows of a state's output are handed out. Triton's ONNX Runtime backend hands an output that is a state, too,
 * to the client first, and then takes it for as long as one request: it can keep the state of the first row alone.
 */
function rowsOf({ isExposed }: StateSpec, { datatype, shape }: NamedTensor): number {
  return isExposed && datatype !== 'BYTES' ? 1 : (shape[0] ?? 0);
}

/**
 * The states of each row after a run, or why a row's cannot be had, in Triton's words (`backend_output_responder.cc`).
 * `before` are the states that the rows ran with.
 */
export function splitStates(
  rule: BatchRule,
  specs: readonly StateSpec[],
  before: readonly SequenceStates[],
  outputs: readonly NamedTensor[],
): (SequenceStates | string)[] {
  const given = specs.flatMap((spec) => {
    const output = outputs.find(({ name }) => name === spec.outputName);
    if (!output) return [];
    const count = rule.isBatched ? Math.min(before.length, rowsOf(spec, output)) : before.length;
    const members = Array.from({ length: count }, () => ({ batchSize: 1, modelInputs: [] }));
    return [{ spec, shares: splitOutput(rule, output, members) }];
  });
  return before.map((states, row) => {
    const short = given.find(({ shares }) => shares.length <= row);
    if (short) {
      return `failed to split the output state tensor '${short.spec.outputName}' in responses: expected batch size of at least ${row + 1} in model output, got ${short.shares.length}`;
    }
    const own = given.flatMap(({ shares }) => shares[row] ?? []);
    return nextStates(specs, states, own);
  });
}
