import { cannotBeServed, describeFindings, sizeText } from '../format-description.ts';
import { fileNameOf, type Candidate } from '../format.ts';
import type { ModelDescription } from '../model-description.ts';
import { readLine, torchArchive } from '../torch/torch-archive.ts';

/** Describes a program of `torch.export.save`. Triton does not serve it as it is; the verdict has the lines to ONNX. */
export async function inspectTorchExport(candidate: Candidate): Promise<ModelDescription> {
  const archive = torchArchive(candidate);
  const isOld = archive?.has('serialized_exported_program.json') === true;
  const version = archive === null ? '' : await readLine(archive, isOld ? 'version' : 'archive_version');
  const file = JSON.stringify(fileNameOf(candidate.path));
  return describeFindings(candidate, {
    format: 'torch-export',
    formatName: 'PyTorch exported program (.pt2)',
    facts: [
      ['Layout', isOld ? 'flat (PyTorch 2.1 to 2.7)' : 'PT2 archive'],
      ['Version', version],
      ['Weights', archive === null || isOld ? '' : sizeText(archive.sizeBelow('data'))],
    ],
    verdict: cannotBeServed(
      'The file is a program of torch.export. Triton does not serve it; its .pt2 is another format (compiled by AOTInductor).',
      'Export it as ONNX in Python, or compile it for a Triton container (26.03 or newer):',
      [
        'import torch',
        '',
        `program = torch.export.load(${file})`,
        'torch.onnx.export(program, dynamo=True).save("model.onnx")',
        '# or, on the machine and GPU that will serve it:',
        'torch._inductor.aoti_compile_and_package(program, package_path="model.pt2")',
      ],
    ),
  });
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
