import { StatusError } from '../../core/status.ts';

/** How a person makes a certificate of a company's own known. */
const OWN_AUTHORITY =
  'If it is signed by an authority of your own, start Conch with NODE_EXTRA_CA_CERTS=/path/to/authority.pem.';

const NO_TLS = /wrong version number|packet length too long|http request/;

/** What the codes of Node and OpenSSL mean, and what to do; `at` is the address that was asked. */
const REASONS: Readonly<Record<string, (at: string) => string>> = {
  ECONNREFUSED: (at) => `Nothing answers at ${at}.`,
  EPIPE: (at) => `The server at ${at} closed the connection before it had read the request.`,
  ENOTFOUND: (at) => `The host of ${at} is not known.`,
  EAI_AGAIN: (at) => `The host of ${at} could not be looked up: is there a network?`,
  ETIMEDOUT: (at) => `The server at ${at} cannot be reached.`,
  EHOSTUNREACH: (at) => `The server at ${at} cannot be reached.`,
  ENETUNREACH: (at) => `There is no network that leads to ${at}.`,
  ERR_SSL_WRONG_VERSION_NUMBER: (at) => `${at} does not speak TLS: is it http:// instead of https://?`,
  DEPTH_ZERO_SELF_SIGNED_CERT: (at) =>
    `The certificate of ${at} is signed by itself, so that nobody vouches for it. ${OWN_AUTHORITY}`,
  SELF_SIGNED_CERT_IN_CHAIN: (at) =>
    `The certificate of ${at} comes from an authority that is not known here. ${OWN_AUTHORITY}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: (at) =>
    `The certificate of ${at} comes from an authority that is not known here. ${OWN_AUTHORITY}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: (at) =>
    `The certificate of ${at} comes from an authority that is not known here. ${OWN_AUTHORITY}`,
  CERT_HAS_EXPIRED: (at) => `The certificate of ${at} has expired. Whoever runs the server has to renew it.`,
  CERT_NOT_YET_VALID: (at) =>
    `The certificate of ${at} is not valid yet: is the clock of this machine right?`,
  ERR_TLS_CERT_ALTNAME_INVALID: (at) =>
    `The certificate of ${at} is for another host. Use the name that it was made for.`,
};

/**
 * Why a request got no whole answer, in words. @param hasBegun whether the head of the answer had come.
 */
export function connectionFailure(
  cause: NodeJS.ErrnoException,
  baseUrl: string,
  hasBegun: boolean,
): StatusError {
  const code = cause.code ?? '';
  const reason = REASONS[code]?.(baseUrl);
  if (reason !== undefined) return new StatusError('unavailable', reason, { cause });
  // OpenSSL has one code for all that goes wrong in a handshake.
  if (code === 'EPROTO')
    return new StatusError(
      'unavailable',
      NO_TLS.test(cause.message)
        ? `${baseUrl} does not speak TLS: is it http:// instead of https://?`
        : `${baseUrl} and Conch do not agree on TLS: ${cause.message}`,
      { cause },
    );
  if (code === 'ECONNRESET' || cause.message === 'aborted')
    return new StatusError(
      'unavailable',
      `The server at ${baseUrl} closed the connection ${hasBegun ? 'in the middle of' : 'before'} its answer.`,
      { cause },
    );
  if (code.startsWith('HPE_'))
    return new StatusError(
      'unavailable',
      `What ${baseUrl} answers is no HTTP (${cause.message}): is it the gRPC port, or another program?`,
      { cause },
    );
  return new StatusError('unavailable', `${baseUrl}: ${cause.message}`, { cause });
}
