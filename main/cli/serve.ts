import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `conch serve`: the server in this process, so that signals and its exit code are ours. */
export async function serve(args: readonly string[]): Promise<void> {
  const server = new URL('./server.mjs', import.meta.url);
  const [first, ...flags] = args;
  const given =
    first === undefined || first.startsWith('-') ? args : [`--model-repository=${resolve(first)}`, ...flags];
  process.argv = [process.execPath, fileURLToPath(server), ...given];
  await import(/* @vite-ignore */ server.href);
}
