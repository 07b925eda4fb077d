import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { FrameReader, placeTensors, writeFrame } from '../../../../app/server/engine/frame.ts';

interface Received {
  readonly header: unknown;
  readonly tensors: readonly Buffer[];
  readonly memory: ArrayBuffer;
}

const endings: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

async function socketPath(): Promise<string> {
  if (process.platform === 'win32') return String.raw`\\.\pipe\conch-frame-test-${process.pid}`;
  const folder = await mkdtemp(join(tmpdir(), 'conch-frame-'));
  endings.push(() => rm(folder, { recursive: true }));
  return join(folder, 'socket');
}

/** A socket that frames are written to, and what an instance at its other end receives. */
async function openWay(): Promise<{ socket: Socket; next: () => Promise<Received> }> {
  const path = await socketPath();
  const received: Received[] = [];
  const waiting: ((frame: Received) => void)[] = [];
  const reader = new FrameReader(
    ({ header, payload }) => {
      const { lengths } = header as { lengths: number[] };
      const places = placeTensors(lengths.map((length) => [new Uint8Array(length)]));
      const tensors = places.map(({ offset, length }) => Buffer.from(payload.slice(offset, offset + length)));
      const frame = { header, tensors, memory: payload };
      const taker = waiting.shift();
      if (taker) taker(frame);
      else received.push(frame);
    },
    { reusesPayload: true },
  );
  reader.trust();
  const accepted = new Promise<Socket>((resolve) => {
    const server = createServer(resolve).listen(path, () => {
      const client = connect({ path, onread: reader.onread });
      endings.push(() => void client.destroy());
    });
    endings.push(() => void server.close());
  });
  const socket = await accepted;
  endings.push(() => void socket.destroy());
  const next = (): Promise<Received> => {
    const frame = received.shift();
    return frame ? Promise.resolve(frame) : new Promise((resolve) => waiting.push(resolve));
  };
  return { socket, next };
}

function tensor(byteLength: number, seed: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: byteLength }, (_, index) => (index * 31 + seed) % 251));
}

function write(socket: Socket, tensors: readonly (readonly Uint8Array[])[]): void {
  const lengths = placeTensors(tensors).map(({ length }) => length);
  writeFrame(socket, { lengths }, tensors);
}

it('brings every byte of small and large tensors, one frame behind the other', async () => {
  const { socket, next } = await openWay();
  const frames = [
    [tensor(0, 0)],
    [tensor(5, 1), tensor(64, 2)],
    [tensor(1_000_003, 3), tensor(40_000, 4)],
    [tensor(7, 5)],
    [tensor(300_001, 6)],
  ];
  for (const tensors of frames)
    write(
      socket,
      tensors.map((each) => [each]),
    );
  for (const tensors of frames) {
    const frame = await next();
    expect(frame.tensors.map((each, index) => each.equals(tensors[index] ?? Buffer.alloc(0)))).toEqual(
      tensors.map(() => true),
    );
  }
});

it('brings a tensor that was given in several buffers as one', async () => {
  const { socket, next } = await openWay();
  const parts = [tensor(400_000, 1), tensor(3, 2), tensor(250_000, 3)];
  write(socket, [parts]);
  const { tensors } = await next();
  expect(tensors[0]?.equals(Buffer.concat(parts))).toBe(true);
});

it('takes the memory of the payload before for one that fits into it', async () => {
  const { socket, next } = await openWay();
  write(socket, [[tensor(600_000, 1)]]);
  const first = await next();
  write(socket, [[tensor(500_000, 2)]]);
  const second = await next();
  expect(second.memory).toBe(first.memory);
  expect(second.tensors[0]?.equals(tensor(500_000, 2))).toBe(true);
});

it('does not keep the memory of a very large payload', async () => {
  const { socket, next } = await openWay();
  write(socket, [[tensor(9 * 1024 * 1024, 1)]]);
  const first = await next();
  write(socket, [[tensor(9 * 1024 * 1024, 2)]]);
  expect((await next()).memory).not.toBe(first.memory);
});
