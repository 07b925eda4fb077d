import type { CallMessage, Channel, HostMessage } from '../../app/contract/channel.ts';
import type { EventName, HostEvents } from '../../app/contract/events.ts';
import { serveHost, type HostEventSource } from '../../app/contract/host-dispatch.ts';
import type { HistoryEntry, InferCall } from '../../app/contract/inference.ts';
import type { Job, JobOutcomes } from '../../app/contract/job.ts';
import type { ModelEntry, VersionState } from '../../app/contract/model-entry.ts';
import type { HostSnapshot } from '../../app/contract/snapshot.ts';
import { StatusError } from '../../app/core/status.ts';
import { fixtureModels } from './fixture-models.ts';

/** An in-memory host with six models that answers every call plausibly, for unit tests and for drawing the UI. */
export interface FixtureHost {
  /** The UI's end of a new connection. */
  connect(): Channel<CallMessage, HostMessage>;
  emit<Name extends EventName>(name: Name, payload: HostEvents[Name]): void;
  /** Every call in order. */
  readonly calls: readonly { readonly name: string; readonly argument: unknown }[];
  /** Ends every connection, as a crashed shell would. */
  dropConnections(): void;
  /** What a snapshot gives now. */
  snapshot(): HostSnapshot;
}

/** @param change what differs from the usual snapshot. */
export function createFixtureHost(change: Partial<HostSnapshot> = {}): FixtureHost {
  const calls: { name: string; argument: unknown }[] = [];
  const listeners = new Set<(name: EventName, payload: never) => void>();
  const closers = new Set<() => void>();
  const trash = new Map<string, ModelEntry>();
  const history = new Map<string, HistoryEntry>();
  let snapshot: HostSnapshot = { ...usualSnapshot(), ...change };
  let lastId = 0;

  const emit = <Name extends EventName>(name: Name, payload: HostEvents[Name]) => {
    for (const listener of listeners) listener(name, payload as never);
  };
  const events: HostEventSource = {
    onAny: (listener) => {
      const listen = listener as (name: EventName, payload: never) => void;
      listeners.add(listen);
      return () => listeners.delete(listen);
    },
  };
  const find = (name: string) => {
    const model = snapshot.models.find((model) => model.name === name);
    if (model === undefined) throw new StatusError('not-found', `There is no model '${name}'.`);
    return model;
  };
  const putModel = (model: ModelEntry) => {
    snapshot = { ...snapshot, models: [...snapshot.models.filter(({ name }) => name !== model.name), model] };
    emit('model.changed', model);
  };
  const removeModel = (name: string) => {
    snapshot = { ...snapshot, models: snapshot.models.filter((model) => model.name !== name) };
    emit('model.removed', { name });
  };
  const putNewestState = (name: string, state: VersionState) => {
    const model = find(name);
    const versions = model.versions.map((version, index) =>
      index === model.versions.length - 1 ? { ...version, state } : version,
    );
    putModel({ ...model, versions, config: { ...model.config, isReloadNeeded: false } });
  };
  const putJob = (job: Job) => {
    snapshot = { ...snapshot, jobs: [...snapshot.jobs.filter(({ id }) => id !== job.id), job] };
    emit('job.changed', job);
  };
  const nextId = (prefix: string) => {
    lastId += 1;
    return `${prefix}-${lastId}`;
  };
  const runJob = <Kind extends Job['kind']>(kind: Kind, title: string, outcome: JobOutcomes[Kind]) => {
    const base = { id: nextId('job'), kind, title, startedAt: Date.now() };
    const progress = { stage: title, doneUnits: 400_000, totalUnits: 1_000_000, unit: 'bytes' };
    putJob({ ...base, state: { kind: 'running', progress } } as Job);
    setTimeout(() => putJob({ ...base, state: { kind: 'done', outcome } } as Job), 600);
    return Promise.resolve({ jobId: base.id });
  };
  const load = (name: string) => {
    if (snapshot.server.kind !== 'running') {
      snapshot = { ...snapshot, server: RUNNING };
      emit('server.changed', RUNNING);
    }
    putNewestState(name, { kind: 'loading', since: Date.now() });
    setTimeout(() => putNewestState(name, READY), 800);
  };
  const answer = (call: InferCall): HistoryEntry => {
    const outputs = (find(call.model).description?.outputs ?? []).map(({ name }) => ({
      name,
      datatype: 'FP32' as const,
      shape: [1, 10],
      data: new Uint8Array(
        new Float32Array([0.01, 0.02, 0.03, 0.82, 0.02, 0.04, 0.01, 0.03, 0.01, 0.01]).buffer,
      ),
    }));
    return {
      id: nextId('request'),
      at: Date.now(),
      model: call.model,
      protocol: call.protocol,
      origin: call.origin,
      isAnswered: true,
      inputsSummary: call.inputs
        .map(({ name, shape, datatype }) => `${name} [${shape.join(',')}] ${datatype}`)
        .join(', '),
      timing: { totalMicroseconds: 1_840 },
      inputs: call.inputs,
      recipes: call.recipes ?? {},
      ...(call.sequence && { sequence: call.sequence }),
      outcome: { kind: 'answered', modelVersion: '2', outputs },
    };
  };

  const handlers: Parameters<typeof serveHost>[1] = {
    'host.snapshot': () => Promise.resolve(snapshot),
    'workspace.open': async ({ path }) => {
      if (path.includes('missing')) throw new StatusError('not-found', `There is no directory ${path}.`);
      snapshot = { ...snapshot, workspace: { path, isDefault: false, notices: [] } };
      emit('workspace.changed', snapshot);
    },
    'workspace.openDefault': async () => emit('workspace.changed', snapshot),
    'model.import': ({ source }) => {
      if (source.kind === 'paths' && source.paths.some((path) => path.includes('missing')))
        throw new StatusError('not-found', `There is no file or directory ${source.paths.join(', ')}.`);
      return runJob('import', 'Importing', [{ kind: 'added', source: 'dropped', model: 'add_sub' }]);
    },
    'model.delete': async ({ name }) => {
      const trashId = nextId('trash');
      trash.set(trashId, find(name));
      removeModel(name);
      return { trashId };
    },
    'model.restore': async ({ trashId }) => {
      const model = trash.get(trashId);
      if (model === undefined) throw new StatusError('not-found', 'It is no longer in the trash.');
      putModel(model);
      return { name: model.name };
    },
    'model.rename': async ({ name, newName }) => {
      const model = find(name);
      if (snapshot.models.some((other) => other.name === newName))
        throw new StatusError('already-exists', `There is already a model '${newName}'.`);
      removeModel(name);
      putModel({ ...model, name: newName });
    },
    'model.load': async ({ name }) => load(name),
    'model.unload': async ({ name }) => putNewestState(name, { kind: 'unloaded' }),
    'config.edit': async ({ model: name, text, revision }) => {
      const model = find(name);
      if (revision !== model.config.revision)
        throw new StatusError('already-exists', 'The config was changed meanwhile.');
      const isSaved = (text.match(/[[{]/g) ?? []).length === (text.match(/[\]}]/g) ?? []).length;
      const savedText = isSaved ? text : model.config.savedText;
      const isReady = model.versions.some(({ state }) => state.kind === 'ready');
      const config = { text, revision: revision + 1, isSaved, savedText, isReloadNeeded: isSaved && isReady };
      putModel({ ...model, config });
      return { revision: revision + 1, isSaved };
    },
    'config.discardDraft': async ({ model: name }) => {
      const model = find(name);
      const { savedText, revision } = model.config;
      putModel({
        ...model,
        config: { ...model.config, text: savedText, revision: revision + 1, isSaved: true },
      });
    },
    'config.regenerate': async () => undefined,
    'server.start': async () => emit('server.changed', RUNNING),
    'server.stop': async () => emit('server.changed', { kind: 'stopped' }),
    'inference.run': async (call) => {
      const entry = answer(call);
      history.set(entry.id, entry);
      emit('history.added', entry);
      return entry;
    },
    'history.list': async () => [...history.values()].toReversed(),
    'inference.compare': async () => [],
    'history.get': async ({ id }) => {
      const entry = history.get(id);
      if (entry === undefined) throw new StatusError('not-found', `There is no request '${id}'.`);
      return entry;
    },
    'history.delete': async ({ id }) => {
      history.delete(id);
      emit('history.deleted', { id });
    },
    'dims.remember': async ({ model, input, dims }) => {
      const ofModel = snapshot.rememberedDims[model] ?? {};
      const remembered = { ...snapshot.rememberedDims, [model]: { ...ofModel, [input]: dims } };
      snapshot = { ...snapshot, rememberedDims: remembered };
      emit('dims.changed', remembered);
    },
    'sample.exampleInputs': async () => [],
    'upload.begin': async () => ({ uploadId: nextId('upload') }),
    'upload.write': () => new Promise((resolve) => setTimeout(resolve, 20)),
    'upload.finish': async () => undefined,
    'upload.cancel': async () => undefined,
    'export.preview': async ({ models }) => ({
      texts: [{ path: 'README.md', text: '# Model repository for NVIDIA Triton Inference Server\n' }],
      warnings: [],
      tree: models.flatMap((model) => [
        { path: `${model}/config.pbtxt`, byteSize: 612 },
        { path: `${model}/labels.txt`, byteSize: 48 },
        { path: `${model}/1/model.onnx`, byteSize: 48_300 },
        { path: 'README.md', byteSize: 54 },
      ]),
      lints: models.flatMap((model) => [
        {
          id: 'name',
          title: 'Name equals directory',
          state: 'ok',
          detail: `Both are "${model}".`,
          model,
        } as const,
        { id: 'versions', title: 'Numeric versions', state: 'ok', detail: 'Version 1.', model } as const,
        {
          id: 'labels',
          title: 'Label files present',
          state: 'warning',
          detail: 'labels.txt has 9 lines, the output has 10 values.',
          fix: 'Add the missing label.',
          model,
        } as const,
      ]),
    }),
    'export.start': ({ format, destination }) =>
      runJob(
        'export',
        'Exporting',
        destination === undefined
          ? { kind: 'download', id: 'x1', fileName: `digits.${format}`, byteSize: 48_960 }
          : { kind: 'path', path: destination, byteSize: 48_960 },
      ),
    'export.upload': ({ storageUri }) =>
      runJob('export', 'Uploading', { kind: 'uploaded', uri: storageUri, byteSize: 48_960, sentFiles: 2 }),
    'job.cancel': async ({ jobId }) => {
      const job = snapshot.jobs.find(({ id }) => id === jobId);
      if (job !== undefined) putJob({ ...job, state: { kind: 'cancelled' } });
    },
    'job.dismiss': async ({ jobId }) => {
      snapshot = { ...snapshot, jobs: snapshot.jobs.filter(({ id }) => id !== jobId) };
      emit('job.dismissed', { id: jobId });
    },
    'files.list': async ({ path = '/home/ada' }) => ({
      path,
      parent: path === '/' ? null : path.replace(/\/[^/]*$/, '') || '/',
      places: [
        { name: 'Home', path: '/home/ada', kind: 'folder', byteSize: 0 },
        { name: 'Computer', path: '/', kind: 'folder', byteSize: 0 },
      ],
      entries: [
        { name: 'downloads', path: `${path}/downloads`, kind: 'folder', byteSize: 0 },
        { name: 'models', path: `${path}/models`, kind: 'folder', byteSize: 0 },
        { name: 'resnet50.onnx', path: `${path}/resnet50.onnx`, kind: 'file', byteSize: 102_400_000 },
        { name: 'weights.pt', path: `${path}/weights.pt`, kind: 'file', byteSize: 44_700_000 },
      ],
    }),
    'files.createFolder': async () => undefined,
    'dialog.openModels': async () => ({ paths: [] }),
    'dialog.chooseFolder': async () => ({ path: null }),
    'folder.reveal': async () => undefined,
    'settings.update': async (update) => {
      snapshot = { ...snapshot, settings: { ...snapshot.settings, ...update } };
      emit('settings.changed', snapshot.settings);
    },
    'container.check': async ({ choices }) => [
      { id: 'engine', title: 'Docker or Podman answers', state: 'ok', reason: 'Version 28.2.2.' },
      {
        id: 'image',
        title: 'Image is on this machine',
        state: 'blocked',
        reason: `${choices.release} is not downloaded yet.`,
        fix: 'Pull the image.',
      },
    ],
    'container.pull': ({ release }) =>
      runJob('image-pull', `Pulling Triton ${release}`, { image: release, byteSize: 1 }),
    'container.start': async () =>
      emit('container.changed', { kind: 'failed', reason: 'The image was deleted.' }),
    'container.stop': async () => emit('container.changed', { kind: 'stopped' }),
    'remote.save': async () => ({ id: 'remote' }),
    'remote.remove': async () => undefined,
    'remote.restore': async () => undefined,
    'remote.check': async () => {
      throw new StatusError('unavailable', 'Nothing answers at http://gpu-box:8000.');
    },
    'remote.load': async () => undefined,
    'remote.unload': async () => undefined,
    'remote.describe': async () => ({ configText: '', metadataText: '{}' }),
    'remote.pushSize': async () => ({ files: 1, byteSize: 3_000, sentByteSize: 4_200 }),
    'remote.push': ({ model }) =>
      runJob('model-push', `Pushing ${model}`, { server: 'GPU box', model, byteSize: 3_000 }),
    'remote.importConfig': ({ model }) =>
      runJob('import', `Taking the config of ${model}`, [{ kind: 'added', source: 'GPU box', model }]),
    'provider.install': () =>
      runJob('provider-install', 'Installing the CUDA execution provider', { message: 'Done.' }),
  };

  return {
    calls,
    emit,
    snapshot: () => snapshot,
    dropConnections: () => [...closers].forEach((close) => close()),
    connect: () => {
      const { ui, host, close } = channelPair((name, argument) => calls.push({ name, argument }));
      const stop = serveHost(host, handlers, events, (cause, call) => console.error(call, cause));
      closers.add(() => {
        stop();
        close();
      });
      return ui;
    },
  };
}

function channelPair(record: (name: string, argument: unknown) => void) {
  const toUi = new Set<(message: HostMessage) => void>();
  const toHost = new Set<(message: unknown) => void>();
  const closed = new Set<() => void>();
  const onClose = (listener: () => void) => {
    closed.add(listener);
    return () => closed.delete(listener);
  };
  const ui: Channel<CallMessage, HostMessage> = {
    send: (message) => {
      record(message.name, message.argument);
      queueMicrotask(() => toHost.forEach((listener) => listener(message)));
    },
    onMessage: (listener) => {
      toUi.add(listener);
      return () => toUi.delete(listener);
    },
    onClose,
  };
  const host: Channel<HostMessage, unknown> = {
    send: (message) => queueMicrotask(() => toUi.forEach((listener) => listener(message))),
    onMessage: (listener) => {
      toHost.add(listener);
      return () => toHost.delete(listener);
    },
    onClose,
  };
  return { ui, host, close: () => closed.forEach((listener) => listener()) };
}

const RUNNING = {
  kind: 'running',
  pid: 4_242,
  httpUrl: 'http://127.0.0.1:8003',
  endpoints: [
    { protocol: 'http', address: 'http://127.0.0.1:8003' },
    { protocol: 'grpc', address: '127.0.0.1:8001' },
    { protocol: 'metrics', address: 'http://127.0.0.1:8002/metrics' },
  ],
  notices: ['Port 8000 is taken by python3 (pid 12); using 8003.'],
} as const;

const READY: VersionState = {
  kind: 'ready',
  loadMilliseconds: 790,
  instanceCount: 1,
  executionProvider: 'CPU',
  executionProviderReason: 'No NVIDIA driver was found on this machine.',
};

function usualSnapshot(): HostSnapshot {
  const at = Date.now();
  return {
    conchVersion: '0.1.0',
    capabilities: {
      nativeDialogs: false,
      droppedFilesHavePaths: false,
      downloads: true,
      downloadPath: '/downloads/',
      revealInFolder: false,
      dragsFilesOut: false,
    },
    machine: {
      cpu: { model: 'AMD Ryzen 7 7840U', cores: 16, memoryBytes: 34_000_000_000 },
      gpu: {
        kind: 'absent',
        reason: 'An RTX 4070 was found, but the CUDA execution provider is not installed.',
        install: {
          text: 'Conch downloads the CUDA execution provider of ONNX Runtime 1.30.0 (about 210 MB) from nuget.org, checks its SHA-256 and puts it into your data folder. It needs an NVIDIA driver 550 or newer.',
          byHand: [
            'curl -LO https://www.nuget.org/api/v2/package/Microsoft.ML.OnnxRuntime.Gpu.Linux/1.30.0',
            'unzip -j microsoft.ml.onnxruntime.gpu.linux.1.30.0.nupkg "runtimes/linux-x64/native/*" -d ~/.local/share/conch/cuda',
          ],
        },
      },
      docker: { kind: 'absent', reason: 'The Docker Engine does not answer at /var/run/docker.sock.' },
    },
    remoteServers: [],
    workspace: {
      path: '/home/ada/models',
      isDefault: false,
      notices: [{ path: '.git', text: 'Triton would take .git for a model; it is left alone here.' }],
    },
    recents: ['/home/ada/models', '/srv/triton/model_repository'],
    samples: [
      {
        name: 'digits',
        title: 'Handwritten digits',
        description: 'An 8×8 picture in, ten scores out. Trained on 1,437 pictures, 98 % right on the rest.',
        exampleInputs: {},
      },
      {
        name: 'add_sub',
        title: 'Add and subtract',
        description: 'Two rows of 16 integers in, their sum and difference out.',
        exampleInputs: {},
      },
      {
        name: 'shout',
        title: 'Text',
        description: 'Strings in, the same strings in capitals out.',
        exampleInputs: {},
      },
    ],
    models: fixtureModels(),
    server: RUNNING,
    container: { kind: 'stopped' },
    jobs: [],
    history: [],
    log: [
      {
        at: at - 3_000,
        level: 'info',
        source: 'host',
        text: 'Opened the model repository /home/ada/models.',
      },
      {
        at: at - 2_400,
        level: 'warning',
        source: 'server',
        text: 'Port 8000 is taken by python3 (pid 12); using 8003.',
      },
      { at: at - 2_200, level: 'info', source: 'server', text: 'Started HTTPService at 127.0.0.1:8003' },
      { at: at - 1_000, level: 'info', source: 'engine', text: "successfully loaded 'digits' version 2" },
      {
        at: at - 400,
        level: 'error',
        source: 'engine',
        text: "failed to load 'resnet50_with_a_rather_long_name_v2_final_really' version 1: Invalid argument: unexpected inference input 'input_0', allowed inputs are: input",
      },
    ],
    settings: { colorScheme: 'auto', showsAllSettings: false },
    rememberedDims: {},
  };
}
