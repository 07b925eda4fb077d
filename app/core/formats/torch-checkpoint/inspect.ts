import { cannotBeServed, describeFindings, groupedDigits } from '../format-description.ts';
import { fileNameOf, type Candidate } from '../format.ts';
import type { ModelDescription, ModelNotice } from '../model-description.ts';
import { printableName } from '../printable-name.ts';
import { torchArchive } from '../torch/torch-archive.ts';
import { readTorchPickle, type PickledTensor, type TorchPickle } from '../torch/torch-pickle.ts';
import { scanCheckpoint } from './detect.ts';

const MAX_SHOWN_NAMES = 10;

/**
 * Describes what `torch.save` wrote: weights alone, or a whole pickled object. Neither is a program; the verdict has
 * the lines that make one. Nothing in the pickle is executed.
 */
export async function inspectCheckpoint(candidate: Candidate): Promise<ModelDescription> {
  const scan = await scanCheckpoint(candidate);
  const pickle = readTorchPickle(scan);
  const fileName = fileNameOf(candidate.path);
  const isWeights = pickle.foreignGlobals.length === 0 && pickle.tensors.length > 0;
  const facts: [string, string][] = [
    ['Written by', torchArchive(candidate) === null ? 'torch.save before PyTorch 1.6' : 'torch.save'],
    ['Tensors', groupedDigits(pickle.tensors.length)],
    ['Parameters', groupedDigits(pickle.parameterCount)],
    ['First tensors', pickle.tensors.slice(0, 6).map(tensorText).join(', ')],
    ['Weights under', pickle.weightsKey ?? ''],
  ];
  return describeFindings(candidate, {
    format: isWeights ? 'torch-state-dict' : 'torch-pickle',
    formatName: isWeights ? 'PyTorch weights (state_dict)' : 'PyTorch pickle',
    facts,
    notices: noticesOf(pickle, scan.problem),
    verdict: isWeights
      ? cannotBeServed(
          'The file holds weights only, without the program that uses them (a state_dict): no server can run it.',
          'Build the model in Python, load these weights and export it:',
          weightsLines(fileName, pickle),
        )
      : cannotBeServed(
          pickle.foreignGlobals.length === 0
            ? 'The file is a pickle of PyTorch without weights and without a program.'
            : `The file is a pickled Python object, not a program: it needs ${namesText(pickle.foreignGlobals)} and runs their code when it is loaded.`,
          'Where you trust the file and have its classes, export it in Python:',
          moduleLines(fileName),
        ),
  });
}

/** What a pickle would run, as notices. */
export function noticesOf(
  pickle: Pick<TorchPickle, 'foreignGlobals'>,
  problem: string | undefined,
): ModelNotice[] {
  const notices: ModelNotice[] = pickle.foreignGlobals
    .slice(0, MAX_SHOWN_NAMES)
    .map((name) => ({ severity: 'warning', text: `Runs code when loaded: ${shownName(name)}` }));
  if (pickle.foreignGlobals.length > MAX_SHOWN_NAMES) {
    notices.push({
      severity: 'warning',
      text: `Runs code when loaded: ${pickle.foreignGlobals.length - MAX_SHOWN_NAMES} more names`,
    });
  }
  if (problem !== undefined)
    notices.push({ severity: 'warning', text: `The pickle could not be read to its end: ${problem}.` });
  return notices;
}

/** The lines that turn a built model into files that are served. */
export function exportLines(example: string): string[] {
  return [
    'model.eval()',
    `example = ${example}  # an input of the shape that the model takes`,
    'torch.onnx.export(',
    '    model, (example,), "model.onnx", input_names=["input"], output_names=["output"],',
    '    dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}},',
    ')',
    '# or, for the PyTorch backend of a Triton container:',
    'torch.jit.script(model).save("model.pt")',
  ];
}

function weightsLines(fileName: string, pickle: TorchPickle): string[] {
  const load = `torch.load(${JSON.stringify(fileName)}, map_location="cpu", weights_only=True)`;
  const weights = pickle.weightsKey === undefined ? load : `${load}[${JSON.stringify(pickle.weightsKey)}]`;
  return [
    'import torch',
    'from your_project import YourModel  # the class that these weights belong to',
    '',
    'model = YourModel()',
    `model.load_state_dict(${weights})`,
    ...exportLines(exampleFor(pickle.tensors)),
  ];
}

function moduleLines(fileName: string): string[] {
  return [
    'import torch',
    '',
    `model = torch.load(${JSON.stringify(fileName)}, map_location="cpu", weights_only=False)  # runs its code`,
    ...exportLines('torch.randn(1, 3, 224, 224)'),
  ];
}

/** A guess from the first weight: a convolution takes pictures, a linear layer vectors. */
function exampleFor(tensors: readonly PickledTensor[]): string {
  const first = tensors.find(({ shape }) => shape.length === 2 || shape.length === 4);
  const channels = first?.shape[1] ?? 3;
  return first?.shape.length === 2 ? `torch.randn(1, ${channels})` : `torch.randn(1, ${channels}, 224, 224)`;
}

function tensorText({ name, shape, storage }: PickledTensor): string {
  return `${printableName(name).slice(1, -1)} ${storage} [${shape.join(', ')}]`;
}

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, 3).map(shownName).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** Pickles made on Linux name `os.system` after the module that it comes from. */
function shownName(name: string): string {
  const plain = printableName(name).slice(1, -1);
  return /^(posix|nt)\./.test(plain) ? `${plain.replace(/^(posix|nt)\./, 'os.')} (${plain})` : plain;
}
