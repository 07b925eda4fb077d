import type { Datatype } from '../datatypes.ts';
import { StatusError } from '../status.ts';
import { bytesText, decodeBytes, encodeBytes } from './bytes-elements.ts';
import { bytesOf, numericElements } from './elements.ts';
import { checkedByteSize, checkedElementCount, MAX_TENSOR_BYTES } from './tensor-size.ts';
import type { Tensor } from './tensor.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const MAX_HEADER_BYTES = 1 << 20;

/** numpy type (without byte order) ↔ datatype. */
const NUMPY_TYPES: ReadonlyMap<string, Exclude<Datatype, 'BYTES' | 'BF16'>> = new Map([
  ['b1', 'BOOL'],
  ['u1', 'UINT8'],
  ['u2', 'UINT16'],
  ['u4', 'UINT32'],
  ['u8', 'UINT64'],
  ['i1', 'INT8'],
  ['i2', 'INT16'],
  ['i4', 'INT32'],
  ['i8', 'INT64'],
  ['f2', 'FP16'],
  ['f4', 'FP32'],
  ['f8', 'FP64'],
]);

/**
 * Reads a `.npy` file (format 1.0, 2.0 or 3.0) into a tensor: Fortran order and big-endian data are rearranged,
 * `S` and `U` text becomes BYTES (UTF-8). Throws `invalid-argument` for a broken file and `unsupported` for element
 * types that no tensor has (Python objects, complex, dates, structures).
 */
export function readNpy(bytes: Uint8Array): Tensor {
  const { header, dataOffset } = readHeader(bytes);
  const descr = field(header, /'descr'\s*:\s*'([^']*)'/, 'descr');
  const isFortran = field(header, /'fortran_order'\s*:\s*(True|False)/, 'fortran_order') === 'True';
  const shape = parseShape(field(header, /'shape'\s*:\s*\(([^)]*)\)/, 'shape'));
  const type = parseDescr(descr);
  const count = checkedElementCount(shape);
  const size = count * type.elementBytes;
  if (size > MAX_TENSOR_BYTES)
    throw broken(`it declares ${size} bytes of data; at most ${MAX_TENSOR_BYTES} are possible`);
  if (bytes.byteLength - dataOffset < size) {
    throw broken(`it declares ${size} bytes of data, but ${bytes.byteLength - dataOffset} follow its header`);
  }
  let data = bytes.subarray(dataOffset, dataOffset + size);
  if (isFortran && shape.length > 1) data = toRowMajor(data, shape, type.elementBytes);
  if (type.datatype === 'BYTES')
    return { datatype: 'BYTES', shape, data: encodeBytes([...fixedTexts(data, type, count)]) };
  return {
    datatype: type.datatype,
    shape,
    data: type.isBigEndian ? swapBytes(data, type.elementBytes) : data,
  };
}

/**
 * Writes a `.npy` file (format 1.0, or 2.0 for a long header) that numpy reads back bit for bit.
 * numpy has no BF16: it becomes `<f4`, exactly. BYTES become `S` of the longest element; throws `unsupported` where
 * an element ends in a NUL byte, which numpy would drop.
 */
export function writeNpy(tensor: Tensor): Uint8Array {
  const { descr, data } = numpyData(tensor);
  const shape = tensor.shape.length === 1 ? `${tensor.shape[0]},` : tensor.shape.join(', ');
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
  const prefixBytes = dictionary.length + 1 + 10 > 0xffff ? 12 : 10;
  const padding = (64 - ((prefixBytes + dictionary.length + 1) % 64)) % 64;
  const header = new TextEncoder().encode(`${dictionary}${' '.repeat(padding)}\n`);
  const file = new Uint8Array(prefixBytes + header.byteLength + data.byteLength);
  file.set([...MAGIC, prefixBytes === 10 ? 1 : 2, 0]);
  const view = new DataView(file.buffer);
  if (prefixBytes === 10) view.setUint16(8, header.byteLength, true);
  else view.setUint32(8, header.byteLength, true);
  file.set(header, prefixBytes);
  file.set(data, prefixBytes + header.byteLength);
  return file;
}

/** Whether the bytes begin like a `.npy` file. */
export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, index) => bytes[index] === byte);
}

interface ElementType {
  readonly datatype: Exclude<Datatype, 'BF16'>;
  readonly elementBytes: number;
  readonly isBigEndian: boolean;
  /** `U`: UTF-32 code points. */
  readonly isUnicode: boolean;
}

function readHeader(bytes: Uint8Array): { header: string; dataOffset: number } {
  if (!isNpy(bytes)) throw broken('it does not begin with \\x93NUMPY');
  if (bytes.byteLength < 12) throw broken('it ends within its header');
  const major = bytes[6] ?? 0;
  if (major < 1 || major > 3) throw broken(`its format version is ${major}; 1, 2 and 3 are known`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const prefixBytes = major === 1 ? 10 : 12;
  const headerBytes = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataOffset = prefixBytes + headerBytes;
  if (headerBytes > MAX_HEADER_BYTES || dataOffset > bytes.byteLength) {
    throw broken(`its header is said to take ${headerBytes} bytes, more than there are`);
  }
  return { header: new TextDecoder('utf-8').decode(bytes.subarray(prefixBytes, dataOffset)), dataOffset };
}

function field(header: string, pattern: RegExp, name: string): string {
  const value = pattern.exec(header)?.[1];
  if (value !== undefined) return value;
  if (name === 'descr' && /'descr'\s*:\s*\[/.test(header)) throw unsupported('structures with named fields');
  throw broken(`its header has no readable '${name}': ${JSON.stringify(header.slice(0, 120))}`);
}

function parseShape(text: string): number[] {
  const dims = text.split(',').map((dim) => dim.trim().replace(/L$/, ''));
  if (dims.at(-1) === '') dims.pop();
  if (dims.length > 32) throw broken(`it has ${dims.length} dimensions; at most 32 are possible`);
  return dims.map((dim) => {
    if (!/^\d{1,16}$/.test(dim)) throw broken(`its shape (${text.slice(0, 120)}) is not a list of sizes`);
    return Number(dim);
  });
}

function parseDescr(descr: string): ElementType {
  const match = /^([<>|=]?)([a-zA-Z?])(\d*)/.exec(descr);
  const order = match?.[1] ?? '';
  const kind = match?.[2] ?? '';
  const size = Number(match?.[3] ?? '');
  const isBigEndian = order === '>';
  if (kind === '?') return { datatype: 'BOOL', elementBytes: 1, isBigEndian, isUnicode: false };
  if (kind === 'S' || kind === 'a')
    return { datatype: 'BYTES', elementBytes: size, isBigEndian, isUnicode: false };
  if (kind === 'U') return { datatype: 'BYTES', elementBytes: size * 4, isBigEndian, isUnicode: true };
  const datatype = NUMPY_TYPES.get(`${kind}${size}`);
  if (datatype !== undefined) return { datatype, elementBytes: size, isBigEndian, isUnicode: false };
  throw unsupported(UNSUPPORTED_KINDS.get(kind) ?? `elements of numpy type '${descr}'`);
}

const UNSUPPORTED_KINDS: ReadonlyMap<string, string> = new Map([
  ['O', 'Python objects (saved with pickle, which would run code); save text with dtype "S" or "U" instead'],
  ['c', 'complex numbers'],
  ['M', 'dates'],
  ['m', 'time spans'],
  ['V', 'raw structures'],
  ['f', 'floats of more than 64 bits'],
]);

function* fixedTexts(data: Uint8Array, type: ElementType, count: number): Generator<Uint8Array> {
  for (let index = 0; index < count; index++) {
    const cell = data.subarray(index * type.elementBytes, (index + 1) * type.elementBytes);
    yield type.isUnicode ? utf32ToUtf8(cell, type.isBigEndian) : withoutTrailingNul(cell);
  }
}

function withoutTrailingNul(cell: Uint8Array): Uint8Array {
  let end = cell.byteLength;
  while (end > 0 && cell[end - 1] === 0) end--;
  return cell.subarray(0, end);
}

function utf32ToUtf8(cell: Uint8Array, isBigEndian: boolean): Uint8Array {
  const view = new DataView(cell.buffer, cell.byteOffset, cell.byteLength);
  let text = '';
  for (let offset = 0; offset + 4 <= cell.byteLength; offset += 4) {
    const codePoint = view.getUint32(offset, !isBigEndian);
    if (codePoint > 0x10ffff) throw broken(`its text has the code point ${codePoint}, which is no character`);
    text += String.fromCodePoint(codePoint);
  }
  return new TextEncoder().encode(text.replace(/\0+$/, ''));
}

function numpyData(tensor: Tensor): { descr: string; data: Uint8Array } {
  const { datatype, shape, data } = tensor;
  if (datatype === 'BYTES') return fixedText(tensor);
  if (data.byteLength !== checkedByteSize(datatype, shape)) {
    throw new StatusError(
      'invalid-argument',
      `${data.byteLength} bytes do not fill a ${datatype} tensor of shape [${shape.join(',')}]`,
    );
  }
  if (datatype === 'BF16') return { descr: '<f4', data: bytesOf(numericElements(tensor)) };
  const entry = [...NUMPY_TYPES].find(([, candidate]) => candidate === datatype);
  const type = entry?.[0] ?? '';
  return { descr: `${type.endsWith('1') ? '|' : '<'}${type}`, data };
}

function fixedText(tensor: Tensor): { descr: string; data: Uint8Array } {
  const elements = decodeBytes(tensor.data);
  if (elements.length !== checkedElementCount(tensor.shape)) {
    throw new StatusError(
      'invalid-argument',
      `${elements.length} elements do not fill shape [${tensor.shape.join(',')}]`,
    );
  }
  const width = elements.reduce((longest, element) => Math.max(longest, element.byteLength), 1);
  if (width * elements.length > MAX_TENSOR_BYTES)
    throw new StatusError('unsupported', 'these texts are too long for one .npy file');
  const data = new Uint8Array(width * elements.length);
  for (const [index, element] of elements.entries()) {
    if (element.at(-1) === 0) {
      const shown = JSON.stringify((bytesText(element) ?? '…').slice(0, 40));
      throw new StatusError(
        'unsupported',
        `element ${index} (${shown}) ends in a NUL byte, which a .npy file cannot keep; save as JSON`,
      );
    }
    data.set(element, index * width);
  }
  return { descr: `|S${width}`, data };
}

function swapBytes(data: Uint8Array, elementBytes: number): Uint8Array {
  const swapped = new Uint8Array(data.byteLength);
  for (let start = 0; start < data.byteLength; start += elementBytes) {
    for (let byte = 0; byte < elementBytes; byte++)
      swapped[start + byte] = data[start + elementBytes - 1 - byte] ?? 0;
  }
  return swapped;
}

function toRowMajor(data: Uint8Array, shape: readonly number[], elementBytes: number): Uint8Array {
  const rowMajor = new Uint8Array(data.byteLength);
  const strides: number[] = [];
  shape.reduce((stride, dim) => (strides.push(stride), stride * dim), 1);
  const place = shape.map(() => 0);
  let source = 0;
  for (let target = 0; target < data.byteLength; target += elementBytes) {
    for (let byte = 0; byte < elementBytes; byte++)
      rowMajor[target + byte] = data[source * elementBytes + byte] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] ?? 0;
      const next = (place[axis] ?? 0) + 1;
      source += stride;
      if (next < (shape[axis] ?? 0)) {
        place[axis] = next;
        break;
      }
      source -= stride * next;
      place[axis] = 0;
    }
  }
  return rowMajor;
}

function broken(why: string): StatusError {
  return new StatusError('invalid-argument', `this is no readable .npy file: ${why}`);
}

function unsupported(what: string): StatusError {
  return new StatusError('unsupported', `this .npy file holds ${what}; no tensor can`);
}
