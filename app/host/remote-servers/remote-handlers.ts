import type { HostHandlers } from '../../contract/host-dispatch.ts';
import { filesOfServedConfig, printServedConfig } from '../../core/model-config/served-config.ts';
import { StatusError } from '../../core/status.ts';
import { addModel } from '../import/add-model.ts';
import { isRecord } from '../files/json-file.ts';
import type { JobControl, JobRegistry } from '../jobs/job-registry.ts';
import type { OpenInferenceClient } from '../open-inference/http-client.ts';
import type { Session } from '../workspace/session.ts';
import { checkRemote, describeRemoteModel, modelPath } from './check-remote.ts';
import { planPush, pushModel } from './push-model.ts';
import type { RemoteServers } from './remote-servers.ts';

const CHECK_MILLISECONDS = 10_000;
/** A large model takes its time until it is loaded. */
const LOAD_MILLISECONDS = 15 * 60_000;

/** What the calls of remote servers need. */
export interface RemoteParts {
  readonly remotes: RemoteServers;
  readonly jobs: JobRegistry;
  readonly session: () => Session;
  readonly staging: string;
  readonly raise: (severity: 'info', text: string) => void;
}

type RemoteCall = Extract<keyof HostHandlers, `remote.${string}`>;

/** The bodies of the calls `remote.…`. */
export function remoteHandlers(parts: RemoteParts): Pick<HostHandlers, RemoteCall> {
  const { remotes, jobs, session } = parts;
  const withClient = async <Result>(
    id: string,
    silenceMilliseconds: number,
    body: (client: OpenInferenceClient) => Promise<Result>,
  ): Promise<Result> => {
    const client = await remotes.open(id, silenceMilliseconds);
    try {
      return await body(client);
    } finally {
      client.close();
    }
  };
  const findDisk = (model: string) => {
    const disk = session().workspace.disk(model);
    if (!disk) throw new StatusError('not-found', `There is no model '${model}'.`);
    return disk;
  };
  const importConfig = async (id: string, model: string, control: JobControl) => {
    const { workspace, reserved } = session();
    const { name: server } = remotes.find(id);
    const [config, metadata] = await withClient(id, CHECK_MILLISECONDS, async (client) => [
      JSON.stringify(await client.get(`${modelPath(model)}/config`)),
      await client.get(modelPath(model)),
    ]);
    const told = isRecord(metadata) && Array.isArray(metadata['versions']) ? metadata['versions'] : [];
    const versions = told.map(String).filter((version) => /^[1-9]\d*$/.test(version));
    const name = await addModel(
      {
        wantedName: model,
        files: [],
        isOurs: false,
        configText: printServedConfig(config),
        description: null,
        emptyVersions: versions.map(Number),
      },
      { repository: workspace.path, dataStaging: parts.staging, reserved },
      control,
    );
    await workspace.refresh();
    const missing = filesOfServedConfig(config, versions);
    if (missing.length > 0)
      parts.raise(
        'info',
        `${name} has the config that ${server} tells. A server gives out no files: add ${missing.join(', ')} to its folder.`,
      );
    return [{ kind: 'added', source: server, model: name }] as const;
  };

  return {
    'remote.save': (edit) => remotes.save(edit),
    'remote.remove': ({ id }) => remotes.remove(id),
    'remote.restore': ({ id }) => remotes.restore(id),
    'remote.check': ({ id }) =>
      withClient(id, CHECK_MILLISECONDS, (client) => checkRemote(client, remotes.find(id).url)),
    'remote.load': ({ id, model }) => withClient(id, LOAD_MILLISECONDS, (client) => client.load(model)),
    'remote.unload': ({ id, model }) => withClient(id, LOAD_MILLISECONDS, (client) => client.unload(model)),
    'remote.describe': ({ id, model, version }) =>
      withClient(id, CHECK_MILLISECONDS, (client) => describeRemoteModel(client, model, version)),
    'remote.pushSize': async ({ model }) => (await planPush(findDisk(model))).size,
    'remote.push': async ({ id, model }) => {
      const plan = await planPush(findDisk(model));
      const { name: server } = remotes.find(id);
      const jobId = jobs.start('model-push', `Pushing ${model} to ${server}`, async (control) => {
        await withClient(id, LOAD_MILLISECONDS, (client) => pushModel(plan, server, client, control));
        return { server, model, byteSize: plan.size.byteSize };
      });
      return { jobId };
    },
    'remote.importConfig': async ({ id, model }) => ({
      jobId: jobs.start('import', `Taking the config of ${model}`, (control) =>
        importConfig(id, model, control),
      ),
    }),
  };
}
