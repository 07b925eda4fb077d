/** A place in a bucket: `prefix` is empty or ends with a slash. */
export interface S3Location {
  readonly bucket: string;
  readonly prefix: string;
}

/** Reads `s3://bucket/path`; null where it is none. Buckets are named as S3 demands: 3 to 63 of a–z, 0–9, `.` and `-`. */
export function parseS3Uri(uri: string): S3Location | null {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(uri);
  if (!match) return null;
  const parts = (match[2] ?? '').split('/').filter((part) => part !== '');
  if (parts.some((part) => part === '.' || part === '..')) return null;
  return { bucket: match[1] ?? '', prefix: parts.map((part) => `${part}/`).join('') };
}
