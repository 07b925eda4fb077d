import { whyNotTraced, type TraceSettings } from '../../core/tracing/trace-settings.ts';
import type { TraceFile } from './trace-file.ts';

/** Settings in force: chooses the requests that are traced, and writes their traces as the settings say. */
export class TraceSampler {
  readonly #settings: TraceSettings;
  readonly #file: TraceFile | null;
  #count: number;
  #seen = 0;
  #created = 0;
  #collected = 0;
  #pending: string[] = [];
  #isEnded = false;

  constructor(settings: TraceSettings, file: TraceFile | null) {
    this.#settings = settings;
    this.#file = file;
    this.#count = settings.count;
  }

  /** As they stand now: the count goes down with every trace. */
  get settings(): TraceSettings {
    return { ...this.#settings, count: this.#count };
  }

  /** Whether the request at hand is one to trace. */
  takes(): boolean {
    if (whyNotTraced(this.settings) !== null) return false;
    this.#seen += 1;
    if (this.#seen % this.#settings.rate !== 0) return false;
    if (this.#count > 0) this.#count -= 1;
    this.#created += 1;
    return true;
  }

  /** Takes the objects of a trace that has ended. */
  write(objects: string): void {
    this.#collected += 1;
    const { logFrequency, count } = this.#settings;
    if (this.#isEnded || (logFrequency === 0 && count < 0)) {
      this.#file?.append(objects);
      return;
    }
    this.#pending.push(objects);
    const isLast = this.#count === 0 && this.#collected === this.#created;
    if (isLast || (logFrequency > 0 && this.#pending.length >= logFrequency)) this.#writeNumbered();
  }

  #writeNumbered(): void {
    this.#file?.writeNumbered(this.#pending.splice(0).join(','));
  }

  /** Other settings are in force: what was collected is written. */
  end(): void {
    this.#isEnded = true;
    if (this.#pending.length === 0) return;
    if (this.#settings.logFrequency > 0) this.#writeNumbered();
    else this.#file?.append(this.#pending.splice(0).join(','));
  }
}
