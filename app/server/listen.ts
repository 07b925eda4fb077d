import type { Server } from 'node:net';
import type { ListeningEndpoint } from '../core/server-events/server-event.ts';

/** Binds a server to a port; 0 takes any. Rejects with the system's error (`EADDRINUSE`, `EACCES`). */
export function listen(server: Server, address: string, port: number): Promise<ListeningEndpoint> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, exclusive: true, backlog: 1024 }, () => {
      server.removeListener('error', reject);
      const bound = server.address();
      resolve({ address, port: typeof bound === 'object' && bound !== null ? bound.port : port });
    });
  });
}
