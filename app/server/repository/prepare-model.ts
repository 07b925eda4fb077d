import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { polledConfig } from '../../core/model-config/complete-config.ts';
import { parseConfigJson } from '../../core/model-config/config-json.ts';
import type { ModelConfig } from '../../core/model-config/model-config.ts';
import { parseModelConfig, protobufReason } from '../../core/model-config/parse-config.ts';
import { StatusError } from '../../core/status.ts';
import { readModelFiles, type ModelFiles } from './model-files.ts';

/** Where and why a config cannot be parsed; its message is what protobuf says of it. */
export class ConfigSyntaxError extends Error {
  constructor(reason: string) {
    super(`Error parsing text-format inference.ModelConfig: ${reason}`);
  }
}

/** A model as it was polled: its directory and the config before any version is looked at. */
export interface PreparedModel {
  readonly name: string;
  readonly files: ModelFiles;
  readonly polled: ModelConfig;
  /** What the config and the files were when they were polled. */
  readonly fingerprint: string;
}

/** Where a config comes from. */
export interface PollSettings {
  readonly autoComplete: boolean;
  /** `--model-config-name`; empty for config.pbtxt. */
  readonly configName: string;
  /** The `config` parameter of a load request: JSON instead of the file. */
  readonly configOverride: string | null;
  /** `--repoagent-directory`: where Triton would look for repository agents. */
  readonly agentDirectory: string;
}

async function readIfThere(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null;
    throw new StatusError('internal', `failed to read ${path}: ${cause.message}`);
  });
}

async function readWrittenConfig(
  directory: string,
  configName: string,
): Promise<{ text: string; path: string } | null> {
  const named = join(directory, 'configs', `${configName}.pbtxt`);
  const text = configName === '' ? null : await readIfThere(named);
  if (text !== null) return { text, path: named };
  const path = join(directory, 'config.pbtxt');
  const plain = await readIfThere(path);
  return plain === null ? null : { text: plain, path };
}

function parseOverride(json: string): ModelConfig {
  try {
    return parseConfigJson(json);
  } catch (cause) {
    if (!(cause instanceof StatusError)) throw cause;
    const text = cause.message.startsWith('Invalid config override') ? '' : 'Invalid config override: ';
    throw new StatusError('invalid-argument', `${text}${cause.message}`);
  }
}

async function writtenConfig(
  directory: string,
  settings: PollSettings,
): Promise<{ config: ModelConfig; text: string }> {
  const { configOverride } = settings;
  if (configOverride !== null) return { config: parseOverride(configOverride), text: configOverride };
  const written = await readWrittenConfig(directory, settings.configName);
  if (written === null && !settings.autoComplete) {
    const path = join(directory, 'config.pbtxt');
    throw new StatusError('internal', `failed to open text file for read ${path}: No such file or directory`);
  }
  if (written === null) return { config: {}, text: '' };
  const { config, diagnostics } = parseModelConfig(written.text);
  const reason = protobufReason(diagnostics);
  if (reason !== undefined) {
    throw new StatusError('internal', `failed to read text proto from ${written.path}`, {
      cause: new ConfigSyntaxError(reason),
    });
  }
  return { config, text: written.text };
}

/** What an agent would do to the model must not be left out silently. */
function refuseAgents({ model_repository_agents: agents }: ModelConfig, directory: string): void {
  const name = agents?.agents?.[0]?.name;
  if (name === undefined) return;
  throw new StatusError(
    'invalid-argument',
    `unable to find 'libtritonrepoagent_${name}.so' for repo agent '${name}', searched: ${directory}`,
  );
}

/**
 * Polls one model directory: reads its config and completes what does not need the model file.
 * @throws StatusError with Triton's reason of a failed poll.
 */
export async function prepareModel(
  name: string,
  directory: string,
  settings: PollSettings,
): Promise<PreparedModel> {
  const isThere = await stat(directory).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isThere)
    throw new StatusError(
      'not-found',
      `failed to poll model '${name}': model not found in any model repository.`,
    );
  const files = await readModelFiles(directory);
  const { config, text } = await writtenConfig(directory, settings);
  refuseAgents(config, settings.agentDirectory);
  const polled = polledConfig({
    modelName: name,
    written: config,
    firstVersionFiles: files.firstVersionFiles,
    autoComplete: settings.autoComplete,
  });
  return { name, files, polled, fingerprint: `${files.fingerprint}\n${text}` };
}
