const callbacksOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when `signal` is aborted; the result stops that. One listener for each signal, however many requests come
 * and go with it: adding a listener costs more than all else that is done for a request that waits.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let callbacks = callbacksOf.get(signal);
  if (!callbacks) {
    const added = new Set<() => void>();
    callbacksOf.set(signal, added);
    signal.addEventListener(
      'abort',
      () => {
        for (const each of added) each();
      },
      { once: true },
    );
    callbacks = added;
  }
  const all = callbacks.add(callback);
  return () => all.delete(callback);
}
