import { createServer } from 'node:net';
import { StatusError } from '../../core/status.ts';
import type { ContainerPorts } from '../../core/triton-container/container-options.ts';

/** The first choice; the twin's own ports begin at 8000. */
const FIRST_PORT = 8010;
const LOOKED_AT = 200;

/** Ports for a container, and those before them that other programs hold. */
export interface FoundPorts {
  readonly ports: ContainerPorts;
  readonly taken: readonly number[];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Three free ports on loopback, the lowest from 8010 on.
 * @throws StatusError `unavailable` where 200 ports hold no three free ones.
 */
export async function findFreePorts(first = FIRST_PORT): Promise<FoundPorts> {
  const free: number[] = [];
  const taken: number[] = [];
  for (let port = first; port < first + LOOKED_AT && free.length < 3; port += 1)
    ((await isFree(port)) ? free : taken).push(port);
  const [http, grpc, metrics] = free;
  if (http === undefined || grpc === undefined || metrics === undefined)
    throw new StatusError(
      'unavailable',
      `No three ports from ${first} to ${first + LOOKED_AT} are free on this machine.`,
    );
  return { ports: { http, grpc, metrics }, taken };
}
