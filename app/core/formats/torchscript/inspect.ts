import { describeFindings, sizeText } from '../format-description.ts';
import { fileNameOf, type Candidate } from '../format.ts';
import type { ModelDescription, ModelNotice, TensorSignature } from '../model-description.ts';
import { globalName, type PickleNode } from '../pickle/pickle-node.ts';
import { scanPickle } from '../pickle/scan-pickle.ts';
import { exportLines, noticesOf } from '../torch-checkpoint/inspect.ts';
import { readLine, torchArchive, type TorchArchive } from '../torch/torch-archive.ts';
import { isOwnGlobal, readTorchPickle } from '../torch/torch-pickle.ts';
import { forwardSignature, resultTypes, type ForwardSignature } from './forward-signature.ts';

/** Describes a TorchScript archive: what its entries, its root pickle and the source of `forward` say. Runs none of it. */
export async function inspectTorchScript(candidate: Candidate): Promise<ModelDescription> {
  const archive = torchArchive(candidate);
  const pickled = (await archive?.read('data.pkl')) ?? new Uint8Array(0);
  const scan = scanPickle(pickled);
  const pickle = readTorchPickle(scan);
  const className = classOf(scan.root) ?? scan.globals.find((name) => name.startsWith('__torch__.'));
  const forward = archive === null || className === undefined ? null : await readForward(archive, className);
  const byteOrder = archive === null ? '' : await readLine(archive, 'byteorder');
  return describeFindings(candidate, {
    format: 'torchscript',
    formatName: 'TorchScript',
    facts: archive === null ? [] : await factsOf(archive, className, byteOrder),
    inputs: forward === null ? [] : inputsOf(forward),
    outputs: forward === null ? [] : outputsOf(forward),
    notices: [
      translationNotice(fileNameOf(candidate.path)),
      ...noticesOf({ foreignGlobals: scan.globals.filter((name) => !isOwnGlobal(name)) }, scan.problem),
    ],
    verdict: {
      kind: 'needs-container',
      backend: 'pytorch',
      reason: `TorchScript runs in the PyTorch backend of a Triton container${pickle.tensors.length > 0 ? ` (${pickle.tensors.length} tensors)` : ''}. As ONNX the model would also run here.`,
    },
  });
}

async function factsOf(
  archive: TorchArchive,
  className: string | undefined,
  byteOrder: string,
): Promise<[string, string][]> {
  const version = (await readLine(archive, 'version')) || (await readLine(archive, '.data/version'));
  let codeBytes = 0;
  for (const [name, entry] of archive.entries)
    if (name.startsWith('code/') && name.endsWith('.py')) codeBytes += entry.size;
  const since21 = archive.has('byteorder') || archive.has('.data/serialization_id');
  return [
    ['Class', className?.replace(/^__torch__\./, '') ?? ''],
    ['Archive version', version],
    ['PyTorch', since21 ? '2.1 or newer (inferred)' : 'before 2.1 (inferred)'],
    ['Code', sizeText(codeBytes)],
    ['Weights', sizeText(archive.sizeBelow('data') + archive.sizeBelow('constants'))],
    ['Made by', archive.has('traced_inputs.pkl') ? 'torch.jit.trace' : ''],
    ['Mobile bytecode', archive.has('bytecode.pkl') ? 'yes' : ''],
    ['Byte order', byteOrder],
  ];
}

function translationNotice(fileName: string): ModelNotice {
  return {
    severity: 'info',
    text: 'To serve the model here, without a container, export it as ONNX in Python.',
    fix: {
      text: 'Best from the original model; from this file where that is gone:',
      lines: [
        'import torch',
        '',
        `model = torch.jit.load(${JSON.stringify(fileName)}, map_location="cpu")`,
        ...exportLines('torch.randn(1, 3, 224, 224)').slice(0, 5),
      ],
      language: 'python',
    },
  };
}

function classOf(root: PickleNode | null): string | undefined {
  return root?.kind === 'call' ? globalName(root.callee) : undefined;
}

async function readForward(archive: TorchArchive, className: string): Promise<ForwardSignature | null> {
  const parts = className.split('.');
  for (let length = parts.length - 1; length >= 1; length--) {
    const source = await archive.read(`code/${parts.slice(0, length).join('/')}.py`);
    if (source === null) continue;
    const forward = forwardSignature(new TextDecoder('utf-8').decode(source), parts.at(-1) ?? '');
    if (forward !== null) return forward;
  }
  const only = await archive.read('code/__torch__.py');
  const names = only === null ? null : /^class (\w+)/m.exec(new TextDecoder('utf-8').decode(only));
  return only === null || names === null
    ? null
    : forwardSignature(new TextDecoder('utf-8').decode(only), names[1] ?? '');
}

function inputsOf(forward: ForwardSignature): TensorSignature[] {
  return forward.arguments.map(({ name, type }) => guessed(name, type, `forward takes ${name}: ${type}.`));
}

function outputsOf(forward: ForwardSignature): TensorSignature[] {
  return resultTypes(forward.result).map((type, index) =>
    guessed(`OUTPUT__${index}`, type, `forward gives ${type}.`),
  );
}

function guessed(name: string, type: string, declared: string): TensorSignature {
  const isTensor = /^(Optional\[)?Tensor\]?$/.test(type);
  return {
    name,
    datatype: {
      value: isTensor ? 'FP32' : null,
      provenance: 'assumed',
      reason: `${declared} TorchScript does not keep datatypes; FP32 is the most common.`,
    },
    dims: { value: null, provenance: 'assumed', reason: 'TorchScript does not keep shapes.' },
    ...(type.startsWith('Optional[') ? { isOptional: true } : {}),
    ...(isTensor ? {} : { unsupported: `it is a ${type}; Triton's PyTorch backend takes and gives tensors` }),
  };
}
