import { TorchTensor } from '../../torch/torch-tensor.ts';
import { TorchDict, TorchList, TorchObject, TorchTuple, type TorchValue } from '../../torch/torch-values.ts';
import { TranslationFailure } from '../../torch/translation-failure.ts';
import { isInt } from './builtin.ts';

/** Whether a value is one of a type, written as in the source. */
export function isInstance(value: TorchValue, type: string): boolean {
  const base = type.replace(/\[.*$/s, '');
  switch (base) {
    case 'Tensor':
      return value instanceof TorchTensor;
    case 'int':
      return isInt(value);
    case 'float':
      return typeof value === 'number';
    case 'bool':
      return typeof value === 'boolean';
    case 'str':
      return typeof value === 'string';
    case 'NoneType':
      return value === null;
    case 'List':
      return value instanceof TorchList && areInstances(value.items, innerTypes(type));
    case 'Tuple':
      return value instanceof TorchTuple && isTupleOf(value, innerTypes(type));
    case 'Dict': {
      const [key = '', each = ''] = innerTypes(type);
      if (!(value instanceof TorchDict)) return false;
      const entries = [...value.entries.values()];
      return (
        areInstances(
          entries.map(([name]) => name),
          [key],
        ) &&
        areInstances(
          entries.map(([, item]) => item),
          [each],
        )
      );
    }
    case 'Optional':
      return value === null || isInstance(value, innerTypes(type)[0] ?? '');
    default:
      return value instanceof TorchObject && value.className === type;
  }
}

/** The types between the brackets of `Dict[str, List[int]]`. */
function innerTypes(type: string): readonly string[] {
  const inside = type.slice(type.indexOf('[') + 1, -1);
  const types: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= inside.length; at += 1) {
    const character = inside[at] ?? ',';
    if (character === '[') depth += 1;
    if (character === ']') depth -= 1;
    if (character !== ',' || depth > 0) continue;
    types.push(inside.slice(from, at).trim());
    from = at + 1;
  }
  return types;
}

/** @throws TranslationFailure where there is nothing that could tell. */
function areInstances(items: readonly TorchValue[], [type = '']: readonly string[]): boolean {
  if (items.length === 0) throw new TranslationFailure('the program asks of what type an empty list is');
  return items.every((item) => isInstance(item, type));
}

function isTupleOf({ items }: TorchTuple, types: readonly string[]): boolean {
  return items.length === types.length && items.every((item, at) => isInstance(item, types[at] ?? ''));
}
