import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { DATATYPES, isDatatype } from '../../../../app/core/datatypes.ts';
import { decodeBytes } from '../../../../app/core/tensors/bytes-elements.ts';
import { numericElements, tensorOf } from '../../../../app/core/tensors/elements.ts';
import { generateTensor } from '../../../../app/core/tensors/generate.ts';
import { readNpy, writeNpy } from '../../../../app/core/tensors/npy.ts';
import { readNpz, writeNpz } from '../../../../app/core/tensors/npz.ts';

function npy(header: string, data: ArrayLike<number>, version = 1): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length =
    version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.from([
    0x93,
    ...new TextEncoder().encode('NUMPY'),
    version,
    0,
    ...length,
    ...text,
    ...Array.from(data),
  ]);
}

const datatypes = Object.keys(DATATYPES).filter(isDatatype);

describe('.npy', () => {
  test.each(datatypes.filter((datatype) => datatype !== 'BF16'))('%s comes back bit for bit', (datatype) => {
    const tensor = generateTensor(datatype, [2, 3], { kind: 'random', seed: 7 });
    expect(readNpy(writeNpy(tensor))).toEqual(tensor);
  });

  test('BF16, which numpy does not have, becomes exact FP32', () => {
    const tensor = generateTensor('BF16', [4], { kind: 'random', seed: 1, minimum: -2, maximum: 2 });
    const back = readNpy(writeNpy(tensor));
    expect(back.datatype).toBe('FP32');
    expect([...numericElements(back)]).toEqual([...numericElements(tensor)]);
  });

  test('data begin at a multiple of 64 bytes, as numpy writes them', () => {
    const file = writeNpy(tensorOf('FP64', [1], [1]));
    expect((file.byteLength - 8) % 64).toBe(0);
  });

  test('Fortran order is rearranged to row-major', () => {
    const file = npy(
      "{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3), }",
      new Uint8Array(Int32Array.of(1, 4, 2, 5, 3, 6).buffer),
    );
    expect([...numericElements(readNpy(file))]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('big-endian data is turned round', () => {
    const file = npy("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }", [0x01, 0x02, 0xff, 0xfe]);
    expect([...numericElements(readNpy(file))]).toEqual([0x0102, -2]);
  });

  test('format 2.0 and 3.0 are read', () => {
    for (const version of [2, 3]) {
      expect(
        readNpy(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (), }", [1], version)).shape,
      ).toEqual([]);
    }
  });

  test('U and S text become BYTES', () => {
    const unicode = npy(
      "{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }",
      [0xe9, 0, 0, 0, 0, 0, 0, 0, 0x00, 0xf6, 1, 0, 0x41, 0, 0, 0],
    );
    expect(decodeBytes(readNpy(unicode).data).map((bytes) => new TextDecoder().decode(bytes))).toEqual([
      'é',
      '\u{1f600}A',
    ]);
    const bytes = npy("{'descr': '|S3', 'fortran_order': False, 'shape': (2,), }", [65, 0, 0, 66, 0, 67]);
    expect(decodeBytes(readNpy(bytes).data)).toEqual([Uint8Array.of(65), Uint8Array.of(66, 0, 67)]);
  });

  test('an element that ends in NUL cannot be saved, and it says so', () => {
    expect(() => writeNpy(tensorOf('BYTES', [1], ['a\0']))).toThrow('ends in a NUL byte');
  });

  test.each([
    ["{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 'Python objects'],
    ["{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 'complex numbers'],
    ["{'descr': '<M8[s]', 'fortran_order': False, 'shape': (1,), }", 'dates'],
    ["{'descr': '<f16', 'fortran_order': False, 'shape': (1,), }", 'more than 64 bits'],
    ["{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,), }", 'named fields'],
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (9007199254740991,9,), }", 'too many to count'],
    [
      "{'descr': '<f4', 'fortran_order': False, 'shape': (9,), }",
      'it declares 36 bytes of data, but 4 follow',
    ],
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (x,), }", 'is not a list of sizes'],
    ["{'descr': '<f4'}", "no readable 'fortran_order'"],
  ])('%s is refused in words', (header, why) => {
    expect(() => readNpy(npy(header, [0, 0, 0, 0]))).toThrow(why);
  });

  test.each([
    [new Uint8Array(0)],
    [Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1)],
    [Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 255, 255, 0, 0)],
  ])('a file that is cut short is refused', (bytes) => {
    expect(() => readNpy(bytes)).toThrow('no readable .npy file');
  });
});

describe('.npz', () => {
  test('named tensors come back', () => {
    const tensors = datatypes
      .filter((datatype) => datatype !== 'BF16')
      .map((datatype) =>
        Object.assign({ name: `in/${datatype}` }, generateTensor(datatype, [3], { kind: 'arange' })),
      );
    expect(readNpz(writeNpz(tensors))).toEqual(tensors);
  });

  test('compressed archives are read, other entries ignored', () => {
    const x = writeNpy(
      tensorOf(
        'FP32',
        [1000],
        Array.from({ length: 1000 }, () => 0),
      ),
    );
    const archive = zipSync({ 'x.npy': x, 'readme.txt': new Uint8Array(3) }, { level: 9 });
    expect(readNpz(archive).map(({ name, shape }) => [name, shape])).toEqual([['x', [1000]]]);
  });

  test('a broken archive and a broken entry are told apart', () => {
    expect(() => readNpz(new Uint8Array(100))).toThrow('no readable .npz archive');
    expect(() => readNpz(zipSync({ 'bad.npy': new Uint8Array(3) }))).toThrow(
      'bad.npy: this is no readable .npy file',
    );
  });
});
