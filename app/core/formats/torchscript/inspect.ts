import { StatusError } from '../../status.ts';
import { describeFindings, groupedDigits, sizeText } from '../format-description.ts';
import { fileNameOf, type Candidate } from '../format.ts';
import type {
  ModelDescription,
  ModelNotice,
  Provenance,
  TensorSignature,
  Verdict,
} from '../model-description.ts';
import { globalName, type PickleNode } from '../pickle/pickle-node.ts';
import { scanPickle } from '../pickle/scan-pickle.ts';
import { exportLines, noticesOf } from '../torch-checkpoint/inspect.ts';
import { describedDims } from '../torch/described-dims.ts';
import { TORCH_DTYPES } from '../torch/torch-dtypes.ts';
import { readLine, torchArchive, type TorchArchive } from '../torch/torch-archive.ts';
import { isOwnGlobal, readTorchPickle } from '../torch/torch-pickle.ts';
import { TranslationFailure } from '../torch/translation-failure.ts';
import { guardNotices, unsupportedNotices } from '../torch/translation-notices.ts';
import {
  describeForward,
  forwardParameters,
  type ForwardDescription,
  type ForwardTensor,
} from './describe-forward.ts';
import { readScriptProgram, type ScriptProgram } from './script-program.ts';
import { printExpression } from './script-syntax.ts';

/** What following the program gave, or why it did not go to the end. */
type Outcome =
  | { readonly kind: 'followed'; readonly forward: ForwardDescription }
  | { readonly kind: 'refused'; readonly failure: StatusError; readonly program: ScriptProgram | null };

/** Describes a TorchScript archive: what its entries, its objects and its program say. No weight is read. */
export async function inspectTorchScript(candidate: Candidate): Promise<ModelDescription> {
  const archive = torchArchive(candidate);
  const scan = scanPickle((await archive?.read('data.pkl')) ?? new Uint8Array(0));
  const className = classOf(scan.root) ?? scan.globals.find((name) => name.startsWith('__torch__.'));
  const outcome = await followProgram(archive, candidate);
  const notices = noticesOf(
    { foreignGlobals: scan.globals.filter((name) => !isOwnGlobal(name)) },
    scan.problem,
  );
  return describeFindings(candidate, {
    format: 'torchscript',
    formatName: 'TorchScript',
    facts: archive === null ? [] : await factsOf(archive, className, readTorchPickle(scan).parameterCount),
    inputs: inputsOf(outcome),
    outputs:
      outcome.kind === 'followed'
        ? outcome.forward.outputs.map((each) => signatureOf(each, outcome.forward))
        : [],
    notices: [...noticesOfOutcome(outcome, fileNameOf(candidate.path)), ...notices],
    verdict: verdictOf(outcome),
  });
}

async function followProgram(archive: TorchArchive | null, { source }: Candidate): Promise<Outcome> {
  let program: ScriptProgram | null = null;
  try {
    if (archive === null) throw new TranslationFailure('it is no archive');
    program = await readScriptProgram(archive, source);
    return { kind: 'followed', forward: describeForward(program) };
  } catch (cause) {
    if (!(cause instanceof StatusError)) throw cause;
    return { kind: 'refused', failure: cause, program };
  }
}

function verdictOf(outcome: Outcome): Verdict {
  if (outcome.kind === 'followed') return { kind: 'runs-by-translation' };
  return {
    kind: 'needs-container',
    backend: 'pytorch',
    reason: `It is not translated here, so it runs in the PyTorch backend of a Triton container: ${outcome.failure.message}.`,
  };
}

function noticesOfOutcome(outcome: Outcome, fileName: string): ModelNotice[] {
  if (outcome.kind === 'refused') return [...unsupportedNotices(outcome.failure), exportNotice(fileName)];
  const runs: ModelNotice = {
    severity: 'info',
    text: 'It runs by translation: Conch follows its program and serves the same computation as ONNX. The repository keeps the file as it is.',
  };
  return [runs, ...guardNotices(outcome.forward.guards, 'wait while it is made once more for them')];
}

function exportNotice(fileName: string): ModelNotice {
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

async function factsOf(
  archive: TorchArchive,
  className: string | undefined,
  parameterCount: bigint,
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
    ['Parameters', groupedDigits(parameterCount)],
    ['Code', sizeText(codeBytes)],
    ['Weights', sizeText(archive.sizeBelow('data') + archive.sizeBelow('constants'))],
    ['Made by', archive.has('traced_inputs.pkl') ? 'torch.jit.trace' : ''],
    ['Mobile bytecode', archive.has('bytecode.pkl') ? 'yes' : ''],
    ['Byte order', await readLine(archive, 'byteorder')],
  ];
}

function classOf(root: PickleNode | null): string | undefined {
  return root?.kind === 'call' ? globalName(root.callee) : undefined;
}

function inputsOf(outcome: Outcome): TensorSignature[] {
  if (outcome.kind === 'followed')
    return outcome.forward.inputs.map((each) => signatureOf(each, outcome.forward));
  const parameters = outcome.program === null ? [] : forwardParameters(outcome.program);
  return parameters.map(({ name, type }) =>
    unknownInput(name, type === null ? 'Tensor' : printExpression(type)),
  );
}

function signatureOf(
  { name, dtype, dims }: ForwardTensor,
  { provenance, reason }: { readonly provenance: Provenance; readonly reason: string },
): TensorSignature {
  const sourced = { provenance, reason };
  return {
    name,
    datatype: { value: TORCH_DTYPES[dtype].datatype, ...sourced },
    dims: {
      value: describedDims(dims),
      ...sourced,
    },
  };
}

function unknownInput(name: string, type: string): TensorSignature {
  const isTensor = /^(Optional\[)?Tensor\]?$/.test(type);
  return {
    name,
    datatype: {
      value: isTensor ? 'FP32' : null,
      provenance: 'assumed',
      reason: `forward takes ${name}: ${type}. TorchScript does not keep datatypes; FP32 is the most common.`,
    },
    dims: { value: null, provenance: 'assumed', reason: 'TorchScript does not keep shapes.' },
    ...(type.startsWith('Optional[') ? { isOptional: true } : {}),
    ...(isTensor ? {} : { unsupported: `it is a ${type}; Triton's PyTorch backend takes and gives tensors` }),
  };
}
