import type { RemoteModel, RemoteModelFacts, RemoteStatus } from '../../contract/remote-server.ts';
import { printServedConfig } from '../../core/model-config/served-config.ts';
import { StatusError } from '../../core/status.ts';
import { isRecord } from '../files/json-file.ts';
import { ServerAnswerError, type OpenInferenceClient } from '../open-inference/http-client.ts';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function readIndex(index: unknown): readonly RemoteModel[] {
  if (!Array.isArray(index))
    throw new StatusError('internal', 'The repository index that the server tells is no list.');
  const readModel = ({ name, version, state, reason }: Readonly<Record<string, unknown>>): RemoteModel => ({
    name: textOf(name),
    ...(typeof version === 'string' && { version }),
    ...(typeof state === 'string' && { state }),
    ...(typeof reason === 'string' && reason !== '' && { reason }),
  });
  return index.filter(isRecord).map(readModel);
}

/** A pushed model lies in no repository, so that an index may leave it out; statistics tell of all that is loaded. */
async function askLoaded(client: OpenInferenceClient): Promise<readonly RemoteModel[]> {
  try {
    const statistics = await client.get('/v2/models/stats');
    return isRecord(statistics)
      ? readIndex(statistics['model_stats']).map(({ name, version }) => {
          const state = 'READY';
          return version === undefined ? { name, state } : { name, version, state };
        })
      : [];
  } catch (cause) {
    if (!(cause instanceof ServerAnswerError)) throw cause;
    return [];
  }
}

async function askIndex(client: OpenInferenceClient): Promise<RemoteStatus['index']> {
  try {
    const models = readIndex(await client.repositoryIndex());
    const known = new Set(models.map(({ name }) => name));
    const pushed = (await askLoaded(client)).filter(({ name }) => !known.has(name));
    return { kind: 'told', models: [...models, ...pushed] };
  } catch (cause) {
    if (!(cause instanceof ServerAnswerError)) throw cause;
    return { kind: 'refused', reason: cause.message };
  }
}

/** Asks a server what it is and what it has. Rejects with the reason where it is no inference server. */
export async function checkRemote(client: OpenInferenceClient, url: string): Promise<RemoteStatus> {
  const metadata = await client.get('/v2').catch((cause: unknown) => {
    if (cause instanceof ServerAnswerError && cause.httpStatus === 404)
      throw new StatusError('not-found', `There is no inference server at ${url}: it knows no /v2.`);
    throw cause;
  });
  if (!isRecord(metadata) || typeof metadata['name'] !== 'string')
    throw new StatusError('internal', `${url}/v2 answers something else than a server's metadata.`);
  const { name, version, extensions } = metadata;
  return {
    isLive: await client.isLive(),
    isReady: await client.isReady(),
    name,
    version: textOf(version),
    extensions: Array.isArray(extensions) ? extensions.filter((each) => typeof each === 'string') : [],
    index: await askIndex(client),
  };
}

/** The path of a model in the protocol. */
export function modelPath(model: string, version?: string): string {
  const versions = version === undefined ? '' : `/versions/${encodeURIComponent(version)}`;
  return `/v2/models/${encodeURIComponent(model)}${versions}`;
}

/** Asks a server for a model's config and metadata. */
export async function describeRemoteModel(
  client: OpenInferenceClient,
  model: string,
  version?: string,
): Promise<RemoteModelFacts> {
  const config = JSON.stringify(await client.get(`${modelPath(model, version)}/config`), null, 2);
  const metadata = await client.get(modelPath(model, version));
  let configText = config;
  try {
    configText = printServedConfig(config);
  } catch (cause) {
    if (!(cause instanceof StatusError)) throw cause;
  }
  return { configText, metadataText: JSON.stringify(metadata, null, 2) };
}
