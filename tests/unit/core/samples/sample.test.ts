import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { describeModel } from '../../../../app/core/formats/describe-model.ts';
import { samplesOfJson, type ExampleInput } from '../../../../app/core/samples/sample.ts';
import { readNpy } from '../../../../app/core/tensors/npy.ts';
import { tensorOfJson } from '../../../../app/core/tensors/tensor-json.ts';
import { treeOf } from '../formats/fixture-tree.ts';

const samples = samplesOfJson(JSON.parse(readFileSync('sample-models/samples.json', 'utf8')));

describe('the sample models', () => {
  test('take at most 3 MB in all', () => {
    const files = readdirSync('sample-models', { recursive: true, encoding: 'utf8' });
    expect(files.reduce((sum, file) => sum + statSync(`sample-models/${file}`).size, 0)).toBeLessThan(
      3_000_000,
    );
  });

  test('every directory is listed, has a config of its name, a README and its script', () => {
    const directories = readdirSync('sample-models', { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    expect(directories.map(({ name }) => name).sort()).toEqual(samples.map(({ name }) => name).sort());
    for (const { name } of directories) {
      expect(readFileSync(`sample-models/${name}/config.pbtxt`, 'utf8')).toContain(`name: "${name}"`);
      expect(readFileSync(`sample-models/${name}/README.md`, 'utf8')).toContain('**Licence**: MIT');
      expect(readdirSync(`sample-models/${name}/make`).length).toBeGreaterThan(0);
    }
  });

  test.each(samples)('$name runs here, and its example fits its inputs', async ({ name, exampleInputs }) => {
    const [file = ''] = readdirSync(`sample-models/${name}/1`);
    const bytes = new Uint8Array(readFileSync(`sample-models/${name}/1/${file}`));
    const model = await describeModel(treeOf({ [file]: bytes }));
    expect(model.verdict.kind).toBe(file.endsWith('.pt') ? 'runs-by-translation' : 'runs-natively');
    for (const input of model.inputs) {
      const example = exampleInputs[input.name];
      // A scripted model does not say its datatypes: the config does.
      const datatype = input.datatype.value ?? 'FP32';
      if (example === undefined) throw new Error(`no example for ${input.name}`);
      const tensor =
        'file' in example
          ? readNpy(new Uint8Array(readFileSync(`sample-models/${name}/${example.file}`)))
          : tensorOfJson(example.values, datatype, example.shape);
      expect(tensor.datatype).toBe(datatype);
      expect(tensor.shape).toHaveLength(input.dims.value?.length ?? tensor.shape.length);
    }
    expect(Object.keys(exampleInputs).sort()).toEqual(model.inputs.map((input) => input.name).sort());
  });

  test.each<[unknown, string]>([
    [{}, 'the file is not a list'],
    [[{ name: 1 }], 'sample 0, exampleInputs is not an object'],
    [[{ exampleInputs: {} }], 'sample 0, name is not a text'],
    [
      [{ name: 'a', title: 'b', description: 'c', exampleInputs: { x: { values: 1 } } }],
      'input x, shape is not a list of integers',
    ],
  ])('a list that is wrong is refused with its place: %j', (json, why) => {
    expect(() => samplesOfJson(json)).toThrow(why);
  });

  test('an example is a file or values', () => {
    const example: ExampleInput = { file: 'try/3.npy' };
    expect(
      samplesOfJson([{ name: 'a', title: 'b', description: 'c', exampleInputs: { x: example } }])[0]
        ?.exampleInputs['x'],
    ).toEqual(example);
  });
});
