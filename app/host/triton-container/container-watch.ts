import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import type { ContainerInspectInfo } from 'dockerode';
import { inspectContainer } from './container-records.ts';

/** What a look at the container found. */
export type ContainerSight =
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly state: ContainerInspectInfo['State'] }
  | { readonly kind: 'removed' }
  | { readonly kind: 'unreachable'; readonly cause: unknown };

/** How often a container is looked at without being told of anything. */
export interface WatchPace {
  readonly pollMilliseconds: number;
  readonly retryMilliseconds: number;
}

const PACE: WatchPace = { pollMilliseconds: 10_000, retryMilliseconds: 1000 };

async function look(docker: Docker, id: string): Promise<ContainerSight> {
  try {
    const seen = await inspectContainer(docker, id);
    if (seen === null) return { kind: 'removed' };
    return seen.State.Running ? { kind: 'running' } : { kind: 'ended', state: seen.State };
  } catch (cause) {
    return { kind: 'unreachable', cause };
  }
}

/**
 * Watches a container: after every event of the Engine, every ten seconds in any case (a stream of events that is cut
 * tells nothing), and every second while the Engine does not answer. The last sight is `ended` or `removed`.
 * Returns the way to stop watching.
 */
export function watchContainer(
  clients: { readonly quick: Docker; readonly patient: Docker },
  id: string,
  onSight: (sight: ContainerSight) => void,
  { pollMilliseconds, retryMilliseconds }: WatchPace = PACE,
): () => void {
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let isListening = false;
  const listen = async () => {
    if (isListening || ending.signal.aborted) return;
    isListening = true;
    try {
      const stream = await clients.patient.getEvents({
        filters: { container: [id] },
        abortSignal: ending.signal,
      });
      stream.on('data', () => {
        if (!ending.signal.aborted) void see();
      });
      // What happened between the last look and the first event.
      void see();
      await finished(stream);
    } catch {
      // The Engine is gone, or its stream was cut: the next look says which.
    } finally {
      isListening = false;
      if (!ending.signal.aborted) schedule(retryMilliseconds);
    }
  };
  const schedule = (milliseconds: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => void see(), milliseconds);
  };
  const see = async () => {
    const sight = await look(clients.quick, id);
    if (ending.signal.aborted) return;
    onSight(sight);
    if (sight.kind === 'ended' || sight.kind === 'removed') return ending.abort();
    if (sight.kind === 'running') void listen();
    schedule(sight.kind === 'running' ? pollMilliseconds : retryMilliseconds);
  };
  void see();
  return () => {
    clearTimeout(timer);
    ending.abort();
  };
}
