import { isDatatype } from '../datatypes.ts';
import { StatusError } from '../status.ts';
import { elementCount, type NamedTensor } from '../tensors/tensor.ts';
import type { RequestParameter } from './infer-request.ts';
import { asArray, asString, asUnsigned, findMember, member } from './json-access.ts';
import { parseJson, type JsonValue } from './json-document.ts';
import { printJsonData, readJsonData } from './json-tensor.ts';
import { printDouble } from './json-double.ts';
import { printString } from './json-text.ts';

/** An output on its way to the client. */
export interface ResponseOutput extends NamedTensor {
  readonly isBinary: boolean;
  /** Its bytes were put into shared memory: the response only names it. */
  readonly isInSharedMemory?: boolean;
}

/** What a model answered. */
export interface OutgoingInferResponse {
  readonly id: string;
  readonly modelName: string;
  readonly modelVersion: string;
  /** Parameters of the backend; printed only if there are some. */
  readonly parameters: readonly (readonly [string, RequestParameter])[];
  readonly outputs: readonly ResponseOutput[];
}

function printOutput(output: ResponseOutput): string {
  const { name, datatype, shape, data, isBinary } = output;
  const head = `{"name":${printString(name)},"datatype":"${datatype}","shape":[${shape.join(',')}]`;
  if (output.isInSharedMemory) return `${head}}`;
  const start = `${head},`;
  if (isBinary) return `${start}"parameters":{"binary_data_size":${data.byteLength}}}`;
  if (datatype === 'FP16' || datatype === 'BF16') {
    throw new StatusError(
      'invalid-argument',
      `sending ${datatype} data via JSON is not supported. Please use the binary data format for output ${name}`,
    );
  }
  return `${start}"data":${printJsonData(datatype, data)}}`;
}

/** A parameter's value as JSON. */
export function printParameterValue(value: RequestParameter): string {
  if (typeof value === 'string') return printString(value);
  return typeof value === 'number' && !Number.isInteger(value) ? printDouble(value) : String(value);
}

/**
 * The body of an answer: `header` is the JSON, `blocks` the binary outputs behind it in order. With no block the body
 * is `application/json` alone.
 * @throws StatusError `invalid-argument` for an FP16 or BF16 output that is to be JSON.
 */
export function encodeInferResponse(response: OutgoingInferResponse): {
  readonly header: string;
  readonly blocks: readonly Uint8Array[];
} {
  const { id, modelName, modelVersion, parameters, outputs } = response;
  const printed = parameters.map(([name, value]) => `${printString(name)}:${printParameterValue(value)}`);
  const members = [
    ...(id === '' ? [] : [`"id":${printString(id)}`]),
    `"model_name":${printString(modelName)}`,
    `"model_version":${printString(modelVersion)}`,
    ...(printed.length === 0 ? [] : [`"parameters":{${printed.join(',')}}`]),
    `"outputs":[${outputs.map(printOutput).join(',')}]`,
  ];
  return {
    header: `{${members.join(',')}}`,
    blocks: outputs.filter(({ isBinary, data }) => isBinary && data.byteLength > 0).map(({ data }) => data),
  };
}

/** What a client received. */
export interface InferResponse {
  readonly id: string;
  readonly modelName: string;
  readonly modelVersion: string;
  readonly outputs: readonly NamedTensor[];
}

function readOutput(output: JsonValue, takeBinary: (byteLength: number) => Uint8Array): NamedTensor {
  const name = asString(member(output, 'name'));
  const datatype = asString(member(output, 'datatype'));
  if (!isDatatype(datatype)) {
    throw new StatusError('internal', `output '${name}' has the unknown datatype '${datatype}'`);
  }
  const shape = asArray(member(output, 'shape')).map((dim) => Number(asUnsigned(dim)));
  const size = findMember(findMember(output, 'parameters') ?? null, 'binary_data_size');
  if (size !== undefined) return { name, datatype, shape, data: takeBinary(Number(asUnsigned(size))) };
  if (datatype === 'FP16' || datatype === 'BF16') {
    throw new StatusError('internal', `output '${name}' is ${datatype}, which JSON cannot carry`);
  }
  return { name, datatype, shape, data: readJsonData(member(output, 'data'), datatype, elementCount(shape)) };
}

/**
 * Reads an answer. `headerByteLength` is the `Inference-Header-Content-Length` header, null if there is none. Tensors
 * that came as binary data are views into `body`.
 * @throws StatusError `internal` if the body is not what the protocol says.
 */
export function decodeInferResponse(body: Uint8Array, headerByteLength: number | null): InferResponse {
  const headerEnd = headerByteLength ?? body.byteLength;
  const json = parseJson(body.subarray(0, headerEnd));
  let at = headerEnd;
  const takeBinary = (byteLength: number): Uint8Array => {
    if (at + byteLength > body.byteLength) {
      throw new StatusError('internal', 'the answer is shorter than its outputs say');
    }
    at += byteLength;
    return body.subarray(at - byteLength, at);
  };
  const id = findMember(json, 'id');
  return {
    id: id === undefined ? '' : asString(id),
    modelName: asString(findMember(json, 'model_name') ?? ''),
    modelVersion: asString(findMember(json, 'model_version') ?? ''),
    outputs: asArray(member(json, 'outputs')).map((output) => readOutput(output, takeBinary)),
  };
}
