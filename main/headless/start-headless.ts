import { fileURLToPath } from 'node:url';
import { serveHost } from '../../app/contract/host-dispatch.ts';
import { StatusError } from '../../app/core/status.ts';
import { forkLauncher } from '../../app/host/processes/fork-launcher.ts';
import type { ShellServices } from '../../app/host/shell-services.ts';
import { reportBug, startHost } from '../start-host.ts';
import { DOWNLOAD_PATH, startPageServer } from './page-server.ts';

/** Tried one after the other where no port was asked for; then any free one. */
const PORTS = [8080, 8081, 8082, 8083, 8084, 8085, 8086, 8087, 8088, 8089, 0];

/** The running headless shell. */
export interface Headless {
  readonly port: number;
  readonly url: string;
  /** An address that opens the page once. */
  readonly issueUrl: () => string;
  readonly openPaths: (paths: readonly string[]) => Promise<unknown>;
  close(): Promise<void>;
}

function refuse(): Promise<never> {
  return Promise.reject(new StatusError('unsupported', 'The browser shell has no native dialogs.'));
}

const SERVICES: ShellServices = {
  capabilities: {
    nativeDialogs: false,
    droppedFilesHavePaths: false,
    downloads: true,
    downloadPath: DOWNLOAD_PATH,
    revealInFolder: false,
    dragsFilesOut: false,
  },
  openModels: refuse,
  chooseFolder: refuse,
  revealInFolder: refuse,
};

/** Starts host and page server. Rejects as `already-exists` where another Conch holds the data folder. */
export async function startHeadless({
  dataFolder,
  port,
}: {
  readonly dataFolder: string;
  readonly port?: number;
}): Promise<Headless> {
  const host = await startHost({ dataFolder, services: SERVICES, launcher: forkLauncher() });
  const openPaths = (paths: readonly string[]) => host.openPaths(paths);
  try {
    const server = await startPageServer({
      pageFolder: fileURLToPath(new URL('../renderer', import.meta.url)),
      ports: port === undefined ? PORTS : [port],
      serveChannel: (channel) => serveHost(channel, host.handlers, host.events, reportBug),
      openDownload: async (id) => {
        const download = host.openDownload(id);
        if (!download) throw new StatusError('not-found', 'There is no such download.');
        return download;
      },
      takePaths: (paths) => {
        if (paths.length > 0) openPaths(paths).catch(reportBug);
      },
    });
    await host.instance.publish(server.handOverAddress);
    return {
      port: server.port,
      url: server.url,
      issueUrl: server.issueUrl,
      openPaths,
      close: async () => {
        await server.close();
        await host.close();
      },
    };
  } catch (cause) {
    await host.close();
    throw cause;
  }
}
