import type { InferCall } from '../../contract/inference.ts';
import { isDatatype } from '../../core/datatypes.ts';
import { StatusError } from '../../core/status.ts';
import { isRecord } from '../files/json-file.ts';

function isTensor(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { name, datatype, shape, data } = value;
  return (
    typeof name === 'string' &&
    typeof datatype === 'string' &&
    isDatatype(datatype) &&
    Array.isArray(shape) &&
    shape.every((dim) => Number.isSafeInteger(dim) && Number(dim) >= 0) &&
    data instanceof Uint8Array
  );
}

function isSequencePlace(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { id, idType, isStart, isEnd } = value;
  const isId =
    typeof id === 'string' && (idType === 'text' || (idType === 'number' && /^\d{1,20}$/.test(id)));
  return isId && typeof isStart === 'boolean' && typeof isEnd === 'boolean';
}

/** Rejects a call whose tensors could not be written to the wire; what they mean is the server's to judge. */
export function checkInferCall(call: InferCall): void {
  const { model, inputs, protocol, origin, sequence } = call as Partial<InferCall>;
  if (typeof model !== 'string' || !Array.isArray(inputs) || !inputs.every(isTensor))
    throw new StatusError('invalid-argument', 'An inference request names a model and its input tensors.');
  if ((protocol !== 'binary' && protocol !== 'json') || (origin !== 'user' && origin !== 'first-run'))
    throw new StatusError('invalid-argument', 'An inference request says its protocol and its origin.');
  if (sequence !== undefined && !isSequencePlace(sequence))
    throw new StatusError(
      'invalid-argument',
      'A request of a sequence says its id, and whether it starts or ends it.',
    );
}
