import { StatusError } from '../../core/status.ts';

/** What HTTP itself sets: whoever names these in headers of his own would break the request. */
const OWN_HEADERS =
  /^(?:host|content-length|content-type|transfer-encoding|connection|inference-header-content-length)$/i;

/** @throws StatusError `invalid-argument` for what is no base URL of a server, or names who asks. */
export function checkAddress(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol))
    throw new StatusError(
      'invalid-argument',
      `${url} is no address of a server: it begins with http:// or https://.`,
    );
  if (parsed.username !== '' || parsed.password !== '')
    throw new StatusError('invalid-argument', 'Give the name and password as a header, not in the address.');
}

/** @throws StatusError `invalid-argument` for a header that cannot be sent; its value is not repeated. */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers))
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[^\t\x20-\x7e]/.test(value) || OWN_HEADERS.test(name))
      throw new StatusError('invalid-argument', `The header ${name} cannot be sent.`);
}
