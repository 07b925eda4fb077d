import { describe, expect, test } from 'vitest';
import { describeModel } from '../../../../app/core/formats/describe-model.ts';
import type { FormatId, ModelDescription, Verdict } from '../../../../app/core/formats/model-description.ts';
import { fixtureBytes, fixtureTree, treeOf } from './fixture-tree.ts';

const DAMAGED = 'damaged or cut short';

describe('every format is told apart by content, with a verdict', () => {
  const cases: readonly (readonly [string, FormatId, Verdict['kind'], string])[] = [
    ['batchable.onnx', 'onnx', 'runs-natively', ''],
    ['external-data', 'onnx', 'runs-natively', ''],
    ['identity-bf16.onnx', 'onnx', 'needs-container', 'is BF16'],
    ['custom-domain.onnx', 'onnx', 'needs-container', 'example.ops'],
    ['int4-output.onnx', 'onnx', 'cannot-be-served', 'no datatype for INT4'],
    ['sequence-output.onnx', 'onnx', 'cannot-be-served', 'it is a sequence'],
    [
      'unsupported-opset.onnx',
      'onnx',
      'cannot-be-served',
      'opset 99 of ai.onnx; ONNX Runtime 1.30 knows up to 26',
    ],
    ['unsupported-ir.onnx', 'onnx', 'cannot-be-served', 'IR version 99'],
    ['external-data-missing.onnx', 'onnx', 'cannot-be-served', 'weights are in "gone.bin"'],
    ['external-data-escaping.onnx', 'onnx', 'cannot-be-served', "leaves the model's folder"],
    ['external-data-absolute.onnx', 'onnx', 'cannot-be-served', 'absolute path'],
    ['external-data-out-of-range', 'onnx', 'cannot-be-served', 'reach past the end of the file (64 bytes)'],
    ['truncated.onnx', 'onnx', 'cannot-be-served', DAMAGED],
    ['garbage.onnx', 'onnx', 'cannot-be-served', 'not an ONNX model: at byte 0'],
    ['zero-byte.onnx', 'onnx', 'cannot-be-served', 'empty (0 bytes)'],
    ['lfs-pointer.onnx', 'unknown', 'cannot-be-served', 'Git LFS pointer'],
    ['torchscript.pt', 'torchscript', 'needs-container', 'PyTorch backend'],
    ['exported.pt2', 'torch-export', 'cannot-be-served', 'damaged: the graph is no object'],
    ['exported-old.pt2', 'torch-export', 'cannot-be-served', 'damaged: the graph module is no object'],
    ['compiled.pt2', 'torch-aoti', 'needs-container', 'torch_aoti'],
    ['weights-only.pt', 'torch-state-dict', 'cannot-be-served', 'weights only'],
    ['training-checkpoint.pt', 'torch-state-dict', 'cannot-be-served', 'weights only'],
    ['weights-only-legacy.pth', 'torch-state-dict', 'cannot-be-served', 'weights only'],
    ['whole-module.pt', 'torch-pickle', 'cannot-be-served', 'mypackage.models.Net'],
    ['evil.pt', 'torch-pickle', 'cannot-be-served', 'os.system'],
    ['evil.pkl', 'pickle', 'cannot-be-served', 'a pickle'],
    ['plain.pkl', 'pickle', 'cannot-be-served', 'a pickle'],
    ['mobile.ptl', 'torch-mobile', 'cannot-be-served', 'phones'],
    ['executorch.pte', 'executorch', 'cannot-be-served', 'ExecuTorch'],
    ['tensorrt.plan', 'tensorrt-plan', 'needs-container', 'GPU'],
    ['saved-model', 'saved-model', 'needs-container', '25.02 is the last'],
    ['openvino', 'openvino', 'needs-container', 'OpenVINO'],
    ['python', 'python-model', 'needs-container', 'model.py'],
    ['lite.tflite', 'tflite', 'cannot-be-served', 'phones'],
    ['keras.h5', 'keras', 'cannot-be-served', 'Keras'],
    ['keras3.keras', 'keras', 'cannot-be-served', 'Keras'],
    ['weights.safetensors', 'safetensors', 'cannot-be-served', 'weights only'],
    ['weights.gguf', 'gguf', 'cannot-be-served', 'llama.cpp'],
    ['apple.mlmodel', 'core-ml', 'cannot-be-served', 'Apple'],
  ];
  test.each(cases)('%s is %s: %s', async (name, format, kind, words) => {
    const description = await describeModel(fixtureTree(name));
    expect([description.format, description.verdict.kind]).toEqual([format, kind]);
    expect(reasonOf(description)).toContain(words);
  });

  test.each(cases.filter(([, , kind]) => kind === 'cannot-be-served'))(
    '%s comes with what to do',
    async (name) => {
      const { verdict } = await describeModel(fixtureTree(name));
      expect(verdict.kind === 'cannot-be-served' && verdict.fix.text.length).toBeGreaterThan(10);
    },
  );

  test('the ending of the name does not matter', async () => {
    for (const [name, format] of [
      ['batchable.onnx', 'onnx'],
      ['weights-only.pt', 'torch-state-dict'],
      ['weights.safetensors', 'safetensors'],
    ] as const) {
      expect((await describeModel(treeOf({ 'download.bin': fixtureBytes(name) }))).format).toBe(format);
    }
  });
});

describe('files that are no model', () => {
  test.each([
    ['page.onnx2', '<!DOCTYPE html><html></html>', 'web page'],
    ['notes.txt', 'hello', 'Nothing in this file'],
    ['empty', '', 'empty (0 bytes)'],
    ['model.pt', 'PK\u0003\u0004 cut short', 'damaged: at byte'],
  ])('%s is explained', async (name, content, words) => {
    const description = await describeModel(treeOf({ [name]: new TextEncoder().encode(content) }));
    expect(description.format).toBe('unknown');
    expect(reasonOf(description)).toContain(words);
  });

  test('an empty folder is explained', async () => {
    expect(reasonOf(await describeModel(treeOf({})))).toContain('no file here');
  });
});

describe('what the fixes say', () => {
  test('weights alone: build, load, export, with an example input from the first weight', async () => {
    const { verdict } = await describeModel(fixtureTree('weights-only.pt'));
    const lines = verdict.kind === 'cannot-be-served' ? (verdict.fix.lines ?? []) : [];
    expect(lines).toContain(
      'model.load_state_dict(torch.load("weights-only.pt", map_location="cpu", weights_only=True))',
    );
    expect(lines.join('\n')).toContain('torch.randn(1, 4)');
    expect(lines.join('\n')).toContain('torch.onnx.export(');
    expect(lines).toContain('torch.jit.script(model).save("model.pt")');
  });

  test('weights inside a training checkpoint are taken from their key', async () => {
    const { verdict } = await describeModel(fixtureTree('training-checkpoint.pt'));
    expect(verdict.kind === 'cannot-be-served' && verdict.fix.lines?.join('\n')).toContain(
      'weights_only=True)["state_dict"])',
    );
  });

  test('an INT4 output: a Cast, in lines ready to run', async () => {
    const { verdict } = await describeModel(fixtureTree('int4-output.onnx'));
    expect(verdict.kind === 'cannot-be-served' && verdict.fix.lines).toContain(
      'model.graph.node.append(helper.make_node("Cast", ["y"], [value.name], to=TensorProto.INT8))',
    );
  });
});

describe('code is never run, and named', () => {
  test.each([
    ['evil.pkl', 'Runs code when loaded: os.system'],
    ['evil.pt', 'Runs code when loaded: os.system (posix.system)'],
    ['whole-module.pt', 'Runs code when loaded: mypackage.models.Net'],
  ])('%s', async (name, text) => {
    const { notices } = await describeModel(fixtureTree(name));
    expect(notices.map((notice) => notice.text)).toContain(text);
  });

  test('weights alone run nothing', async () => {
    expect((await describeModel(fixtureTree('weights-only.pt'))).notices).toEqual([]);
  });
});

function reasonOf({ verdict }: ModelDescription): string {
  return 'reason' in verdict ? verdict.reason : '';
}
