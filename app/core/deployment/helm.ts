import type { DeploymentFacts, DeploymentFile } from './deployment-facts.ts';
import { tritonImage } from './triton-releases.ts';
import { yamlDocuments } from './yaml-text.ts';

/** Values for the charts of Triton's own repository: `deploy/aws` for a bucket, else `deploy/k8s-onprem` with NFS. */
export function helmFiles({ choices }: DeploymentFacts): readonly DeploymentFile[] {
  const { storageUri, release, usesGpu } = choices;
  const image = { imageName: tritonImage(release), pullPolicy: 'IfNotPresent', numGpus: usesGpu ? 1 : 0 };
  if (storageUri.startsWith('s3://')) {
    const value = {
      replicaCount: 1,
      image: { ...image, modelRepositoryPath: storageUri },
      service: { type: 'LoadBalancer' },
      secret: { region: 'FILL-IN-BASE64', id: 'FILL-IN-BASE64', key: 'FILL-IN-BASE64' },
    };
    const comment =
      "helm install triton server/deploy/aws -f values.yaml\nThe chart of Triton's repository; the secret's values are base64.";
    return [{ path: 'helm/values.yaml', text: yamlDocuments([{ comment, value }]) }];
  }
  const value = {
    tags: { autoscaling: true, loadBalancing: true },
    image: { ...image, modelRepositoryServer: 'FILL-IN-NFS-ADDRESS', modelRepositoryPath: '/srv/models' },
    serverArgs: ['--model-repository=/models'],
    autoscaling: { minReplicas: 1, maxReplicas: 3 },
  };
  const comment =
    "helm install triton server/deploy/k8s-onprem -f values.yaml\nThe chart of Triton's repository; the models lie on an NFS server.";
  return [{ path: 'helm/values.yaml', text: yamlDocuments([{ comment, value }]) }];
}
