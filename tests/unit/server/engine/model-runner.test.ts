import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openModelRunner } from '../../../../app/server/engine/model-runner.ts';

const modelPath = fileURLToPath(new URL('../../../fixtures/models/batchable.onnx', import.meta.url));

function load(provider: 'cpu' | 'cuda') {
  return openModelRunner({
    kind: 'load',
    backend: 'onnxruntime',
    modelPath,
    translation: null,
    place: { provider, device: 0 },
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

describe('the execution provider of an instance', () => {
  test('is the CPU without a reason when the config asks for the CPU', async () => {
    expect(await load('cpu')).toMatchObject({ provider: 'cpu', providerReason: null });
  });

  test('is the best that loads when the config asks for a GPU, and it is said why no better one does', async () => {
    const { provider, providerReason } = await load('cuda');
    const refused = { cuda: [], webgpu: ['CUDA'], cpu: ['CUDA', 'WebGPU'] }[provider];
    const said = ['CUDA', 'WebGPU'].filter((name) => providerReason?.includes(`${name} is unavailable (`));
    expect(said).toEqual(refused);
  });
});
