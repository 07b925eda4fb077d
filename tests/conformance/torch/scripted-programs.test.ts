import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readNpz } from '../../../app/core/tensors/npz.ts';
import type { NamedTensor } from '../../../app/core/tensors/tensor.ts';
import type { ModelRunner } from '../../../app/server/engine/model-run.ts';
import {
  openTorchFixture,
  relativeDistance,
  runTorchFixture,
  torchFixtures,
  useOwnTranslations,
} from '../../support/torch-fixtures.ts';

const FOLDER = fileURLToPath(new URL('../../fixtures/torch/scripts/', import.meta.url));
const TOLERANCE = 1e-5;

useOwnTranslations();

/** One call of a program; `output` is null where PyTorch refuses it. */
interface Call {
  readonly input: NamedTensor;
  readonly output: NamedTensor | null;
}

async function callsOf(name: string): Promise<readonly Call[]> {
  const arrays = readNpz(new Uint8Array(await readFile(join(FOLDER, `${name}.npz`))));
  const find = (key: string) => arrays.find((array) => array.name === key);
  const inputs = arrays.filter((array) => /^call\d+_in0$/.test(array.name));
  return inputs.map((input) => ({ input, output: find(input.name.replace('_in', '_out')) ?? null }));
}

/** What became of a call: `right`, `wrong: …`, or the words of the refusal. */
async function outcomeOf(runner: ModelRunner, { input, output }: Call): Promise<string> {
  let actual: NamedTensor | undefined;
  try {
    [actual] = await runTorchFixture(runner, { inputs: [input], outputs: [input] });
  } catch (cause) {
    return (cause as Error).message;
  }
  if (output === null) return 'wrong: PyTorch refuses this';
  const [wanted, given] = [output, actual ?? input].map(
    ({ datatype, shape }) => `${datatype} [${shape.join(', ')}]`,
  );
  if (wanted !== given) return `wrong: ${given} instead of ${wanted}`;
  const distance = relativeDistance(output, actual ?? input);
  return distance <= TOLERANCE ? 'right' : `wrong: ${distance} apart`;
}

/** The outcomes of all calls; one for all where the program is refused as a whole. */
async function outcomesOf(name: string, calls: readonly Call[], freedom: true | 'any'): Promise<string[]> {
  const [{ input } = { input: undefined }] = calls;
  if (input === undefined) throw new Error(`${name} has no calls`);
  let runner: ModelRunner;
  try {
    runner = await openTorchFixture('scripts', name, { inputs: [input], outputs: [input] }, freedom);
  } catch (cause) {
    return calls.map(() => (cause as Error).message);
  }
  const outcomes: string[] = [];
  for (const call of calls) outcomes.push(await outcomeOf(runner, call));
  return outcomes;
}

const SHAPE = /^onnx runtime error 2: Got invalid dimensions/;
const SHARED = /whether both share memory is not sure/;
const IN_PLACE = /it changes the dims of a tensor in place/;
const MEMORY = /a model with a memory of its own is not translated/;

/** Programs that do not answer every call that PyTorch answers, and why; calls with other shapes than their config. */
const REFUSALS: Readonly<Record<string, RegExp>> = {
  heads_by_width: SHAPE,
  keeps_a_counter: MEMORY,
  keeps_a_list: MEMORY,
  square_or_not: SHAPE,
  squeezes_in_place: IN_PLACE,
  text_of_size: /decides by something that is not translated: the text/,
  text_percent: /aten::percentFormat is not translated/,
  unsqueezes_in_place: IN_PLACE,
  writes_a_column: SHARED,
  writes_a_diagonal: /aten::fill_diagonal_ is not translated/,
  writes_a_reordered_copy: SHARED,
  writes_a_reshaped_sum: SHARED,
  writes_behind_a_reshape: SHARED,
  writes_out: /aten::add has no overload that takes \(Tensor, Tensor, out=Tensor\)/,
};

describe('a scripted program with a free batch answers as PyTorch does, or refuses and says why', () => {
  test.each(torchFixtures('scripts'))('%s', async (name) => {
    const calls = await callsOf(name);
    const outcomes = await outcomesOf(name, calls, true);
    const refusal = REFUSALS[name];
    const unexpected = outcomes.filter((outcome, index) => {
      if (outcome.startsWith('wrong')) return true;
      if (outcome === 'right' || calls[index]?.output === null) return false;
      return refusal?.test(outcome) !== true;
    });
    expect(unexpected).toEqual([]);
    const isRefused = outcomes.some((outcome, index) => outcome !== 'right' && calls[index]?.output !== null);
    expect(isRefused).toBe(refusal !== undefined);
  });
});

describe('a scripted program with every dim free never answers wrong', () => {
  test.each(torchFixtures('scripts'))('%s', async (name) => {
    const outcomes = await outcomesOf(name, await callsOf(name), 'any');
    expect(outcomes.filter((outcome) => outcome.startsWith('wrong'))).toEqual([]);
  });
});

test('a dim of 0 is refused: nothing that was decided for sizes from 1 on holds for it', async () => {
  const [{ input } = { input: null }] = await callsOf('if_on_size');
  if (input === null) throw new Error('no call');
  const runner = await openTorchFixture('scripts', 'if_on_size', { inputs: [input], outputs: [input] }, true);
  const empty = { ...input, shape: [0, 3], data: new Uint8Array(0) };
  expect(await outcomeOf(runner, { input: empty, output: null })).toBe(
    "dim 0 of input 'INPUT__0' is 0: a PyTorch model runs here by a translation for sizes of 1 and more",
  );
});

test('a program that is another one for every size is loaded for eight of them, and then refuses', async () => {
  const [{ input } = { input: null }] = await callsOf('loop_over_rows');
  if (input === null) throw new Error('no call');
  const runner = await openTorchFixture(
    'scripts',
    'loop_over_rows',
    { inputs: [input], outputs: [input] },
    true,
  );
  const rows = (count: number): Call => ({
    input: { ...input, shape: [count, 3], data: new Uint8Array(count * 3 * 4) },
    output: { ...input, shape: [3], data: new Uint8Array(3 * 4) },
  });
  const outcomes: string[] = [];
  for (let count = 1; count <= 9; count += 1) outcomes.push(await outcomeOf(runner, rows(count)));
  expect(outcomes.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => 'right'));
  expect(outcomes[8]).toBe(
    'the model was translated for shapes with batch == 2, which those of this request are not',
  );
  expect(await outcomeOf(runner, rows(5))).toBe('right');
});
