import { StatusError, statusOf } from '../../core/status.ts';
import { LoadedModels, statusOfSlot, type LoadedModel } from './loaded-models.ts';
import { directoryOfModel, findModelDirectories, type ModelDirectories } from './model-directories.ts';
import type { ModelVersion, VersionStatus } from './model-version.ts';
import { writeOverrideFiles, type OverrideDirectory } from './override-files.ts';
import { prepareModel, type PreparedModel } from './prepare-model.ts';
import { loadFailure, startVersion, type RepositoryEnvironment, type StartedVersion } from './start-model.ts';
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

const NO_PARAMETERS: LoadParameters = { config: null, files: new Map() };
const DRAIN_MILLISECONDS = 30_000;

/** The models of all repositories and their life: polling, loading, unloading, reloading. */
export class ModelRepository {
  readonly #environment: RepositoryEnvironment;
  /** What was ever loaded, and who answers now. */
  readonly models = new LoadedModels();
  readonly #working = new Map<string, Promise<void>>();
  readonly #failedPolls = new Map<string, string>();

  constructor(environment: RepositoryEnvironment) {
    this.#environment = environment;
  }

  #directories(): Promise<ModelDirectories> {
    return findModelDirectories(this.#environment.options.modelRepositories);
  }

  /** Loads what has to be loaded at startup. Returns what failed, in words; rejects if a repository does not exist. */
  async loadAtStartup(): Promise<readonly StatusError[]> {
    const { modelControlMode, startupModels } = this.#environment.options;
    const directories = await this.#directories();
    const isAll = modelControlMode !== 'explicit' || startupModels.includes('*');
    if (isAll && startupModels.length > 1) {
      throw new StatusError(
        'invalid-argument',
        "Wildcard model name '*' must be the ONLY startup model if specified at all.",
      );
    }
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
    const gone = this.models.names().filter((name) => !directories.has(name));
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
    const path = directoryOfModel(await this.#directories(), name);
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
    const current = this.models.get(name);
    const statuses = [...(current?.versions.values() ?? [])].map((slot) => statusOfSlot(slot));
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
      if (!current) this.models.set(name, { versions: new Map(), fingerprint: '', override: null });
      return new StatusError('invalid-argument', `load failed for model '${name}': ${message}\n`);
    }
    const isReplacing = [...(current?.versions.values() ?? [])].some(
      (slot) => statusOfSlot(slot).state === 'READY',
    );
    const target: LoadedModel = { versions: new Map(current?.versions), fingerprint: '', override: null };
    if (!isReplacing) {
      for (const version of versions) {
        target.versions.set(version, { served: null, status: { state: 'LOADING', reason: '' } });
      }
      this.models.set(name, target);
    }
    const started = await Promise.all(
      versions.map((version) => startVersion(this.#environment, model, version)),
    );
    const failed = started.filter(({ reason }) => reason !== null);
    if (failed.length > 0) return this.#giveUp(name, started, isReplacing ? null : target);
    await this.#swap(name, target, current, started, { fingerprint: model.fingerprint, override });
    return null;
  }

  async #giveUp(
    name: string,
    started: readonly StartedVersion[],
    target: LoadedModel | null,
  ): Promise<StatusError> {
    for (const { version, served, reason } of started) {
      if (reason === null) await served?.stop(0);
      const status = { state: 'UNAVAILABLE', reason: reason ?? 'unloaded' } as const;
      target?.versions.set(version, { served: null, status });
    }
    return loadFailure(name, started);
  }

  async #swap(
    name: string,
    target: LoadedModel,
    current: LoadedModel | undefined,
    started: readonly StartedVersion[],
    loaded: Pick<LoadedModel, 'fingerprint' | 'override'>,
  ): Promise<void> {
    const replaced = [...(current?.versions ?? [])].flatMap(([version, { served }]) =>
      served ? [{ version, served }] : [],
    );
    for (const { version, served } of started) {
      if (served) target.versions.set(version, { served, status: served.status });
    }
    this.models.set(name, { ...target, ...loaded });
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
    const model = this.models.get(name);
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

  /** The repository index: what is on disk and what was ever loaded. */
  async index(readyOnly: boolean): Promise<readonly IndexEntry[]> {
    const directories = await this.#directories();
    const names = [...new Set([...directories.keys(), ...this.models.names()])].sort();
    const entries = names.flatMap((name): IndexEntry[] => {
      if ((directories.get(name)?.length ?? 0) > 1) {
        return [{ name, state: 'UNAVAILABLE', reason: 'model appears in two or more repositories' }];
      }
      const versions = this.models.versionsOf(name);
      if (versions.length === 0) return [{ name }];
      return versions.map(([version, slot]) => {
        const { state, reason } = statusOfSlot(slot);
        return reason === '' ? { name, version, state } : { name, version, state, reason };
      });
    });
    return readyOnly ? entries.filter(({ state }) => state === 'READY') : entries;
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

  /** Ends everything: requests are answered until the limit, then engines end. */
  async close(drainMilliseconds: number): Promise<void> {
    await Promise.all(this.models.allServed().map((version) => version.stop(drainMilliseconds)));
    for (const override of this.models.overrides()) await override.remove();
  }
}
