import { readInstanceHolder } from '../app/host/instance-lock/instance-lock.ts';

/** What a start found on its data folder. */
export type OtherInstance =
  | { readonly kind: 'none' }
  /** It took our paths; `url` opens it in a browser. */
  | { readonly kind: 'took-over'; readonly url: string }
  /** It holds the folder, but cannot be reached: a window, or one that is just starting. */
  | { readonly kind: 'silent'; readonly pid: number };

const PATIENCE_MILLISECONDS = 5_000;

/** Gives our paths to the Conch that already runs on the data folder, where there is one. */
export async function handOverPaths(dataFolder: string, paths: readonly string[]): Promise<OtherInstance> {
  const holder = await readInstanceHolder(dataFolder);
  if (!holder) return { kind: 'none' };
  const url = holder.address === undefined ? null : await postPaths(holder.address, paths);
  return url === null ? { kind: 'silent', pid: holder.pid } : { kind: 'took-over', url };
}

async function postPaths(address: string, paths: readonly string[]): Promise<string | null> {
  try {
    const response = await fetch(address, {
      method: 'POST',
      body: JSON.stringify(paths),
      signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
    });
    const answer = (await response.json()) as { readonly url?: unknown };
    return typeof answer.url === 'string' ? answer.url : null;
  } catch {
    return null;
  }
}
