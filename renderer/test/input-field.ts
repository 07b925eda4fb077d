import type { Datatype } from '../../app/core/datatypes.ts';
import type { Dim } from '../../app/core/formats/model-description.ts';

/** One axis of an input's wire shape: a size that the model fixes, or one that the person chooses. */
export type Axis =
  | { readonly kind: 'fixed'; readonly size: number }
  | {
      readonly kind: 'free';
      /** Axes with the same key always have the same size. */
      readonly key: string;
      /** What people call it: the symbolic name, `batch`, or `axis 2`. */
      readonly label: string;
      /** Under which name the size is remembered for this input. */
      readonly rememberedAs: string;
      /** Set for the batch dimension: `max_batch_size`. */
      readonly maxBatchSize?: number;
    };

/** One input of the form. */
export interface InputField {
  readonly name: string;
  readonly datatype: Datatype;
  /** The wire shape, batch dimension included. */
  readonly axes: readonly Axis[];
  readonly isOptional: boolean;
}

/** Sizes of free axes by key. */
export type FreeDims = Readonly<Record<string, number>>;

const BATCH_KEY = 'batch dimension';

/** The axes of a wire shape (−1: free); symbolic names come from the model where its rank agrees. */
export function axesOf(
  input: string,
  wireShape: readonly number[],
  maxBatchSize: number,
  modelDims: readonly Dim[] | null,
): readonly Axis[] {
  const names = modelDims?.length === wireShape.length ? modelDims : null;
  return wireShape.map((size, axis): Axis => {
    if (size >= 0) return { kind: 'fixed', size };
    const dim = names?.[axis];
    const symbol = dim?.kind === 'symbolic' ? dim.name : null;
    if (axis === 0 && maxBatchSize > 0) {
      const label = symbol === null ? 'batch' : symbol;
      return { kind: 'free', key: BATCH_KEY, label, rememberedAs: symbol ?? '0', maxBatchSize };
    }
    if (symbol !== null) return { kind: 'free', key: symbol, label: symbol, rememberedAs: symbol };
    return { kind: 'free', key: `${input} axis ${axis}`, label: `axis ${axis}`, rememberedAs: String(axis) };
  });
}

/** Every free axis once, with the inputs that have it. */
export function freeAxesOf(
  fields: readonly InputField[],
): readonly { readonly axis: Extract<Axis, { kind: 'free' }>; readonly inputs: readonly string[] }[] {
  const found = new Map<string, { axis: Extract<Axis, { kind: 'free' }>; inputs: string[] }>();
  for (const { name, axes } of fields) {
    for (const axis of axes) {
      if (axis.kind === 'fixed') continue;
      const known = found.get(axis.key) ?? { axis, inputs: [] };
      if (!known.inputs.includes(name)) known.inputs.push(name);
      found.set(axis.key, known);
    }
  }
  return [...found.values()];
}

/** The wire shape with every free axis filled in. */
export function shapeOf(field: Pick<InputField, 'axes'>, dims: FreeDims): readonly number[] {
  return field.axes.map((axis) =>
    axis.kind === 'fixed' ? axis.size : (dims[axis.key] ?? defaultSize(axis)),
  );
}

/** The size that a free axis starts with: 224 for heights and widths, else 1. */
export function defaultSize(axis: Extract<Axis, { kind: 'free' }>): number {
  if (axis.maxBatchSize !== undefined) return 1;
  return /^(h|w|height|width|image_?(height|width|size))$/i.test(axis.label) ? 224 : 1;
}

/** What taking a tensor's own shape would mean: the free sizes and the shape on the wire, or why it does not fit. */
export type AdoptedShape =
  | {
      readonly kind: 'fits';
      readonly dims: FreeDims;
      readonly shape: readonly number[];
      /** A batch dimension of one was put in front. */
      readonly isBatchAdded: boolean;
    }
  | { readonly kind: 'mismatch'; readonly message: string };

/** Fits a tensor's own shape to an input: free axes take its sizes; a missing batch dimension is added. */
export function adoptShape(field: InputField, shape: readonly number[]): AdoptedShape {
  const isBatchAdded = shape.length + 1 === field.axes.length && isFree(field.axes[0]);
  const whole = isBatchAdded ? [1, ...shape] : shape;
  const misfit = (why: string): AdoptedShape => ({
    kind: 'mismatch',
    message: `The data has shape [${shape.join(', ')}], the input takes ${wireShapeText(field)}: ${why}.`,
  });
  if (whole.length !== field.axes.length)
    return misfit(`${shape.length} axes instead of ${field.axes.length}`);
  const dims: Record<string, number> = {};
  for (const [index, axis] of field.axes.entries()) {
    const size = whole[index] ?? 0;
    if (axis.kind === 'fixed') {
      if (axis.size !== size) return misfit(`axis ${index} is ${size} instead of ${axis.size}`);
      continue;
    }
    const other = dims[axis.key];
    if (other !== undefined && other !== size)
      return misfit(`${axis.label} would be both ${other} and ${size}`);
    dims[axis.key] = size;
  }
  return { kind: 'fits', dims, shape: whole, isBatchAdded };
}

/** The wire shape with names for free axes: `[batch, 3, height, width]`. */
export function wireShapeText({ axes }: Pick<InputField, 'axes'>): string {
  return `[${axes.map((axis) => (axis.kind === 'fixed' ? axis.size : axis.label)).join(', ')}]`;
}

function isFree(axis: Axis | undefined): boolean {
  return axis?.kind === 'free';
}

/**
 * Sizes that make an input hold exactly `count` elements, by changing one free axis (the batch last); null where no
 * single axis can. Lets typed lines or a flat list choose the size by themselves.
 */
export function adoptCount(field: InputField, dims: FreeDims, count: number): FreeDims | null {
  const shape = shapeOf(field, dims);
  const free = field.axes.flatMap((axis, index) => (axis.kind === 'free' ? [{ axis, index }] : []));
  const batchLast = free.toSorted(
    (one, other) =>
      Number(one.axis.maxBatchSize !== undefined) - Number(other.axis.maxBatchSize !== undefined),
  );
  for (const { axis, index } of batchLast) {
    const isShared = field.axes.some(
      (other, place) => place !== index && other.kind === 'free' && other.key === axis.key,
    );
    const rest = shape.reduce((product, size, place) => (place === index ? product : product * size), 1);
    if (!isShared && rest > 0 && count % rest === 0) return { [axis.key]: count / rest };
  }
  return null;
}
