import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hello } from './engine-messages.ts';
import { FrameReader, type Frame } from './frame.ts';

/** A socket of an engine that has shown the token. */
export interface EngineSocket {
  readonly socket: Socket;
  /** −1: the control socket. */
  readonly instance: number;
  onFrame(listener: (frame: Frame) => void): void;
}

/** Where engine processes come in. */
export interface EngineDoor {
  readonly socketPath: string;
  readonly token: string;
  /** From now on sockets of this engine go to `listener`; call the result to stop that. */
  admit(engine: string, listener: (socket: EngineSocket) => void): () => void;
  close(): Promise<void>;
}

const HELLO_TIMEOUT_MILLISECONDS = 10_000;

function isHello(header: unknown): header is Hello {
  return typeof header === 'object' && header !== null && 'kind' in header && header.kind === 'hello';
}

function sameToken(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Removes the socket folders of servers that were killed before they could. */
async function sweepFolders(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const pid = /^conch-(\d+)-\w{6}$/.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function choosePath(): Promise<{ path: string; remove: () => Promise<void> }> {
  const name = randomBytes(12).toString('hex');
  if (process.platform === 'win32') {
    return { path: String.raw`\\.\pipe\conch-${name}`, remove: () => Promise.resolve() };
  }
  await sweepFolders();
  const folder = await mkdtemp(join(tmpdir(), `conch-${process.pid}-`));
  await chmod(folder, 0o700);
  return { path: join(folder, 'engines'), remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Opens the socket on which engines report: a Unix socket in a private directory, or a named pipe. */
export async function openEngineDoor(): Promise<EngineDoor> {
  const token = randomBytes(24).toString('hex');
  const { path, remove } = await choosePath();
  const listeners = new Map<string, (socket: EngineSocket) => void>();

  const greet = (socket: Socket): void => {
    let onFrame: ((frame: Frame) => void) | null = null;
    const reader = new FrameReader((frame) => {
      if (onFrame) {
        onFrame(frame);
        return;
      }
      const { header } = frame;
      const listener =
        isHello(header) && sameToken(header.token, token) ? listeners.get(header.engine) : undefined;
      if (!listener || !isHello(header)) {
        socket.destroy();
        return;
      }
      socket.setTimeout(0);
      reader.trust();
      listener({
        socket,
        instance: header.instance,
        onFrame: (next) => {
          onFrame = next;
        },
      });
    });
    socket.setNoDelay(true);
    socket.setTimeout(HELLO_TIMEOUT_MILLISECONDS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      try {
        reader.push(chunk);
      } catch {
        socket.destroy();
      }
    });
  };

  const server = createServer(greet);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    socketPath: path,
    token,
    admit: (engine, listener) => {
      listeners.set(engine, listener);
      return () => listeners.delete(engine);
    },
    close: async () => {
      server.close();
      await remove();
    },
  };
}
