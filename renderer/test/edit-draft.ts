import { StatusError } from '../../app/core/status.ts';
import { parseTensorJson, printTensorJson } from '../../app/core/tensors/tensor-json.ts';
import { elementCount } from '../../app/core/tensors/tensor.ts';
import { buildInput, textElements } from './build-input.ts';
import { fitsGrid, gridOf, type InputDraft, type InputSource, type LoadedTensor } from './input-draft.ts';
import { adoptCount, adoptShape, shapeOf, type FreeDims, type InputField } from './input-field.ts';

/** A changed draft, and the free sizes that go with it. */
export interface DraftEdit {
  readonly draft: InputDraft;
  readonly dims: FreeDims;
}

const LONGEST_PREFILLED = 2_000;
const LONGEST_ADOPTED_JSON = 1 << 20;

/** Switches to another source. The grid and JSON begin with the values that the source before would have sent. */
export function switchSource(
  field: InputField,
  dims: FreeDims,
  draft: InputDraft,
  source: InputSource,
): InputDraft {
  const shape = shapeOf(field, dims);
  const wantsGrid = source === 'grid' && draft.grid === null && fitsGrid(shape);
  const wantsJson = source === 'json' && draft.json === '' && elementCount(shape) <= LONGEST_PREFILLED;
  if (!wantsGrid && !wantsJson) return { ...draft, source };
  const built = buildInput(field, dims, draft);
  const tensor = built.kind === 'ready' ? built.tensor : generated(field, dims, draft);
  if (tensor === null) return { ...draft, source };
  return wantsGrid
    ? { ...draft, source, grid: gridOf(tensor) }
    : { ...draft, source, json: printTensorJson(tensor) };
}

function generated(field: InputField, dims: FreeDims, draft: InputDraft) {
  const built = buildInput(field, dims, { ...draft, source: 'generate' });
  return built.kind === 'ready' ? built.tensor : null;
}

/** Takes JSON as typed; where it can be read and its size fits, the free sizes follow it. */
export function editJson(field: InputField, dims: FreeDims, draft: InputDraft, json: string): DraftEdit {
  const edited = { ...draft, json };
  if (json.length > LONGEST_ADOPTED_JSON) return { draft: edited, dims };
  const tensor = tryParse(json, field);
  if (tensor === null) return { draft: edited, dims };
  const adopted = adoptShape(field, tensor.shape);
  if (adopted.kind === 'fits') return { draft: edited, dims: { ...dims, ...adopted.dims } };
  const count = elementCount(tensor.shape);
  if (tensor.shape.length > 1 || count === elementCount(shapeOf(field, dims))) return { draft: edited, dims };
  return { draft: edited, dims: { ...dims, ...adoptCount(field, dims, count) } };
}

function tryParse(json: string, { datatype }: InputField) {
  try {
    return parseTensorJson(json, datatype);
  } catch (cause) {
    if (cause instanceof StatusError) return null;
    throw cause;
  }
}

/** Takes text as typed; the free sizes follow the number of lines. */
export function editText(
  field: InputField,
  dims: FreeDims,
  draft: InputDraft,
  text: InputDraft['text'],
): DraftEdit {
  const count = textElements(text).length;
  const isRight = count === elementCount(shapeOf(field, dims));
  return { draft: { ...draft, text }, dims: isRight ? dims : { ...dims, ...adoptCount(field, dims, count) } };
}

/** Takes a tensor from a file; the free sizes follow its shape. */
export function takeFile(
  field: InputField,
  dims: FreeDims,
  draft: InputDraft,
  file: LoadedTensor,
): DraftEdit {
  const adopted = adoptShape(field, file.tensor.shape);
  return {
    draft: { ...draft, source: 'file', file },
    dims: adopted.kind === 'fits' ? { ...dims, ...adopted.dims } : dims,
  };
}

/** Puts pasted cells into a grid, the first at `row`/`column` of its table; cells beyond the table are left out. */
export function pasteCells(
  texts: readonly string[],
  table: {
    readonly rows: number;
    readonly columns: number;
    indexAt(row: number, column: number): number;
    readonly isWrapped: boolean;
  },
  place: { readonly row: number; readonly column: number },
  cells: readonly (readonly string[])[],
): readonly string[] {
  const next = [...texts];
  const isFlow = table.isWrapped || (table.rows === 1 && cells.length > 1);
  const [flow] = isFlow ? [cells.flat()] : [null];
  if (flow !== null) {
    for (const [offset, text] of flow.entries()) {
      const at = place.row * table.columns + place.column + offset;
      put(next, table.indexAt(Math.floor(at / table.columns), at % table.columns), text);
    }
    return next;
  }
  for (const [down, line] of cells.entries()) {
    for (const [right, text] of line.entries()) {
      const [row, column] = [place.row + down, place.column + right];
      if (row < table.rows && column < table.columns) put(next, table.indexAt(row, column), text);
    }
  }
  return next;
}

function put(texts: string[], index: number, text: string): void {
  if (index >= 0 && index < texts.length) texts[index] = text.trim();
}
