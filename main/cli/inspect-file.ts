import { basename } from 'node:path';
import { dimsText } from '../../app/core/formats/dims-text.ts';
import type { ModelDescription, TensorSignature } from '../../app/core/formats/model-description.ts';
import { describePath } from './describe-path.ts';

function printTensors(title: string, tensors: readonly TensorSignature[]): readonly string[] {
  if (tensors.length === 0) return [];
  const rows = tensors.map((tensor) => {
    const { name, datatype, unsupported, isOptional } = tensor;
    const notes = [
      datatype.provenance === 'model' ? '' : datatype.provenance,
      isOptional ? 'optional' : '',
      unsupported ?? '',
    ].filter((note) => note !== '');
    return `  ${name}  ${datatype.value ?? '?'} ${dimsText(tensor.dims.value)}${notes.length ? `  (${notes.join('; ')})` : ''}`;
  });
  return ['', title, ...rows];
}

function printVerdict({ verdict }: ModelDescription): readonly string[] {
  switch (verdict.kind) {
    case 'runs-natively':
      return ['Conch can serve it.'];
    case 'runs-by-translation':
      return ['Conch can serve it, translated to ONNX.'];
    case 'needs-container':
      return [`It needs Triton's ${verdict.backend} backend: ${verdict.reason}`];
    case 'cannot-be-served':
      return [
        `It cannot be served: ${verdict.reason}`,
        verdict.fix.text,
        ...(verdict.fix.lines ?? []).map((line) => `  ${line}`),
      ];
  }
}

/** The model's card as text. */
export function printCard(name: string, description: ModelDescription): string {
  const { formatName, byteSize, facts, inputs, outputs, notices } = description;
  const width = Math.max(...facts.map(({ label }) => label.length), 4);
  return [
    `${name}: ${formatName}`,
    `  ${'Size'.padEnd(width)}  ${byteSize.toLocaleString('en')} bytes`,
    ...facts.map(({ label, value }) => `  ${label.padEnd(width)}  ${value}`),
    ...printTensors('Inputs', inputs),
    ...printTensors('Outputs', outputs),
    ...(notices.length > 0 ? ['', ...notices.map(({ severity, text }) => `${severity}: ${text}`)] : []),
    '',
    ...printVerdict(description),
    '',
  ].join('\n');
}

/** `conch inspect`. */
export async function inspectFile(path: string, { json }: { readonly json?: boolean }): Promise<void> {
  const { description } = await describePath(path);
  process.stdout.write(
    json ? `${JSON.stringify(description, null, 2)}\n` : printCard(basename(path), description),
  );
}
