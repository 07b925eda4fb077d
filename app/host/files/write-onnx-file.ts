import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ByteSource } from '../../core/formats/byte-source.ts';
import type { OnnxModel } from '../../core/formats/onnx/onnx-graph.ts';
import { onnxPieces, pieceLength, type OnnxPiece } from '../../core/formats/onnx/write-onnx.ts';
import { temporaryName } from './durable-file.ts';

/** A protobuf message may not be longer. */
const LONGEST_FILE = 2 ** 31 - 1;
/** ONNX Runtime maps external data by pages. */
const PAGE = 4096;
const CHUNK = 8 * 2 ** 20;

async function writePieces(path: string, pieces: readonly OnnxPiece[], weights: ByteSource): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for (const piece of pieces) await writePiece(file, piece, weights);
  } finally {
    await file.close();
  }
}

async function writePiece(file: FileHandle, piece: OnnxPiece, weights: ByteSource): Promise<void> {
  if (piece instanceof Uint8Array) {
    await file.writeFile(piece);
    return;
  }
  const end = piece.offset + piece.length;
  for (let at = piece.offset; at < end; at += CHUNK)
    await file.writeFile(await weights.read(at, Math.min(CHUNK, end - at)));
}

/** The model with its outside weights in a data file of their own, each on a page of its own, and that file's parts. */
function withDataFile(model: OnnxModel, location: string): { model: OnnxModel; data: readonly OnnxPiece[] } {
  const data: OnnxPiece[] = [];
  let offset = 0;
  const initializers = model.initializers.map((each) => {
    if (each.bytes instanceof Uint8Array) return each;
    const { length } = each.bytes;
    const moved = { ...each, bytes: { location, offset, length } };
    const gap = -length & (PAGE - 1);
    data.push(each.bytes, new Uint8Array(gap));
    offset += length + gap;
    return moved;
  });
  return { model: { ...model, initializers }, data };
}

/**
 * Writes a model as an ONNX file that holds all its weights, copied piece by piece out of `weights`, the file in which
 * they lie; or, where one file would be longer than `longestFile` (what protobuf allows: 2 GiB), with these weights in
 * `<file>.data` beside it. The path holds the old content or the new, never a part.
 * @throws system errors of the files.
 */
export async function writeOnnxFile(
  path: string,
  model: OnnxModel,
  weights: ByteSource,
  longestFile = LONGEST_FILE,
): Promise<void> {
  const whole = onnxPieces(model, { inlined: true });
  const isWhole = whole.reduce((sum, piece) => sum + pieceLength(piece), 0) <= longestFile;
  const dataName = `${basename(path)}.data`;
  const parted = isWhole ? null : withDataFile(model, dataName);
  const write = async (name: string, pieces: readonly OnnxPiece[]) => {
    const temporary = join(dirname(path), temporaryName(name));
    try {
      await writePieces(temporary, pieces, weights);
      await rename(temporary, join(dirname(path), name));
    } finally {
      await rm(temporary, { force: true });
    }
  };
  if (parted) await write(dataName, parted.data);
  await write(basename(path), parted ? onnxPieces(parted.model, { inlined: false }) : whole);
}
