import { resourceName, type DeploymentFacts, type DeploymentFile } from './deployment-facts.ts';
import { podResources } from './kubernetes.ts';
import { yamlDocuments } from './yaml-text.ts';

const ACCOUNT = 'triton-models';

/** An InferenceService (v1beta1) of KServe's Triton runtime; for a bucket, the secret and account that read it. */
export function kserveFiles(facts: DeploymentFacts): readonly DeploymentFile[] {
  const { storageUri, release } = facts.choices;
  const name = resourceName(facts.name);
  const isS3 = storageUri.startsWith('s3://');
  const model = {
    modelFormat: { name: 'triton' },
    protocolVersion: 'v2',
    // The runtime's own default is an image of 2023.
    runtimeVersion: `${release}-py3`,
    storageUri: storageUri === '' ? `pvc://${name}-models` : storageUri,
    resources: podResources(facts),
  };
  const service = {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name },
    spec: { predictor: { ...(isS3 && { serviceAccountName: ACCOUNT }), model } },
  };
  const paths = facts.models.map((each) => `POST /v2/models/${each.name}/infer`).join('\n');
  const files = [
    {
      path: 'kserve/inference-service.yaml',
      text: yamlDocuments([
        {
          comment: `kubectl apply -f kserve/inference-service.yaml\nstorageUri is the repository's root: it holds the model directories themselves.\n${paths}`,
          value: service,
        },
      ]),
    },
  ];
  if (!isS3) return files;
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `${ACCOUNT}-s3`,
      annotations: {
        'serving.kserve.io/s3-endpoint': 's3.amazonaws.com',
        'serving.kserve.io/s3-usehttps': '1',
        'serving.kserve.io/s3-region': 'FILL-IN',
        'serving.kserve.io/s3-useanoncredential': 'false',
      },
    },
    type: 'Opaque',
    stringData: { AWS_ACCESS_KEY_ID: 'FILL-IN', AWS_SECRET_ACCESS_KEY: 'FILL-IN' },
  };
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: ACCOUNT },
    secrets: [{ name: `${ACCOUNT}-s3` }],
  };
  const text = yamlDocuments([
    {
      comment: 'What KServe reads the bucket with. Fill it in, and keep it out of version control.',
      value: secret,
    },
    { comment: 'The account that the service runs as.', value: account },
  ]);
  return [...files, { path: 'kserve/s3-secret.yaml', text }];
}
