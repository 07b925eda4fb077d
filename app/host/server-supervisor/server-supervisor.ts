import type { EndpointAddress, LogLine, ServerStatus } from '../../contract/server-status.ts';
import type { RequestRecord, ServedEndpoint, ServerEvent } from '../../core/server-events/server-event.ts';
import { StatusError, statusOf } from '../../core/status.ts';
import { createOpenInferenceClient, type OpenInferenceClient } from '../open-inference/http-client.ts';
import type { HostProcessExit, HostProcessLauncher } from '../processes/host-process-launcher.ts';
import { createCrashRecord } from './crash-record.ts';
import { startServerProcess, type RunningServer, type WantedPorts } from './server-process.ts';
import { createVersionStates, explanationOf, type VersionStates } from './version-states.ts';

/** The embedded server: starts it, follows it, starts it again with its models when it dies. */
export interface ServerSupervisor {
  status(): ServerStatus;
  readonly states: Pick<VersionStates, 'of'>;
  /** The config text that the server loaded; undefined where the model is not loaded. */
  loadedConfig(model: string): string | undefined;
  /** The client of the running server. Throws `unavailable` where it does not run. */
  client(): OpenInferenceClient;
  /** Resolves once it answers; rejects with the reason. Forgets earlier crashes. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Starts the server where needed and asks for the model; resolves when asked. */
  load(model: string): Promise<void>;
  unload(model: string): Promise<void>;
  /** Serves another repository from now on; a running server is restarted on it with nothing loaded. */
  useRepository(path: string): Promise<void>;
  close(): Promise<void>;
}

export interface SupervisorParts {
  readonly launcher: HostProcessLauncher;
  readonly ports: WantedPorts;
  readonly now: () => number;
  /** The config text on disk and the newest version of a model, at the moment of a load. */
  readonly describeLoad: (model: string) => { readonly configText: string; readonly newestVersion?: number };
  readonly onStatus: (status: ServerStatus) => void;
  readonly onModel: (model: string) => void;
  /** What is served has changed, not counting what is gone because the server died. */
  readonly onServed: (models: readonly string[]) => void;
  /** A reload failed while the version loaded before keeps serving. */
  readonly onReloadFailure: (model: string, reason: string) => void;
  /** An engine died by itself; the sentences say why and what happens now. */
  readonly onEngineDeath: (sentences: string) => void;
  readonly onRequests: (records: readonly RequestRecord[]) => void;
  readonly log: (level: LogLine['level'], source: LogLine['source'], text: string) => void;
}

const START_MILLISECONDS = 20_000;
/** A first load may take long (a huge model on a slow disk); a run may too. */
const ANSWER_MILLISECONDS = 3_600_000;

/** How a server's own log lines begin, in both of Triton's formats. */
const SERVER_LOG_LINE = /^(?:[EWIV]\d{4} \d{2}:|\d{4}-\d{2}-\d{2}T[\d:]+Z [EWIV]|[+|])/;

function portNotice(event: Extract<ServerEvent, { kind: 'port-busy' }>): string {
  const holder = event.holder ? `${event.holder.name} (pid ${event.holder.pid})` : 'another program';
  return event.taken === null
    ? `Port ${event.wanted} is taken by ${holder}, and no port after it is free.`
    : `Port ${event.wanted} is taken by ${holder}; using ${event.taken}.`;
}

/** What a person should still read when the engine is long back. */
function engineDeathNotice({ reason, restartInMilliseconds }: Extract<ServerEvent, { kind: 'engine-died' }>) {
  const next =
    restartInMilliseconds === null
      ? 'It is not started again: load the model to try once more.'
      : 'It is started again by itself; only the requests in flight failed.';
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}. ${next}`;
}

function exitReason({ code, signal }: HostProcessExit, stderrTail: string): string {
  const lastLine = stderrTail.trim().split('\n').at(-1)?.trim() ?? '';
  const said = lastLine === '' ? '' : ` Its last words: ${lastLine}`;
  if (signal === 'SIGKILL')
    return 'The server process was killed (SIGKILL), by hand or by the system when memory ran out.';
  if (signal !== null) return `The server process ended by ${signal}.${said}`;
  if (code === null) return `The server process could not be started.${said}`;
  return `The server process ended with exit code ${code}.${said}`;
}

function takenPorts(wanted: WantedPorts, endpoints: readonly ServedEndpoint[]): WantedPorts {
  const taken = Object.fromEntries(endpoints.map(({ protocol, port }) => [protocol, port]));
  return { ...wanted, ...taken };
}

function addressOf({ protocol, port }: ServedEndpoint): EndpointAddress {
  const place = `127.0.0.1:${port}`;
  switch (protocol) {
    case 'http':
      return { protocol, address: `http://${place}` };
    case 'grpc':
      return { protocol, address: place };
    case 'metrics':
      return { protocol, address: `http://${place}/metrics` };
  }
}

export function createServerSupervisor(parts: SupervisorParts, firstRepository: string): ServerSupervisor {
  const { now, log } = parts;
  const states = createVersionStates(now);
  const crashes = createCrashRecord();
  const loadedTexts = new Map<string, string>();
  /** What shall be loaded again after a crash. */
  const wanted = new Set<string>();
  let repository = firstRepository;
  let status: ServerStatus = { kind: 'stopped' };
  let running: RunningServer | null = null;
  let client: OpenInferenceClient | null = null;
  let starting: Promise<void> | null = null;
  let restartTimer: NodeJS.Timeout | undefined;
  let ending: Promise<void> = Promise.resolve();
  let ports = parts.ports;
  let notices: readonly string[] = [];
  let isClosed = false;

  const setStatus = (next: ServerStatus) => {
    status = next;
    if (!isClosed) parts.onStatus(next);
  };
  const forgetClient = () => {
    client?.close();
    client = null;
  };
  const tellServed = () => parts.onServed(states.active().filter((model) => wanted.has(model)));
  const modelsGone = (reason: string | null) => {
    loadedTexts.clear();
    for (const model of states.noteServerGone(reason)) parts.onModel(model);
  };

  const handleEvent = (event: ServerEvent, onListening: (endpoints: readonly ServedEndpoint[]) => void) => {
    switch (event.kind) {
      case 'listening':
        return onListening(event.endpoints);
      case 'port-busy':
        notices = [...notices, portNotice(event)];
        return log('warning', 'host', portNotice(event));
      case 'model-state':
        states.noteState(event);
        if (event.state === 'READY') {
          wanted.add(event.model);
          tellServed();
          if (!loadedTexts.has(event.model))
            loadedTexts.set(event.model, parts.describeLoad(event.model).configText);
        } else if (event.state === 'UNAVAILABLE') {
          if (event.reason === 'unloaded' && wanted.delete(event.model)) tellServed();
          if (!states.active().includes(event.model)) loadedTexts.delete(event.model);
        }
        return parts.onModel(event.model);
      case 'model-failed':
        states.noteFailure(event.model, event.reason);
        return parts.onModel(event.model);
      case 'engine-died':
        states.noteEngineDeath(event);
        log('error', 'engine', `${event.model} version ${event.version}: ${event.reason}`);
        parts.onEngineDeath(engineDeathNotice(event));
        return parts.onModel(event.model);
      case 'requests':
        return parts.onRequests(event.records);
      case 'log':
        return log(event.level === 'verbose' ? 'info' : event.level, 'server', event.text);
    }
  };

  /** The server's own lines come as events; what is left is of engines and of Node. */
  const logStderr = (text: string) => {
    for (const line of text.split('\n')) if (!SERVER_LOG_LINE.test(line)) log('warning', 'engine', line);
  };
  /** Loads that are under way; the answer comes when the model is ready or failed. */
  const askLoad = async (model: string) => {
    const { configText, newestVersion } = parts.describeLoad(model);
    const servedText = states.active().includes(model) ? loadedTexts.get(model) : undefined;
    wanted.add(model);
    states.noteAsked(model, newestVersion);
    loadedTexts.set(model, configText);
    parts.onModel(model);
    const asked = client;
    try {
      await asked?.load(model);
    } catch (cause) {
      if (asked !== client) return;
      const { message } = statusOf(cause);
      log('error', 'host', `load of ${model}: ${message}`);
      if (!states.isSettled(model)) states.noteFailure(model, message);
      if (!states.active().includes(model)) loadedTexts.delete(model);
      else if (servedText !== undefined) {
        // The version that was loaded before keeps serving, with the config that it was loaded with.
        loadedTexts.set(model, servedText);
        parts.onReloadFailure(model, message);
      }
      parts.onModel(model);
    }
  };

  const launch = (isRestart: boolean): Promise<void> => {
    const since = now();
    notices = [];
    return new Promise((resolve, reject) => {
      let isUp = false;
      const server = startServerProcess(
        parts.launcher,
        { repository, ports },
        (event) =>
          handleEvent(event, (endpoints) => {
            isUp = true;
            clearTimeout(timer);
            // A restart comes back on the ports that clients know.
            ports = takenPorts(ports, endpoints);
            const httpUrl = `http://127.0.0.1:${ports.http}`;
            client = createOpenInferenceClient(httpUrl, { timeoutMilliseconds: ANSWER_MILLISECONDS });
            setStatus({
              kind: 'running',
              pid: server.pid,
              httpUrl,
              endpoints: endpoints.map(addressOf),
              notices,
            });
            for (const model of wanted) void askLoad(model);
            resolve();
          }),
        (text) => logStderr(text),
      );
      running = server;
      const timer = setTimeout(() => server.kill(), START_MILLISECONDS);
      const followExit = async () => {
        const exit = await server.exited;
        clearTimeout(timer);
        const reason = [...(isUp ? [] : notices), exitReason(exit, server.stderrTail())].join(' ');
        if (!isUp) reject(new StatusError('unavailable', reason));
        if (running !== server) return;
        if (isUp || isRestart) onDeath(reason);
        else onFailedStart(reason);
      };
      void followExit();
      if (!isRestart) setStatus({ kind: 'starting', since });
    });
  };

  const launchOnce = (isRestart: boolean): Promise<void> => {
    starting ??= launch(isRestart).finally(() => {
      starting = null;
    });
    return starting;
  };
  const restart = async () => {
    try {
      await launchOnce(true);
    } catch {
      // Its death was noted like any other.
    }
  };

  const onFailedStart = (reason: string) => {
    running = null;
    log('error', 'host', reason);
    setStatus({ kind: 'failed', reason, ...explanationOf(reason) });
  };

  const onDeath = (reason: string) => {
    running = null;
    forgetClient();
    log('error', 'host', reason);
    const next = crashes.note(now());
    if (next === null || isClosed) {
      modelsGone(reason);
      setStatus({
        kind: 'failed',
        reason: `${reason} It ended three times in five minutes.`,
        ...explanationOf(reason),
      });
      return;
    }
    modelsGone(`${reason} It is being restarted.`);
    setStatus({ kind: 'restarting', reason, attempt: next.attempt });
    restartTimer = setTimeout(() => void restart(), next.delayMilliseconds);
  };

  const start = async () => {
    await ending;
    if (isClosed) throw new StatusError('unavailable', 'Conch is closing.');
    if (status.kind === 'running') return;
    if (status.kind === 'failed' || status.kind === 'stopped') crashes.forget();
    if (status.kind === 'restarting' && !starting) clearTimeout(restartTimer);
    await launchOnce(false);
  };
  const endServer = async () => {
    clearTimeout(restartTimer);
    const server = running;
    running = null;
    forgetClient();
    wanted.clear();
    tellServed();
    if (server) await server.end();
    modelsGone(null);
    setStatus({ kind: 'stopped' });
  };
  /** Whoever wants to start meanwhile waits. */
  const stop = (): Promise<void> => {
    ending = ending.then(endServer);
    return ending;
  };

  return {
    status: () => status,
    states,
    loadedConfig: (model) => (states.active().includes(model) ? loadedTexts.get(model) : undefined),
    client: () => {
      if (!client) throw new StatusError('unavailable', 'The server is not running. Serve a model first.');
      return client;
    },
    start,
    stop: async () => {
      await stop();
      ports = parts.ports;
    },
    load: async (model) => {
      await start();
      void askLoad(model);
    },
    unload: async (model) => {
      if (wanted.delete(model)) tellServed();
      await client?.unload(model);
      loadedTexts.delete(model);
      parts.onModel(model);
    },
    useRepository: async (path) => {
      if (path === repository) return;
      const isRunning = status.kind !== 'stopped' && status.kind !== 'failed';
      repository = path;
      await stop();
      if (isRunning) await start();
    },
    close: async () => {
      isClosed = true;
      await stop();
    },
  };
}
