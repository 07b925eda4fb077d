import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** How the workbench was asked to start. */
export interface ShellOptions {
  /** Absolute paths to open. */
  readonly paths: readonly string[];
  /** Absent: the first free one from 8080 on. 0: any free one. */
  readonly port?: number;
  readonly opensBrowser: boolean;
  readonly dataFolder?: string;
}

/**
 * Reads `[--port n] [--no-open] [--data-folder path] [path…]`; `--headless` is the starter's and ignored here. Paths
 * are relative to `folder`. Throws a TypeError with a sentence for the person.
 */
export function readShellOptions(args: readonly string[], folder: string): ShellOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      port: { type: 'string' },
      'no-open': { type: 'boolean' },
      'data-folder': { type: 'string' },
      headless: { type: 'boolean' },
    },
  });
  const dataFolder = values['data-folder'];
  return {
    paths: positionals.map((path) => resolve(folder, path)),
    opensBrowser: values['no-open'] !== true,
    ...(values.port !== undefined && { port: readPort(values.port) }),
    ...(dataFolder !== undefined && { dataFolder: resolve(folder, dataFolder) }),
  };
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new TypeError(`--port takes a number from 0 to 65535, not ${text}.`);
}
