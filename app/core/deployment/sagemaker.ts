import { resourceName, type DeploymentFacts, type DeploymentFile } from './deployment-facts.ts';

/** Newest release of which SageMaker has an image of its own (`sagemaker-tritonserver`). */
const SAGEMAKER_RELEASE = '25.09';
const ACCOUNT = '763104351884';
const REGION = 'us-east-1';
const BUCKET = 's3://FILL-IN-BUCKET';

/** The model that answers where a request names none: the one ensemble, else the first model. */
function defaultModel({ models }: DeploymentFacts): string {
  return (models.find(({ isEnsemble }) => isEnsemble) ?? models[0])?.name ?? '';
}

/**
 * Models that SageMaker gets as archives: all in one, or, where they are independent of each other, one each for a
 * multi-model endpoint. Path of the archive → directories of models at its root.
 */
export function sagemakerArchives(facts: DeploymentFacts): ReadonlyMap<string, readonly string[]> {
  const { models } = facts;
  if (!isMultiModel(facts)) return new Map([['model.tar.gz', models.map(({ name }) => name)]]);
  return new Map(models.map(({ name }) => [`models/${resourceName(name)}.tar.gz`, [name]]));
}

function isMultiModel({ models }: DeploymentFacts): boolean {
  return models.length > 1 && !models.some(({ isEnsemble }) => isEnsemble);
}

/** `create_model.json` for the API and the commands that upload, create and ask. */
export function sagemakerFiles(facts: DeploymentFacts): readonly DeploymentFile[] {
  const name = resourceName(facts.name);
  const isMulti = isMultiModel(facts);
  const release = facts.choices.release < SAGEMAKER_RELEASE ? facts.choices.release : SAGEMAKER_RELEASE;
  const image = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/sagemaker-tritonserver:${release}-py3`;
  const container = {
    Image: image,
    ModelDataUrl: isMulti ? `${BUCKET}/${name}/` : `${BUCKET}/${name}/model.tar.gz`,
    ...(isMulti
      ? { Mode: 'MultiModel' }
      : { Environment: { SAGEMAKER_TRITON_DEFAULT_MODEL_NAME: defaultModel(facts) } }),
  };
  const model = {
    ModelName: name,
    ExecutionRoleArn: 'arn:aws:iam::FILL-IN:role/FILL-IN',
    PrimaryContainer: container,
  };
  const instance = facts.choices.usesGpu ? 'ml.g5.xlarge' : 'ml.c6i.xlarge';
  const variant = `VariantName=main,ModelName=${name},InitialInstanceCount=1,InstanceType=${instance}`;
  const upload = isMulti
    ? `aws s3 cp models/ "$bucket/${name}/" --recursive`
    : `aws s3 cp model.tar.gz "$bucket/${name}/model.tar.gz"`;
  return [
    { path: 'create_model.json', text: `${JSON.stringify(model, null, 2)}\n` },
    {
      path: 'deploy.sh',
      text: `#!/bin/sh
# Uploads the archive and makes an endpoint. Fill in the bucket here and the role in create_model.json first;
# the image's account number differs between regions.
set -eu
cd -- "$(dirname -- "$0")"
bucket=${BUCKET}
${upload}
aws sagemaker create-model --region ${REGION} --cli-input-json file://create_model.json
aws sagemaker create-endpoint-config --region ${REGION} --endpoint-config-name ${name} \\
  --production-variants ${variant}
aws sagemaker create-endpoint --region ${REGION} --endpoint-name ${name} --endpoint-config-name ${name}
aws sagemaker wait endpoint-in-service --region ${REGION} --endpoint-name ${name}
`,
      isExecutable: true,
    },
  ];
}
