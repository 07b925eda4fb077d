import type { Mirror } from './mirror.ts';
import type { ReconnectingHost } from './reconnecting-host.ts';
import { onRepositoryChange } from '../workspace/on-repository-change.ts';
import { useShellStore } from './shell-store.ts';

/** Keeps every mirror equal to the host: events as they come, a snapshot after every (re)connect and in every repository. */
export function followHost(
  connection: ReconnectingHost,
  mirrors: readonly Mirror[],
  reportFailure: (cause: unknown) => void,
): () => void {
  const stops = mirrors.map((mirror) => mirror.follow(connection.host));
  const takeSnapshot = async () => {
    const snapshot = await connection.host.call('host.snapshot', null);
    for (const mirror of mirrors) mirror.reset(snapshot);
  };
  stops.push(
    connection.onState((state) => {
      useShellStore.setState({ connection: state });
      if (state.kind === 'connected') takeSnapshot().catch(reportFailure);
    }),
  );
  stops.push(onRepositoryChange(() => void takeSnapshot().catch(reportFailure)));
  return () => stops.forEach((stop) => stop());
}
