import { connect, type Socket } from 'node:net';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { statusOf } from '../../core/status.ts';
import { TOKEN_VARIABLE, type FromEngine, type ToEngine } from './engine-messages.ts';
import { FrameReader, writeFrame, type Frame } from './frame.ts';
import type { ModelRunner } from './model-run.ts';
import { openModelRunner } from './model-runner.ts';

/** Where the server listens, and who we are. */
interface EngineAddress {
  readonly socketPath: string;
  readonly engine: string;
  readonly token: string;
}

/** Ends at once and for certain: a native run cannot be interrupted, and `process.exit` would wait for it. */
function endProcess(): void {
  process.kill(process.pid, 'SIGKILL');
}

function send(socket: Socket, message: FromEngine, tensors: readonly Uint8Array[] = []): void {
  writeFrame(
    socket,
    message,
    tensors.map((tensor) => [tensor]),
  );
}

function dial(address: EngineAddress, instance: number, onFrame: (frame: Frame) => void): Socket {
  // The server sends the next frame when it has the answer to the one before.
  const reader = new FrameReader(onFrame, { reusesPayload: true });
  reader.trust();
  const socket = connect({ path: address.socketPath, onread: reader.onread });
  // The server is gone: so are we.
  socket.on('close', endProcess);
  socket.on('error', endProcess);
  send(socket, { kind: 'hello', token: address.token, engine: address.engine, instance });
  return socket;
}

function runEngine(address: EngineAddress): void {
  dial(address, -1, ({ header }) => {
    const message = header as ToEngine;
    if (message.kind !== 'start') return;
    for (let instance = 0; instance < message.instances; instance += 1) {
      const worker = new Worker(new URL(import.meta.url), { workerData: { ...address, instance } });
      worker.on('error', (cause) => {
        process.stderr.write(`instance ${instance}: ${cause.stack ?? cause.message}\n`);
        endProcess();
      });
    }
  });
  process.on('disconnect', endProcess);
}

class Instance {
  readonly #socket: Socket;
  #runner: ModelRunner | null = null;

  constructor(address: EngineAddress, instance: number) {
    this.#socket = dial(address, instance, (frame) => void this.#handle(frame));
  }

  static serve(address: EngineAddress, instance: number): Instance {
    return new Instance(address, instance);
  }

  async #handle({ header, payload }: Frame): Promise<void> {
    const message = header as ToEngine;
    if (message.kind === 'load') await this.#load(message);
    else if (message.kind === 'run') await this.#run(message, payload);
  }

  async #load(message: Extract<ToEngine, { kind: 'load' }>): Promise<void> {
    try {
      this.#runner = await openModelRunner(message);
      const { provider, providerReason } = this.#runner;
      send(this.#socket, { kind: 'loaded', provider, providerReason });
    } catch (cause) {
      send(this.#socket, { kind: 'load-failed', message: statusOf(cause).message });
    }
  }

  async #run(message: Extract<ToEngine, { kind: 'run' }>, payload: ArrayBuffer): Promise<void> {
    try {
      if (!this.#runner) throw new Error('no model is loaded');
      const { outputs, parameters, inferNs, outputNs } = await this.#runner.run(message, payload);
      let offset = 0;
      const framed = outputs.map(({ name, datatype, shape, data }) => {
        const place = { name, datatype, shape, offset, length: data.byteLength };
        offset += Math.ceil(data.byteLength / 8) * 8;
        return place;
      });
      const tensors = outputs.map(({ data }) => data);
      send(this.#socket, { kind: 'ran', outputs: framed, parameters, inferNs, outputNs }, tensors);
    } catch (cause) {
      const { code, message: text } = statusOf(cause);
      const wireCode = code === 'invalid-argument' || code === 'unsupported' ? code : 'internal';
      send(this.#socket, { kind: 'run-failed', code: wireCode, message: text });
    }
  }
}

function argument(name: string): string {
  const prefix = `--${name}=`;
  return process.argv.find((each) => each.startsWith(prefix))?.slice(prefix.length) ?? '';
}

if (isMainThread) {
  const token = process.env[TOKEN_VARIABLE] ?? '';
  runEngine({ socketPath: argument('socket'), engine: argument('engine'), token });
} else {
  const address = workerData as EngineAddress & { instance: number };
  Instance.serve(address, address.instance);
}
