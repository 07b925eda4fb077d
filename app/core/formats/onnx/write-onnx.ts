import { MessageWriter } from '../../protobuf/message-writer.ts';
import type { OnnxAttribute, OnnxInitializer, OnnxModel, OnnxNode, OnnxValue } from './onnx-graph.ts';

/** Read by every ONNX Runtime since 1.10. */
const IR_VERSION = 8;
const EXTERNAL = 1;
const ATTRIBUTE_TYPES = { int: 2, float: 1, text: 3, ints: 7, texts: 8 } as const;
const encoder = new TextEncoder();

function message(write: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter();
  write(writer);
  return writer.finish();
}

function writeText(writer: MessageWriter, field: number, text: string): void {
  if (text === '') return;
  writer.tag(field, 2);
  writer.text(text);
}

function writeInt(writer: MessageWriter, field: number, value: number): void {
  writer.tag(field, 0);
  writer.varint64(value);
}

function writeMessage(writer: MessageWriter, field: number, bytes: Uint8Array): void {
  writer.tag(field, 2);
  writer.bytes(bytes);
}

function attribute(name: string, given: OnnxAttribute): Uint8Array {
  return message((writer) => {
    writeText(writer, 1, name);
    switch (given.kind) {
      case 'float':
        writer.tag(2, 5);
        writer.float(given.value);
        break;
      case 'int':
        writeInt(writer, 3, given.value);
        break;
      case 'text':
        writeMessage(writer, 4, encoder.encode(given.value));
        break;
      case 'ints':
        for (const value of given.value) writeInt(writer, 8, value);
        break;
      case 'texts':
        for (const value of given.value) writeMessage(writer, 9, encoder.encode(value));
        break;
    }
    writeInt(writer, 20, ATTRIBUTE_TYPES[given.kind]);
  });
}

function node(given: OnnxNode): Uint8Array {
  return message((writer) => {
    // An absent input keeps its place by an empty name.
    for (const name of given.inputs) writeMessage(writer, 1, encoder.encode(name));
    for (const name of given.outputs) writeMessage(writer, 2, encoder.encode(name));
    writeText(writer, 4, given.operator);
    for (const [name, value] of Object.entries(given.attributes))
      writeMessage(writer, 5, attribute(name, value));
  });
}

function entry(key: string, value: string): Uint8Array {
  return message((writer) => {
    writeText(writer, 1, key);
    writeText(writer, 2, value);
  });
}

function initializer({ name, type, shape, bytes }: OnnxInitializer): Uint8Array {
  return message((writer) => {
    for (const dim of shape) writeInt(writer, 1, dim);
    writeInt(writer, 2, type);
    writeText(writer, 8, name);
    if (bytes instanceof Uint8Array) {
      writeMessage(writer, 9, bytes);
      return;
    }
    writeMessage(writer, 13, entry('location', bytes.location));
    writeMessage(writer, 13, entry('offset', String(bytes.offset)));
    writeMessage(writer, 13, entry('length', String(bytes.length)));
    writeInt(writer, 14, EXTERNAL);
  });
}

function value({ name, type, dims }: OnnxValue): Uint8Array {
  const shape = message((writer) => {
    for (const dim of dims)
      writeMessage(
        writer,
        1,
        message((inner) => (typeof dim === 'number' ? writeInt(inner, 1, dim) : writeText(inner, 2, dim))),
      );
  });
  const tensor = message((writer) => {
    writeInt(writer, 1, type);
    writeMessage(writer, 2, shape);
  });
  return message((writer) => {
    writeText(writer, 1, name);
    writeMessage(
      writer,
      2,
      message((inner) => writeMessage(inner, 1, tensor)),
    );
  });
}

/**
 * A model as the bytes of an `.onnx` file (`onnx.proto`, IR version 8). Weights that lie in a file beside it are only
 * named. The bytes of all other weights are held in memory.
 */
export function writeOnnx(model: OnnxModel): Uint8Array {
  const graph = message((writer) => {
    for (const each of model.nodes) writeMessage(writer, 1, node(each));
    writeText(writer, 2, 'main');
    for (const each of model.initializers) writeMessage(writer, 5, initializer(each));
    for (const each of model.inputs) writeMessage(writer, 11, value(each));
    for (const each of model.outputs) writeMessage(writer, 12, value(each));
  });
  return message((writer) => {
    writeInt(writer, 1, IR_VERSION);
    writeText(writer, 2, model.producer);
    writeMessage(writer, 7, graph);
    writeMessage(
      writer,
      8,
      message((inner) => writeInt(inner, 2, model.opset)),
    );
  });
}
