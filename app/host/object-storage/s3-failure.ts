import { S3ServiceException } from '@aws-sdk/client-s3';
import { StatusError, type StatusCode } from '../../core/status.ts';

/** By the name that S3 gives the failure. */
const SENTENCES: Readonly<Record<string, readonly [StatusCode, string]>> = {
  NoSuchBucket: ['not-found', 'There is no such bucket. Create it, or correct the storage URI.'],
  AccessDenied: ['unavailable', 'These keys may not write there. They need s3:PutObject on the bucket.'],
  InvalidAccessKeyId: ['unavailable', 'The access key is not known there.'],
  SignatureDoesNotMatch: ['unavailable', 'The secret key does not belong to the access key.'],
  ExpiredToken: ['unavailable', 'The session of these keys is over. Get new ones.'],
  PermanentRedirect: ['unavailable', 'The bucket is in another region. Name its region.'],
  AuthorizationHeaderMalformed: ['unavailable', 'The bucket is in another region. Name its region.'],
  BadDigest: ['unavailable', 'A file changed while it was sent. Upload it again.'],
  EntityTooLarge: ['unavailable', 'A file is larger than the storage takes.'],
};

/** By the name of an error that never reached S3. */
const WAY_SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing answers there.',
  ECONNRESET: 'The connection broke. Upload again: it goes on where it ended.',
  ENOTFOUND: 'There is no host of that name.',
  EAI_AGAIN: 'The name of the host cannot be looked up; is there a network?',
  TimeoutError: 'It does not answer in time.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'Its certificate is self-signed.',
  CERT_HAS_EXPIRED: 'Its certificate has expired.',
};

const NO_KEYS =
  'There are no keys. Give an access key and its secret, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile.';

/** The failure of an upload that something else than S3 took: S3 names an ETag with every object. */
export function noS3Failure(): StatusError {
  return new StatusError(
    'unavailable',
    'What answers there does not speak S3: it took a file and named no ETag.',
  );
}

/** A failed upload as a failure that the person should read; anything that is no failure of S3 or the way to it is thrown. */
export function s3Failure(cause: unknown, place: string): StatusError {
  if (cause instanceof StatusError) return cause;
  if (!(cause instanceof Error)) throw cause;
  const failed = `Cannot upload to ${place}: `;
  const known = SENTENCES[cause.name];
  if (known) return new StatusError(known[0], failed + known[1], { cause });
  if (cause.name === 'CredentialsProviderError')
    return new StatusError('invalid-argument', failed + NO_KEYS, { cause });
  if (cause instanceof S3ServiceException) {
    const status = cause.$metadata.httpStatusCode;
    return new StatusError('unavailable', `${failed}${cause.name} (HTTP ${status}): ${cause.message}`, {
      cause,
    });
  }
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  const sentence = WAY_SENTENCES[code];
  if (sentence !== undefined) return new StatusError('unavailable', failed + sentence, { cause });
  // The client reads every answer as XML: one that is none comes from something else.
  if ('$metadata' in cause)
    return new StatusError('unavailable', `${failed}what answers there does not speak S3.`, { cause });
  throw cause;
}
