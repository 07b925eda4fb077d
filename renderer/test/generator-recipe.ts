import type { GeneratorRecipe } from '../../app/contract/inference.ts';
import type { Datatype } from '../../app/core/datatypes.ts';
import { StatusError } from '../../app/core/status.ts';
import { generateTensor, type Generator } from '../../app/core/tensors/generate.ts';
import type { Tensor } from '../../app/core/tensors/tensor.ts';
import { parseElement } from './parse-element.ts';

/** A setting of a generator that is no value of the input's datatype. */
export interface GeneratorMistake {
  readonly field: 'seed' | 'minimum' | 'maximum' | 'start' | 'step' | 'value';
  readonly message: string;
}

/** Mistakes in a generator's settings, each at its field. */
export function generatorMistakes(datatype: Datatype, recipe: GeneratorRecipe): readonly GeneratorMistake[] {
  switch (recipe.kind) {
    case 'zeros':
    case 'ones':
      return [];
    case 'constant':
      return mistakesOf(datatype, [['value', recipe.value]]);
    case 'arange':
      return datatype === 'BOOL' || datatype === 'BYTES'
        ? mistakesOf('FP64', [
            ['start', recipe.start],
            ['step', recipe.step],
          ])
        : mistakesOf(stepType(datatype), [
            ['start', recipe.start],
            ['step', recipe.step],
          ]);
    case 'random':
      return randomMistakes(datatype, recipe);
  }
}

/** Steps may be negative where the values may not. */
function stepType(datatype: Datatype): Datatype {
  return datatype.startsWith('UINT') || datatype.startsWith('INT') ? 'INT64' : 'FP64';
}

function randomMistakes(
  datatype: Datatype,
  recipe: Extract<GeneratorRecipe, { kind: 'random' }>,
): readonly GeneratorMistake[] {
  const seed: readonly GeneratorMistake[] = Number.isSafeInteger(recipe.seed)
    ? []
    : [{ field: 'seed', message: 'A seed is a whole number.' }];
  if (datatype === 'BOOL' || datatype === 'BYTES') return seed;
  const bounds = mistakesOf(datatype, [
    ['minimum', recipe.minimum],
    ['maximum', recipe.maximum],
  ]);
  if (bounds.length > 0) return [...seed, ...bounds];
  const [minimum, maximum] = [numberOf(datatype, recipe.minimum), numberOf(datatype, recipe.maximum)];
  if (!Number.isFinite(Number(minimum)))
    return [...seed, { field: 'minimum', message: 'A finite number is needed.' }];
  if (!Number.isFinite(Number(maximum)))
    return [...seed, { field: 'maximum', message: 'A finite number is needed.' }];
  return minimum > maximum
    ? [...seed, { field: 'maximum', message: 'Must not be below the minimum.' }]
    : seed;
}

function mistakesOf(
  datatype: Datatype,
  settings: readonly (readonly [GeneratorMistake['field'], string])[],
): readonly GeneratorMistake[] {
  return settings.flatMap(([field, text]) => {
    const parsed = parseElement(datatype, text);
    return parsed.kind === 'mistake' ? [{ field, message: parsed.message }] : [];
  });
}

/** Makes the tensor of a recipe; throws `invalid-argument` with the first mistake. */
export function generateByRecipe(
  datatype: Datatype,
  shape: readonly number[],
  recipe: GeneratorRecipe,
): Tensor {
  const [mistake] = generatorMistakes(datatype, recipe);
  if (mistake !== undefined)
    throw new StatusError('invalid-argument', `${mistake.field}: ${mistake.message}`);
  return generateTensor(datatype, shape, generatorOf(datatype, recipe));
}

function generatorOf(datatype: Datatype, recipe: GeneratorRecipe): Generator {
  switch (recipe.kind) {
    case 'zeros':
    case 'ones':
      return recipe;
    case 'constant':
      return { kind: 'constant', value: valueOf(datatype, recipe.value) };
    case 'arange': {
      const type = datatype === 'BYTES' || datatype === 'BOOL' ? 'FP64' : stepType(datatype);
      return { kind: 'arange', start: numberOf(type, recipe.start), step: numberOf(type, recipe.step) };
    }
    case 'random':
      if (datatype === 'BOOL' || datatype === 'BYTES') return { kind: 'random', seed: recipe.seed };
      return {
        kind: 'random',
        seed: recipe.seed,
        minimum: numberOf(datatype, recipe.minimum),
        maximum: numberOf(datatype, recipe.maximum),
      };
  }
}

function valueOf(datatype: Datatype, text: string): number | bigint | boolean | string {
  const parsed = parseElement(datatype, text);
  if (parsed.kind === 'mistake' || parsed.value instanceof Uint8Array) return text;
  return parsed.value;
}

function numberOf(datatype: Datatype, text: string): number | bigint {
  const value = valueOf(datatype, text);
  return typeof value === 'bigint' ? value : Number(value);
}
