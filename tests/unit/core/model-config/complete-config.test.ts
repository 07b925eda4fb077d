import { describe, expect, test } from 'vitest';
import { effectiveConfig } from '../../../../app/core/model-config/complete-config.ts';
import type { EffectiveConfigFacts } from '../../../../app/core/model-config/complete-config.ts';
import type { ModelConfig } from '../../../../app/core/model-config/model-config.ts';
import type { ModelSignature } from '../../../../app/core/model-config/onnx-signature.ts';

const ADD: ModelSignature = {
  inputs: [{ name: 'X', dataType: 'TYPE_FP32', shape: [-1, 4] }],
  outputs: [{ name: 'Y', dataType: 'TYPE_FP32', shape: [-1, 4] }],
};

function complete(written: ModelConfig, changes: Partial<EffectiveConfigFacts> = {}): ModelConfig {
  return effectiveConfig({
    modelName: 'add',
    written,
    signature: ADD,
    firstVersionFiles: ['model.onnx'],
    gpuCount: 0,
    autoComplete: true,
    ...changes,
  }).config;
}

function refusal(written: ModelConfig, changes: Partial<EffectiveConfigFacts> = {}): string {
  try {
    complete(written, changes);
    return 'accepted';
  } catch (cause) {
    return (cause as Error).message;
  }
}

describe('the backend', () => {
  test.each([
    [{}, ['model.onnx'], ['onnxruntime', 'onnxruntime_onnx', 'model.onnx']],
    [{}, ['model.onnx/model.onnx'], ['onnxruntime', 'onnxruntime_onnx', 'model.onnx']],
    [
      { default_model_filename: 'net.onnx', backend: 'onnxruntime' },
      [],
      ['onnxruntime', 'onnxruntime_onnx', 'net.onnx'],
    ],
    [{}, ['model.plan'], ['tensorrt', 'tensorrt_plan', 'model.plan']],
    [{}, ['model.xml', 'model.bin'], ['openvino', undefined, 'model.xml']],
    [{}, ['model.savedmodel/saved_model.pb'], ['tensorflow', 'tensorflow_savedmodel', 'model.savedmodel']],
    [{}, ['model.graphdef'], ['tensorflow', 'tensorflow_graphdef', 'model.graphdef']],
    [{}, ['model.py'], ['python', undefined, 'model.py']],
    [{ backend: 'mine' }, [], ['mine', undefined, undefined]],
  ] satisfies readonly (readonly [ModelConfig, readonly string[], readonly unknown[]])[])(
    '%j with the files %j',
    (written, firstVersionFiles, expected) => {
      const { backend, platform, default_model_filename } = complete(written, {
        firstVersionFiles,
        signature: null,
      });
      expect([backend, platform, default_model_filename]).toEqual(expected);
    },
  );

  test('of a PyTorch model is told by its file, its platform or the other name of that', () => {
    const io = {
      input: [{ name: 'x', data_type: 'TYPE_FP32', dims: [1] }],
      output: [{ name: 'y', data_type: 'TYPE_FP32', dims: [1] }],
    } satisfies ModelConfig;
    expect(complete(io, { firstVersionFiles: ['model.pt'] }).platform).toBe('pytorch_libtorch');
    expect(complete(io, { firstVersionFiles: ['model.pt2'] }).platform).toBe('torch_aoti');
    expect(complete({ ...io, platform: 'libtorch' }, { firstVersionFiles: [] }).backend).toBe('pytorch');
    expect(complete({ ...io, platform: 'torch_aoti' }).default_model_filename).toBe('model.pt2');
  });

  test('is the end of the model’s name where nothing else tells it', () => {
    expect(complete({}, { modelName: 'a.identity', firstVersionFiles: [], signature: null }).backend).toBe(
      'identity',
    );
    expect(refusal({}, { firstVersionFiles: [] })).toMatch(
      /^Invalid model name: Could not determine backend/,
    );
  });
});

describe('instance groups', () => {
  test('use every GPU where there are some, one instance each', () => {
    expect(complete({}, { gpuCount: 2 }).instance_group).toEqual([
      { name: 'add', kind: 'KIND_GPU', count: 1, gpus: [0, 1] },
    ]);
  });

  test('fall back to the CPU when one of the listed GPUs is missing', () => {
    const written: ModelConfig = { instance_group: [{ count: 1, gpus: [0, 5] }] };
    expect(refusal(written, { gpuCount: 2 })).toBe(
      'instance group add_0 of model add has kind KIND_CPU but specifies one or more GPUs',
    );
  });

  test('that need a missing GPU are refused with the known ones', () => {
    const written: ModelConfig = { instance_group: [{ kind: 'KIND_GPU', gpus: [7] }] };
    expect(refusal(written, { gpuCount: 2 })).toBe(
      'instance group add_0 of model add specifies invalid or unsupported gpu id 7. GPUs with at least the minimum required CUDA compute compatibility of 6.000000 are: 0, 1',
    );
  });
});

describe('auto-complete', () => {
  test('gives the batch size that the server was started with', () => {
    expect(complete({}, { defaultMaxBatchSize: 16 }).max_batch_size).toBe(16);
    const unbatched = complete({}, { defaultMaxBatchSize: 0 });
    expect(unbatched.max_batch_size).toBe(0);
    expect(unbatched.input?.[0]?.dims).toEqual([-1, 4]);
  });

  test('leaves a written scheduler and a size of one alone', () => {
    expect(complete({ max_batch_size: 1 }).dynamic_batching).toBeUndefined();
    expect(complete({ sequence_batching: {} }).dynamic_batching).toBeUndefined();
  });

  test('completes nothing while the model is not known, or when it is turned off', () => {
    expect(complete({}, { signature: null }).input).toBeUndefined();
    expect(complete({}, { autoComplete: false }).input).toBeUndefined();
  });
});

describe('what the backends refuse', () => {
  test.each([
    [
      { parameters: { execution_mode: { string_value: '2' } } },
      'Expected values for  execution_mode are 0 or 1 but got 2 .',
    ],
    [
      { parameters: { inter_op_thread_count: { string_value: 'x' } } },
      "failed to convert 'x' to integral number",
    ],
    [
      { parameters: { enable_mem_pattern: { string_value: 'maybe' } } },
      "failed to convert 'maybe' to boolean",
    ],
    [{ backend: 'pytorch' }, 'model configuration must contain at least one input, none were specified.'],
    [
      {
        backend: 'pytorch',
        max_batch_size: 2,
        input: [{ name: 's', data_type: 'TYPE_STRING', dims: [1] }],
      },
      "Triton only supports 1 dimensional List of String as input for 's' for model 'add'",
    ],
    [
      { backend: 'pytorch', sequence_batching: { control_input: [{ name: 'START' }] } },
      "input 'START' does not follow <name>__<index> naming convention.",
    ],
  ] satisfies readonly (readonly [ModelConfig, string])[])('%j', (written, message) => {
    expect(refusal(written)).toContain(message);
  });
});
