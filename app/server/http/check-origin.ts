import type { IncomingMessage } from 'node:http';
import { hostname, networkInterfaces } from 'node:os';
import { errorReply, type Reply } from './reply.ts';

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]', '::1'];
const ANY_ADDRESS = new Set(['0.0.0.0', '::', '']);

/** The names under which this server may be asked, given where it is bound. */
export function allowedHostNames(boundAddress: string, extra: readonly string[]): ReadonlySet<string> {
  const names = [...LOOPBACK_NAMES, ...extra.map((name) => name.toLowerCase())];
  if (ANY_ADDRESS.has(boundAddress)) {
    const own = Object.values(networkInterfaces()).flatMap(
      (list) => list?.map(({ address }) => address) ?? [],
    );
    names.push(hostname().toLowerCase(), ...own, ...own.map((address) => `[${address}]`));
  } else names.push(boundAddress.toLowerCase(), `[${boundAddress.toLowerCase()}]`);
  return new Set(names);
}

function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '');
}

/** A name without a dot (a container's, a machine's in its own network) is nobody's on the internet. */
function isLocalName(host: string): boolean {
  return /^[a-z0-9_-]+$/.test(nameOf(host));
}

function countHosts(request: IncomingMessage): number {
  return request.rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length;
}

function isForeignOrigin(origin: string, allowed: ReadonlySet<string>): boolean {
  const match = /^https?:\/\/([^/]+)$/.exec(origin);
  return !match?.[1] || !allowed.has(nameOf(match[1]));
}

/**
 * Refuses what a page of another site can make a browser send (DNS rebinding, cross-site requests). Null: fine.
 * Programs send neither Origin nor Sec-Fetch-Site.
 */
export function checkOrigin(request: IncomingMessage, allowed: ReadonlySet<string>): Reply | null {
  const { host, origin } = request.headers;
  if (countHosts(request) > 1) return errorReply(400, 'more than one Host header');
  if (host !== undefined && !allowed.has(nameOf(host)) && !isLocalName(host)) {
    return errorReply(
      403,
      `this server does not answer for the host '${nameOf(host)}'; start it with --conch-allow-host to allow that name`,
    );
  }
  if (origin !== undefined && isForeignOrigin(origin, allowed)) {
    return errorReply(403, 'requests from web pages of other origins are refused');
  }
  if (request.headers['sec-fetch-site'] === 'cross-site')
    return errorReply(403, 'cross-site requests are refused');
  return null;
}
