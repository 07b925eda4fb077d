import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { PushSize } from '../../contract/remote-server.ts';
import { printConfigJson } from '../../core/model-config/config-json.ts';
import { parseModelConfig, protobufReason } from '../../core/model-config/parse-config.ts';
import { StatusError } from '../../core/status.ts';
import { fileFailure } from '../files/file-failure.ts';
import { listFolder, type TreeFile } from '../files/file-tree.ts';
import type { JobControl } from '../jobs/job-registry.ts';
import type { OpenInferenceClient } from '../open-inference/http-client.ts';
import type { DiskModel } from '../workspace/scan-repository.ts';

/** Whole groups of three bytes, so that the base64 of the pieces is the base64 of the file. */
const PIECE_BYTES = 3 * 256 * 1024;
const HIDDEN_OR_CONFIG = /(?:^|\/)\.|^config\.pbtxt$|^configs\//;

/** What a push sends: `{"parameters":{"config":"…","file:1/model.onnx":"…"}}`. */
export interface PushPlan {
  readonly model: string;
  readonly path: string;
  readonly head: string;
  readonly files: readonly TreeFile[];
  readonly size: PushSize;
}

const TAIL = '}}';
const keyOf = (path: string) => `,${JSON.stringify(`file:${path}`)}:`;
const base64Length = (byteSize: number) => 4 * Math.ceil(byteSize / 3);

/** @throws StatusError `invalid-argument` where the config cannot be read. */
export async function planPush({ name, path, configText }: DiskModel): Promise<PushPlan> {
  const { config, diagnostics } = parseModelConfig(configText ?? '');
  const reason = protobufReason(diagnostics);
  if (reason !== undefined)
    throw new StatusError('invalid-argument', `The config.pbtxt of ${name} cannot be sent: ${reason}`);
  const listing = await listFolder(path, true);
  const files = listing.files.filter((file) => !HIDDEN_OR_CONFIG.test(file.path));
  const head = `{"parameters":{"config":${JSON.stringify(printConfigJson(config))}`;
  const sentByteSize = files.reduce(
    (sum, { path: file, byteSize }) => sum + Buffer.byteLength(keyOf(file)) + 2 + base64Length(byteSize),
    Buffer.byteLength(head) + TAIL.length,
  );
  const byteSize = files.reduce((sum, file) => sum + file.byteSize, 0);
  return { model: name, path, head, files, size: { files: files.length, byteSize, sentByteSize } };
}

async function* base64Of(path: string, byteSize: number): AsyncGenerator<Buffer> {
  const handle = await open(path).catch((cause: unknown) => {
    throw fileFailure(cause, 'read', path);
  });
  try {
    const piece = Buffer.alloc(PIECE_BYTES);
    for (let at = 0; at < byteSize;) {
      const wanted = Math.min(PIECE_BYTES, byteSize - at);
      let length = 0;
      while (length < wanted) {
        const { bytesRead } = await handle.read(piece, length, wanted - length, at + length);
        if (bytesRead === 0)
          throw new StatusError('unavailable', `${path} became shorter while it was sent.`);
        length += bytesRead;
      }
      yield Buffer.from(piece.toString('base64', 0, length));
      at += length;
    }
  } finally {
    await handle.close();
  }
}

async function* piecesOf(plan: PushPlan, server: string, control: JobControl): AsyncGenerator<Uint8Array> {
  let doneUnits = 0;
  const note = (stage: string, piece: Buffer) => {
    doneUnits += piece.byteLength;
    control.report({ stage, doneUnits, totalUnits: plan.size.sentByteSize, unit: 'bytes' });
    return piece;
  };
  yield note('Sending the config', Buffer.from(plan.head));
  for (const { path, byteSize } of plan.files) {
    const stage = `Sending ${path}`;
    yield note(stage, Buffer.from(`${keyOf(path)}"`));
    for await (const piece of base64Of(join(plan.path, path), byteSize)) yield note(stage, piece);
    yield note(stage, Buffer.from('"'));
  }
  yield note(`Waiting until ${server} has loaded it`, Buffer.from(TAIL));
}

/** Sends a model. Rejects with the server's own refusal, or as `cancelled`. Files are never in memory whole. */
export async function pushModel(
  plan: PushPlan,
  server: string,
  client: OpenInferenceClient,
  control: JobControl,
): Promise<void> {
  await client.load(plan.model, {
    byteLength: plan.size.sentByteSize,
    pieces: piecesOf(plan, server, control),
    signal: control.signal,
  });
}
