import { S3Client } from '@aws-sdk/client-s3';
import { fromEnv, fromIni } from '@aws-sdk/credential-providers';
import type { S3Account } from '../../contract/calls.ts';
import { StatusError } from '../../core/status.ts';

/** A bucket and the way to it. */
export interface S3Bucket {
  readonly name: string;
  readonly client: S3Client;
}

const CONNECTION_MILLISECONDS = 5_000;
/** Without a byte for so long a request has failed. */
const SILENCE_MILLISECONDS = 60_000;
const MOST_ATTEMPTS = 3;
const DEFAULT_REGION = 'us-east-1';
// Its advice on versions of Node is for programmers.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

function checkEndpoint(endpoint: string): void {
  const protocol = URL.canParse(endpoint) ? new URL(endpoint).protocol : '';
  if (protocol !== 'https:' && protocol !== 'http:')
    throw new StatusError(
      'invalid-argument',
      `An endpoint is an address like https://s3.example.org; got: ${endpoint}`,
    );
}

/**
 * A client for a bucket. Keys: those given, else of the environment, else of the profile that `AWS_PROFILE` names; the
 * metadata service of a cloud's machine is never asked. The caller destroys the client.
 */
export function openBucket(name: string, { endpoint, region, credentials }: S3Account): S3Bucket {
  if (endpoint !== undefined) checkEndpoint(endpoint);
  const client = new S3Client({
    region: region ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'] ?? DEFAULT_REGION,
    credentials: credentials ?? (() => fromEnv()().catch(() => fromIni()())),
    maxAttempts: MOST_ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECTION_MILLISECONDS,
      socketTimeout: SILENCE_MILLISECONDS,
    },
    // Checksums that Amazon invented later are refused by other servers; every body carries its MD5 instead.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
  });
  return { name, client };
}
