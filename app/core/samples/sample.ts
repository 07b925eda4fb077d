import { StatusError } from '../status.ts';
import type { ExactJson } from '../tensors/exact-json.ts';

/** An input of an example request: a file in the model's directory, or values as nested JSON with their wire shape. */
export type ExampleInput =
  { readonly file: string } | { readonly values: ExactJson; readonly shape: readonly number[] };

/** A model that comes with Conch, as `sample-models/samples.json` lists it. */
export interface Sample {
  /** Directory in `sample-models`, and model name. */
  readonly name: string;
  readonly title: string;
  /** One line. */
  readonly description: string;
  /** A request that gives a sensible answer, by input name. */
  readonly exampleInputs: Readonly<Record<string, ExampleInput>>;
}

/** Reads the content of `samples.json`, already parsed. Throws `invalid-argument` saying where it is not a list of samples. */
export function samplesOfJson(json: unknown): Sample[] {
  if (!Array.isArray(json)) throw wrong('the file', 'a list');
  return json.map((entry: unknown, index) => {
    const place = `sample ${index}`;
    const sample = objectAt(entry, place);
    const inputs = objectAt(sample['exampleInputs'], `${place}, exampleInputs`);
    return {
      name: textAt(sample, 'name', place),
      title: textAt(sample, 'title', place),
      description: textAt(sample, 'description', place),
      exampleInputs: Object.fromEntries(
        Object.entries(inputs).map(([name, input]) => [name, exampleInput(input, `${place}, input ${name}`)]),
      ),
    };
  });
}

function exampleInput(value: unknown, place: string): ExampleInput {
  const input = objectAt(value, place);
  if (typeof input['file'] === 'string') return { file: input['file'] };
  const shape: unknown = input['shape'];
  if (!Array.isArray(shape) || !shape.every((dim): dim is number => Number.isSafeInteger(dim))) {
    throw wrong(`${place}, shape`, 'a list of integers');
  }
  if (input['values'] === undefined) throw wrong(`${place}, values`, 'there');
  return { values: input['values'] as ExactJson, shape };
}

function objectAt(value: unknown, place: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(place, 'an object');
  return value as Record<string, unknown>;
}

function textAt(object: Record<string, unknown>, key: string, place: string): string {
  const text = object[key];
  if (typeof text !== 'string') throw wrong(`${place}, ${key}`, 'a text');
  return text;
}

function wrong(place: string, expected: string): StatusError {
  return new StatusError('invalid-argument', `samples.json: ${place} is not ${expected}`);
}
