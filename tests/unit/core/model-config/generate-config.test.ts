import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DATATYPES } from '../../../../app/core/datatypes.ts';
import type { Datatype } from '../../../../app/core/datatypes.ts';
import type {
  Dim,
  ModelDescription,
  TensorSignature,
} from '../../../../app/core/formats/model-description.ts';
import { checkOnnxModelAgainstConfig } from '../../../../app/core/model-config/check-onnx-model.ts';
import { effectiveConfig } from '../../../../app/core/model-config/complete-config.ts';
import { generateConfig } from '../../../../app/core/model-config/generate-config.ts';
import { signatureOf } from '../../../../app/core/model-config/onnx-signature.ts';
import { parseModelConfig } from '../../../../app/core/model-config/parse-config.ts';

function tensor(
  name: string,
  dims: readonly (number | string)[] | null,
  datatype: Datatype = 'FP32',
): TensorSignature {
  const value = dims?.map((dim): Dim =>
    typeof dim === 'number' ? { kind: 'fixed', size: dim } : { kind: 'symbolic', name: dim },
  );
  return {
    name,
    datatype: { value: datatype, provenance: 'model', reason: `The model declares ${datatype}.` },
    dims: { value: value ?? null, provenance: 'model', reason: 'The model declares these dimensions.' },
  };
}

function onnx(inputs: readonly TensorSignature[], outputs: readonly TensorSignature[]): ModelDescription {
  return {
    format: 'onnx',
    formatName: 'ONNX',
    byteSize: 100,
    facts: [],
    inputs,
    outputs,
    externalData: [],
    notices: [],
    verdict: { kind: 'runs-natively' },
  };
}

function generate(description: ModelDescription, knownFiles: readonly string[] = ['1/model.onnx']): string {
  return generateConfig({ modelName: 'shop', description, knownFiles });
}

/** The config that a server makes of a generated text, checked against the model. */
function serve(description: ModelDescription): ReturnType<typeof effectiveConfig> {
  const { config: written, diagnostics } = parseModelConfig(generate(description));
  expect(diagnostics).toEqual([]);
  const signature = signatureOf(description);
  const effective = effectiveConfig({
    modelName: 'shop',
    written,
    signature,
    firstVersionFiles: ['model.onnx'],
    gpuCount: 0,
    autoComplete: true,
  });
  checkOnnxModelAgainstConfig(effective.config, signature);
  return effective;
}

describe('the batch dimension', () => {
  test('is taken out of the dims when every first dimension varies', () => {
    const { config, warnings } = serve(
      onnx([tensor('pixels', ['batch', 3, 224, 224])], [tensor('scores', ['batch', 1000])]),
    );
    expect(config.max_batch_size).toBe(4);
    expect(config.input?.[0]?.dims).toEqual([3, 224, 224]);
    expect(config.dynamic_batching?.preferred_batch_size).toEqual([4]);
    expect(warnings).toEqual([]);
  });

  test('stays in the dims when it is fixed, and the text says so', () => {
    const description = onnx([tensor('pixels', [1, 3, 224, 224])], [tensor('scores', [1, 1000])]);
    expect(serve(description).config.input?.[0]?.dims).toEqual([1, 3, 224, 224]);
    expect(generate(description)).toContain('no batching, because pixels has the shape [1, 3, 224, 224]');
    expect(generate(description)).toContain('max_batch_size: 0\n');
  });

  test('leaves dims [1] and an empty reshape where a tensor has one number per item', () => {
    const description = onnx([tensor('age', ['n'])], [tensor('price', ['n'])]);
    expect(serve(description).config.output).toEqual([
      { name: 'price', data_type: 'TYPE_FP32', dims: [1], reshape: { shape: [] } },
    ]);
    expect(generate(description)).toContain('# inferred: the model has one number per item');
  });

  test('stays in the dims of all when only some vary, with the reason', () => {
    const description = onnx(
      [tensor('text', ['batch', 'words'], 'INT64'), tensor('mask', [8])],
      [tensor('out', ['batch', 2])],
    );
    expect(serve(description).config.input?.map(({ dims }) => dims)).toEqual([[-1, -1], [8]]);
    expect(generate(description)).toContain(
      'mask has the shape [8] while others have a first dimension that varies',
    );
  });
});

test('every value says where it comes from', () => {
  expect(generate(onnx([tensor('x', ['n', 2])], [tensor('y', ['n', 1])])))
    .toBe(`# ONNX model, config written by Conch.
name: "shop"
backend: "onnxruntime"
# inferred: the first dimension of every input and output varies ("n"), so it is taken for the batch;
# 4 is the size that Triton's auto-complete gives. The dims below are without it.
max_batch_size: 4
input [
  {
    name: "x" # from the model
    data_type: TYPE_FP32 # from the model
    dims: [ 2 ] # from the model: [n, 2] without the batch
  }
]
output [
  {
    name: "y" # from the model
    data_type: TYPE_FP32 # from the model
    dims: [ 1 ] # from the model: [n, 1] without the batch
  }
]
# assumed: requests may share a batch, as in Triton's auto-complete; remove it to run them one by one
dynamic_batching {}
`);
});

test('a labels.txt beside the model goes to the output that looks like class scores', () => {
  const description = onnx(
    [tensor('x', ['n', 64])],
    [tensor('label', ['n'], 'INT64'), tensor('scores', ['n', 10])],
  );
  const { config } = parseModelConfig(generate(description, ['labels.txt', '1/model.onnx']));
  expect(config.output?.map(({ label_filename }) => label_filename)).toEqual([undefined, 'labels.txt']);
});

test('an input with a value of its own in the model is left out, and named', () => {
  const optional = { ...tensor('scale', [1]), isOptional: true };
  const text = generate(onnx([tensor('x', ['n', 2]), optional], [tensor('y', ['n', 2])]));
  expect(text).toContain('# left out, as the model has values of its own for them: scale');
  expect(parseModelConfig(text).config.input).toHaveLength(1);
});

test('names with quotes, line breaks and emoji are written so that they are read back', () => {
  const name = 'he said "hi"\n🐚\\';
  expect(serve(onnx([tensor(name, ['n', 2])], [tensor('y', [name, 2])])).config.input?.[0]?.name).toBe(name);
});

test('the config of any ONNX model that runs is accepted with that model', () => {
  const dim = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom('batch', 'n'));
  const dims = fc.option(fc.array(dim, { maxLength: 4 }), { nil: null, freq: 8 });
  const datatype = fc.constantFrom(...(Object.keys(DATATYPES) as Datatype[]));
  const tensors = (prefix: string, minLength: number): fc.Arbitrary<TensorSignature[]> =>
    fc.array(fc.tuple(dims, datatype, fc.boolean()), { minLength, maxLength: 3 }).map((each) =>
      each.map(([shape, type, isOptional], index) => ({
        ...tensor(`${prefix}${String(index)}`, shape, type),
        ...(prefix === 'in' && index > 0 && isOptional && { isOptional }),
      })),
    );
  fc.assert(
    fc.property(tensors('in', 0), tensors('out', 1), (inputs, outputs) => {
      expect(serve(onnx(inputs, outputs)).config.name).toBe('shop');
    }),
    { numRuns: 150 },
  );
});
