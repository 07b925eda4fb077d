import { randomUUID } from 'node:crypto';
import type { RequestParameter } from '../../core/open-inference/infer-request.ts';
import type { BatchTensor } from '../../core/scheduling/batch-tensors.ts';
import type { LimitedInstance } from '../../core/scheduling/rate-limiter.ts';
import type { ExecutionProvider } from '../../core/server-events/server-event.ts';
import { StatusError } from '../../core/status.ts';
import type { NamedTensor } from '../../core/tensors/tensor.ts';
import type { LaunchedProcess, ProcessExit, ProcessLauncher } from '../launch/process-launcher.ts';
import type { EngineDoor, EngineSocket } from './engine-door.ts';
import {
  TOKEN_VARIABLE,
  type EngineBackend,
  type FromEngine,
  type InstancePlace,
  type SessionSettings,
  type ToEngine,
} from './engine-messages.ts';
import type { TranslationRequest } from './torch-translation.ts';
import { placeTensors, writeFrame, type Frame } from './frame.ts';

/** One instance of an engine: where it runs, and how it takes part in scheduling. */
export interface EngineInstance {
  readonly place: InstancePlace;
  readonly settings: SessionSettings;
  /** Loaded, but given no requests (`passive`). */
  readonly isPassive: boolean;
  /** What it needs of the rate limiter while it runs. */
  readonly limit: Omit<LimitedInstance, 'device'>;
}

/** Which model an engine loads, and how often. */
export interface EngineSpec {
  readonly backend: EngineBackend;
  readonly modelPath: string;
  readonly translation: TranslationRequest | null;
  readonly instances: readonly EngineInstance[];
}

/** What one execution gave; durations in nanoseconds. */
export interface Execution {
  readonly outputs: readonly NamedTensor[];
  readonly parameters: readonly (readonly [string, RequestParameter])[];
  readonly inferNs: number;
  readonly outputNs: number;
}

/** A running engine process with its model loaded. */
export interface Engine {
  readonly pid: number;
  readonly instanceCount: number;
  /** Threads with which each instance computes on the CPU. */
  readonly threadsPerInstance: number;
  readonly provider: ExecutionProvider;
  readonly providerReason: string | null;
  /** Settles when the process is gone. */
  readonly exited: Promise<ProcessExit>;
  /** Runs one batch on an idle instance. Rejects with a StatusError, also when the process dies meanwhile. */
  execute(
    instance: number,
    inputs: readonly BatchTensor[],
    outputs: readonly string[],
    delayMilliseconds: number,
  ): Promise<Execution>;
  /** Ends the process; its memory really comes back. */
  stop(): Promise<void>;
}

/** What an engine needs to be started. */
export interface EngineEnvironment {
  readonly door: EngineDoor;
  readonly launcher: ProcessLauncher;
}

const SIGNAL_WORDS: Readonly<Record<string, string>> = {
  SIGFPE:
    'an integer division failed in the processor: dividing the smallest integer by -1 (or by zero) has no result. The values came with the request',
  SIGSEGV: 'the runtime touched memory that is not its own (a defect of the runtime or of the model)',
  SIGABRT: 'the runtime gave up (out of memory, or an internal check failed)',
  SIGKILL: 'it was killed, by hand or because the system ran out of memory',
  SIGILL: 'the processor does not know an instruction that the runtime uses',
  SIGBUS: 'the model file changed or vanished while it was in use, or memory is faulty',
};

const SIGNAL_BY_EXIT_CODE: Readonly<Record<number, string>> = {
  132: 'SIGILL',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL',
  139: 'SIGSEGV',
};

/** How an engine died, in words. */
export function explainExit({ code, signal, stderrTail }: ProcessExit): string {
  const name = signal ?? (code === null ? null : (SIGNAL_BY_EXIT_CODE[code] ?? null));
  if (name !== null) return `${SIGNAL_WORDS[name] ?? 'it was ended'} (${name})`;
  const last = stderrTail.trim().split('\n').at(-1) ?? '';
  return `it ended with exit code ${code ?? 'unknown'}${last === '' ? '' : `: ${last}`}`;
}

type Pending = { readonly resolve: (execution: Execution) => void; readonly reject: (cause: Error) => void };

class InstanceLink {
  readonly #socket: EngineSocket['socket'];
  #pending: Pending | null = null;
  readonly loaded: Promise<{ provider: ExecutionProvider; providerReason: string | null }>;

  constructor(engineSocket: EngineSocket, load: ToEngine) {
    this.#socket = engineSocket.socket;
    this.loaded = new Promise((resolve, reject) => {
      engineSocket.onFrame((frame) => {
        const message = frame.header as FromEngine;
        if (message.kind === 'loaded') resolve(message);
        else if (message.kind === 'load-failed') reject(new StatusError('internal', message.message));
        else this.#finish(frame);
      });
    });
    // An instance may fail before the others are connected, and only then somebody waits for it.
    this.loaded.catch(() => undefined);
    writeFrame(this.#socket, load);
  }

  run(
    message: Extract<ToEngine, { kind: 'run' }>,
    tensors: readonly (readonly Uint8Array[])[],
  ): Promise<Execution> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      writeFrame(this.#socket, message, tensors);
    });
  }

  fail(cause: Error): void {
    this.#pending?.reject(cause);
    this.#pending = null;
  }

  #finish({ header, payload }: Frame): void {
    const pending = this.#pending;
    this.#pending = null;
    const message = header as FromEngine;
    if (!pending) return;
    if (message.kind === 'run-failed') pending.reject(new StatusError(message.code, message.message));
    else if (message.kind === 'ran') {
      const { parameters, inferNs, outputNs } = message;
      const outputs = message.outputs.map(({ name, datatype, shape, offset, length }) => ({
        name,
        datatype,
        shape,
        data: new Uint8Array(payload, offset, length),
      }));
      pending.resolve({ outputs, parameters, inferNs, outputNs });
    }
  }
}

/** Collects the sockets of one engine process and loads an instance on each. */
class EngineLinks {
  readonly links: InstanceLink[] = [];
  readonly #spec: EngineSpec;
  readonly loaded: Promise<{ provider: ExecutionProvider; providerReason: string | null }>;
  #resolve: (loaded: { provider: ExecutionProvider; providerReason: string | null }) => void = () =>
    undefined;
  reject: (cause: Error) => void = () => undefined;

  constructor(spec: EngineSpec) {
    this.#spec = spec;
    this.loaded = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.reject = reject;
    });
  }

  admit(engineSocket: EngineSocket): void {
    const { instance, socket } = engineSocket;
    const { backend, modelPath, translation, instances } = this.#spec;
    if (instance < 0) {
      engineSocket.onFrame(() => undefined);
      writeFrame(socket, { kind: 'start', instances: instances.length } satisfies ToEngine);
      return;
    }
    const wanted = instances[instance];
    if (!wanted) return;
    const { place, settings } = wanted;
    const load: ToEngine = { kind: 'load', backend, modelPath, translation, place, settings };
    this.links[instance] = new InstanceLink(engineSocket, load);
    if (this.links.filter(Boolean).length < instances.length) return;
    void this.#awaitLoaded();
  }

  async #awaitLoaded(): Promise<void> {
    try {
      const all = await Promise.all(this.links.map((link) => link.loaded));
      const fallen = all.find(({ providerReason }) => providerReason !== null) ?? all[0];
      this.#resolve(fallen ?? { provider: 'cpu', providerReason: null });
    } catch (cause) {
      this.reject(cause instanceof Error ? cause : new Error(String(cause)));
    }
  }
}

function launch(environment: EngineEnvironment, id: string): LaunchedProcess {
  const { door, launcher } = environment;
  return launcher.launch({
    entry: 'engine',
    args: [`--socket=${door.socketPath}`, `--engine=${id}`],
    env: { [TOKEN_VARIABLE]: door.token, ORT_DISABLE_TELEMETRY: '1' },
  });
}

/**
 * Starts a process and loads the model in it. Rejects with a StatusError in the words of the backend, or with what
 * the process died of; then no process is left.
 */
export async function startEngine(environment: EngineEnvironment, spec: EngineSpec): Promise<Engine> {
  const id = randomUUID();
  const links = new EngineLinks(spec);
  const forget = environment.door.admit(id, (socket) => links.admit(socket));
  const child = launch(environment, id);
  const died = (exit: ProcessExit): StatusError =>
    new StatusError('unavailable', `the engine process of the model ended: ${explainExit(exit)}`);
  const watch = async (): Promise<void> => {
    const cause = died(await child.exited);
    forget();
    links.reject(cause);
    for (const link of links.links) link?.fail(cause);
  };
  void watch();
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await child.exited;
  };
  const { provider, providerReason } = await links.loaded.catch(async (cause: unknown) => {
    await stop();
    throw cause;
  });
  return {
    get pid() {
      return child.pid;
    },
    instanceCount: spec.instances.length,
    threadsPerInstance: spec.instances[0]?.settings.intraOpThreads ?? 1,
    provider,
    providerReason,
    exited: child.exited,
    execute: (instance, inputs, outputs, delayMilliseconds) => {
      const link = links.links[instance];
      if (!link) throw new StatusError('internal', `instance ${instance} does not exist`);
      const tensors = inputs.map(({ parts }) => parts);
      const places = placeTensors(tensors);
      const framed = inputs.map(({ name, datatype, shape }, index) => ({
        name,
        datatype,
        shape,
        offset: places[index]?.offset ?? 0,
        length: places[index]?.length ?? 0,
      }));
      return link.run({ kind: 'run', inputs: framed, outputs, delayMilliseconds }, tensors);
    },
    stop,
  };
}
