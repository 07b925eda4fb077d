import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import type { ModelRunner } from '../../app/server/engine/model-run.ts';
import { openModelRunner } from '../../app/server/engine/model-runner.ts';
import { dtypeOfDatatype } from '../../app/core/formats/torch/torch-dtypes.ts';
import { numericElements } from '../../app/core/tensors/elements.ts';
import { readNpz } from '../../app/core/tensors/npz.ts';
import type { NamedTensor } from '../../app/core/tensors/tensor.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/torch/', import.meta.url));
const ALIGNMENT = 8;

/** Inputs and what PyTorch answered to them. */
export interface TorchAnswers {
  readonly inputs: readonly NamedTensor[];
  readonly outputs: readonly NamedTensor[];
}

/** Gives the tests of a file a cache of translations of their own, empty at first. */
export function useOwnTranslations(): void {
  let cache = '';
  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'conch-translations-'));
    process.env['CONCH_CACHE_FOLDER'] = cache;
  });
  afterAll(async () => {
    delete process.env['CONCH_CACHE_FOLDER'];
    await rm(cache, { recursive: true, force: true });
  });
}

/** Names of the `.pt` files of a folder of fixtures, or of its `.pt2` files. */
export function torchFixtures(folder: string, ending: '.pt' | '.pt2' = '.pt'): readonly string[] {
  return readdirSync(`${FIXTURES}${folder}`)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length));
}

/** The recorded answers of a fixture; `wide`: for one more row in the batch, null where there is none. */
export async function torchAnswers(
  folder: string,
  name: string,
): Promise<{ readonly answers: TorchAnswers; readonly wide: TorchAnswers | null }> {
  const arrays = readNpz(new Uint8Array(await readFile(`${FIXTURES}${folder}/${name}.npz`)));
  const pick = (prefix: string): NamedTensor[] =>
    arrays
      .filter((array) => new RegExp(`^${prefix}\\d+$`).test(array.name))
      .sort((left, right) => Number(left.name.replace(/\D/g, '')) - Number(right.name.replace(/\D/g, '')));
  const wide = { inputs: pick('wide_in'), outputs: pick('wide_out') };
  return {
    answers: { inputs: pick('in'), outputs: pick('out') },
    wide: wide.inputs.length > 0 ? wide : null,
  };
}

/**
 * Loads a fixture as the engine loads a PyTorch model whose config was written for these inputs and outputs; `isBatched`:
 * with a free batch, or with `any` size of every dim.
 */
export function openTorchFixture(
  folder: string,
  name: string,
  { inputs, outputs }: TorchAnswers,
  isBatched: boolean | 'any',
): Promise<ModelRunner> {
  const format = folder.startsWith('exported') ? 'torch-export' : 'torchscript';
  return openModelRunner({
    kind: 'load',
    backend: 'pytorch',
    modelPath: `${FIXTURES}${folder}/${name}.${format === 'torch-export' ? 'pt2' : 'pt'}`,
    translation: {
      modelName: name,
      format,
      isBatched: isBatched === true,
      inputs: inputs.map(({ datatype, shape }, index) => ({
        name: `INPUT__${index}`,
        dtype: dtypeOfDatatype(datatype) ?? 'float32',
        dims: shape.map((dim, axis) => (isBatched === 'any' || (isBatched && axis === 0) ? -1 : dim)),
      })),
      outputNames: outputs.map((_, index) => `OUTPUT__${index}`),
    },
    place: { provider: 'cpu', device: 0 },
    settings: {
      intraOpThreads: 1,
      interOpThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      enableCpuMemArena: true,
      enableMemPattern: true,
    },
  });
}

/** What the model answers, in the order of its outputs. */
export async function runTorchFixture(
  runner: ModelRunner,
  { inputs, outputs }: TorchAnswers,
): Promise<readonly NamedTensor[]> {
  let end = 0;
  const framed = inputs.map(({ datatype, shape, data }, index) => {
    const offset = end;
    end = Math.ceil((offset + data.byteLength) / ALIGNMENT) * ALIGNMENT;
    return { name: `INPUT__${index}`, datatype, shape, offset, length: data.byteLength };
  });
  const payload = new ArrayBuffer(end);
  for (const [index, { data }] of inputs.entries())
    new Uint8Array(payload).set(data, framed[index]?.offset ?? 0);
  const names = outputs.map((_, index) => `OUTPUT__${index}`);
  const result = await runner.run(
    { kind: 'run', inputs: framed, outputs: names, delayMilliseconds: 0 },
    payload,
  );
  return names.flatMap((name) => result.outputs.find((output) => output.name === name) ?? []);
}

/** The largest distance of two tensors, as a part of the largest number in the expected one; NaN equals NaN. */
export function relativeDistance(expected: NamedTensor, actual: NamedTensor): number {
  const [wanted, given] = [expected, actual].map((tensor) => Array.from(numericElements(tensor), Number)) as [
    number[],
    number[],
  ];
  let largest = 0;
  let distance = 0;
  for (const [index, value] of wanted.entries()) {
    const other = given[index] ?? Number.NaN;
    if (Object.is(value, other) || value === other) continue;
    const apart = Math.abs(value - other);
    distance = Math.max(distance, Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart);
  }
  for (const value of wanted) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  return distance / (largest || 1);
}
