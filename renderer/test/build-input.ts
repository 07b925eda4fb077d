import type { GeneratorRecipe, InputRecipe } from '../../app/contract/inference.ts';
import { StatusError } from '../../app/core/status.ts';
import { encodeBytes } from '../../app/core/tensors/bytes-elements.ts';
import { encodeElements, type Element } from '../../app/core/tensors/elements.ts';
import { parseTensorJson } from '../../app/core/tensors/tensor-json.ts';
import { checkedElementCount } from '../../app/core/tensors/tensor-size.ts';
import type { NamedTensor, Tensor } from '../../app/core/tensors/tensor.ts';
import { formatShape } from '../results/format-number.ts';
import { placeOf } from '../results/slice.ts';
import { castTensor, checkCast } from './cast-tensor.ts';
import { generateByRecipe } from './generator-recipe.ts';
import { imageLayout } from './image-layout.ts';
import { imageTensorData } from './image-tensor.ts';
import type { InputDraft } from './input-draft.ts';
import { adoptShape, shapeOf, type FreeDims, type InputField } from './input-field.ts';
import { parseElement } from './parse-element.ts';

/** An input that is ready to be sent, or what is wrong with it. */
export type BuiltInput =
  | { readonly kind: 'ready'; readonly tensor: NamedTensor; readonly recipe: InputRecipe }
  | { readonly kind: 'mistake'; readonly message: string };

/** Makes the tensor of one input from its draft. The shape is always that of the free dims. */
export function buildInput(field: InputField, dims: FreeDims, draft: InputDraft): BuiltInput {
  const shape = shapeOf(field, dims);
  try {
    checkedElementCount(shape);
    const { tensor, recipe } = valuesOf(field, shape, draft);
    return { kind: 'ready', tensor: { ...tensor, name: field.name }, recipe };
  } catch (cause) {
    if (cause instanceof StatusError) return { kind: 'mistake', message: cause.message };
    throw cause;
  }
}

interface Values {
  readonly tensor: Tensor;
  readonly recipe: InputRecipe;
}

function valuesOf(field: InputField, shape: readonly number[], draft: InputDraft): Values {
  switch (draft.source) {
    case 'grid':
      return { tensor: gridTensor(field, shape, draft), recipe: { kind: 'values' } };
    case 'generate':
      return generated(field, shape, draft.generator);
    case 'json':
      return { tensor: jsonTensor(field, shape, draft.json), recipe: { kind: 'values' } };
    case 'text':
      return { tensor: textTensor(shape, draft.text), recipe: { kind: 'values' } };
    case 'file':
      return fileTensor(field, shape, draft);
    case 'image':
      return pictureTensor(field, shape, draft);
  }
}

function generated(field: InputField, shape: readonly number[], generator: GeneratorRecipe): Values {
  return {
    tensor: generateByRecipe(field.datatype, shape, generator),
    recipe: { kind: 'generator', generator },
  };
}

function gridTensor(field: InputField, shape: readonly number[], { grid, generator }: InputDraft): Tensor {
  if (grid === null) return generateByRecipe(field.datatype, shape, generator);
  const texts = resizedTexts(grid, shape, field.datatype === 'BYTES' ? '' : '0');
  const values: (Element | string)[] = [];
  for (const [index, text] of texts.entries()) {
    const parsed = parseElement(field.datatype, text);
    if (parsed.kind === 'mistake') throw invalid(`Cell ${placeOf(shape, index)}: ${parsed.message}`);
    values.push(parsed.value);
  }
  return { datatype: field.datatype, shape, data: encodeElements(field.datatype, values) };
}

/** The cells of a grid after its shape changed: what had a place keeps it, the rest is filled. */
export function resizedTexts(
  grid: NonNullable<InputDraft['grid']>,
  shape: readonly number[],
  fill: string,
): readonly string[] {
  if (grid.shape.length === shape.length && grid.shape.every((dim, axis) => dim === shape[axis]))
    return grid.texts;
  const isComparable = grid.shape.length === shape.length;
  return Array.from({ length: checkedElementCount(shape) }, (_, index) => {
    if (!isComparable) return grid.texts[index] ?? fill;
    const old = flatIndexIn(grid.shape, shape, index);
    return old === null ? fill : (grid.texts[old] ?? fill);
  });
}

function flatIndexIn(oldShape: readonly number[], shape: readonly number[], index: number): number | null {
  let rest = index;
  let flat = 0;
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const [size, oldSize] = [shape[axis] ?? 1, oldShape[axis] ?? 1];
    const place = rest % size;
    if (place >= oldSize) return null;
    flat += place * stride;
    stride *= oldSize;
    rest = Math.floor(rest / size);
  }
  return flat;
}

function jsonTensor(field: InputField, shape: readonly number[], json: string): Tensor {
  if (json.trim() === '') throw invalid('Paste the values as JSON: a nested list, or one flat list.');
  return parseTensorJson(json, field.datatype, shape);
}

/** The texts that a draft stands for: one a line (a last empty line does not count), or the whole. */
export function textElements({ content, splits }: InputDraft['text']): readonly string[] {
  if (splits === 'whole') return [content];
  return content.replace(/\r?\n$/, '').split(/\r?\n/);
}

function textTensor(shape: readonly number[], text: InputDraft['text']): Tensor {
  const elements = textElements(text);
  const count = checkedElementCount(shape);
  if (elements.length !== count) {
    const given =
      text.splits === 'lines' ? `${elements.length} line${elements.length === 1 ? '' : 's'}` : 'one text';
    throw invalid(
      `Shape ${formatShape(shape)} takes ${count} element${count === 1 ? '' : 's'}, but there ${elements.length === 1 ? 'is' : 'are'} ${given}.`,
    );
  }
  return { datatype: 'BYTES', shape, data: encodeBytes(elements) };
}

function fileTensor(field: InputField, shape: readonly number[], { file }: InputDraft): Values {
  if (file === null) throw invalid('Choose or drop a .npy or .npz file.');
  const adopted = adoptShape(field, file.tensor.shape);
  if (adopted.kind === 'mismatch') throw invalid(adopted.message);
  if (!adopted.shape.every((dim, axis) => dim === shape[axis])) {
    throw invalid(
      `The file has shape ${formatShape(adopted.shape)}, the sizes above make ${formatShape(shape)}.`,
    );
  }
  const cast = checkCast(file.tensor, field.datatype);
  if (cast.kind === 'impossible')
    throw invalid(
      `The file holds ${file.tensor.datatype}, the input takes ${field.datatype}: ${cast.reason}.`,
    );
  if (cast.kind !== 'same' && !file.isCastAgreed)
    throw invalid(
      `The file holds ${file.tensor.datatype}, the input takes ${field.datatype}: convert it, or choose another file.`,
    );
  const tensor = cast.kind === 'same' ? file.tensor : castTensor(file.tensor, field.datatype);
  return { tensor: { ...tensor, shape }, recipe: { kind: 'file', fileName: file.fileName } };
}

function pictureTensor(field: InputField, shape: readonly number[], draft: InputDraft): Values {
  const { picture, pixels, options } = draft.image;
  if (picture === null) return generated(field, shape, draft.generator);
  const layout = imageLayout(field.datatype, shape);
  if (layout === null) throw invalid(`Shape ${formatShape(shape)} is no picture.`);
  if (pixels === null || pixels.width !== layout.width || pixels.height !== layout.height)
    throw invalid('The picture is being resized.');
  const data = imageTensorData(pixels.rgba, layout, field.datatype, options);
  return {
    tensor: { datatype: field.datatype, shape, data },
    recipe: { kind: 'file', fileName: picture.fileName },
  };
}

function invalid(message: string): StatusError {
  return new StatusError('invalid-argument', message);
}
