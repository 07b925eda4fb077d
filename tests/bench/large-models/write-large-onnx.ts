import { open } from 'node:fs/promises';

const WEIGHT_ROWS = 1024;
const CHUNK_BYTES = 8 * 1024 * 1024;

/**
 * Writes a valid ONNX model of about `byteSize` bytes: a chain of MatMul layers [batch, 1024] → [batch, 1024], four
 * MiB of zero weights each. The file is written in pieces: memory stays flat for any size.
 */
export async function writeLargeOnnx(path: string, byteSize: number): Promise<void> {
  const weightBytes = WEIGHT_ROWS * WEIGHT_ROWS * 4;
  const layers = Math.max(1, Math.round(byteSize / weightBytes));
  const before = concat([
    ...Array.from({ length: layers }, (_, layer) => matMul(layer, layers)),
    field(2, text('large')),
  ]);
  const heads = Array.from({ length: layers }, (_, layer) => tensorHead(layer, weightBytes));
  const after = concat([field(11, value('input')), field(12, value('output'))]);
  const tensorsBytes = heads.reduce((sum, head) => sum + head.byteLength + weightBytes, 0);
  const graphBytes = before.byteLength + tensorsBytes + after.byteLength;
  const file = await open(path, 'w');
  try {
    await file.write(
      concat([varintField(1, 9), field(2, text('conch-bench')), key(7, 2), varint(graphBytes), before]),
    );
    const zeros = new Uint8Array(CHUNK_BYTES);
    for (const head of heads) {
      await file.write(head);
      for (let left = weightBytes; left > 0; left -= CHUNK_BYTES)
        await file.write(zeros.subarray(0, Math.min(left, CHUNK_BYTES)));
    }
    await file.write(concat([after, field(8, concat([field(1, text('')), varintField(2, 17)]))]));
  } finally {
    await file.close();
  }
}

function matMul(layer: number, layers: number): Uint8Array {
  const input = layer === 0 ? 'input' : `hidden_${layer}`;
  const output = layer === layers - 1 ? 'output' : `hidden_${layer + 1}`;
  return field(
    1,
    concat([
      field(1, text(input)),
      field(1, text(`weight_${layer}`)),
      field(2, text(output)),
      field(4, text('MatMul')),
    ]),
  );
}

/** Everything of a weight's TensorProto up to its raw bytes, the key and length in the graph included. */
function tensorHead(layer: number, weightBytes: number): Uint8Array {
  const head = concat([
    varintField(1, WEIGHT_ROWS),
    varintField(1, WEIGHT_ROWS),
    varintField(2, 1),
    field(8, text(`weight_${layer}`)),
    key(9, 2),
    varint(weightBytes),
  ]);
  return concat([key(5, 2), varint(head.byteLength + weightBytes), head]);
}

function value(name: string): Uint8Array {
  const shape = concat([field(1, field(2, text('batch'))), field(1, varintField(1, WEIGHT_ROWS))]);
  const type = field(1, concat([varintField(1, 1), field(2, shape)]));
  return concat([field(1, text(name)), field(2, type)]);
}

function field(number: number, content: Uint8Array): Uint8Array {
  return concat([key(number, 2), varint(content.byteLength), content]);
}

function varintField(number: number, content: number): Uint8Array {
  return concat([key(number, 0), varint(content)]);
}

function key(number: number, wireType: number): Uint8Array {
  return varint(number * 8 + wireType);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.of(...bytes, rest);
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
