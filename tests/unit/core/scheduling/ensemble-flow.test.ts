import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModelConfig } from '../../../../app/core/model-config/model-config.ts';
import { EnsembleFlow, type StepTarget } from '../../../../app/core/scheduling/ensemble-flow.ts';
import { planEnsemble, stepGroups } from '../../../../app/core/scheduling/ensemble-plan.ts';
import type { NamedTensor } from '../../../../app/core/tensors/tensor.ts';

const dims = [4];

function configOf(
  steps: readonly (readonly [reads: readonly string[], writes: readonly string[]])[],
  changes: ModelConfig = {},
): ModelConfig {
  const map = (names: readonly string[]) =>
    Object.fromEntries(names.map((name, index) => [`T${index}`, name]));
  return {
    input: [{ name: 'IN', dims }],
    output: [{ name: 'OUT', dims }],
    ensemble_scheduling: {
      step: steps.map(([reads, writes], index) => ({
        model_name: `m${index}`,
        model_version: -1,
        input_map: map(reads),
        output_map: map(writes),
      })),
    },
    ...changes,
  };
}

const flowOf = (config: ModelConfig, wanted: readonly string[] = []): EnsembleFlow =>
  new EnsembleFlow(planEnsemble(config), wanted);

function tensor(name: string, shape: readonly number[] = [1, 4]): NamedTensor {
  return { name, datatype: 'INT32', shape, data: new Uint8Array(16) };
}

const batched: StepTarget = { isBatched: true, inputDims: () => dims };
const unbatched: StepTarget = { isBatched: false, inputDims: () => dims };

describe('the steps of an ensemble', () => {
  test('become ready when all their tensors exist, each once', () => {
    const flow = flowOf(
      configOf([
        [['IN'], ['left']],
        [['IN'], ['right']],
        [['left', 'right'], ['OUT']],
      ]),
    );
    expect(flow.start([tensor('IN')], 1)).toEqual([0, 1]);
    expect(flow.outputs(true)).toBeNull();
    expect(flow.finish(1, [tensor('T0')], 1)).toEqual([]);
    expect(flow.finish(0, [tensor('T0')], 1)).toEqual([2]);
    expect(flow.takeInputs(2, batched).map(({ name }) => name)).toEqual(['T0', 'T1']);
    expect(flow.finish(2, [tensor('T0')], 1)).toEqual([]);
    expect(flow.outputs(true)?.map(({ name }) => name)).toEqual(['OUT']);
  });

  test('whatever the order in which they end, run all of a random graph once and make every output', () => {
    const graph = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(graph, fc.infiniteStream(fc.nat()), (picks, choices) => {
        const names = ['IN', ...picks.map((_, index) => `t${index}`)];
        const steps = picks.map(([one, other], index): readonly [readonly string[], readonly string[]] => [
          [names[one % (index + 1)] ?? 'IN', names[other % (index + 1)] ?? 'IN'],
          [`t${index}`],
        ]);
        const output = picks.map((_, index) => ({ name: `t${index}`, dims }));
        const flow = flowOf(configOf(steps, { output }));
        const running = [...flow.start([tensor('IN')], 1)];
        const ran: number[] = [];
        while (running.length > 0) {
          const [step = 0] = running.splice((choices.next().value ?? 0) % running.length, 1);
          expect(flow.takeInputs(step, batched)).toHaveLength(2);
          ran.push(step);
          running.push(...flow.finish(step, [tensor('T0')], 1));
        }
        expect(new Set(ran)).toEqual(new Set(picks.keys()));
        expect(ran).toHaveLength(picks.length);
        expect(flow.outputs(true)).toHaveLength(picks.length);
      }),
    );
  });

  test('that only make what nobody asked for are left out', () => {
    const config = configOf(
      [
        [['IN'], ['between']],
        [['between'], ['OTHER']],
        [['IN'], ['OUT']],
      ],
      {
        output: [
          { name: 'OUT', dims },
          { name: 'OTHER', dims },
        ],
      },
    );
    expect(flowOf(config, ['OUT']).start([tensor('IN')], 1)).toEqual([2]);
    expect(flowOf(config, ['OTHER']).start([tensor('IN')], 1)).toEqual([0]);
    expect(flowOf(config).start([tensor('IN')], 1)).toEqual([0, 2]);
  });
});

describe('a tensor between a model with and one without a batch dimension', () => {
  const config = configOf([
    [['IN'], ['between']],
    [['between'], ['OUT']],
  ]);

  test('loses a batch dimension of 1 that does not fit, and gets it back', () => {
    const flow = flowOf(config);
    flow.start([tensor('IN', [1, 4])], 1);
    expect(flow.takeInputs(0, unbatched)[0]?.shape).toEqual([4]);
    flow.finish(0, [tensor('T0', [4])], 0);
    expect(flow.takeInputs(1, batched)[0]?.shape).toEqual([1, 4]);
  });

  test('keeps several rows as they are: the model itself says whether it takes them', () => {
    const flow = flowOf(config);
    flow.start([tensor('IN', [3, 4])], 3);
    expect(flow.takeInputs(0, unbatched)[0]?.shape).toEqual([3, 4]);
    flow.finish(0, [tensor('T0', [3, 4])], 0);
    expect(flow.takeInputs(1, batched)[0]?.shape).toEqual([3, 4]);
  });

  test('leaves the ensemble in the shape that the ensemble promises', () => {
    const flow = flowOf(configOf([[['IN'], ['OUT']]]));
    flow.start([tensor('IN', [1, 4])], 1);
    flow.finish(0, [tensor('T0', [4])], 0);
    expect(flow.outputs(true)?.[0]?.shape).toEqual([1, 4]);
  });
});

test('steps are shown in the order in which they can run, side by side where they run at once', () => {
  const steps = [
    [['left', 'right'], ['OUT']],
    [['IN'], ['left']],
    [['IN'], ['right']],
  ] as const;
  expect(stepGroups(planEnsemble(configOf(steps)))).toEqual([[1, 2], [0]]);
  expect(
    stepGroups(
      planEnsemble(
        configOf([
          [['a'], ['b']],
          [['b'], ['a']],
        ]),
      ),
    ),
  ).toEqual([[0, 1]]);
});

test('an optional input that is left out reaches no step, and an output that a step leaves out is left out', () => {
  const input = [
    { name: 'IN', dims },
    { name: 'EXTRA', dims, optional: true },
  ];
  const flow = flowOf(configOf([[['IN', 'EXTRA'], ['OUT']]], { input }));
  expect(flow.start([tensor('IN')], 1)).toEqual([0]);
  expect(flow.takeInputs(0, batched).map(({ name }) => name)).toEqual(['T0']);
  flow.finish(0, [], 1);
  expect(flow.outputs(true)).toEqual([]);
});
