import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { printStatus } from '../../core/open-inference/error-body.ts';
import { StatusError, statusOf } from '../../core/status.ts';
import type { ServerOptions } from '../command-line.ts';
import type { EngineEnvironment } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import { listDirectories } from './model-files.ts';
import { writeOverrideFiles, type OverrideDirectory } from './override-files.ts';
import { prepareModel, type PreparedModel } from './prepare-model.ts';
import { prepareVersion } from './prepare-version.ts';
import type { ModelVersion, VersionObserver, VersionStatus } from './model-version.ts';
import { ServedVersion } from './served-version.ts';
import { chooseVersions } from './version-policy.ts';

/** What a load request may carry besides the name. */
export interface LoadParameters {
  /** The `config` parameter: a whole config as JSON. */
  readonly config: string | null;
  /** The `file:…` parameters, by their full key. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** One entry of the repository index. */
export interface IndexEntry {
  readonly name: string;
  readonly version?: string;
  readonly state?: VersionStatus['state'];
  readonly reason?: string;
}

interface VersionSlot {
  /** Null: it never got as far as having one. */
  served: ModelVersion | null;
  status: VersionStatus;
}

interface LoadedModel {
  readonly versions: Map<string, VersionSlot>;
  fingerprint: string;
  override: OverrideDirectory | null;
}

const NO_PARAMETERS: LoadParameters = { config: null, files: new Map() };
const DRAIN_MILLISECONDS = 30_000;

function byVersion([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return Number(left) - Number(right);
}

/** What the repository needs from the server. */
export interface RepositoryEnvironment {
  readonly options: ServerOptions;
  readonly engines: EngineEnvironment;
  readonly log: Log;
  readonly gpuCount: number;
  readonly observer: VersionObserver;
  /** A version got a state without having been started, or a model could not even be polled. */
  readonly versionFailed: (name: string, version: string | null, reason: string) => void;
}

/** The models of all repositories and their life: polling, loading, unloading, reloading. */
export class ModelRepository {
  readonly #environment: RepositoryEnvironment;
  readonly #models = new Map<string, LoadedModel>();
  readonly #working = new Map<string, Promise<void>>();
  readonly #failedPolls = new Map<string, string>();

  constructor(environment: RepositoryEnvironment) {
    this.#environment = environment;
  }

  /** Model directories by name; a name may be in several repositories. @throws StatusError if a repository is gone. */
  async #directories(): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    for (const repository of this.#environment.options.modelRepositories) {
      const exists = await stat(repository).then(
        (entry) => entry.isDirectory(),
        () => false,
      );
      if (!exists) throw new StatusError('internal', `failed to stat file ${repository}`);
      for (const name of await listDirectories(repository)) {
        found.set(name, [...(found.get(name) ?? []), join(resolve(repository), name)]);
      }
    }
    return found;
  }

  /** Loads what has to be loaded at startup. Returns what failed, in words; rejects if a repository does not exist. */
  async loadAtStartup(): Promise<readonly StatusError[]> {
    const { modelControlMode, startupModels } = this.#environment.options;
    const directories = await this.#directories();
    const isAll = modelControlMode !== 'explicit' || startupModels.includes('*');
    const names = isAll ? [...directories.keys()] : [...startupModels];
    return this.#loadEach(names);
  }

  async #loadEach(names: readonly string[]): Promise<StatusError[]> {
    const failures: StatusError[] = [];
    const rest = [...names];
    const work = async (): Promise<void> => {
      for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
        await this.load(name).catch((cause: unknown) => {
          if (!(cause instanceof StatusError)) throw cause;
          failures.push(cause);
        });
      }
    };
    await Promise.all(Array.from({ length: this.#environment.options.modelLoadThreadCount }, work));
    return failures;
  }

  /** One pass of poll mode: loads what is new or changed, unloads what is gone. */
  async poll(): Promise<void> {
    const directories = await this.#directories();
    const gone = [...this.#models.keys()].filter((name) => !directories.has(name));
    for (const name of gone) await this.unload(name);
    await this.#loadEach([...directories.keys()]);
  }

  /**
   * Loads a model, or loads it again if its files or its config changed: the old versions serve until the new ones are
   * ready. @throws StatusError in Triton's words; then the old versions serve on.
   */
  load(name: string, parameters: LoadParameters = NO_PARAMETERS): Promise<void> {
    return this.#inTurn(name, () => this.#load(name, parameters));
  }

  /** Unloads all versions of a model. Ends when no request of it is in flight any more. */
  unload(name: string): Promise<void> {
    return this.#inTurn(name, () => this.#unload(name));
  }

  async #inTurn(name: string, action: () => Promise<void>): Promise<void> {
    const before = this.#working.get(name) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(action);
    this.#working.set(name, mine);
    await mine;
  }

  #pollFailed(name: string, cause: unknown): StatusError {
    const { message } = statusOf(cause);
    const { log, versionFailed } = this.#environment;
    const isKnown = message.startsWith('failed to poll model');
    if (this.#failedPolls.get(name) !== message) {
      log.write('error', isKnown ? message : `Poll failed for model directory '${name}': ${message}`);
      versionFailed(name, null, message);
    }
    this.#failedPolls.set(name, message);
    return new StatusError('internal', `failed to load '${name}', failed to poll from model repository`, {
      cause,
    });
  }

  async #directoryOf(
    name: string,
    parameters: LoadParameters,
  ): Promise<{ path: string; override: OverrideDirectory | null }> {
    if (parameters.files.size > 0) {
      if (parameters.config === null) {
        throw new StatusError(
          'invalid-argument',
          "Load parameter 'config' must be specified for model file override",
        );
      }
      const override = await writeOverrideFiles(parameters.files);
      return { path: override.directory, override };
    }
    const [path, ...others] = (await this.#directories()).get(name) ?? [];
    if (others.length > 0) {
      throw new StatusError(
        'invalid-argument',
        `failed to poll model '${name}': not unique across all model repositories`,
      );
    }
    if (path === undefined) {
      throw new StatusError(
        'not-found',
        `failed to poll model '${name}': model not found in any model repository.`,
      );
    }
    return { path, override: null };
  }

  async #prepare(
    name: string,
    parameters: LoadParameters,
  ): Promise<{ model: PreparedModel; override: OverrideDirectory | null }> {
    const { autoCompleteConfig, modelConfigName } = this.#environment.options;
    let override: OverrideDirectory | null = null;
    try {
      const directory = await this.#directoryOf(name, parameters);
      override = directory.override;
      const model = await prepareModel(name, directory.path, {
        autoComplete: autoCompleteConfig,
        configName: modelConfigName,
        configOverride: parameters.config,
      });
      this.#failedPolls.delete(name);
      return { model, override };
    } catch (cause) {
      await override?.remove();
      throw this.#pollFailed(name, cause);
    }
  }

  async #load(name: string, parameters: LoadParameters): Promise<void> {
    const { model, override } = await this.#prepare(name, parameters);
    const current = this.#models.get(name);
    const statuses = [...(current?.versions.values() ?? [])].map((slot) => this.#statusOf(slot));
    const isServing = statuses.some(({ state }) => state === 'READY' || state === 'LOADING');
    if (current && isServing && current.fingerprint === model.fingerprint && !override) return;
    const failure = await this.#startModel(model, override, current);
    if (failure === null) return;
    await override?.remove();
    throw failure;
  }

  async #startModel(
    model: PreparedModel,
    override: OverrideDirectory | null,
    current: LoadedModel | undefined,
  ): Promise<StatusError | null> {
    const { name } = model;
    const { log } = this.#environment;
    for (const version of model.files.ignoredVersions) {
      log.write('warning', `ignore version directory '${version}' which fails to convert to integral number`);
    }
    let versions: readonly string[];
    try {
      versions = chooseVersions(model.polled, model.files.versions);
    } catch (cause) {
      const { message } = statusOf(cause);
      log.write('error', `failed to load model '${name}': ${message}`);
      if (!current) this.#models.set(name, { versions: new Map(), fingerprint: '', override: null });
      return new StatusError('invalid-argument', `load failed for model '${name}': ${message}\n`);
    }
    const isReplacing = [...(current?.versions.values() ?? [])].some(
      (slot) => this.#statusOf(slot).state === 'READY',
    );
    const target: LoadedModel = { versions: new Map(current?.versions), fingerprint: '', override: null };
    if (!isReplacing) {
      for (const version of versions) {
        target.versions.set(version, { served: null, status: { state: 'LOADING', reason: '' } });
      }
      this.#models.set(name, target);
    }
    const started = await Promise.all(versions.map((version) => this.#startVersion(model, version)));
    const failed = started.filter(({ reason }) => reason !== null);
    if (failed.length > 0) return this.#giveUp(name, started, isReplacing ? null : target);
    await this.#swap(name, target, current, started, { fingerprint: model.fingerprint, override });
    return null;
  }

  async #startVersion(
    model: PreparedModel,
    version: string,
  ): Promise<{ version: string; served: ModelVersion | null; reason: string | null }> {
    const { options, engines, log, gpuCount, observer, versionFailed } = this.#environment;
    log.write('info', `loading: ${model.name}:${version}`);
    for (let attempt = 0; ; attempt += 1) {
      let served: ModelVersion | null = null;
      try {
        const prepared = await prepareVersion(model, version, {
          gpuCount,
          autoComplete: options.autoCompleteConfig,
          defaultMaxBatchSize: options.defaultMaxBatchSize,
        });
        for (const warning of prepared.warnings) log.write('warning', warning);
        served = new ServedVersion(version, prepared, engines, observer, options.runTimeoutSeconds);
        await served.start();
        log.write('info', `successfully loaded '${model.name}'`);
        return { version, served, reason: null };
      } catch (cause) {
        if (attempt < options.modelLoadRetryCount) continue;
        const reason = printStatus(statusOf(cause));
        log.write('error', `failed to load '${model.name}' version ${version}: ${reason}`);
        if (served) served.fail(reason);
        else versionFailed(model.name, version, reason);
        return { version, served, reason };
      }
    }
  }

  async #giveUp(
    name: string,
    started: readonly { version: string; served: ModelVersion | null; reason: string | null }[],
    target: LoadedModel | null,
  ): Promise<StatusError> {
    let text = `load failed for model '${name}': `;
    for (const { version, served, reason } of started) {
      if (reason === null) await served?.stop(0);
      else text += `version ${version} is at UNAVAILABLE state: ${reason};\n`;
      const status = { state: 'UNAVAILABLE', reason: reason ?? 'unloaded' } as const;
      target?.versions.set(version, { served: null, status });
    }
    return new StatusError('invalid-argument', text);
  }

  async #swap(
    name: string,
    target: LoadedModel,
    current: LoadedModel | undefined,
    started: readonly { version: string; served: ModelVersion | null }[],
    loaded: Pick<LoadedModel, 'fingerprint' | 'override'>,
  ): Promise<void> {
    const replaced = [...(current?.versions ?? [])].flatMap(([version, { served }]) =>
      served ? [{ version, served }] : [],
    );
    for (const { version, served } of started) {
      if (served) target.versions.set(version, { served, status: served.status });
    }
    this.#models.set(name, { ...target, ...loaded });
    for (const { version, served } of replaced) {
      const isGone = !started.some((each) => each.version === version);
      if (!isGone) served.replace();
      // What is idle is gone before the load is answered; what still has requests to answer is not waited for.
      const retired = this.#retire(target, version, served, isGone);
      if (served.inFlight === 0) await retired;
    }
    await current?.override?.remove();
  }

  async #retire(model: LoadedModel, version: string, served: ModelVersion, isGone: boolean): Promise<void> {
    await served.stop(DRAIN_MILLISECONDS);
    const slot = model.versions.get(version);
    if (isGone && slot?.served === served) {
      model.versions.set(version, { served: null, status: { state: 'UNAVAILABLE', reason: 'unloaded' } });
    }
  }

  async #unload(name: string): Promise<void> {
    const model = this.#models.get(name);
    if (!model) return;
    const { log } = this.#environment;
    await Promise.all(
      [...model.versions].map(async ([version, slot]) => {
        // A version that never came keeps its reason, as in Triton.
        if (!slot.served) return;
        await slot.served.stop(DRAIN_MILLISECONDS);
        log.write('info', `successfully unloaded '${name}' version ${version}`);
        slot.served = null;
        slot.status = { state: 'UNAVAILABLE', reason: 'unloaded' };
      }),
    );
    model.fingerprint = '';
    await model.override?.remove();
    model.override = null;
  }

  #statusOf(slot: VersionSlot): VersionStatus {
    return slot.served?.status ?? slot.status;
  }

  /** The repository index: what is on disk and what was ever loaded. */
  async index(readyOnly: boolean): Promise<readonly IndexEntry[]> {
    const directories = await this.#directories();
    const names = [...new Set([...directories.keys(), ...this.#models.keys()])].sort();
    const entries = names.flatMap((name): IndexEntry[] => {
      if ((directories.get(name)?.length ?? 0) > 1) {
        return [{ name, state: 'UNAVAILABLE', reason: 'model appears in two or more repositories' }];
      }
      const versions = [...(this.#models.get(name)?.versions ?? [])].sort(byVersion);
      if (versions.length === 0) return [{ name }];
      return versions.map(([version, slot]) => {
        const { state, reason } = this.#statusOf(slot);
        return reason === '' ? { name, version, state } : { name, version, state, reason };
      });
    });
    return readyOnly ? entries.filter(({ state }) => state === 'READY') : entries;
  }

  /** Ready as `--strict-readiness` means it: every version that was ever loaded is ready, or unloaded on purpose. */
  isEverythingReady(): boolean {
    return [...this.#models.values()].every(
      ({ versions }) =>
        versions.size > 0 &&
        [...versions.values()].every((slot) => {
          const { state, reason } = this.#statusOf(slot);
          return state === 'READY' || (state === 'UNAVAILABLE' && reason === 'unloaded');
        }),
    );
  }

  /** Versions that are ready, ascending. */
  readyVersions(name: string): readonly ModelVersion[] {
    return [...(this.#models.get(name)?.versions ?? [])]
      .sort(byVersion)
      .flatMap(([, { served }]) => (served?.status.state === 'READY' ? [served] : []));
  }

  /**
   * The version that answers: the newest ready one if none is named.
   * @throws StatusError `not-found` or `unavailable` in Triton's words.
   */
  find(name: string, version: string | null): ModelVersion {
    const model = this.#models.get(name);
    if (!model) throw new StatusError('not-found', `Request for unknown model: '${name}' is not found`);
    if (version === null) {
      const newest = this.readyVersions(name).at(-1);
      if (newest) return newest;
      const waiting = [...model.versions].sort(byVersion).findLast(([, { served }]) => served !== null);
      if (waiting?.[1].served?.status.state === 'LOADING' && waiting[1].served.status.reason !== '') {
        throw this.#notReady(name, waiting[0], waiting[1].served.status.reason);
      }
      throw new StatusError('not-found', `Request for unknown model: '${name}' has no available versions`);
    }
    const slot = model.versions.get(version);
    if (!slot) {
      throw new StatusError(
        'not-found',
        `Request for unknown model: '${name}' version ${version} is not found`,
      );
    }
    if (slot.served?.status.state === 'READY') return slot.served;
    const { state, reason } = this.#statusOf(slot);
    throw this.#notReady(name, version, state === 'LOADING' ? reason : '');
  }

  #notReady(name: string, version: string, reason: string): StatusError {
    const why = reason === '' ? '' : ` (${reason})`;
    return new StatusError(
      'unavailable',
      `Request for unknown model: '${name}' version ${version} is not at ready state${why}`,
    );
  }

  /** Every version that is ready, of all models in order of name. */
  allReady(): readonly ModelVersion[] {
    return [...this.#models.keys()].sort().flatMap((name) => this.readyVersions(name));
  }

  /** Rows of the startup table. */
  async startupTable(): Promise<readonly (readonly [string, string, string])[]> {
    const entries = await this.index(false);
    return entries
      .filter(({ state, name }) => state !== undefined || this.#failedPolls.has(name))
      .map(({ name, version, state, reason }) => [
        name,
        version ?? '-',
        state === undefined
          ? `Not loaded: ${this.#failedPolls.get(name) ?? ''}`
          : state + (reason === undefined ? '' : `: ${reason}`),
      ]);
  }

  /** Requests in flight in all versions. */
  get inFlight(): number {
    return this.allReady().reduce((total, { inFlight }) => total + inFlight, 0);
  }

  /** Ends everything: requests are answered until the limit, then engines end. */
  async close(drainMilliseconds: number): Promise<void> {
    const models = [...this.#models.values()];
    const served = models.flatMap(({ versions }) =>
      [...versions.values()].flatMap((slot) => slot.served ?? []),
    );
    await Promise.all(served.map((version) => version.stop(drainMilliseconds)));
    for (const { override } of models) await override?.remove();
  }
}
