import { mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { ImportSource } from '../contract/calls.ts';
import type { HostEventSource, HostHandlers } from '../contract/host-dispatch.ts';
import type { HostSnapshot } from '../contract/snapshot.ts';
import { StatusError } from '../core/status.ts';
import { openDataFolder } from './data-folder.ts';
import { createHostEvents } from './events/host-events.ts';
import { compareRequests } from './comparison/compare-requests.ts';
import { createDownloads, type Download } from './exports/downloads.ts';
import { createExportActions, platformOf } from './exports/export-actions.ts';
import { createFolder, listFiles } from './file-picker/list-files.ts';
import { importModels } from './import/import-models.ts';
import { checkInferCall } from './inference/check-infer-call.ts';
import { createCompletedRequests } from './inference/completed-requests.ts';
import { runInference } from './inference/run-inference.ts';
import { createInspector } from './inspection/inspector.ts';
import { acquireInstanceLock, type InstanceLock } from './instance-lock/instance-lock.ts';
import { createJobRegistry } from './jobs/job-registry.ts';
import { installCudaProvider } from './machine/install-cuda-provider.ts';
import { createMachine } from './machine/machine-status.ts';
import { createModelActions } from './models/model-actions.ts';
import { openRenameJournal } from './models/rename-journal.ts';
import { createModelProbe } from './probe/probe-model.ts';
import type { HostProcessLauncher } from './processes/host-process-launcher.ts';
import { remoteHandlers } from './remote-servers/remote-handlers.ts';
import { openRemoteServers } from './remote-servers/remote-servers.ts';
import { openSampleModels } from './samples/sample-models.ts';
import { createServerLog } from './server-supervisor/server-log.ts';
import { createServerSupervisor } from './server-supervisor/server-supervisor.ts';
import { openSettingsStore } from './settings/settings-store.ts';
import type { ShellServices } from './shell-services.ts';
import { openTarget, type TargetSources } from './targets/open-target.ts';
import { createContainerSupervisor } from './triton-container/container-supervisor.ts';
import { engineFailure } from './triton-container/engine-failure.ts';
import { openTrash } from './trash/trash.ts';
import { createUploadStore } from './uploads/upload-store.ts';
import { openDescriptionStore } from './workspace/description-store.ts';
import { checkRepository, openSession, type Session, type SessionParts } from './workspace/session.ts';

/** What a host is made of. */
export interface HostOptions {
  /** Everything of Conch's own goes here; made where it does not exist. */
  readonly dataFolder: string;
  readonly launcher: HostProcessLauncher;
  readonly shell: ShellServices;
  readonly sampleModelsFolder: string;
  readonly conchVersion: string;
  /** Epoch milliseconds; the system's clock when absent. */
  readonly clock?: () => number;
  /** The server's first choice; 8000 when absent, 0 for any. */
  readonly httpPort?: number;
  /** Hears of mistakes in Conch itself; standard error when absent. */
  readonly reportBug?: (cause: unknown) => void;
}

/** The host: answers every call of the contract and tells its events. */
export interface Host {
  readonly handlers: HostHandlers;
  readonly events: HostEventSource;
  /** The lock on the data folder; a shell publishes where a second start can hand over its paths. */
  readonly instance: InstanceLock;
  /** Imports or opens paths from a command line or a second start; the job's id. */
  openPaths(paths: readonly string[]): Promise<string>;
  /** Paths of repositories that were open before, newest first. */
  recentRepositories(): readonly string[];
  /** A finished export by its download id; null where there is none. */
  openDownload(id: string): Download | null;
  /** Stops the server and every job, and releases the data folder. */
  close(): Promise<void>;
}

const SNAPSHOT_HISTORY = 200;
const SNAPSHOT_LOG = 500;

function reportToStderr(cause: unknown): void {
  process.stderr.write(
    `Conch has a bug: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`,
  );
}

function importTitle(source: ImportSource, sampleTitle: (name: string) => string): string {
  switch (source.kind) {
    case 'paths': {
      const [first = ''] = source.paths;
      return source.paths.length === 1 ? `Adding ${basename(first)}` : `Adding ${source.paths.length} things`;
    }
    case 'upload':
      return 'Adding what was uploaded';
    case 'sample':
      return `Adding ${sampleTitle(source.name)}`;
  }
}

/**
 * Starts a host on a data folder. Rejects as `already-exists` where another Conch runs on it. The embedded server is
 * started with the first model that is served.
 */
export async function createHost(options: HostOptions): Promise<Host> {
  const instance = await acquireInstanceLock(options.dataFolder, Date.now());
  try {
    return await startHost(options, instance);
  } catch (cause) {
    await instance.release();
    throw cause;
  }
}

async function startHost(options: HostOptions, instance: InstanceLock): Promise<Host> {
  const now = options.clock ?? Date.now;
  const reportBug = options.reportBug ?? reportToStderr;
  const { shell, launcher } = options;
  const { source: events, emit } = createHostEvents();
  // Nobody listens yet while the host starts: what is raised then is told after the first snapshot.
  let unheard: { severity: 'info' | 'warning' | 'error'; text: string }[] | null = [];
  const raise = (severity: 'info' | 'warning' | 'error', text: string) => {
    if (unheard) unheard.push({ severity, text });
    else emit('notice.raised', { severity, text });
  };

  const folder = await openDataFolder(options.dataFolder);
  const settings = await openSettingsStore(folder, now(), emit, (text) => raise('warning', text));
  const remotes = await openRemoteServers(folder.remoteServersFile, {
    now: now(),
    keychain: shell.keychain?.() ?? null,
    emit,
    raise: (text) => raise('warning', text),
  });
  const jobs = createJobRegistry(emit, now, reportBug);
  const log = createServerLog(folder.logs, now, emit);
  const inspector = createInspector(launcher);
  const descriptions = await openDescriptionStore(folder.descriptions, options.conchVersion);
  const trash = await openTrash(folder.trash, folder.staging, now);
  const renames = openRenameJournal(folder.renames, folder.staging);
  const uploads = createUploadStore(folder.uploads);
  const downloads = createDownloads(folder.downloads);
  const samples = await openSampleModels(options.sampleModelsFolder);
  const completed = createCompletedRequests(emit);
  const probe = createModelProbe(launcher);
  const machine = createMachine(emit, () =>
    probe.cuda(join(options.sampleModelsFolder, 'linear_regression')),
  );
  await mkdir(folder.defaultRepository, { recursive: true });

  let current: Session | null = null;
  const session = (): Session => {
    if (!current) throw new StatusError('unavailable', 'No model repository is open.');
    return current;
  };
  const supervisor = createServerSupervisor(
    {
      launcher,
      // Where any HTTP port will do, so will any other.
      ports:
        options.httpPort === 0
          ? { http: 0, grpc: 0, metrics: 0 }
          : { http: options.httpPort ?? 8000, grpc: 8001, metrics: 8002 },
      now,
      describeLoad: (model) => {
        const newestVersion = current?.workspace.disk(model)?.versions.at(-1)?.version;
        return {
          configText: current?.configs.state(model)?.savedText ?? '',
          ...(newestVersion !== undefined && { newestVersion }),
        };
      },
      onStatus: (status) => emit('server.changed', status),
      onModel: (model) => current?.workspace.touch(model),
      onServed: (models) => {
        if (current) settings.rememberServed(current.workspace.path, models).catch(reportBug);
      },
      onReloadFailure: (model, reason) =>
        raise('error', `${model} was not reloaded, and serves as before: ${reason}`),
      onEngineDeath: (sentences) => raise('error', sentences),
      onRequests: (records) => completed.note(records),
      log: (level, source, text) => log.append(level, source, text),
    },
    settings.repository() ?? folder.defaultRepository,
  );

  const container = createContainerSupervisor({
    dataFolder: options.dataFolder,
    now,
    repository: () => {
      const { workspace } = session();
      const models = [...workspace.names()].flatMap((name) => workspace.disk(name) ?? []);
      return {
        path: workspace.path,
        models: models.map(({ name }) => name),
        platforms: models.map(platformOf),
      };
    },
    onStatus: (status) => emit('container.changed', status),
    log: (level, source, text) => log.append(level, source, text),
  });

  const targetSources: TargetSources = {
    twin: () => supervisor.client(),
    container: () => container.status(),
  };

  const tellWorkspace = () => {
    if (!current) return;
    const { workspace } = current;
    emit('workspace.changed', {
      workspace: workspace.status(),
      models: workspace.entries(),
      recents: settings.recents(),
    });
  };
  const sessionParts: SessionParts = {
    folder,
    server: {
      versionState: (model, version) => supervisor.states.of(model, version),
      loadedConfig: (model) => supervisor.loadedConfig(model),
    },
    inspector,
    descriptions,
    renames,
    emit,
    now,
    raise,
    onWorkspaceChange: tellWorkspace,
    reportBug,
  };
  const openRepository = async (path: string, isDefault: boolean) => {
    if (current?.workspace.path === path) return;
    const next = await openSession(path, isDefault, sessionParts);
    const last = current;
    current = next;
    await last?.close();
    await settings.rememberRepository(isDefault ? undefined : path);
    supervisor.useRepository(path).catch((cause: unknown) => {
      if (!(cause instanceof StatusError)) reportBug(cause);
    });
    tellWorkspace();
  };
  const openPlace = async (given: string, creates: boolean) => {
    const path = resolve(given);
    await checkRepository(path, creates);
    await openRepository(path, path === folder.defaultRepository);
  };
  const openDefault = async () => {
    await mkdir(folder.defaultRepository, { recursive: true });
    await openRepository(folder.defaultRepository, true);
  };
  const openFirst = async () => {
    const last = settings.repository();
    if (last === undefined) return openDefault();
    try {
      await openPlace(last, false);
    } catch (cause) {
      if (!(cause instanceof StatusError)) throw cause;
      raise('warning', `${cause.message} Conch opened its own repository instead.`);
      await openDefault();
    }
  };

  /** Only what was ready is noted, so that a model whose load takes Conch down is not loaded at every start. */
  const serveAgain = async () => {
    const { workspace } = session();
    const lost = await settings.takeServed(workspace.path);
    const models = lost.filter((name) => workspace.disk(name));
    if (models.length === 0) return;
    const words = `Conch did not end by itself the last time. What it served is served again: ${models.join(', ')}.`;
    raise('info', words);
    // The notice goes by itself, perhaps before anyone has looked.
    log.append('info', 'host', words);
    for (const model of models) await supervisor.load(model);
  };

  const startImport = (source: ImportSource): string => {
    const { workspace, reserved } = session();
    const title = importTitle(
      source,
      (name) => samples.samples.find((sample) => sample.name === name)?.title ?? name,
    );
    return jobs.start('import', title, (control) =>
      importModels(
        source,
        {
          inspector,
          receiver: { repository: workspace.path, dataStaging: folder.staging, reserved },
          takeUpload: (uploadId) => uploads.take(uploadId),
          endUpload: (uploadId) => uploads.cancel(uploadId),
          sampleFolder: (name) => samples.folderOf(name),
          findSample: async (name) => {
            for (const { name: model } of workspace.entries()) {
              const disk = workspace.disk(model);
              if (disk && (await samples.matching(disk))?.name === name) return model;
            }
            return undefined;
          },
          onAdded: async (name, description) => {
            await (description ? workspace.adopt(name, description) : workspace.refresh());
            probe.start(workspace, name).catch(reportBug);
          },
          openRepository: async (path) => {
            await openPlace(path, false);
            return [...session().workspace.names()];
          },
          notify: (text) => raise('info', text),
        },
        control,
      ),
    );
  };

  const modelActions = createModelActions({
    session,
    supervisor,
    trash,
    staging: folder.staging,
    draftsFolder: folder.drafts,
    renames,
  });
  const exportActions = createExportActions({ session, jobs, downloads, inspector });
  const snapshot = (): HostSnapshot => {
    const { workspace, history } = session();
    return {
      conchVersion: options.conchVersion,
      capabilities: shell.capabilities,
      machine: machine.status(),
      workspace: workspace.status(),
      recents: settings.recents(),
      samples: samples.samples,
      models: workspace.entries(),
      server: supervisor.status(),
      container: container.status(),
      remoteServers: remotes.list(),
      jobs: jobs.list(),
      history: history.list({ limit: SNAPSHOT_HISTORY }),
      log: log.last(SNAPSHOT_LOG),
      settings: settings.settings(),
      rememberedDims: settings.dims(),
    };
  };
  const tellUnheard = () => {
    const waiting = unheard ?? [];
    unheard = null;
    for (const notice of waiting) emit('notice.raised', notice);
  };

  const handlers: HostHandlers = {
    'host.snapshot': async () => {
      machine.recheck().catch(reportBug);
      setImmediate(tellUnheard);
      return snapshot();
    },
    'workspace.open': ({ path, create }) => openPlace(path, create ?? false),
    'workspace.openDefault': openDefault,
    'model.import': async ({ source }) => ({ jobId: startImport(source) }),
    'model.delete': ({ name }) => modelActions.delete(name),
    'model.restore': ({ trashId }) => modelActions.restore(trashId),
    'model.rename': ({ name, newName }) => modelActions.rename(name, newName),
    'model.load': async ({ name }) => {
      session().workspace.find(name);
      await supervisor.load(name);
    },
    'model.unload': ({ name }) => supervisor.unload(name),
    'config.edit': (edit) => session().configs.edit(edit),
    'config.discardDraft': ({ model }) => session().configs.discardDraft(model),
    'config.regenerate': ({ model }) => modelActions.regenerateConfig(model),
    'server.start': () => supervisor.start(),
    'server.stop': () => supervisor.stop(),
    'container.check': ({ choices }) => container.check(choices),
    'container.pull': async ({ release }) => ({
      jobId: jobs.start('image-pull', `Pulling Triton ${release}`, (control) =>
        container.pull(release, control),
      ),
    }),
    'container.start': ({ choices }) => container.start(choices),
    'container.stop': () => container.stop(),
    ...remoteHandlers({ remotes, jobs, session, staging: folder.staging, raise }),
    'inference.run': async (call) => {
      checkInferCall(call);
      const { history } = session();
      const at = now();
      const open = () => openTarget(call.target ?? { kind: 'twin' }, targetSources);
      const entry = await runInference(call, history.newId(at), at, open, completed);
      await history.add(entry);
      const { inputs: _inputs, recipes: _recipes, outcome: _outcome, ...summary } = entry;
      emit('history.added', summary);
      return entry;
    },
    'inference.compare': ({ ids, server }) => compareRequests(ids, server, session().history),
    'history.list': async (query) => session().history.list(query),
    'history.get': ({ id }) => session().history.get(id),
    'history.delete': async ({ id }) => {
      if (await session().history.delete(id)) emit('history.deleted', { id });
    },
    'dims.remember': ({ model, input, dims }) => settings.rememberDims(model, input, dims),
    'sample.exampleInputs': async ({ model }) => {
      const { workspace } = session();
      const disk = workspace.disk(model);
      const sample = disk && (await samples.matching(disk));
      if (!sample) return [];
      const inputs = workspace.find(model).description?.inputs ?? [];
      return samples.exampleInputs(
        sample,
        new Map(inputs.map(({ name, datatype }) => [name, datatype.value ?? 'BYTES'])),
      );
    },
    'upload.begin': ({ files }) => uploads.begin(files),
    'upload.write': (chunk) => uploads.write(chunk),
    'upload.finish': ({ uploadId }) => uploads.finish(uploadId),
    'upload.cancel': ({ uploadId }) => uploads.cancel(uploadId),
    'export.preview': ({ models, deployment }) => exportActions.preview(models, deployment),
    'export.start': async (what) => ({ jobId: await exportActions.start(what) }),
    'export.upload': async (what) => ({ jobId: await exportActions.upload(what) }),
    'job.cancel': async ({ jobId }) => jobs.cancel(jobId),
    'job.dismiss': async ({ jobId }) => {
      const job = jobs.list().find(({ id }) => id === jobId);
      jobs.dismiss(jobId);
      if (job?.kind === 'export' && job.state.kind === 'done' && job.state.outcome.kind === 'download')
        await downloads.forget(job.state.outcome.id);
    },
    'files.list': (query) => listFiles(query, session().workspace.path),
    'files.createFolder': ({ path }) => createFolder(path),
    'dialog.openModels': async () => ({ paths: await shell.openModels() }),
    'dialog.chooseFolder': async ({ title }) => ({ path: await shell.chooseFolder(title) }),
    'folder.reveal': ({ path }) => shell.revealInFolder(path),
    'settings.update': (change) => settings.update(change),
    'provider.install': async ({ agreed }) => {
      const plan = machine.providerPlan;
      if (!agreed) throw new StatusError('invalid-argument', 'The download needs your consent.');
      if (!plan)
        throw new StatusError('unsupported', 'There is no CUDA execution provider for this platform.');
      const jobId = jobs.start(
        'provider-install',
        'Installing the CUDA execution provider',
        async (control) => {
          const outcome = await installCudaProvider(plan, folder.staging, control);
          await machine.recheck(true);
          return outcome;
        },
      );
      return { jobId };
    },
  };

  await openFirst();
  serveAgain().catch((cause: unknown) => {
    if (cause instanceof StatusError) raise('warning', `Nothing could be served again: ${cause.message}`);
    else reportBug(cause);
  });
  machine.recheck().catch(reportBug);
  container
    .adopt()
    .catch((cause: unknown) =>
      raise(
        'warning',
        `An earlier Triton container could not be looked for: ${engineFailure(cause).message}`,
      ),
    );
  return {
    handlers,
    events,
    instance,
    openPaths: async (paths) => {
      const jobId = startImport({ kind: 'paths', paths });
      emit('paths.opened', { jobId });
      return jobId;
    },
    recentRepositories: () => settings.recents(),
    openDownload: (id) => downloads.open(id),
    close: async () => {
      await jobs.close();
      await uploads.close();
      await supervisor.close();
      await container.close();
      // The workspace first: it must not take the end of the inspector for a verdict on a model.
      await current?.close();
      inspector.close();
      probe.close();
      await descriptions.close();
      completed.close();
      await log.close();
      await remotes.close();
      await settings.close();
      await instance.release();
    },
  };
}
