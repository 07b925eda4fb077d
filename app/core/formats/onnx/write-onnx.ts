import { MessageWriter } from '../../protobuf/message-writer.ts';
import type {
  ExternalBytes,
  OnnxAttribute,
  OnnxInitializer,
  OnnxModel,
  OnnxNode,
  OnnxSubgraph,
  OnnxValue,
} from './onnx-graph.ts';

/** Read by every ONNX Runtime since 1.10. */
const IR_VERSION = 8;
const EXTERNAL = 1;
const ATTRIBUTE_TYPES = { int: 2, float: 1, text: 3, ints: 7, texts: 8, graph: 5 } as const;
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
      case 'graph':
        writeMessage(writer, 6, subgraph(name, given.value));
        break;
      case 'texts':
        for (const value of given.value) writeMessage(writer, 9, encoder.encode(value));
        break;
    }
    writeInt(writer, 20, ATTRIBUTE_TYPES[given.kind]);
  });
}

function subgraph(name: string, { nodes, outputs }: OnnxSubgraph): Uint8Array {
  return message((writer) => {
    for (const each of nodes) writeMessage(writer, 1, node(each));
    writeText(writer, 2, name);
    for (const each of outputs) writeMessage(writer, 12, value(each));
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

/** The fields of a tensor that stand before its bytes. */
function writeTensorHead(writer: MessageWriter, { name, type, shape }: OnnxInitializer): void {
  for (const dim of shape) writeInt(writer, 1, dim);
  writeInt(writer, 2, type);
  writeText(writer, 8, name);
}

function namedTensor(given: OnnxInitializer, { location, offset, length }: ExternalBytes): OnnxPiece[] {
  const tensor = message((writer) => {
    writeTensorHead(writer, given);
    writeMessage(writer, 13, entry('location', location));
    writeMessage(writer, 13, entry('offset', String(offset)));
    writeMessage(writer, 13, entry('length', String(length)));
    writeInt(writer, 14, EXTERNAL);
  });
  return [message((writer) => writeMessage(writer, 5, tensor))];
}

function heldTensor(given: OnnxInitializer, bytes: OnnxPiece): OnnxPiece[] {
  const head = message((writer) => {
    writeTensorHead(writer, given);
    writer.tag(9, 2);
    writer.varint(pieceLength(bytes));
  });
  const begin = message((writer) => {
    writer.tag(5, 2);
    writer.varint(head.byteLength + pieceLength(bytes));
  });
  return [begin, head, bytes];
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

/** A part of a file: its bytes, or where they lie. */
export type OnnxPiece = Uint8Array | ExternalBytes;

/** How many bytes a piece has. */
export function pieceLength(piece: OnnxPiece): number {
  return piece instanceof Uint8Array ? piece.byteLength : piece.length;
}

/**
 * A model as the parts of an `.onnx` file, in order (`onnx.proto`, IR version 8). Weights that lie in another file are
 * only named there, as external data, or become part of this one where they are `inlined`; nothing is copied.
 */
export function onnxPieces(
  model: OnnxModel,
  { inlined }: { readonly inlined: boolean },
): readonly OnnxPiece[] {
  const graph: OnnxPiece[] = [
    message((writer) => {
      for (const each of model.nodes) writeMessage(writer, 1, node(each));
      writeText(writer, 2, 'main');
    }),
    ...model.initializers.flatMap((each) =>
      each.bytes instanceof Uint8Array || inlined
        ? heldTensor(each, each.bytes)
        : namedTensor(each, each.bytes),
    ),
    message((writer) => {
      for (const each of model.inputs) writeMessage(writer, 11, value(each));
      for (const each of model.outputs) writeMessage(writer, 12, value(each));
    }),
  ];
  const head = message((writer) => {
    writeInt(writer, 1, IR_VERSION);
    writeText(writer, 2, model.producer);
    writeMessage(
      writer,
      8,
      message((inner) => writeInt(inner, 2, model.opset)),
    );
    writer.tag(7, 2);
    writer.varint(graph.reduce((sum, piece) => sum + pieceLength(piece), 0));
  });
  return [head, ...graph];
}

/** A model as the bytes of an `.onnx` file that only names the weights which lie in a file beside it. */
export function writeOnnx(model: OnnxModel): Uint8Array {
  const pieces = onnxPieces(model, { inlined: false }) as readonly Uint8Array[];
  const file = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    file.set(piece, at);
    at += piece.byteLength;
  }
  return file;
}
