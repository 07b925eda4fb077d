import { describe, expect, test } from 'vitest';
import type { NamedTensor } from '../../../app/core/tensors/tensor.ts';
import {
  openTorchFixture,
  relativeDistance,
  runTorchFixture,
  torchAnswers,
  torchFixtures,
  useOwnTranslations,
  type TorchAnswers,
} from '../../support/torch-fixtures.ts';

/** For operators alone, and for whole networks, in which differences add up. */
const OPERATOR_TOLERANCE = 1e-5;
const NETWORK_TOLERANCE = 1e-4;
/** Every dim of the config is −1: the program says which are free. */
const ANY_SIZE = 'any';
/** Answers to different inputs differ by this part at least: a fixture that cannot tell is no proof. */
const LEAST_SENSITIVITY = 1e-2;

useOwnTranslations();

const typesOf = (tensors: readonly NamedTensor[]): string[] =>
  tensors.map(({ datatype, shape }) => `${datatype} [${shape.join(', ')}]`);

/** What differs from PyTorch's answer, in words; empty where it is the same. */
function differences(actual: readonly NamedTensor[], { outputs }: TorchAnswers, tolerance: number): string[] {
  const [given, wanted] = [typesOf(actual), typesOf(outputs)];
  if (given.join() !== wanted.join()) return [`${given.join(', ')} instead of ${wanted.join(', ')}`];
  return outputs.flatMap((output, index) => {
    const distance = relativeDistance(output, actual[index] ?? output);
    return distance <= tolerance ? [] : [`output ${index} is ${distance} apart`];
  });
}

/** The last row of a batch against the first: how much the answer depends on the input. */
function sensitivity({ outputs }: TorchAnswers): number {
  const [output] = outputs;
  const rows = output?.shape[0] ?? 1;
  if (output === undefined || rows < 2) return Number.POSITIVE_INFINITY;
  const bytes = output.data.byteLength / rows;
  const row = (index: number): NamedTensor => ({
    ...output,
    shape: output.shape.slice(1),
    data: output.data.slice(index * bytes, (index + 1) * bytes),
  });
  return relativeDistance(row(0), row(rows - 1));
}

describe('a translated operator answers as PyTorch does', () => {
  test.each(torchFixtures('operators'))('%s', async (name) => {
    const { answers } = await torchAnswers('operators', name);
    const runner = await openTorchFixture('operators', name, answers, false);
    expect(differences(await runTorchFixture(runner, answers), answers, OPERATOR_TOLERANCE)).toEqual([]);
  });
});

describe('a translated network answers as PyTorch does, for the batch of the example and for another one', () => {
  test.each(torchFixtures('families'))('%s', async (file) => {
    const name = file.replace(/_(traced|scripted|frozen)$/, '');
    const { answers, wide } = await torchAnswers('families', name);
    const runner = await openTorchFixture('families', file, answers, wide !== null);
    expect(differences(await runTorchFixture(runner, answers), answers, NETWORK_TOLERANCE)).toEqual([]);
    const other = wide ?? answers;
    expect(wide === null ? LEAST_SENSITIVITY : sensitivity(wide)).toBeGreaterThanOrEqual(LEAST_SENSITIVITY);
    expect(differences(await runTorchFixture(runner, other), other, NETWORK_TOLERANCE)).toEqual([]);
  });
});

describe('an exported operator answers as PyTorch does, as it is written and as core ATen', () => {
  test.each(torchFixtures('exported/operators', '.pt2'))('%s', async (file) => {
    const { answers } = await torchAnswers('operators', file.replace(/_core$/, ''));
    const runner = await openTorchFixture('exported/operators', file, answers, false);
    expect(differences(await runTorchFixture(runner, answers), answers, OPERATOR_TOLERANCE)).toEqual([]);
  });
});

describe('an exported network answers as PyTorch does, for two sizes of the batch', () => {
  test.each(torchFixtures('exported/families', '.pt2'))('%s', async (file) => {
    const { answers, wide } = await torchAnswers('families', file.replace(/_core$/, ''));
    const runner = await openTorchFixture('exported/families', file, answers, wide !== null);
    for (const each of wide === null ? [answers] : [answers, wide])
      expect(differences(await runTorchFixture(runner, each), each, NETWORK_TOLERANCE)).toEqual([]);
  });
});

describe('a program that an older PyTorch exported answers as that PyTorch does', () => {
  test.each(torchFixtures('exported/versions', '.pt2'))('%s', async (version) => {
    const { answers, wide } = await torchAnswers('exported/versions', version);
    const runner = await openTorchFixture('exported/versions', version, answers, ANY_SIZE);
    for (const each of [answers, wide ?? answers])
      expect(differences(await runTorchFixture(runner, each), each, OPERATOR_TOLERANCE)).toEqual([]);
  });
});
