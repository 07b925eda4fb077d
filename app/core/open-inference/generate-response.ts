import { StatusError } from '../status.ts';
import type { NamedTensor } from '../tensors/tensor.ts';
import { printErrorBody } from './error-body.ts';
import { printParameterValue, type OutgoingInferResponse } from './infer-response.ts';
import { printJsonElements } from './json-tensor.ts';
import { printString } from './json-text.ts';

function printOutput({ name, datatype, data }: NamedTensor): string {
  if (datatype === 'FP16' || datatype === 'BF16') {
    throw new StatusError(
      'invalid-argument',
      `sending ${datatype} data via JSON is not supported. Please use the binary data format for output ${name}`,
    );
  }
  const elements = printJsonElements(datatype, data);
  const [only = '[]'] = elements;
  return elements.length === 1 ? only : `[${elements.join(',')}]`;
}

/**
 * One answer of `generate`: outputs, parameters, `id`, `model_name` and `model_version` side by side, sorted by name.
 * Of two that share a name the first counts, in the order `id`, model, parameters, outputs.
 * @throws StatusError `invalid-argument` for an output that JSON cannot carry.
 */
export function encodeGenerateResponse(response: OutgoingInferResponse): string {
  const members = new Map<string, () => string>();
  const add = (name: string, print: () => string): void => {
    if (!members.has(name)) members.set(name, print);
  };
  const { id, modelName, modelVersion, parameters, outputs } = response;
  if (id !== '') add('id', () => printString(id));
  add('model_name', () => printString(modelName));
  add('model_version', () => printString(modelVersion));
  for (const [name, value] of parameters) add(name, () => printParameterValue(value));
  for (const output of outputs) add(output.name, () => printOutput(output));
  const sorted = [...members].sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${sorted.map(([name, print]) => `${printString(name)}:${print()}`).join(',')}}`;
}

/** A JSON text as one server-sent event. */
export function printServerSentEvent(json: string): string {
  return `data: ${json}\n\n`;
}

/** A failure in the middle of an answer: the error body, as an event in a stream. */
export function printGenerateFailure(message: string, isStream: boolean): string {
  const body = printErrorBody(message);
  return isStream ? printServerSentEvent(body) : body;
}
