import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createHost, type Host } from '../app/host/create-host.ts';
import type { HostProcessLauncher } from '../app/host/processes/host-process-launcher.ts';
import type { ShellServices } from '../app/host/shell-services.ts';

/** The bundles lie two folders below the program's own, in a checkout and in a package. */
const PROGRAM = new URL('../../', import.meta.url);

/** What a shell brings to its host. */
export interface HostParts {
  readonly dataFolder: string;
  readonly services: ShellServices;
  readonly launcher: HostProcessLauncher;
}

/** Conch's version, from its package.json. */
export function readConchVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('package.json', PROGRAM), 'utf8')) as {
    readonly version: string;
  };
  return version;
}

/** A mistake in Conch itself: said on stderr, with where it happened. */
export function reportBug(cause: unknown, call?: string): void {
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  process.stderr.write(`Conch has a bug${call === undefined ? '' : ` in ${call}`}: ${text}\n`);
}

/** Starts the host with what every shell gives it alike. `CONCH_HTTP_PORT` is the embedded server's first choice. */
export function startHost({ dataFolder, services, launcher }: HostParts): Promise<Host> {
  const httpPort = process.env['CONCH_HTTP_PORT'];
  return createHost({
    dataFolder,
    launcher,
    shell: services,
    sampleModelsFolder: fileURLToPath(new URL('sample-models', PROGRAM)),
    conchVersion: readConchVersion(),
    reportBug,
    ...(httpPort !== undefined && { httpPort: Number(httpPort) }),
  });
}
