import { hostname, userInfo } from 'node:os';

/**
 * The command that brings this machine's port to the person's own: same port at both ends, because Conch answers only
 * to its own. Inside an SSH session the address that was dialled is known.
 */
export function sshTunnelCommand(
  port: number,
  env: Readonly<Record<string, string | undefined>>,
  machine: { readonly user: string; readonly host: string } = { user: userInfo().username, host: hostname() },
): string {
  const [, , dialledHost, dialledPort] = (env['SSH_CONNECTION'] ?? '').split(' ');
  const door = dialledPort !== undefined && dialledPort !== '22' ? ` -p ${dialledPort}` : '';
  return `ssh${door} -L ${port}:127.0.0.1:${port} ${machine.user}@${dialledHost ?? machine.host}`;
}
