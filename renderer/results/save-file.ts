import { writeNpy } from '../../app/core/tensors/npy.ts';
import { writeNpz } from '../../app/core/tensors/npz.ts';
import { printTensorJson } from '../../app/core/tensors/tensor-json.ts';
import type { NamedTensor } from '../../app/core/tensors/tensor.ts';

/** Hands a file to the browser's (or the desktop window's) own saving. */
export function saveFile(fileName: string, content: Uint8Array | string, mediaType: string): void {
  const part = typeof content === 'string' ? content : new Uint8Array(content);
  const url = URL.createObjectURL(new Blob([part], { type: mediaType }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName.replaceAll(/[^\w.()-]+/g, '_');
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Saves one tensor as `<name>.npy`. Throws `unsupported` for texts that numpy would change. */
export function saveNpy(tensor: NamedTensor): void {
  saveFile(`${tensor.name}.npy`, writeNpy(tensor), 'application/octet-stream');
}

/** Saves tensors as one `.npz`, each under its name. */
export function saveNpz(fileName: string, tensors: readonly NamedTensor[]): void {
  saveFile(fileName, writeNpz(tensors), 'application/zip');
}

/** The tensors as the `outputs` (or `inputs`) list of the Open Inference Protocol; 64-bit integers keep every digit. */
export function tensorsJson(tensors: readonly NamedTensor[]): string {
  const entries = tensors.map((tensor) => {
    const head = JSON.stringify({ name: tensor.name, datatype: tensor.datatype, shape: tensor.shape });
    const data = printTensorJson(tensor, 'flat');
    return `${head.slice(0, -1)},"data":${tensor.shape.length === 0 ? `[${data}]` : data}}`;
  });
  return `[\n${entries.join(',\n')}\n]\n`;
}
