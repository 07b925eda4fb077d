import { DATATYPES } from '../datatypes.ts';
import { StatusError } from '../status.ts';
import { elementCount, type NamedTensor } from '../tensors/tensor.ts';

type Read = (view: DataView, index: number) => number | bigint;

const READERS: Readonly<Record<string, Read>> = {
  UINT8: (view, at) => view.getUint8(at),
  UINT16: (view, at) => view.getUint16(at, true),
  UINT32: (view, at) => view.getUint32(at, true),
  UINT64: (view, at) => view.getBigUint64(at, true),
  INT8: (view, at) => view.getInt8(at),
  INT16: (view, at) => view.getInt16(at, true),
  INT32: (view, at) => view.getInt32(at, true),
  INT64: (view, at) => view.getBigInt64(at, true),
  FP32: (view, at) => view.getFloat32(at, true),
  FP64: (view, at) => view.getFloat64(at, true),
};

/** As `std::to_string`: six decimals, never an exponent. */
function printClassValue(value: number | bigint, isFloat: boolean): string {
  if (!isFloat || typeof value === 'bigint') return String(value);
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`;
}

function topClasses(values: readonly (number | bigint)[], count: number): number[] {
  return values
    .map((_, index) => index)
    .sort((left, right) => {
      const [a, b] = [values[left] ?? 0, values[right] ?? 0];
      if (a === b) return left - right;
      return a > b ? -1 : 1;
    })
    .slice(0, count);
}

function encodeStrings(texts: readonly string[]): Uint8Array {
  const encoder = new TextEncoder();
  const encoded = texts.map((text) => encoder.encode(text));
  const bytes = new Uint8Array(encoded.reduce((total, each) => total + each.byteLength + 4, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const each of encoded) {
    view.setUint32(at, each.byteLength, true);
    bytes.set(each, at + 4);
    at += each.byteLength + 4;
  }
  return bytes;
}

/**
 * The classification extension: the `count` largest values of each batch row as `value:index[:label]`, a BYTES tensor
 * of shape `[batch?, min(count, classes)]` (`classification.cc`).
 * @throws StatusError `invalid-argument` for a datatype that has no order.
 */
export function classify(
  output: NamedTensor,
  count: number,
  isBatched: boolean,
  labels: readonly string[],
): NamedTensor {
  const read = READERS[output.datatype];
  if (!read) {
    throw new StatusError(
      'invalid-argument',
      `class result not available for output due to unsupported type '${output.datatype}'`,
    );
  }
  const batch = isBatched ? (output.shape[0] ?? 1) : 1;
  const classes = elementCount(isBatched ? output.shape.slice(1) : output.shape);
  const taken = Math.min(count, classes);
  const view = new DataView(output.data.buffer, output.data.byteOffset, output.data.byteLength);
  const { elementBytes } = DATATYPES[output.datatype];
  const isFloat = output.datatype.startsWith('FP');
  const texts: string[] = [];
  for (let row = 0; row < batch; row += 1) {
    const values = Array.from({ length: classes }, (_, index) =>
      read(view, (row * classes + index) * elementBytes),
    );
    for (const index of topClasses(values, taken)) {
      const label = labels[index] ? `:${labels[index]}` : '';
      texts.push(`${printClassValue(values[index] ?? 0, isFloat)}:${index}${label}`);
    }
  }
  const shape = isBatched ? [batch, taken] : [taken];
  return { name: output.name, datatype: 'BYTES', shape, data: encodeStrings(texts) };
}
