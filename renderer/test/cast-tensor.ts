import type { Datatype } from '../../app/core/datatypes.ts';
import {
  elementReader,
  encodeElements,
  INTEGER_RANGES,
  isIntegerDatatype,
} from '../../app/core/tensors/elements.ts';
import type { Tensor } from '../../app/core/tensors/tensor.ts';

/** Whether every value of a tensor survives as another datatype, in words for people. */
export type CastCheck =
  | { readonly kind: 'same' }
  /** Every value is the same number afterwards. */
  | { readonly kind: 'exact' }
  /** Fractions are rounded to the nearest value of the datatype, as from FP64 to FP32. */
  | { readonly kind: 'rounded' }
  | { readonly kind: 'impossible'; readonly reason: string };

/** Looks at every value: a cast is offered only where none would change beyond rounding. */
export function checkCast(tensor: Tensor, datatype: Datatype): CastCheck {
  if (tensor.datatype === datatype) return { kind: 'same' };
  if (tensor.datatype === 'BYTES' || datatype === 'BYTES')
    return { kind: 'impossible', reason: `text and numbers cannot be turned into each other` };
  if (isIntegerDatatype(datatype) || datatype === 'BOOL') return checkIntegers(tensor, datatype);
  return checkFloats(tensor, datatype);
}

function checkIntegers(tensor: Tensor, datatype: Datatype): CastCheck {
  const [minimum, maximum] = isIntegerDatatype(datatype) ? INTEGER_RANGES[datatype] : [0n, 1n];
  const reader = elementReader(tensor);
  for (let index = 0; index < reader.length; index++) {
    const value = Number(reader.at(index));
    const element = reader.at(index);
    const isWhole = typeof element === 'bigint' || Number.isInteger(value);
    if (!isWhole) return { kind: 'impossible', reason: `element ${index} is ${value}, no whole number` };
    const exact = typeof element === 'bigint' ? element : value;
    if (exact < minimum || exact > maximum)
      return { kind: 'impossible', reason: `element ${index} is ${exact}, beyond ${minimum} to ${maximum}` };
  }
  return { kind: 'exact' };
}

function checkFloats(tensor: Tensor, datatype: Datatype): CastCheck {
  const cast = castTensor(tensor, datatype);
  const [before, after] = [elementReader(tensor), elementReader(cast)];
  let isRounded = false;
  for (let index = 0; index < before.length; index++) {
    const element = before.at(index);
    const [old, young] = [Number(element), Number(after.at(index))];
    if (Number.isFinite(old) && !Number.isFinite(young))
      return { kind: 'impossible', reason: `element ${index} is ${old}, beyond the range of ${datatype}` };
    const isSame =
      typeof element === 'bigint'
        ? Number.isFinite(young) && BigInt(young) === element
        : Object.is(old, young);
    if (isSame) continue;
    if (isIntegerDatatype(tensor.datatype))
      return {
        kind: 'impossible',
        reason: `element ${index} is ${String(element)}, which ${datatype} cannot hold exactly`,
      };
    isRounded = true;
  }
  return { kind: isRounded ? 'rounded' : 'exact' };
}

/** The tensor in another datatype. Only after {@link checkCast} said that it is possible. */
export function castTensor(tensor: Tensor, datatype: Datatype): Tensor {
  const reader = elementReader(tensor);
  const isFloat = !isIntegerDatatype(datatype) && datatype !== 'BOOL';
  const values = Array.from({ length: reader.length }, (_, index) => {
    const element = reader.at(index) ?? 0;
    return isFloat || typeof element === 'boolean' ? Number(element) : element;
  });
  return { datatype, shape: tensor.shape, data: encodeElements(datatype, values) };
}
