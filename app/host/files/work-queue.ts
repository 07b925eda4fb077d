/** Runs bodies one after another, in the order in which they were asked for. */
export function createQueue(): <Result>(body: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (body) => {
    const next = last.then(body, body);
    last = next.catch(() => undefined);
    return next;
  };
}

/** Like {@link createQueue}, with one queue a key. */
export function createKeyedQueue(): <Result>(key: string, body: () => Promise<Result>) => Promise<Result> {
  const last = new Map<string, Promise<unknown>>();
  return (key, body) => {
    const next = (last.get(key) ?? Promise.resolve()).then(body, body);
    const settled: Promise<unknown> = next
      .catch(() => undefined)
      .finally(() => {
        if (last.get(key) === settled) last.delete(key);
      });
    last.set(key, settled);
    return next;
  };
}
