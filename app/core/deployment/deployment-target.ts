import { cloudStorageFiles } from './cloud-storage.ts';
import { composeFiles } from './compose.ts';
import type { DeploymentFacts, DeploymentFile, DeploymentTarget } from './deployment-facts.ts';
import { dockerImageFiles } from './docker-image.ts';
import { dockerRunFiles } from './docker-run.ts';
import { helmFiles } from './helm.ts';
import { kserveFiles } from './kserve.ts';
import { kubernetesFiles } from './kubernetes.ts';
import { sagemakerFiles } from './sagemaker.ts';

interface TargetRow {
  readonly title: string;
  /** What one gets, in a sentence. */
  readonly summary: string;
  /** Schemes of the storage that the target reads the repository from; empty: the models travel with the export. */
  readonly storageSchemes: readonly string[];
  readonly files: (facts: DeploymentFacts) => readonly DeploymentFile[];
}

const TARGETS: Readonly<Record<DeploymentTarget, TargetRow>> = {
  repository: {
    title: 'Model repository',
    summary: 'The directories that tritonserver takes, nothing else.',
    storageSchemes: [],
    files: () => [],
  },
  'docker-run': {
    title: 'Docker run',
    summary: 'A script for sh, PowerShell and cmd that serves the models beside it.',
    storageSchemes: [],
    files: dockerRunFiles,
  },
  compose: {
    title: 'Docker Compose',
    summary: 'compose.yaml with a health check; restarts by itself.',
    storageSchemes: [],
    files: composeFiles,
  },
  'docker-image': {
    title: 'Docker image',
    summary: 'A Dockerfile with the models in the image.',
    storageSchemes: [],
    files: dockerImageFiles,
  },
  kubernetes: {
    title: 'Kubernetes',
    summary: 'Deployment, Service, probes, and autoscaling on the time in queue.',
    storageSchemes: ['s3', 'gs', 'as', 'pvc'],
    files: kubernetesFiles,
  },
  helm: {
    title: 'Helm',
    summary: "Values for the charts of Triton's own repository.",
    storageSchemes: ['s3'],
    files: helmFiles,
  },
  kserve: {
    title: 'KServe',
    summary: 'An InferenceService of the Triton runtime.',
    storageSchemes: ['s3', 'gs', 'pvc', 'hf', 'oci', 'https'],
    files: kserveFiles,
  },
  sagemaker: {
    title: 'SageMaker',
    summary: 'model.tar.gz as its container unpacks it, and what creates the endpoint.',
    storageSchemes: [],
    files: sagemakerFiles,
  },
  'cloud-storage': {
    title: 'Cloud storage',
    summary: 'The commands that upload the repository to S3, Google Cloud or Azure.',
    storageSchemes: ['s3', 'gs', 'as'],
    files: cloudStorageFiles,
  },
};

/** All targets, in the order in which they are offered. */
export const DEPLOYMENT_TARGETS = Object.keys(TARGETS) as readonly DeploymentTarget[];

/** What a target is called, gives and needs. */
export function describeTarget(target: DeploymentTarget): TargetRow {
  return TARGETS[target];
}

/** Whether a text names a target. */
export function isDeploymentTarget(text: string): text is DeploymentTarget {
  return Object.hasOwn(TARGETS, text);
}

/** What is wrong with a storage URI for a target; null where it will do. */
export function storageUriProblem(target: DeploymentTarget, uri: string): string | null {
  const { storageSchemes, title } = TARGETS[target];
  if (uri === '' || storageSchemes.length === 0) return null;
  const schemes = storageSchemes.map((scheme) => `${scheme}://…`).join(', ');
  if (/[\s"'`$\\]/.test(uri)) return 'A storage URI has no spaces, quotes, $ or backslashes.';
  const scheme = /^(\w+):\/\/[^/]+/.exec(uri)?.[1];
  return scheme !== undefined && storageSchemes.includes(scheme)
    ? null
    : `${title} reads the repository from ${schemes}; got: ${uri}`;
}

/** The files that deploy a repository to the chosen target. */
export function deploymentFiles(facts: DeploymentFacts): readonly DeploymentFile[] {
  return TARGETS[facts.choices.target].files(facts);
}
