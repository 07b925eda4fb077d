import { REPOSITORY_FOLDER, type DeploymentFacts, type DeploymentFile } from './deployment-facts.ts';

/**
 * Commands of each cloud's own tool that bring the repository into a bucket, from which Triton serves it. They delete
 * nothing there: other models may share the bucket.
 */
export function cloudStorageFiles({ choices }: DeploymentFacts): readonly DeploymentFile[] {
  const [account = 'FILL-IN-ACCOUNT', container = 'FILL-IN-CONTAINER', ...path] =
    choices.storageUri.startsWith('as://') ? choices.storageUri.slice('as://'.length).split('/') : [];
  const uriOf = (scheme: string, fallback: string) =>
    choices.storageUri.startsWith(scheme) ? choices.storageUri : fallback;
  const script = (comment: string, commands: string) => `#!/bin/sh
# ${comment}
set -eu
cd -- "$(dirname -- "$0")"
${commands}
`;
  return [
    {
      path: 'upload-to-s3.sh',
      text: script(
        'Amazon S3, by the AWS command line. Then: tritonserver --model-repository=<the same URI>',
        `aws s3 sync ${REPOSITORY_FOLDER} ${shellWord(uriOf('s3://', 's3://FILL-IN-BUCKET/model_repository'))}`,
      ),
      isExecutable: true,
    },
    {
      path: 'upload-to-gcs.sh',
      text: script(
        'Google Cloud Storage, by gcloud. Then: tritonserver --model-repository=<the same URI>',
        `gcloud storage rsync ${REPOSITORY_FOLDER} ${shellWord(uriOf('gs://', 'gs://FILL-IN-BUCKET/model_repository'))} --recursive`,
      ),
      isExecutable: true,
    },
    {
      path: 'upload-to-azure.sh',
      text: script(
        'Azure Blob Storage, by az. Then: tritonserver --model-repository=as://<account>/<container>/<path>',
        `az storage blob upload-batch --overwrite --account-name ${shellWord(account)} --destination ${shellWord(container)} --destination-path ${shellWord(path.join('/') || 'model_repository')} --source ${REPOSITORY_FOLDER}`,
      ),
      isExecutable: true,
    },
  ];
}

/** A word for sh, whatever it holds. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
