import type { FormatId, ModelDescription } from '../../core/formats/model-description.ts';
import type { LooseModel } from '../../core/repository/recognize-tree.ts';

/** Name of a loose model's main file (or folder) in its version directory: Triton's default for the format. */
const FILE_NAMES: Partial<Readonly<Record<FormatId, string>>> = {
  onnx: 'model.onnx',
  torchscript: 'model.pt',
  // Triton knows this name; a package that is compiled from the program takes its place.
  'torch-export': 'model.pt2',
  'torch-aoti': 'model.pt2',
  'saved-model': 'model.savedmodel',
  'tensorrt-plan': 'model.plan',
  openvino: 'model.xml',
  'python-model': 'model.py',
};

/** One file to bring in: where it is in the source tree, and where it goes below the model directory. */
export interface PlacedFile {
  readonly from: string;
  readonly to: string;
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '' : path.slice(0, slash + 1);
}

/** A model's description once it lies in its version directory: its external data are named from there. */
export function placedDescription(model: LooseModel, description: ModelDescription): ModelDescription {
  const folder = folderOf(model.path);
  const externalData = description.externalData.map((path) =>
    path.startsWith(folder) ? path.slice(folder.length) : path,
  );
  return { ...description, externalData };
}

/**
 * Where the files of a loose model go in version 1, or null where Triton has no place for its format. External data of
 * an ONNX model lies beside `model.onnx` under the very names that the model says, as ONNX Runtime looks it up.
 */
export function placeLooseModel(model: LooseModel): readonly PlacedFile[] | null {
  const fileName = FILE_NAMES[model.format];
  if (fileName === undefined) return null;
  const folder = folderOf(model.path);
  const within = (path: string) => (path.startsWith(folder) ? path.slice(folder.length) : path);
  const placed = model.files.map((from): PlacedFile => {
    if (model.format === 'saved-model') return { from, to: `1/${fileName}/${within(from)}` };
    if (from === model.path) return { from, to: `1/${fileName}` };
    if (model.format === 'openvino') return { from, to: '1/model.bin' };
    return { from, to: `1/${within(from)}` };
  });
  if (model.labelFile !== undefined) placed.push({ from: model.labelFile, to: 'labels.txt' });
  return new Set(placed.map(({ to }) => to)).size === placed.length ? placed : null;
}
