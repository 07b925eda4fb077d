import {
  changeTrace,
  checkTraceSettings,
  type SpecifiedTrace,
  type TraceChange,
  type TraceSettings,
} from '../../core/tracing/trace-settings.ts';
import { startTrace, type InferenceTrace } from './inference-trace.ts';
import { openTraceFile, type TraceFile } from './trace-file.ts';
import { TraceSampler } from './trace-sampler.ts';

/** The trace settings of a server and of its models, whichever endpoint changes them, and the traces that they cause. */
export class Tracing {
  readonly #defaults: TraceSettings;
  readonly #file: TraceFile | null;
  readonly #models = new Map<string, { specified: SpecifiedTrace; sampler: TraceSampler }>();
  #specified: SpecifiedTrace = {};
  #global: TraceSampler;
  #lastId = 0;

  /** @param defaults what the command line says. */
  constructor(defaults: TraceSettings, failed: (text: string) => void) {
    this.#defaults = defaults;
    this.#file = defaults.file === '' ? null : openTraceFile(defaults.file, failed);
    this.#global = new TraceSampler(defaults, this.#file);
  }

  /** The settings in force for a model; null: for all that have none of their own. */
  settingsOf(model: string | null): TraceSettings {
    return this.#samplerOf(model).settings;
  }

  /** @throws StatusError `invalid-argument` for settings that cannot trace; then nothing has changed. */
  update(model: string | null, change: TraceChange): void {
    if (model !== null) {
      this.#updateModel(model, changeTrace(this.#models.get(model)?.specified ?? {}, change));
      return;
    }
    const specified = changeTrace(this.#specified, change);
    const settings = { ...this.#defaults, ...specified };
    checkTraceSettings(settings);
    this.#specified = specified;
    this.#global.end();
    this.#global = new TraceSampler(settings, this.#file);
    for (const [name, { specified: own }] of this.#models) this.#updateModel(name, own);
  }

  /** The trace of a request that has come in; null for one that is not traced. */
  sample(model: string): InferenceTrace | null {
    const sampler = this.#samplerOf(model);
    if (!sampler.takes()) return null;
    const nextId = (): number => (this.#lastId += 1);
    return startTrace(sampler.settings.levels, nextId, (objects) => sampler.write(objects));
  }

  /** Writes what was collected. */
  async close(): Promise<void> {
    this.#global.end();
    for (const { sampler } of this.#models.values()) sampler.end();
    await this.#file?.close();
  }

  #samplerOf(model: string | null): TraceSampler {
    return (model === null ? undefined : this.#models.get(model)?.sampler) ?? this.#global;
  }

  #updateModel(model: string, specified: SpecifiedTrace): void {
    const isEmpty = Object.keys(specified).length === 0;
    const settings = { ...this.#defaults, ...this.#specified, ...specified };
    if (!isEmpty) checkTraceSettings(settings);
    this.#models.get(model)?.sampler.end();
    if (isEmpty) this.#models.delete(model);
    else this.#models.set(model, { specified, sampler: new TraceSampler(settings, this.#file) });
  }
}
