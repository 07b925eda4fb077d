import type { ListeningEndpoint, ServerEvent } from '../core/server-events/server-event.ts';
import { StatusError } from '../core/status.ts';
import { findPortHolder } from './find-port-holder.ts';
import type { Log } from './log.ts';

/** A port that an endpoint wants. */
export interface WantedPort {
  readonly address: string;
  readonly port: number;
  /** If it is taken, the next free one will do. */
  readonly takesNextFreePort: boolean;
  readonly log: Log;
  readonly emit: (event: ServerEvent) => void;
}

const MAX_PORT_TRIES = 100;

function isBusy(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
}

function explainPort(cause: unknown, { address, port }: WantedPort): StatusError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'EACCES') {
    return new StatusError(
      'unavailable',
      `not allowed to listen on ${address}:${port}: ports below 1024 need special rights`,
    );
  }
  return new StatusError('unavailable', cause instanceof Error ? cause.message : String(cause));
}

const PORT_COUNT = 65_536;

/** As Triton takes any integer: what does not fit into 16 bits is cut off. */
function portOf({ port: wanted, log }: WantedPort): number {
  const port = ((wanted % PORT_COUNT) + PORT_COUNT) % PORT_COUNT;
  if (port !== wanted) log.write('info', `there is no port ${wanted}: its last 16 bits are port ${port}`);
  return port;
}

/** Opens the port that was asked for, or the next free one if that is wanted. @throws StatusError */
export async function openPort<Endpoint extends ListeningEndpoint>(
  wanted: WantedPort,
  open: (port: number) => Promise<Endpoint>,
): Promise<Endpoint> {
  const { address, takesNextFreePort, log, emit } = wanted;
  const firstPort = portOf(wanted);
  let holder = null;
  for (let port = firstPort; port < firstPort + MAX_PORT_TRIES && port < PORT_COUNT; port += 1) {
    try {
      const endpoint = await open(port);
      if (port !== firstPort) {
        const who = holder ? ` by ${holder.name} (process ${holder.pid})` : '';
        log.write('warning', `port ${firstPort} is taken${who}; listening on ${port} instead`);
        emit({ kind: 'port-busy', wanted: firstPort, taken: port, ...(holder ? { holder } : {}) });
      }
      return endpoint;
    } catch (cause) {
      if (!isBusy(cause)) throw explainPort(cause, wanted);
      if (port === firstPort) holder = await findPortHolder(port);
      if (takesNextFreePort) continue;
      emit({ kind: 'port-busy', wanted: firstPort, taken: null, ...(holder ? { holder } : {}) });
      const who = holder ? `, held by ${holder.name} (process ${holder.pid})` : '';
      throw new StatusError('unavailable', `Socket '${address}:${firstPort}' already in use${who}`);
    }
  }
  throw new StatusError('unavailable', `no free port from ${firstPort} on`);
}
