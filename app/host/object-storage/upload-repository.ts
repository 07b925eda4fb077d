import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3Account } from '../../contract/calls.ts';
import { parseS3Uri } from '../../core/deployment/s3-location.ts';
import { StatusError } from '../../core/status.ts';
import type { ExportPlan } from '../exports/export-plan.ts';
import { cancelledFailure, checkCancelled } from '../files/copy-file.ts';
import { fileErrorCode, fileFailure } from '../files/file-failure.ts';
import type { JobControl } from '../jobs/job-registry.ts';
import { openBucket } from './s3-bucket.ts';
import { s3Failure } from './s3-failure.ts';
import { uploadObject } from './upload-object.ts';

/** What an upload brought into the bucket. */
export interface UploadedRepository {
  /** Files that were sent; those that were there already are not counted. */
  readonly sentFiles: number;
  readonly byteSize: number;
}

/** A server that polls the bucket takes a model by its config: that comes last. */
function configLast(path: string): number {
  return path.endsWith('/config.pbtxt') ? 1 : 0;
}

/**
 * Uploads the models of a plan to `s3://bucket/path`. Files that are there are left alone, and nothing is deleted.
 * Progress counts bytes; cancelled or failed, the next upload goes on from what is there.
 */
export async function uploadRepository(
  plan: ExportPlan,
  uri: string,
  account: S3Account,
  control: JobControl,
): Promise<UploadedRepository> {
  const location = parseS3Uri(uri);
  if (!location)
    throw new StatusError('invalid-argument', `${uri} is no place in S3; give s3://bucket/path.`);
  const files = plan.files
    .filter((file) => 'from' in file)
    .toSorted((left, right) => configLast(left.path) - configLast(right.path));
  const totalUnits = files.reduce((sum, { byteSize }) => sum + byteSize, 0);
  const bucket = openBucket(location.bucket, account);
  let doneUnits = 0;
  let sentFiles = 0;
  try {
    for (const folder of plan.emptyFolders) {
      const command = new PutObjectCommand({
        Bucket: bucket.name,
        Key: `${location.prefix}${folder}/`,
        Body: new Uint8Array(),
      });
      await bucket.client.send(command, { abortSignal: control.signal });
    }
    for (const { path, from } of files) {
      checkCancelled(control.signal);
      const note = (bytes: number) => {
        doneUnits += bytes;
        control.report({ stage: `Uploading ${path}`, doneUnits, totalUnits, unit: 'bytes' });
      };
      note(0);
      const key = location.prefix + path;
      if (await uploadObject({ bucket, key, path: from, signal: control.signal, onBytes: note }))
        sentFiles += 1;
    }
    return { sentFiles, byteSize: totalUnits };
  } catch (cause) {
    if (control.signal.aborted) throw cancelledFailure();
    if (fileErrorCode(cause)?.match(/^E(NOENT|ACCES|IO|MFILE)$/)) throw fileFailure(cause, 'read', plan.name);
    throw s3Failure(cause, account.endpoint === undefined ? uri : `${uri} at ${account.endpoint}`);
  } finally {
    bucket.client.destroy();
  }
}
