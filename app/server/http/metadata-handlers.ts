import { printConfigJson } from '../../core/model-config/config-json.ts';
import { printStatistics } from '../../core/statistics/print-statistics.ts';
import { StatusError } from '../../core/status.ts';
import type { ModelRepository } from '../repository/model-repository.ts';
import type { ModelVersion } from '../repository/model-version.ts';
import { jsonReply, type Reply } from './reply.ts';

/** The release of Triton whose behaviour this server mirrors. */
export const TRITON_VERSION = '2.70.0';

/** In the order in which Triton sends them. */
/** What the server says it can do beyond the protocol. */
export const EXTENSIONS = [
  'classification',
  'sequence',
  'model_repository',
  'model_repository(unload_dependents)',
  'schedule_policy',
  'model_configuration',
  'system_shared_memory',
  'cuda_shared_memory',
  'binary_tensor_data',
  'parameters',
  'statistics',
  'trace',
  'logging',
];

/** `GET /v2`. */
export function serverMetadata(name: string): Reply {
  return jsonReply(JSON.stringify({ name, version: TRITON_VERSION, extensions: EXTENSIONS }));
}

/** `GET /v2/models/M[/versions/V]`. */
export function modelMetadata(served: ModelVersion, versions: readonly string[]): Reply {
  const { config, signature } = served;
  const tensor = ({
    name,
    datatype,
    dims,
  }: {
    name: string;
    datatype: string;
    dims: readonly number[];
  }): object => ({
    name,
    datatype,
    shape: signature.maxBatchSize > 0 ? [-1, ...dims] : dims,
  });
  return jsonReply(
    JSON.stringify({
      name: served.name,
      versions,
      platform: config.platform || config.backend || '',
      inputs: [...signature.inputs.values()].map(tensor),
      outputs: [...signature.outputs.values()].map(tensor),
    }),
  );
}

/** `GET …/config`. */
export function modelConfig(served: ModelVersion): Reply {
  return jsonReply(printConfigJson(served.config));
}

function statisticsReply(versions: readonly ModelVersion[]): Reply {
  const printed = versions.map(({ name, version, statistics }) =>
    printStatistics(name, version, statistics.snapshot()),
  );
  return jsonReply(`{"model_stats":[${printed.join(',')}]}`);
}

/** `GET /v2/models/stats`. */
export function allStatistics(repository: ModelRepository): Reply {
  return statisticsReply(repository.models.allReady());
}

/** `GET …/stats` of one model. */
export function modelStatistics(repository: ModelRepository, name: string, version: string | null): Reply {
  const ready = repository.models.readyVersions(name);
  if (ready.length === 0) {
    throw new StatusError('invalid-argument', `requested model '${name}' is not available`);
  }
  const chosen = version === null ? ready : ready.filter((each) => each.version === version);
  if (chosen.length === 0) {
    throw new StatusError('invalid-argument', `requested model version is not available for model '${name}'`);
  }
  return statisticsReply(chosen);
}
