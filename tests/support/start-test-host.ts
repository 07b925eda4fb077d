import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectHost, type HostClient } from '../../app/contract/host-client.ts';
import { serveHost } from '../../app/contract/host-dispatch.ts';
import type { Job, JobKind, JobOutcomes } from '../../app/contract/job.ts';
import { createHost, type Host, type HostOptions } from '../../app/host/create-host.ts';
import type { HostProcessLauncher } from '../../app/host/processes/host-process-launcher.ts';
import { createInMemoryChannel } from './in-memory-channel.ts';
import { inProcessLauncher } from './in-process-launcher.ts';

const SAMPLE_MODELS = fileURLToPath(new URL('../../sample-models', import.meta.url));

/** A real host on a temporary data folder, asked through the contract. */
export interface TestHost {
  readonly host: Host;
  readonly client: HostClient;
  readonly dataFolder: string;
  readonly bugs: readonly unknown[];
  /** Waits until a job is over; rejects with its failure. */
  finishJob<Kind extends JobKind>(kind: Kind, jobId: string): Promise<JobOutcomes[Kind]>;
  /** Rejects where the host met a bug of its own. */
  close(): Promise<void>;
}

/** A folder of its own for one test; the returned function removes it. */
export async function makeTestFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'conch-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Waits until `look` gives something. */
export async function waitFor<Value>(
  look: () => Value | undefined | null | false | Promise<Value | undefined | null | false>,
  what: string,
  milliseconds = 15_000,
): Promise<Value> {
  const until = Date.now() + milliseconds;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (Date.now() > until) throw new Error(`Waited ${milliseconds} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function startTestHost(
  dataFolder: string,
  options: Partial<HostOptions> & { readonly launcher?: HostProcessLauncher } = {},
): Promise<TestHost> {
  const bugs: unknown[] = [];
  const host = await createHost({
    dataFolder,
    launcher: inProcessLauncher(),
    shell: {
      capabilities: {
        nativeDialogs: false,
        droppedFilesHavePaths: false,
        downloads: true,
        downloadPath: '/downloads/',
        revealInFolder: false,
        dragsFilesOut: false,
      },
      openModels: () => Promise.resolve([]),
      chooseFolder: () => Promise.resolve(null),
      revealInFolder: () => Promise.resolve(),
    },
    sampleModelsFolder: SAMPLE_MODELS,
    conchVersion: '0.0.0-test',
    httpPort: 0,
    reportBug: (cause) => bugs.push(cause),
    ...options,
  });
  const channel = createInMemoryChannel();
  const stop = serveHost(channel.host, host.handlers, host.events, (cause) => bugs.push(cause));
  const client = connectHost(channel.ui);
  return {
    host,
    client,
    dataFolder,
    bugs,
    finishJob: async (kind, jobId) => {
      const job = await waitFor(async () => {
        const { jobs } = await client.call('host.snapshot', null);
        return jobs.find(({ id, state }) => id === jobId && state.kind !== 'running');
      }, `job ${jobId}`);
      return outcomeOf(job, kind);
    },
    close: async () => {
      stop();
      channel.drop();
      await host.close();
      if (bugs.length > 0) throw new AggregateError(bugs, 'The host met a bug of its own.');
    },
  };
}

function outcomeOf<Kind extends JobKind>(job: Job, kind: Kind): JobOutcomes[Kind] {
  if (job.kind !== kind) throw new Error(`The job is of kind ${job.kind}.`);
  switch (job.state.kind) {
    case 'done':
      return job.state.outcome as JobOutcomes[Kind];
    case 'failed':
      throw new Error(`${job.state.failure.code}: ${job.state.failure.message}`);
    case 'cancelled':
    case 'running':
      throw new Error(`The job is ${job.state.kind}.`);
  }
}
