import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { composingModels } from '../../core/repository/ensemble-graph.ts';
import { printStatus } from '../../core/open-inference/error-body.ts';
import { configChangeRequiresReload } from '../../core/model-config/requires-reload.ts';
import type { ModelStatistics } from '../../core/statistics/model-statistics.ts';
import { StatusError, statusOf } from '../../core/status.ts';
import { LoadedModels, statusOfSlot, type LoadedModel, type LoadedSource } from './loaded-models.ts';
import { findModelDirectories, NotUniqueError, type ModelDirectories } from './model-directories.ts';
import { readModelFiles } from './model-files.ts';
import { ModelGraph } from './model-graph.ts';
import type { ModelVersion, VersionObserver, VersionStatus } from './model-version.ts';
import type { OverrideDirectory } from './override-files.ts';
import { NO_LOAD_PARAMETERS, pollModel, type LoadParameters, type PolledModel } from './poll-model.ts';
import { ConfigSyntaxError, type PreparedModel } from './prepare-model.ts';
import { loadFailure, startVersion, type RepositoryEnvironment, type StartedVersion } from './start-model.ts';
import { absentVersions, chooseVersions } from './version-policy.ts';

/** One entry of the repository index. */
export interface IndexEntry {
  readonly name: string;
  readonly version?: string;
  readonly state?: VersionStatus['state'];
  readonly reason?: string;
}

const DRAIN_MILLISECONDS = 30_000;
/** So long a model's files must stay as they are before a poll takes them. */
const SETTLING_MILLISECONDS = 300;

/** What became of a tree of models that was polled. */
interface PolledTree {
  readonly polled: ReadonlyMap<string, PolledModel>;
  readonly failures: ReadonlyMap<string, StatusError>;
}

/** The models of all repositories and their life: polling, loading, unloading, reloading, in order of need. */
export class ModelRepository {
  readonly #environment: RepositoryEnvironment;
  /** What was ever loaded, and who answers now. */
  readonly models = new LoadedModels();
  readonly #graph = new ModelGraph(this.models);
  readonly #working = new Map<string, Promise<unknown>>();
  readonly #failedPolls = new Map<string, string>();
  readonly #refused = new Map<string, string>();

  constructor(environment: Omit<RepositoryEnvironment, 'findVersion'>) {
    this.#environment = {
      ...environment,
      observer: this.#observe(environment.observer),
      findVersion: (name, version) => this.models.find(name, version),
    };
  }

  /** A model that is given up takes the ensembles with it that need it. */
  #observe(observer: VersionObserver): VersionObserver {
    return {
      ...observer,
      stateChanged: (version) => {
        observer.stateChanged(version);
        const isGivenUp = version.status.state === 'UNAVAILABLE' && version.status.reason !== 'unloaded';
        const wasServed = this.models.servedVersions(version.name).includes(version);
        if (isGivenUp && wasServed) void this.#settle([version.name], false);
      },
    };
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
      const text = "Wildcard model name '*' must be the ONLY startup model if specified at all.";
      return [new StatusError('invalid-argument', text)];
    }
    const names = isAll ? [...directories.keys()] : [...startupModels];
    const failures = await this.#loadTree(names, NO_LOAD_PARAMETERS);
    return names.flatMap((name) => failures.get(name) ?? []);
  }

  /** One pass of poll mode: loads what is new or changed, unloads what is gone. */
  async poll(): Promise<void> {
    const directories = await this.#directories();
    const gone = this.models.names().filter((name) => !directories.has(name));
    for (const name of gone) await this.unload(name);
    await this.#loadTree(await this.#atRest(directories), NO_LOAD_PARAMETERS);
  }

  /** Names of models whose files are not being copied just now; the others are for the next pass. */
  async #atRest(directories: ModelDirectories): Promise<readonly string[]> {
    const names = [...directories.keys()];
    const look = (name: string): Promise<string> =>
      readModelFiles(directories.get(name)?.[0] ?? '').then(
        ({ fingerprint }) => fingerprint,
        () => '',
      );
    const before = new Map<string, string>();
    for (const name of names) before.set(name, await look(name));
    const isKnown = (name: string): boolean =>
      this.models.get(name)?.fingerprint.startsWith(`${before.get(name) ?? ''}\n`) ?? false;
    const changed = names.filter((name) => !isKnown(name));
    if (changed.length === 0) return names;
    await setTimeout(SETTLING_MILLISECONDS);
    const moving = new Set<string>();
    for (const name of changed) if ((await look(name)) !== before.get(name)) moving.add(name);
    return names.filter((name) => !moving.has(name));
  }

  /**
   * Loads a model, or loads it again if its files or its config changed: the old versions serve until the new ones are
   * ready. What an ensemble needs is loaded before it. @throws StatusError in Triton's words; then the old versions
   * serve on, except those of an ensemble that fits its models no longer.
   */
  async load(name: string, parameters: LoadParameters = NO_LOAD_PARAMETERS): Promise<void> {
    const failures = await this.#loadTree([name], parameters);
    const failure = failures.get(name);
    if (failure) throw failure;
    if (failures.size === 0) return;
    const [cause] = failures.values();
    if (cause?.code === 'internal') throw this.#notPolled(name, cause);
  }

  /**
   * Unloads all versions of a model, and takes the ensembles out of service that need it. Ends when no request of it is
   * in flight any more. @param withDependents also what only this model needed and nobody loaded by name.
   */
  async unload(name: string, withDependents = false): Promise<void> {
    const gone = [name, ...(withDependents ? this.#graph.onlyNeededBy(name) : [])];
    const dependents = this.#graph.dependentsOf(gone).filter((each) => !gone.includes(each));
    for (const each of gone) this.#graph.remove(each);
    // First those who would still ask it.
    await this.#takeOut(dependents);
    for (const each of gone) await this.#inTurn(each, () => this.#unload(each));
  }

  async #inTurn<Result>(name: string, action: () => Promise<Result>): Promise<Result> {
    const before = this.#working.get(name) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(action);
    this.#working.set(name, mine);
    return mine;
  }

  /** Polls models and what their steps name. */
  async #pollTree(names: readonly string[], parameters: LoadParameters): Promise<PolledTree> {
    const polled = new Map<string, PolledModel>();
    const failures = new Map<string, StatusError>();
    let level = [...new Set(names)];
    while (level.length > 0) {
      await Promise.all(
        level.map(async (name) => {
          const isAsked = names.includes(name);
          try {
            const found = await pollModel(
              name,
              isAsked ? parameters : NO_LOAD_PARAMETERS,
              this.#environment.options,
            );
            this.#failedPolls.delete(name);
            polled.set(name, found);
            if (isAsked || !this.#isAsPolled(found)) this.#graph.add(found, isAsked);
          } catch (cause) {
            failures.set(name, this.#pollFailed(name, cause));
          }
        }),
      );
      const steps = level.flatMap((name) => composingModels(polled.get(name)?.model.polled ?? {}));
      level = [...new Set(steps)].filter((name) => !polled.has(name) && !failures.has(name));
    }
    return { polled, failures };
  }

  /** Serves already from these files, whatever a load request gave it beside them. */
  #isAsPolled({ model }: PolledModel): boolean {
    const current = this.models.get(model.name);
    if (!current || this.models.readyVersions(model.name).length === 0) return false;
    return current.override !== null || current.fingerprint.startsWith(`${model.files.fingerprint}\n`);
  }

  async #loadTree(
    names: readonly string[],
    parameters: LoadParameters,
  ): Promise<ReadonlyMap<string, StatusError>> {
    const { polled, failures } = await this.#pollTree(names, parameters);
    const failed = new Map(failures);
    const changed: string[] = [];
    const load = async (name: string): Promise<void> => {
      const found = polled.get(name);
      if (!found || (!names.includes(name) && this.#isAsPolled(found))) return;
      try {
        const isChanged = await this.#inTurn(name, () => this.#load(found));
        if (isChanged) changed.push(name);
      } catch (cause) {
        if (!(cause instanceof StatusError)) throw cause;
        failed.set(name, cause);
        changed.push(name);
      }
    };
    for (const group of this.#graph.order([...polled.keys()])) await this.#eachAtOnce(group, load);
    await this.#settle(changed, true);
    return failed;
  }

  async #eachAtOnce(names: readonly string[], action: (name: string) => Promise<void>): Promise<void> {
    const rest = [...names];
    const work = async (): Promise<void> => {
      for (let name = rest.shift(); name !== undefined; name = rest.shift()) await action(name);
    };
    await Promise.all(Array.from({ length: this.#environment.options.modelLoadThreadCount }, work));
  }

  /** Looks again at the ensembles that need any of these: what fits no longer goes, what fits again comes. */
  async #settle(names: readonly string[], isReplaced: boolean): Promise<void> {
    const dependents = this.#graph.dependentsOf(names).filter((each) => !names.includes(each));
    await this.#takeOut(dependents);
    for (const name of dependents) {
      if (this.#graph.refusalOf(name) !== null) continue;
      const polled = this.#graph.polledModel(name);
      const ready = this.models.readyVersions(name);
      if (ready.length === 0 && polled) {
        await this.#inTurn(name, () => this.#load(polled)).catch(() => undefined);
      } else if (isReplaced) for (const version of ready) version.dependencyChanged?.();
    }
  }

  /** Takes ensembles out of service that may not be served now, the outermost first. */
  async #takeOut(ensembles: readonly string[]): Promise<void> {
    const refused = ensembles.filter((name) => this.#refuse(name) !== null);
    for (const name of refused.toReversed()) {
      if (this.models.servedVersions(name).length === 0) continue;
      await this.#inTurn(name, () => this.#unload(name, true));
      // Unloading said only that; this is why.
      const message = this.#refused.get(name);
      if (message !== undefined) this.#environment.versionFailed(name, null, message);
    }
  }

  /** Why an ensemble may not be served; says it once in the log. */
  #refuse(name: string): StatusError | null {
    const message = this.#graph.refusalOf(name);
    if (message === null) {
      this.#refused.delete(name);
      return null;
    }
    const failure = new StatusError('invalid-argument', `load failed for model '${name}': ${message}\n`);
    if (this.#refused.get(name) === message) return failure;
    const { log, versionFailed } = this.#environment;
    log.write('error', printStatus({ code: 'invalid-argument', message }));
    versionFailed(name, null, message);
    this.#refused.set(name, message);
    return failure;
  }

  #pollFailed(name: string, cause: unknown): StatusError {
    const { message } = statusOf(cause);
    const { log, versionFailed, options } = this.#environment;
    const detail = cause instanceof Error ? cause.cause : undefined;
    const why = detail instanceof ConfigSyntaxError ? `${message} (${detail.message})` : message;
    // A poll that fails again for the same reason is no news.
    const isNews = options.modelControlMode !== 'poll' || this.#failedPolls.get(name) !== why;
    this.#failedPolls.set(name, why);
    if (isNews) {
      const isListed = options.modelControlMode !== 'explicit';
      if (detail instanceof NotUniqueError) log.write('error', detail.message);
      if (detail instanceof ConfigSyntaxError) {
        log.writeForeign(`[libprotobuf ERROR google/protobuf/text_format.cc:337] ${detail.message}`);
      }
      const isKnown = message.startsWith('failed to poll model');
      // Where all models are looked for, nobody says of one that it was not found.
      if (!(isListed && (isKnown || detail instanceof NotUniqueError))) {
        log.write('error', isKnown ? message : `Poll failed for model directory '${name}': ${message}`);
      }
      versionFailed(name, null, why);
    }
    return this.#notPolled(name, cause);
  }

  #notPolled(name: string, cause: unknown): StatusError {
    return new StatusError('internal', `failed to load '${name}', failed to poll from model repository`, {
      cause,
    });
  }

  /** False if it serves already as it was polled. */
  async #load({ model, override }: PolledModel): Promise<boolean> {
    const { name } = model;
    const refusal = this.#refuse(name);
    if (refusal) {
      await this.#unload(name, true);
      throw refusal;
    }
    const current = this.models.get(name);
    const statuses = [...(current?.versions.values() ?? [])].map((slot) => statusOfSlot(slot));
    const isServing = statuses.some(({ state }) => state === 'READY' || state === 'LOADING');
    if (current && isServing && current.fingerprint === model.fingerprint && !override) return false;
    const failure = await this.#startModel(model, override, current);
    this.#graph.loadEnded(name, failure && reasonOf(name, failure));
    if (failure === null) return true;
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
    for (const version of absentVersions(model.polled, model.files.versions)) {
      log.write(
        'error',
        `version ${version} is specified for model '${name}', but the version directory is not present`,
      );
    }
    let versions: readonly string[];
    try {
      versions = chooseVersions(model.polled, model.files.versions);
    } catch (cause) {
      const { message } = statusOf(cause);
      log.write('error', `failed to load model '${name}': ${message}`);
      if (!current) {
        this.models.set(name, { versions: new Map(), fingerprint: '', override: null, source: null });
      }
      return new StatusError('invalid-argument', `load failed for model '${name}': ${message}\n`);
    }
    const isReplacing = [...(current?.versions.values() ?? [])].some(
      (slot) => statusOfSlot(slot).state === 'READY',
    );
    const source = { config: model.polled, files: model.files.fingerprint };
    const target: LoadedModel = {
      versions: new Map(current?.versions),
      fingerprint: '',
      override: null,
      source,
    };
    if (!isReplacing) {
      for (const version of versions) {
        target.versions.set(version, { served: null, status: { state: 'LOADING', reason: '' } });
      }
      this.models.set(name, target);
    }
    const started = await Promise.all(
      versions.map((version) =>
        startVersion(this.#environment, model, version, this.#continued(current, source, version)),
      ),
    );
    const failed = started.filter(({ reason }) => reason !== null);
    log.write('info', failed.length > 0 ? `failed to load '${name}'` : `successfully loaded '${name}'`);
    if (failed.length > 0) return this.#giveUp(name, started, isReplacing ? (current ?? null) : target);
    await this.#swap(name, target, current, started, { fingerprint: model.fingerprint, override });
    return null;
  }

  /** The statistics of a version that only gets other instances: it is the same model, as in Triton. */
  #continued(
    current: LoadedModel | undefined,
    source: LoadedSource,
    version: string,
  ): ModelStatistics | undefined {
    const before = current?.source;
    const served = current?.versions.get(version)?.served;
    if (!before || served?.status.state !== 'READY' || before.files !== source.files) return undefined;
    return configChangeRequiresReload(before.config, source.config) ? undefined : served.statistics;
  }

  async #giveUp(
    name: string,
    started: readonly StartedVersion[],
    target: LoadedModel | null,
  ): Promise<StatusError> {
    for (const { version, served, reason } of started) {
      if (reason === null) await served?.stop(0);
      // What served before serves on; what did not has the reason of the newest failure.
      const before = target?.versions.get(version);
      if (before && statusOfSlot(before).state === 'READY') continue;
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
      const successor = started.find((each) => each.version === version)?.served ?? null;
      const isGone = successor === null;
      if (successor) served.replace(successor);
      // What is idle is gone before the load is answered; what still has requests to answer is not waited for.
      const retired = this.#retire(target, version, served, isGone);
      if (served.inFlight === 0) await retired;
    }
    await current?.override?.remove();
  }

  async #retire(model: LoadedModel, version: string, served: ModelVersion, isGone: boolean): Promise<void> {
    await served.stop(DRAIN_MILLISECONDS);
    const slot = model.versions.get(version);
    // With the statistics goes on what only got other instances: nothing was unloaded.
    if (isGone || slot?.served?.statistics !== served.statistics)
      this.#environment.backendLines.unloaded(served);
    if (isGone && slot?.served === served) {
      model.versions.set(version, { served: null, status: { state: 'UNAVAILABLE', reason: 'unloaded' } });
    }
  }

  /** @param isRefused it may come back by itself, and needs its files then. */
  async #unload(name: string, isRefused = false): Promise<void> {
    const model = this.models.get(name);
    if (!model) return;
    const { backendLines } = this.#environment;
    await Promise.all(
      [...model.versions.values()].map(async (slot) => {
        // A version that never came keeps its reason, as in Triton.
        if (!slot.served) return;
        await slot.served.stop(DRAIN_MILLISECONDS);
        backendLines.unloaded(slot.served);
        slot.served = null;
        slot.status = { state: 'UNAVAILABLE', reason: 'unloaded' };
      }),
    );
    model.fingerprint = '';
    if (isRefused) return;
    await model.override?.remove();
    model.override = null;
  }

  /** The repository index: what is on disk, with what became of it. */
  async index(readyOnly: boolean): Promise<readonly IndexEntry[]> {
    const directories = await this.#directories();
    const entries = [...directories.keys()].sort().flatMap((name): IndexEntry[] => {
      if ((directories.get(name)?.length ?? 0) > 1) {
        return [{ name, state: 'UNAVAILABLE', reason: 'model appears in two or more repositories' }];
      }
      const versions = this.models.versionsOf(name);
      // Of a model whose policy takes none of its versions, Triton lists each of these none.
      if (versions.length === 0) return this.models.get(name) ? [] : [{ name }];
      return versions.map(([version, slot]) => {
        const { state, reason } = statusOfSlot(slot);
        return reason === '' ? { name, version, state } : { name, version, state, reason };
      });
    });
    if (!readyOnly) return entries;
    // As in Triton, what cannot be loaded for its name is always listed.
    return entries.filter(
      ({ state, version }) => state === 'READY' || (state !== undefined && version === undefined),
    );
  }

  /** Rows of the startup table: versions that were tried. What could not even be polled, the log has said. */
  async startupTable(): Promise<readonly (readonly [string, string, string])[]> {
    const entries = await this.index(false);
    return entries.flatMap(({ name, version, state = '', reason }) =>
      version === undefined
        ? []
        : [[name, version, reason === undefined ? state : `${state}: ${reason}`] as const],
    );
  }

  /** Ends everything: requests are answered until the limit, ensembles before the models that they need. */
  async close(drainMilliseconds: number, onUnloaded: (version: ModelVersion) => void): Promise<void> {
    const deadline = performance.now() + drainMilliseconds;
    for (const group of this.#graph.order(this.models.names()).toReversed()) {
      const served = group.flatMap((name) => this.models.servedVersions(name));
      const left = Math.max(0, deadline - performance.now());
      await Promise.all(
        served.map(async (version) => {
          await version.stop(left);
          onUnloaded(version);
        }),
      );
    }
    for (const override of this.models.overrides()) await override.remove();
  }
}

/** What a failed load says of itself, without the model's name before it. */
function reasonOf(name: string, failure: StatusError): string {
  return failure.message.replace(`load failed for model '${name}': `, '').trimEnd();
}
