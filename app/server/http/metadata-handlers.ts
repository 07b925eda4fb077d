import { printConfigJson } from '../../core/model-config/config-json.ts';
import { printStatistics } from '../../core/statistics/print-statistics.ts';
import type { ModelRepository } from '../repository/model-repository.ts';
import { findCountedVersions } from '../repository/find-counted-versions.ts';
import type { ModelVersion } from '../repository/model-version.ts';
import { describeModel, SERVER_EXTENSIONS, TRITON_VERSION } from '../server-metadata.ts';
import { jsonReply, type Reply } from './reply.ts';

/** `GET /v2`. */
export function serverMetadata(name: string): Reply {
  return jsonReply(JSON.stringify({ name, version: TRITON_VERSION, extensions: SERVER_EXTENSIONS }));
}

/** `GET /v2/models/M[/versions/V]`. */
export function modelMetadata(served: ModelVersion, versions: readonly string[]): Reply {
  return jsonReply(JSON.stringify(describeModel(served, versions)));
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
  return statisticsReply(findCountedVersions(repository.models, name, version));
}
