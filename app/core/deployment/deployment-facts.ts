import { NEWEST_RELEASE } from './triton-releases.ts';

/** Where an exported model repository goes. */
export type DeploymentTarget =
  | 'repository'
  | 'docker-run'
  | 'compose'
  | 'docker-image'
  | 'kubernetes'
  | 'helm'
  | 'kserve'
  | 'sagemaker'
  | 'cloud-storage';

/** What a person chose for a deployment. */
export interface DeploymentChoices {
  readonly target: DeploymentTarget;
  /** Triton's release, as `26.07`. */
  readonly release: string;
  readonly usesGpu: boolean;
  /** Where the cluster or cloud reads the repository: `s3://…`, `gs://…`, `as://…`, `pvc://…`; empty: not said. */
  readonly storageUri: string;
}

/** The repository alone, as `tritonserver` takes it. */
export const PLAIN_REPOSITORY: DeploymentChoices = {
  target: 'repository',
  release: NEWEST_RELEASE,
  usesGpu: false,
  storageUri: '',
};

/** One model of the exported repository. */
export interface DeployedModel {
  readonly name: string;
  readonly isEnsemble: boolean;
}

/** What the files of a deployment are made of. */
export interface DeploymentFacts {
  /** Of the export: the model's name where there is one, else `model-repository`. */
  readonly name: string;
  readonly models: readonly DeployedModel[];
  /** Of all files of the repository. */
  readonly byteSize: number;
  readonly choices: DeploymentChoices;
}

/** A text file of a deployment, at a path below the export's root. */
export interface DeploymentFile {
  readonly path: string;
  readonly text: string;
  /** Scripts are written so that they can be run. */
  readonly isExecutable?: boolean;
}

/** The folder of an export in which the models lie, for every target but the bare repository. */
export const REPOSITORY_FOLDER = 'model_repository';

const LONGEST_NAME = 40;

/** A name as Kubernetes, Docker and SageMaker all take it: a–z, 0–9 and single hyphens, 40 characters at most. */
export function resourceName(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_NAME)
    .replaceAll(/^-+|-+$/g, '');
  if (plain === '') return 'model';
  return /^[a-z]/.test(plain) ? plain : `model-${plain}`;
}

const GIB = 1024 ** 3;

/**
 * Memory to ask a cluster for, in GiB: room for the weights twice, since they are read and then laid out for the
 * device, and for Triton itself. An estimate, which the file says.
 */
export function memoryGibibytes({ byteSize }: DeploymentFacts): number {
  return Math.max(2, Math.ceil((2 * byteSize) / GIB) + 1);
}

/** Environment variables by which Triton reaches the storage that a URI names. */
export function storageSecretKeys(storageUri: string): readonly string[] {
  if (storageUri.startsWith('s3://'))
    return ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_DEFAULT_REGION'];
  if (storageUri.startsWith('as://')) return ['AZURE_STORAGE_ACCOUNT', 'AZURE_STORAGE_KEY'];
  return [];
}
