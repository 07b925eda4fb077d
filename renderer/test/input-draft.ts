import type { GeneratorRecipe } from '../../app/contract/inference.ts';
import type { Datatype } from '../../app/core/datatypes.ts';
import type { NamedTensor, Tensor } from '../../app/core/tensors/tensor.ts';
import { elementCount } from '../../app/core/tensors/tensor.ts';
import { elementReader, isIntegerDatatype } from '../../app/core/tensors/elements.ts';
import { formatElement } from '../results/format-number.ts';
import type { ImageOptions } from './image-tensor.ts';
import type { InputField } from './input-field.ts';

/** The ways in which an input's values can be given, in the order of their tabs. */
export const INPUT_SOURCES = ['image', 'text', 'grid', 'generate', 'json', 'file'] as const;

/** One of {@link INPUT_SOURCES}. */
export type InputSource = (typeof INPUT_SOURCES)[number];

/** More elements than this are no fun to edit one by one. */
export const MAX_GRID_ELEMENTS = 65_536;

/** A tensor from a file, before it is fitted to the input. */
export interface LoadedTensor {
  readonly fileName: string;
  readonly tensor: Tensor;
  /** Set when the file's datatype is another and the person agreed to the cast. */
  readonly isCastAgreed: boolean;
}

/** A picture as it was drawn onto the input's height and width. */
export interface LoadedPicture {
  readonly fileName: string;
  /** Size of the original. */
  readonly width: number;
  readonly height: number;
  /** The original as a data or blob URL. */
  readonly url: string;
}

/** How a picture of another shape fills the input. */
export const IMAGE_FITS = ['stretch', 'crop', 'contain'] as const;

/** One of {@link IMAGE_FITS}. */
export type ImageFit = (typeof IMAGE_FITS)[number];

/** Everything that a person has put into one input's card; every source keeps its own, so that switching loses nothing. */
export interface InputDraft {
  readonly source: InputSource;
  /** Null until the grid is opened: it begins with the values of the source before. */
  readonly grid: { readonly shape: readonly number[]; readonly texts: readonly string[] } | null;
  readonly generator: GeneratorRecipe;
  readonly json: string;
  readonly file: LoadedTensor | null;
  readonly text: { readonly content: string; readonly splits: 'lines' | 'whole' };
  readonly image: {
    readonly picture: LoadedPicture | null;
    readonly options: ImageOptions;
    readonly fit: ImageFit;
    /** RGBA of the picture at the input's height and width; set by the card that draws it. */
    readonly pixels: {
      readonly width: number;
      readonly height: number;
      readonly rgba: Uint8ClampedArray;
    } | null;
  };
}

/** The texts of a tensor's cells. */
export function gridOf(tensor: Tensor): NonNullable<InputDraft['grid']> {
  const reader = elementReader(tensor);
  const texts = Array.from({ length: reader.length }, (_, index) =>
    formatElement(reader.at(index) ?? 0, tensor.datatype),
  );
  return { shape: tensor.shape, texts };
}

/** Whether a shape is small enough for the grid. */
export function fitsGrid(shape: readonly number[]): boolean {
  return elementCount(shape) <= MAX_GRID_ELEMENTS;
}

/**
 * A draft that is valid as it stands. Random floats; small whole numbers of which none is zero (a divisor, a token id);
 * masks of ones and type ids of zeros by the names that text models give them.
 */
export function defaultDraft(field: InputField, seed = 1): InputDraft {
  return {
    source: field.datatype === 'BYTES' ? 'text' : 'generate',
    grid: null,
    generator: defaultGenerator(field.name, field.datatype, seed),
    json: '',
    file: null,
    text: { content: 'Hello, Triton', splits: 'lines' },
    image: {
      picture: null,
      options: { range: { kind: field.datatype === 'UINT8' ? 'bytes' : 'unit' }, isInverted: false },
      fit: 'crop',
      pixels: null,
    },
  };
}

function defaultGenerator(name: string, datatype: Datatype, seed: number): GeneratorRecipe {
  if (/mask/i.test(name)) return { kind: 'ones' };
  if (/type_ids|segment/i.test(name)) return { kind: 'zeros' };
  if (!isIntegerDatatype(datatype)) return { kind: 'random', seed, minimum: '0', maximum: '1' };
  return datatype === 'UINT8'
    ? { kind: 'random', seed, minimum: '0', maximum: '255' }
    : { kind: 'random', seed, minimum: '1', maximum: '9' };
}

/** A draft that holds given values: cells where they are few, else a file-like tensor. */
export function draftOfTensor(field: InputField, tensor: NamedTensor, title: string): InputDraft {
  const draft = defaultDraft(field);
  if (tensor.datatype === 'BYTES' && isLineText(tensor)) {
    return { ...draft, source: 'text', text: { content: gridOf(tensor).texts.join('\n'), splits: 'lines' } };
  }
  if (fitsGrid(tensor.shape)) return { ...draft, source: 'grid', grid: gridOf(tensor) };
  return { ...draft, source: 'file', file: { fileName: title, tensor, isCastAgreed: false } };
}

function isLineText(tensor: Tensor): boolean {
  const { texts } = gridOf(tensor);
  return texts.length > 0 && texts.every((text) => !/[\r\n]/.test(text));
}
