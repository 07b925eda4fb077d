import type Docker from 'dockerode';
import type { ContainerStatus } from '../../contract/container-status.ts';
import type { LogLine } from '../../contract/server-status.ts';
import { StatusError } from '../../core/status.ts';
import {
  checkContainerChoices,
  imageOf,
  type ContainerChoices,
} from '../../core/triton-container/container-choices.ts';
import { containerOptions } from '../../core/triton-container/container-options.ts';
import { exitReason } from '../../core/triton-container/exit-reason.ts';
import type { PreflightCheck } from '../../core/triton-container/preflight.ts';
import { readTritonLogLine } from '../../core/triton-container/triton-log-line.ts';
import { createQueue } from '../files/work-queue.ts';
import type { JobControl } from '../jobs/job-registry.ts';
import { createOpenInferenceClient, type OpenInferenceClient } from '../open-inference/http-client.ts';
import { createCrashRecord } from '../server-supervisor/crash-record.ts';
import { checkContainer, hasBridgeNetwork, imageBytes } from './check-container.ts';
import { followContainerLog, lastLogLines } from './container-log.ts';
import {
  labelsOf,
  ownContainers,
  removeContainer,
  stopContainer,
  type ContainerRecord,
} from './container-records.ts';
import { watchContainer, type ContainerSight, type WatchPace } from './container-watch.ts';
import { engineFailure } from './engine-failure.ts';
import { findEnginePlace, type EnginePlace } from './engine-place.ts';
import { findFreePorts } from './free-ports.ts';
import { openEngine } from './open-engine.ts';
import { pullImage } from './pull-image.ts';

/** A real Triton in a container: preflight, pull, start, follow, restart, adopt. Never more than one. */
export interface ContainerSupervisor {
  status(): ContainerStatus;
  check(choices: ContainerChoices): Promise<readonly PreflightCheck[]>;
  pull(release: string, control: JobControl): Promise<{ readonly image: string; readonly byteSize: number }>;
  /** Resolves when the container is started; rejects with the reason where it cannot. Ends one that runs. */
  start(choices: ContainerChoices): Promise<void>;
  stop(): Promise<void>;
  /** Finds the container of an earlier Conch and goes on with it; removes what is left of others. */
  adopt(): Promise<void>;
  /** The client of the running container. Throws `unavailable` where there is none. */
  client(): OpenInferenceClient;
  /** Stops the container, unless it shall keep running. */
  close(): Promise<void>;
}

export interface ContainerParts {
  /** By which containers of this Conch are known. */
  readonly dataFolder: string;
  readonly now: () => number;
  /** Asked at each start. */
  readonly repository: () => {
    readonly path: string;
    readonly models: readonly string[];
    readonly platforms: readonly string[];
  };
  readonly onStatus: (status: ContainerStatus) => void;
  readonly log: (level: LogLine['level'], source: LogLine['source'], text: string) => void;
  /** Where the Engine is; looked for when absent. */
  readonly place?: EnginePlace;
  readonly pace?: WatchPace;
}

const ANSWER_MILLISECONDS = 3_600_000;
const HEALTH_MILLISECONDS = 1000;
const HEALTH_ANSWER_MILLISECONDS = 2000;
const LAST_LINES = 40;
const REMOVED = 'The container was removed from outside. Start it again to go on.';
/** Someone else's `docker stop`: Triton ends by itself (0), or by the signal. */
const STOPPED_FROM_OUTSIDE: ReadonlySet<number> = new Set([0, 143]);

/** Never root: who runs Conch, who can read the repository; else the user of NVIDIA's images. */
function containerUser(): string {
  const user = process.getuid?.() ?? 0;
  return user === 0 ? '1000:1000' : `${user}:${process.getgid?.() ?? user}`;
}

interface Current {
  readonly id: string;
  readonly record: ContainerRecord;
  readonly isAdopted: boolean;
  readonly client: OpenInferenceClient;
  readonly end: () => void;
}

export function createContainerSupervisor(parts: ContainerParts): ContainerSupervisor {
  const { log, now } = parts;
  const inTurn = createQueue();
  const crashes = createCrashRecord();
  let status: ContainerStatus = { kind: 'stopped' };
  let current: Current | null = null;
  let restartTimer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const setStatus = (next: ContainerStatus) => {
    if (JSON.stringify(next) === JSON.stringify(status)) return;
    status = next;
    if (!isClosed) parts.onStatus(next);
  };
  const engine = async () => {
    const place = parts.place ?? (await findEnginePlace());
    return { place, quick: await openEngine(place), patient: await openEngine(place, null) };
  };
  const fail = (reason: string) => {
    log('error', 'host', reason);
    setStatus({ kind: 'failed', reason });
  };

  const follow = (
    clients: { readonly quick: Docker; readonly patient: Docker },
    id: string,
    record: ContainerRecord,
    isAdopted: boolean,
  ) => {
    const httpUrl = `http://127.0.0.1:${record.ports.http}`;
    // Triton that is asked to end waits half a minute for connections that are still open, and fails then.
    const open = (timeoutMilliseconds: number) =>
      createOpenInferenceClient(httpUrl, { timeoutMilliseconds, keepsConnections: false });
    const health = open(HEALTH_ANSWER_MILLISECONDS);
    const client = open(ANSWER_MILLISECONDS);
    const ending = new AbortController();
    const image = imageOf(record.choices);
    const since = now();
    let isLive = false;
    let isReachable = true;
    const askHealth = async () => {
      const isReady = await health.isReady().then(
        (answer) => ({ answers: true, answer }),
        () => ({ answers: false, answer: false }),
      );
      if (ending.signal.aborted || !isReachable) return;
      if (!isReady.answers) {
        if (!isLive) setStatus({ kind: 'starting', image, since });
        return;
      }
      isLive = true;
      setStatus({
        kind: 'running',
        image,
        containerId: id,
        isReady: isReady.answer,
        isAdopted,
        httpUrl,
        endpoints: [
          { protocol: 'http', address: httpUrl },
          { protocol: 'grpc', address: `127.0.0.1:${record.ports.grpc}` },
          { protocol: 'metrics', address: `http://127.0.0.1:${record.ports.metrics}/metrics` },
        ],
      });
    };
    const healthTimer = setInterval(() => void askHealth(), HEALTH_MILLISECONDS);
    const followLog = () =>
      followContainerLog(
        clients.patient,
        id,
        { since: Math.floor(since / 1000) - 1, signal: ending.signal },
        (line) => {
          const { level, text } = readTritonLogLine(line);
          log(level, 'container', text);
        },
      ).catch(() => undefined);
    void followLog();
    const onSight = (sight: ContainerSight) => {
      switch (sight.kind) {
        case 'running':
          if (!isReachable) {
            isReachable = true;
            void followLog();
          }
          return void askHealth();
        case 'unreachable':
          isReachable = false;
          return setStatus({
            kind: 'unreachable',
            reason: `${engineFailure(sight.cause).message} The container is looked for again when it does.`,
          });
        case 'removed':
          end();
          current = null;
          return fail(REMOVED);
        case 'ended':
          end();
          return void inTurn(() => onEnd(clients, id, record, sight.state));
      }
    };
    const stopWatching = watchContainer(clients, id, onSight, parts.pace);
    const end = () => {
      ending.abort();
      clearInterval(healthTimer);
      stopWatching();
      health.close();
      client.close();
    };
    current = { id, record, isAdopted, client, end };
    setStatus({ kind: 'starting', image, since });
  };

  const onEnd = async (
    { quick }: { readonly quick: Docker },
    id: string,
    record: ContainerRecord,
    state: { readonly ExitCode: number; readonly OOMKilled: boolean; readonly Error: string },
  ) => {
    if (current?.id !== id) return;
    current = null;
    const lastLines = await lastLogLines(quick, id, LAST_LINES).catch(() => []);
    const isOurs = await removeContainer(quick, id).catch(() => true);
    if (!isOurs) return fail(REMOVED);
    if (STOPPED_FROM_OUTSIDE.has(state.ExitCode) && !state.OOMKilled)
      return fail('The container was stopped from outside. Start it again to go on.');
    const reason = exitReason({
      exitCode: state.ExitCode,
      isOutOfMemory: state.OOMKilled,
      error: state.Error,
      memoryGibibytes: record.choices.memoryGibibytes,
      // Triton warns of a missing driver on every machine without a GPU.
      lastLines: lastLines
        .map(readTritonLogLine)
        .filter(({ level }) => level !== 'warning')
        .map(({ text }) => text),
    });
    const next = crashes.note(now());
    if (next === null || isClosed) return fail(`${reason} It ended three times in five minutes.`);
    log('error', 'host', reason);
    setStatus({ kind: 'restarting', reason, attempt: next.attempt });
    restartTimer = setTimeout(() => {
      void inTurn(() => run(record.choices)).catch((cause: unknown) => fail(engineFailure(cause).message));
    }, next.delayMilliseconds);
  };

  const endCurrent = async (clients: { readonly patient: Docker }) => {
    clearTimeout(restartTimer);
    const last = current;
    current = null;
    last?.end();
    for (const { id } of await ownContainers(clients.patient, parts.dataFolder))
      await stopContainer(clients.patient, id);
  };

  const run = async (choices: ContainerChoices) => {
    if (isClosed) return;
    const clients = await engine();
    await endCurrent(clients);
    const image = imageOf(choices);
    if ((await imageBytes(clients.quick, image)) === null)
      throw new StatusError('not-found', `${image} is not on this machine. Pull it first.`);
    const { ports } = await findFreePorts();
    const { path, models } = parts.repository();
    const record: ContainerRecord = { choices, ports, repository: path };
    const container = await clients.patient.createContainer(
      containerOptions({
        ...record,
        models,
        user: containerUser(),
        hasBridge: await hasBridgeNetwork(clients.quick),
        labels: labelsOf(parts.dataFolder, record),
      }),
    );
    try {
      await container.start();
    } catch (cause) {
      await removeContainer(clients.quick, container.id).catch(() => undefined);
      throw cause;
    }
    follow(clients, container.id, record, false);
  };

  return {
    status: () => status,
    check: async (choices) => {
      const { place, quick } = await engine();
      return checkContainer(quick, place, checkContainerChoices(choices), parts.repository().platforms);
    },
    pull: async (release, control) => pullImage((await engine()).patient, imageOf({ release }), control),
    start: (given) =>
      inTurn(async () => {
        const choices = checkContainerChoices(given);
        crashes.forget();
        setStatus({ kind: 'starting', image: imageOf(choices), since: now() });
        try {
          await run(choices);
        } catch (cause) {
          const failure = engineFailure(cause);
          fail(failure.message);
          throw failure;
        }
      }),
    stop: () =>
      inTurn(async () => {
        clearTimeout(restartTimer);
        try {
          if (status.kind !== 'stopped') await endCurrent(await engine());
        } catch (cause) {
          throw engineFailure(cause);
        }
        setStatus({ kind: 'stopped' });
      }),
    adopt: () =>
      inTurn(async () => {
        const clients = await engine();
        const isThere = await clients.quick.ping().then(
          () => true,
          () => false,
        );
        if (!isThere) return;
        const own = await ownContainers(clients.quick, parts.dataFolder);
        const kept = own.find(({ isRunning, record }) => isRunning && record !== null);
        for (const { id } of own) if (id !== kept?.id) await removeContainer(clients.quick, id);
        if (kept?.record) follow(clients, kept.id, kept.record, true);
      }),
    client: () => {
      if (status.kind !== 'running' || current === null)
        throw new StatusError('unavailable', 'The Triton container is not running. Start it first.');
      return current.client;
    },
    close: () =>
      inTurn(async () => {
        isClosed = true;
        clearTimeout(restartTimer);
        const last = current;
        current = null;
        last?.end();
        if (last && !last.record.choices.keepsRunning)
          // An Engine that is gone now is asked again by the next Conch, which finds the container by its labels.
          await stopContainer((await engine()).patient, last.id).catch(() => undefined);
      }),
  };
}
