import type Docker from 'dockerode';
import type { EnginePlace } from './engine-place.ts';

const ANSWER_MILLISECONDS = 3000;

/**
 * A client of the Engine at a place. A question that is not answered within the limit fails; `null` for what may take
 * long: pulls, streams, stopping. The library is read when it is first needed: most people never use a container.
 */
export async function openEngine(
  { socketPath }: EnginePlace,
  timeoutMilliseconds: number | null = ANSWER_MILLISECONDS,
): Promise<Docker> {
  const { default: Client } = await import('dockerode');
  return new Client({
    ...(timeoutMilliseconds !== null && { timeout: timeoutMilliseconds }),
    ...(socketPath !== undefined && { socketPath }),
  });
}
