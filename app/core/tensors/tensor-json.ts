import type { Datatype } from '../datatypes.ts';
import { StatusError } from '../status.ts';
import { elementReader, elementText, tensorOf, type Element } from './elements.ts';
import { parseExactJson, type ExactJson } from './exact-json.ts';
import { checkedElementCount } from './tensor-size.ts';
import type { Tensor } from './tensor.ts';

/**
 * A tensor from JSON text: a number, text or boolean, or lists of them, nested or flat. Without `shape` the nesting
 * is the shape; with it a flat or differently nested list of the same count is taken in row-major order.
 * Integers keep every digit, NaN and ±Infinity are read. Throws `invalid-argument` saying where.
 */
export function parseTensorJson(text: string, datatype: Datatype, shape?: readonly number[]): Tensor {
  return tensorOfJson(parseExactJson(text), datatype, shape);
}

/** Like {@link parseTensorJson}, from JSON that is parsed already. */
export function tensorOfJson(json: ExactJson, datatype: Datatype, shape?: readonly number[]): Tensor {
  const values: (Element | string)[] = [];
  const nesting = nestingOf(json);
  flatten(json, nesting, 0, [], values);
  if (shape === undefined) return tensorOf(datatype, nesting, values);
  const expected = checkedElementCount(shape);
  if (values.length !== expected) {
    const given = `the data has ${values.length} (${nesting.length > 1 ? `nested as [${nesting.join(',')}]` : 'flat'})`;
    throw new StatusError(
      'invalid-argument',
      `shape [${shape.join(',')}] has ${expected} elements, but ${given}`,
    );
  }
  return tensorOf(datatype, shape, values);
}

/**
 * The elements as JSON text: `nested` along the shape, or one flat list (a scalar: the bare value).
 * 64-bit integers keep every digit; NaN and ±Infinity are written as such (Triton reads and writes them, strict JSON
 * readers do not). BYTES that are no UTF-8 are written as `0x…`.
 */
export function printTensorJson(tensor: Tensor, layout: 'nested' | 'flat' = 'nested'): string {
  const reader = elementReader(tensor);
  const print =
    tensor.datatype === 'FP32' || tensor.datatype === 'FP16' || tensor.datatype === 'BF16'
      ? shortFloat
      : elementJson;
  const cells = Array.from({ length: reader.length }, (_, index) => print(reader.at(index) ?? 0));
  if (tensor.shape.length === 0) return cells[0] ?? 'null';
  if (layout === 'flat') return `[${cells.join(',')}]`;
  return nest(cells, tensor.shape);
}

/** A short decimal that is read back as the same FP32: `0.1`, not `0.10000000149011612`. */
export function shortFloat(element: Element): string {
  if (typeof element !== 'number' || !Number.isFinite(element) || element === 0) return elementJson(element);
  for (let digits = 7; digits <= 8; digits++) {
    const short = Number(element.toPrecision(digits));
    if (Math.fround(short) === element) return elementJson(short);
  }
  return elementJson(Number(element.toPrecision(9)));
}

function elementJson(element: Element): string {
  if (element instanceof Uint8Array) return JSON.stringify(elementText(element));
  return Object.is(element, -0) ? '-0' : String(element);
}

function nest(cells: readonly string[], shape: readonly number[]): string {
  let level = cells;
  for (const dim of shape.toReversed()) {
    if (dim === 0) return emptyNest(shape);
    const rows: string[] = [];
    for (let start = 0; start < level.length; start += dim)
      rows.push(`[${level.slice(start, start + dim).join(',')}]`);
    level = rows;
  }
  return level[0] ?? '[]';
}

function emptyNest(shape: readonly number[]): string {
  const outer = shape.slice(0, shape.indexOf(0));
  return outer.reduceRight((inner, dim) => `[${Array.from({ length: dim }, () => inner).join(',')}]`, '[]');
}

function nestingOf(json: ExactJson): number[] {
  const shape: number[] = [];
  for (let level: ExactJson | undefined = json; Array.isArray(level); level = level[0])
    shape.push(level.length);
  return shape;
}

function flatten(
  json: ExactJson,
  shape: readonly number[],
  depth: number,
  place: readonly number[],
  values: (Element | string)[],
): void {
  if (!Array.isArray(json)) {
    if (depth < shape.length) throw ragged(place, `a list of ${shape[depth]} is expected here`);
    if (json === null || typeof json === 'object')
      throw ragged(place, `${json === null ? 'null' : 'an object'} is no tensor value`);
    values.push(json);
    return;
  }
  if (depth >= shape.length) throw ragged(place, 'a single value is expected here, not a list');
  if (json.length !== shape[depth]) {
    throw ragged(place, `this list has ${json.length} entries, its neighbours have ${shape[depth]}`);
  }
  if (depth === shape.length - 1) {
    for (const [index, value] of json.entries()) {
      if (value === null || typeof value === 'object')
        flatten(value, shape, depth + 1, [...place, index], values);
      else values.push(value);
    }
    return;
  }
  for (const [index, inner] of json.entries()) flatten(inner, shape, depth + 1, [...place, index], values);
}

function ragged(place: readonly number[], why: string): StatusError {
  return new StatusError('invalid-argument', `at [${place.join('][')}]: ${why}`);
}
