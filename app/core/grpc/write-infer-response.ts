import type { RequestParameter } from '../open-inference/infer-request.ts';
import type { ResponseOutput } from '../open-inference/infer-response.ts';
import { MessageWriter } from '../protobuf/message-writer.ts';

/** What goes into a `ModelInferResponse`. */
export interface GrpcInferResponse {
  readonly id: string;
  readonly modelName: string;
  readonly modelVersion: string;
  readonly parameters: readonly (readonly [string, RequestParameter])[];
  readonly outputs: readonly ResponseOutput[];
}

/** A message in pieces, to be sent one after the other; the tensors among them are not copied. */
export interface MessageParts {
  readonly parts: readonly Uint8Array[];
  readonly byteLength: number;
}

function textField(writer: MessageWriter, number: number, text: string): void {
  if (text === '') return;
  writer.tag(number, 2);
  writer.text(text);
}

function messageField(writer: MessageWriter, number: number, message: MessageWriter): void {
  writer.tag(number, 2);
  writer.bytes(message.finish());
}

function parameterMessage(value: RequestParameter): MessageWriter {
  const writer = new MessageWriter();
  if (typeof value === 'boolean') {
    writer.tag(1, 0);
    writer.varint(value ? 1 : 0);
  } else if (typeof value === 'string') {
    writer.tag(3, 2);
    writer.text(value);
  } else if (typeof value === 'number' && !Number.isInteger(value)) {
    writer.tag(4, 1);
    writer.double(value);
  } else {
    writer.tag(2, 0);
    writer.varint64(value);
  }
  return writer;
}

function writeParameter(writer: MessageWriter, [name, value]: readonly [string, RequestParameter]): void {
  const entry = new MessageWriter();
  textField(entry, 1, name);
  messageField(entry, 2, parameterMessage(value));
  messageField(writer, 4, entry);
}

function writeOutput(writer: MessageWriter, { name, datatype, shape }: ResponseOutput): void {
  const output = new MessageWriter();
  textField(output, 1, name);
  textField(output, 2, datatype);
  if (shape.length > 0) {
    const dims = new MessageWriter();
    for (const dim of shape) dims.varint64(dim);
    messageField(output, 3, dims);
  }
  messageField(writer, 5, output);
}

/** In place of a tensor that was written to shared memory. */
const NOTHING = new Uint8Array();
const RAW_OUTPUT_TAG = 6 * 8 + 2;
const INFER_RESPONSE_TAG = 2 * 8 + 2;

function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) count += 1;
  return count;
}

/**
 * A `ModelInferResponse` with every output as raw contents, in order. With `isStreamed` it is wrapped into a
 * `ModelStreamInferResponse`.
 */
export function writeInferResponse(response: GrpcInferResponse, isStreamed = false): MessageParts {
  const { id, modelName, modelVersion, parameters, outputs } = response;
  const contents = outputs.map(({ data, isInSharedMemory }) => (isInSharedMemory ? NOTHING : data));
  const head = new MessageWriter();
  textField(head, 1, modelName);
  textField(head, 2, modelVersion);
  textField(head, 3, id);
  for (const parameter of parameters) writeParameter(head, parameter);
  for (const output of outputs) writeOutput(head, output);
  const bodyLength = contents.reduce(
    (total, data) => total + 1 + varintBytes(data.byteLength) + data.byteLength,
    head.length,
  );
  const parts: Uint8Array[] = [];
  let byteLength = bodyLength;
  if (isStreamed) {
    const wrapping = new MessageWriter();
    wrapping.varint(INFER_RESPONSE_TAG);
    wrapping.varint(bodyLength);
    byteLength += wrapping.length;
    parts.push(wrapping.finish());
  }
  parts.push(head.finish());
  for (const data of contents) {
    const prefix = new MessageWriter();
    prefix.varint(RAW_OUTPUT_TAG);
    prefix.varint(data.byteLength);
    parts.push(prefix.finish(), data);
  }
  return { parts, byteLength };
}
