import { performance } from 'node:perf_hooks';
import type { CheckedRequest } from '../../core/open-inference/check-infer-request.ts';
import type { CacheKey, ResponseCache } from '../../core/scheduling/response-cache.ts';
import type { Inference, InferenceCall, ModelVersion } from '../repository/model-version.ts';

const nanoseconds = (milliseconds: number): number => Math.max(0, Math.round(milliseconds * 1e6));

/** Belongs to a sequence: what came before it counts too, so that its answer holds for it alone. */
function isOfSequence({ request }: CheckedRequest): boolean {
  const { sequenceId, isSequenceStart, isSequenceEnd } = request.control;
  return isSequenceStart || isSequenceEnd || (sequenceId !== 0n && sequenceId !== '');
}

/** Answers the requests of one version from the response cache where it can, and counts that. */
export class CachedInference {
  readonly #cache: ResponseCache;
  readonly #version: ModelVersion;

  constructor(cache: ResponseCache, version: ModelVersion) {
    this.#cache = cache;
    this.#version = version;
  }

  /** The kept answer to a request; else what `run` gives, which is kept. */
  async infer(
    checked: CheckedRequest,
    call: InferenceCall,
    run: () => Promise<Inference>,
  ): Promise<Inference> {
    if (this.#version.status.state !== 'READY' || isOfSequence(checked)) return run();
    const lookedUpAt = performance.now();
    const key = this.#cache.keyOf(this.#version, checked.modelInputs);
    const found = this.#find(key, checked);
    const lookupNs = nanoseconds(performance.now() - lookedUpAt);
    if (found) {
      const queueNs = nanoseconds(lookedUpAt - call.arrivedAt);
      const requestNs = nanoseconds(performance.now() - call.arrivedAt);
      this.#version.statistics.addCacheHit({ requestNs, queueNs, lookupNs });
      return { ...found, queueNs, computeInputNs: 0, computeInferNs: 0, computeOutputNs: 0 };
    }
    const inference = await run();
    const insertedAt = performance.now();
    this.#cache.keep(key, { outputs: inference.outputs, parameters: inference.parameters });
    this.#version.statistics.addCacheMiss(lookupNs + nanoseconds(performance.now() - insertedAt));
    return inference;
  }

  #find(key: CacheKey, { request }: CheckedRequest): ReturnType<ResponseCache['find']> {
    const wanted = request.outputs.map(({ name }) => name);
    const { outputs } = this.#version.signature;
    return this.#cache.find(key, wanted.length > 0 ? wanted : [...outputs.keys()]);
  }

  /** What was kept holds no longer: the version ends, or what it stands on has changed. */
  forget(): void {
    this.#cache.forget(this.#version);
  }
}
