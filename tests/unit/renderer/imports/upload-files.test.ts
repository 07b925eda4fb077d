import { describe, expect, test } from 'vitest';
import type { CallArgument, CallName } from '../../../../app/contract/calls.ts';
import type { HostClient } from '../../../../app/contract/host-client.ts';
import { uploadFiles } from '../../../../renderer/imports/upload-files.ts';

const MEBIBYTE = 1_048_576;

interface Receiver {
  readonly host: HostClient;
  readonly calls: { readonly name: string; readonly argument: unknown }[];
  readonly received: Map<number, Uint8Array[]>;
  mostInFlight: number;
}

function createReceiver(write: () => Promise<void> = () => Promise.resolve()): Receiver {
  const receiver: Receiver = { host: clientOf(answer), calls: [], received: new Map(), mostInFlight: 0 };
  let inFlight = 0;
  async function answer(name: CallName, argument: unknown): Promise<unknown> {
    receiver.calls.push({ name, argument });
    if (name === 'upload.begin') return { uploadId: 'u1' };
    if (name !== 'upload.write') return undefined;
    inFlight += 1;
    receiver.mostInFlight = Math.max(receiver.mostInFlight, inFlight);
    await write();
    const { file, offset, bytes } = argument as CallArgument<'upload.write'>;
    const pieces = receiver.received.get(file) ?? [];
    pieces[offset / MEBIBYTE] = bytes;
    receiver.received.set(file, pieces);
    inFlight -= 1;
    return undefined;
  }
  return receiver;
}

function clientOf(answer: (name: CallName, argument: unknown) => Promise<unknown>): HostClient {
  return {
    call: (name, argument) => answer(name, argument) as never,
    on: () => () => undefined,
    onClose: () => () => undefined,
  };
}

const tick = () => new Promise<void>((resolve) => setTimeout(resolve, 2));

describe('uploading files', () => {
  test('every byte arrives at its place, and the sizes are told before', async () => {
    const bytes = Uint8Array.from({ length: 2.5 * MEBIBYTE }, (_, index) => index % 251);
    const receiver = createReceiver(tick);
    const files = [
      { path: 'm/model.onnx', file: new File([bytes], 'model.onnx') },
      { path: 'm/empty', file: new File([], 'empty') },
    ];
    const progress: number[] = [];
    const id = await uploadFiles(
      receiver.host,
      files,
      (done) => progress.push(done),
      new AbortController().signal,
    );
    expect(id).toBe('u1');
    expect(receiver.calls[0]?.argument).toEqual({
      files: [
        { path: 'm/model.onnx', byteSize: bytes.length },
        { path: 'm/empty', byteSize: 0 },
      ],
    });
    expect(Buffer.concat(receiver.received.get(0) ?? []).equals(bytes)).toBe(true);
    expect(progress.at(-1)).toBe(bytes.length);
    expect(receiver.calls.at(-1)?.name).toBe('upload.finish');
  });

  test('at most four chunks are in flight, so memory stays flat', async () => {
    const receiver = createReceiver(tick);
    const file = new File([new Uint8Array(12 * MEBIBYTE)], 'big');
    await uploadFiles(receiver.host, [{ path: 'big', file }], () => undefined, new AbortController().signal);
    expect(receiver.mostInFlight).toBe(4);
    expect(receiver.received.get(0)).toHaveLength(12);
  });

  test('cancelling stops it and has the host forget it', async () => {
    const cancellation = new AbortController();
    const receiver = createReceiver(tick);
    const file = new File([new Uint8Array(12 * MEBIBYTE)], 'big');
    const upload = uploadFiles(
      receiver.host,
      [{ path: 'big', file }],
      () => cancellation.abort(),
      cancellation.signal,
    );
    await expect(upload).rejects.toMatchObject({ code: 'cancelled' });
    expect(receiver.calls.at(-1)?.name).toBe('upload.cancel');
    expect(receiver.calls.filter(({ name }) => name === 'upload.write').length).toBeLessThan(12);
  });
});
