import { StatusError } from '../../status.ts';
import { cannotBeServed, describeFindings, groupedDigits, sizeText } from '../format-description.ts';
import { fileNameOf, type Candidate } from '../format.ts';
import type { ModelDescription, ModelNotice, TensorSignature, Verdict } from '../model-description.ts';
import { readLine, torchArchive, type TorchArchive } from '../torch/torch-archive.ts';
import { describedDims } from '../torch/described-dims.ts';
import { TORCH_DTYPES } from '../torch/torch-dtypes.ts';
import { TranslationFailure } from '../torch/translation-failure.ts';
import { guardNotices, unsupportedNotices } from '../torch/translation-notices.ts';
import { describeProgram, type DescribedProgram, type DescribedTensor } from './describe-program.ts';
import { isExportedProgram } from './detect.ts';
import { readExportProgram, type ExportLayout, type ExportProgram } from './export-program.ts';

/** What following the program gave, or why it did not go to the end. */
type Outcome =
  | { readonly kind: 'followed'; readonly described: DescribedProgram }
  | { readonly kind: 'refused'; readonly failure: StatusError };

const LAYOUTS: Readonly<Record<ExportLayout, string>> = {
  flat: 'flat (PyTorch 2.1 to 2.7)',
  'archive-saved': 'PT2 archive, weights by torch.save (PyTorch 2.8)',
  'archive-raw': 'PT2 archive (PyTorch 2.9 or newer)',
};

/** Describes a program of `torch.export.save`: what its graph says. No weight is read. */
export async function inspectTorchExport(candidate: Candidate): Promise<ModelDescription> {
  const archive = torchArchive(candidate);
  if (archive === null) throw new TranslationFailure('it is no archive');
  if (!isExportedProgram(archive)) return describeWithoutProgram(candidate, archive);
  const program = await readExportProgram({ archive, source: candidate.source });
  const outcome = follow(program);
  const fileName = fileNameOf(candidate.path);
  return describeFindings(candidate, {
    format: 'torch-export',
    formatName: 'PyTorch exported program (.pt2)',
    facts: factsOf(program),
    inputs: outcome.kind === 'followed' ? outcome.described.inputs.map(signatureOf) : [],
    outputs: outcome.kind === 'followed' ? outcome.described.outputs.map(signatureOf) : [],
    notices: noticesOf(outcome, program, fileName),
    verdict: verdictOf(outcome, fileName),
  });
}

/** A PT2 archive of weights alone, or for another runtime. */
function describeWithoutProgram(candidate: Candidate, archive: TorchArchive): ModelDescription {
  const isForPhones = archive.sizeBelow('data/executorch') > 0;
  return describeFindings(candidate, {
    format: 'torch-export',
    formatName: 'PyTorch PT2 archive (.pt2)',
    facts: [['Weights', sizeText(archive.sizeBelow('data/weights'))]],
    verdict: isForPhones
      ? cannotBeServed(
          'The archive holds a program of ExecuTorch, which is made for phones and small devices; no server runs it.',
          'Save the program that it was made of, in Python:',
          ['import torch', '', 'torch.export.save(program, "model.pt2")'],
        )
      : cannotBeServed(
          'The archive holds no program (models/*.json is missing), only weights.',
          'Save the whole program, in Python:',
          [
            'import torch',
            '',
            'program = torch.export.export(model, (example,))',
            'torch.export.save(program, "model.pt2")',
          ],
        ),
  });
}

function follow(program: ExportProgram): Outcome {
  try {
    return { kind: 'followed', described: describeProgram(program) };
  } catch (cause) {
    if (!(cause instanceof StatusError)) throw cause;
    return { kind: 'refused', failure: cause };
  }
}

function factsOf(program: ExportProgram): readonly (readonly [string, string])[] {
  let parameterCount = 0;
  let bytes = 0;
  for (const input of program.inputs) {
    const weight = input.kind === 'weight' ? program.weights.get(input.target) : undefined;
    if (input.kind !== 'weight' || weight === undefined || 'why' in weight) continue;
    const count = weight.size.reduce((product, size) => product * size, 1);
    bytes += count * TORCH_DTYPES[weight.dtype].itemBytes;
    if (input.role === 'parameter') parameterCount += count;
  }
  return [
    ['Layout', LAYOUTS[program.layout]],
    ['PyTorch', program.torchVersion],
    ['Schema version', program.schemaVersion],
    ['Parameters', groupedDigits(BigInt(parameterCount))],
    ['Weights', sizeText(bytes)],
    ['Operators', groupedDigits(BigInt(program.graph.nodes.length))],
  ];
}

function signatureOf({ name, meaning, dtype, dims }: DescribedTensor): TensorSignature {
  const sourced = { provenance: 'model', reason: `The graph of the program says it (${meaning}).` } as const;
  return {
    name,
    datatype: { value: TORCH_DTYPES[dtype].datatype, ...sourced },
    dims: {
      value: describedDims(dims),
      ...sourced,
    },
  };
}

function compileLines(fileName: string): readonly string[] {
  return [
    'import torch',
    '',
    `program = torch.export.load(${JSON.stringify(fileName)})`,
    '# on the machine and GPU that will serve it:',
    'torch._inductor.aoti_compile_and_package(program, package_path="model.pt2")',
  ];
}

function noticesOf(outcome: Outcome, { others }: ExportProgram, fileName: string): readonly ModelNotice[] {
  const notices: ModelNotice[] =
    others.length === 0
      ? []
      : [{ severity: 'warning', text: `The archive has other programs, too: ${others.join(', ')}.` }];
  if (outcome.kind === 'refused') return [...notices, ...unsupportedNotices(outcome.failure)];
  return [
    {
      severity: 'info',
      text: 'It runs by translation: Conch follows its graph and serves the same computation as ONNX. The repository keeps the file as it is.',
    },
    ...guardNotices(outcome.described.guards, 'are refused'),
    {
      severity: 'warning',
      text: 'A Triton container does not run this file: its platform torch_aoti (26.03 or newer) takes the package that AOTInductor compiles from it, under the same name and with the same config; names of inputs and outputs need 26.05. The translation, as ONNX, runs in every Triton.',
      fix: { text: 'To compile it, in Python:', lines: compileLines(fileName), language: 'python' },
    },
    ...notices,
  ];
}

function verdictOf(outcome: Outcome, fileName: string): Verdict {
  if (outcome.kind === 'followed') return { kind: 'runs-by-translation' };
  return cannotBeServed(
    `The file is a program of torch.export that is not translated here: ${outcome.failure.message}. Triton does not serve it either; its .pt2 is another format (compiled by AOTInductor).`,
    'Export it as ONNX in Python, or compile it for a Triton container (26.03 or newer):',
    [
      ...compileLines(fileName).slice(0, 3),
      'torch.onnx.export(program, dynamo=True).save("model.onnx")',
      '# or, on the machine and GPU that will serve it:',
      ...compileLines(fileName).slice(-1),
    ],
  );
}

/** Describes a package of AOTInductor. */
export async function inspectTorchAoti(candidate: Candidate): Promise<ModelDescription> {
  const archive = torchArchive(candidate);
  return describeFindings(candidate, {
    format: 'torch-aoti',
    formatName: 'PyTorch AOTInductor package (.pt2)',
    facts: [
      ['Compiled code', archive === null ? '' : sizeText(archive.sizeBelow('data/aotinductor'))],
      ['Archive version', archive === null ? '' : await readLine(archive, 'archive_version')],
    ],
    notices: [
      {
        severity: 'warning',
        text: 'The package holds machine code for the machine that compiled it; it runs only on one like it.',
      },
    ],
    verdict: {
      kind: 'needs-container',
      backend: 'pytorch',
      reason:
        'A package of AOTInductor runs in a Triton container of 26.03 or newer, with platform: "torch_aoti" and the file name model.pt2.',
    },
  });
}
