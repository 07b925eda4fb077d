import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job, JobOutcomes } from '../../app/contract/job.ts';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { StatusError } from '../../app/core/status.ts';
import type { Host } from '../../app/host/create-host.ts';
import { forkLauncher } from '../../app/host/processes/fork-launcher.ts';
import type { ShellServices } from '../../app/host/shell-services.ts';
import { startHost } from '../start-host.ts';

function refuse(): Promise<never> {
  return Promise.reject(new StatusError('unsupported', 'A command has no dialogs.'));
}

const SERVICES: ShellServices = {
  capabilities: {
    nativeDialogs: false,
    droppedFilesHavePaths: true,
    downloads: false,
    downloadPath: '',
    revealInFolder: false,
    dragsFilesOut: false,
  },
  openModels: refuse,
  chooseFolder: refuse,
  revealInFolder: refuse,
};

/** A host of its own for one command, gone with everything that it made when `work` is done or interrupted. */
export async function withTemporaryHost<Result>(work: (host: Host) => Promise<Result>): Promise<Result> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'conch-command-'));
  process.env['CONCH_HTTP_PORT'] = '0';
  const host = await startHost({ dataFolder, services: SERVICES, launcher: forkLauncher() });
  const end = async () => {
    await host.close();
    await rm(dataFolder, { recursive: true, force: true });
  };
  const interrupt = () => void end().finally(() => process.exit(130));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    return await work(host);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await end();
  }
}

/** Asks for a job and waits for its end. Rejects where it failed. */
export async function finishJob<Kind extends Job['kind']>(
  host: Host,
  kind: Kind,
  ask: () => Promise<{ readonly jobId: string }>,
): Promise<JobOutcomes[Kind]> {
  const ended = new Map<string, Job>();
  let wake = () => undefined as void;
  const stop = host.events.onAny((name, payload) => {
    if (name !== 'job.changed') return;
    const job = payload as Job;
    if (job.state.kind !== 'running') ended.set(job.id, job);
    wake();
  });
  const { jobId } = await ask();
  while (!ended.has(jobId)) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  stop();
  const state = ended.get(jobId)?.state;
  if (state?.kind === 'done') return state.outcome as JobOutcomes[Kind];
  const failure = state?.kind === 'failed' ? state.failure : null;
  throw new StatusError(failure?.code ?? 'cancelled', failure?.message ?? `The ${kind} was cancelled.`);
}

/** Imports a path; the names of the models that it became. Rejects with the reason where it became none. */
export async function importPath(host: Host, path: string): Promise<readonly string[]> {
  const outcomes = await finishJob(host, 'import', () =>
    host.handlers['model.import']({ source: { kind: 'paths', paths: [path] } }),
  );
  const models = outcomes.flatMap((outcome) => {
    if (outcome.kind === 'added') return [outcome.model];
    return outcome.kind === 'opened' ? outcome.models : [];
  });
  if (models.length > 0) return models;
  const reasons = outcomes.map((outcome) => {
    if (outcome.kind !== 'refused') return outcome.kind === 'ignored' ? outcome.reason : '';
    return `${outcome.title}: ${outcome.reason}${outcome.fix ? ` ${outcome.fix.text}` : ''}`;
  });
  throw new StatusError('invalid-argument', reasons.join('\n') || `There is no model in ${path}.`);
}

function newestState({ versions }: ModelEntry) {
  return versions.at(-1)?.state ?? { kind: 'unloaded' as const };
}

/** Serves a model and waits until it is ready; the base URL of its server. Rejects with the server's reason. */
export async function serveModel(host: Host, name: string): Promise<string> {
  let wake = () => undefined as void;
  const stop = host.events.onAny(() => wake());
  try {
    await host.handlers['model.load']({ name });
    for (;;) {
      const { models, server } = await host.handlers['host.snapshot'](null);
      const entry = models.find((model) => model.name === name);
      const state = entry && newestState(entry);
      if (state?.kind === 'ready' && server.kind === 'running') return server.httpUrl;
      if (state?.kind === 'unavailable') {
        const { explanation } = state;
        const why = explanation ? `\n${explanation.what} ${explanation.why} ${explanation.fix ?? ''}` : '';
        throw new StatusError('unavailable', `${name} could not be loaded: ${state.reason}${why.trimEnd()}`);
      }
      if (server.kind === 'failed') throw new StatusError('unavailable', server.reason);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stop();
  }
}
