import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import {
  PLAIN_REPOSITORY,
  resourceName,
  type DeploymentChoices,
  type DeploymentFile,
} from '../../../../app/core/deployment/deployment-facts.ts';
import {
  deploymentFiles,
  DEPLOYMENT_TARGETS,
  storageUriProblem,
} from '../../../../app/core/deployment/deployment-target.ts';
import { sagemakerArchives } from '../../../../app/core/deployment/sagemaker.ts';
import { releaseWarnings, TRITON_RELEASES } from '../../../../app/core/deployment/triton-releases.ts';

const GIB = 1024 ** 3;

function factsOf(choices: Partial<DeploymentChoices>, names: readonly string[] = ['Digits_v2']) {
  const [first = ''] = names;
  return {
    name: names.length === 1 ? first : 'model-repository',
    models: names.map((name) => ({ name, isEnsemble: false })),
    byteSize: 3 * GIB,
    choices: { ...PLAIN_REPOSITORY, ...choices },
  };
}

const filesOf = (choices: Partial<DeploymentChoices>, names?: readonly string[]) =>
  deploymentFiles(factsOf(choices, names));

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, never>;
}

const SCHEMAS: Readonly<Record<string, new (value: never) => { validate(): void }>> = {
  Deployment,
  Service,
  HorizontalPodAutoscaler,
  PersistentVolumeClaim,
  Secret,
  ServiceAccount,
  ServiceMonitor,
};

/** The documents of all YAML files, every known kind checked against its published schema. */
function resourcesOf(files: readonly DeploymentFile[]): Resource[] {
  return files
    .filter(({ path }) => path.endsWith('.yaml') && !/values|compose/.test(path))
    .flatMap(({ text }) => parseAllDocuments(text))
    .map((document) => {
      expect(document.errors).toEqual([]);
      const value = document.toJS() as Resource;
      const Schema = SCHEMAS[value.kind];
      if (Schema) new Schema(value as never).validate();
      // KServe publishes no schema to npm; its members are compared below.
      else if (value.kind !== 'InferenceService') throw new Error(`There is no schema of ${value.kind}.`);
      return value;
    });
}

const textOf = (files: readonly DeploymentFile[], path: string) =>
  files.find((file) => file.path === path)?.text ?? '';

describe('Kubernetes', () => {
  test('everything is valid by the published schemas, with a volume or with a bucket', () => {
    const kinds = (choices: Partial<DeploymentChoices>) =>
      resourcesOf(filesOf({ target: 'kubernetes', ...choices })).map(({ kind }) => kind);
    const always = ['Deployment', 'Service', 'ServiceMonitor', 'HorizontalPodAutoscaler'];
    expect(kinds({}).toSorted()).toEqual([...always, 'PersistentVolumeClaim'].toSorted());
    expect(kinds({ storageUri: 's3://bucket/models', usesGpu: true }).toSorted()).toEqual(
      [...always, 'Secret'].toSorted(),
    );
    expect(kinds({ storageUri: 'pvc://mine/models' }).toSorted()).toEqual(always.toSorted());
  });

  test('the autoscaler watches what prometheus-adapter makes of the time in queue', () => {
    const files = filesOf({ target: 'kubernetes' });
    const scaler = textOf(files, 'kubernetes/autoscaling.yaml');
    const adapter = textOf(files, 'prometheus-adapter/values.yaml');
    const metric = /name: (triton_\w+)/.exec(scaler)?.[1] ?? 'none';
    expect(adapter).toContain(`as: ${metric}`);
    expect(adapter).toContain('rate(nv_inference_queue_duration_us');
  });

  test('a bucket is read by Triton itself, with keys from the secret beside it', () => {
    const files = filesOf({ target: 'kubernetes', storageUri: 's3://bucket/models' });
    expect(textOf(files, 'kubernetes/triton.yaml')).toContain('--model-repository=s3://bucket/models');
    const secret = resourcesOf(files).find(({ kind }) => kind === 'Secret');
    expect(textOf(files, 'kubernetes/triton.yaml')).toContain(`name: ${secret?.metadata.name ?? 'none'}`);
  });

  test('memory leaves room for the weights twice', () => {
    expect(textOf(filesOf({ target: 'kubernetes' }), 'kubernetes/triton.yaml')).toContain('memory: 7Gi');
  });
});

describe('KServe', () => {
  test('names the runtime version, the repository root, and the account that reads a bucket', () => {
    const files = filesOf({ target: 'kserve', storageUri: 's3://bucket/models', release: '26.06' });
    const [service] = resourcesOf(files);
    expect(service).toMatchObject({
      apiVersion: 'serving.kserve.io/v1beta1',
      metadata: { name: 'digits-v2' },
      spec: {
        predictor: {
          serviceAccountName: 'triton-models',
          model: {
            modelFormat: { name: 'triton' },
            protocolVersion: 'v2',
            runtimeVersion: '26.06-py3',
            storageUri: 's3://bucket/models',
          },
        },
      },
    });
  });
});

describe('SageMaker', () => {
  test('one model is one archive and the default; independent models make a multi-model endpoint', () => {
    const one = factsOf({ target: 'sagemaker' });
    expect([...sagemakerArchives(one)]).toEqual([['model.tar.gz', ['Digits_v2']]]);
    expect(JSON.parse(textOf(deploymentFiles(one), 'create_model.json'))).toMatchObject({
      ModelName: 'digits-v2',
      PrimaryContainer: { Environment: { SAGEMAKER_TRITON_DEFAULT_MODEL_NAME: 'Digits_v2' } },
    });
    const two = factsOf({ target: 'sagemaker' }, ['a', 'b']);
    expect([...sagemakerArchives(two).keys()]).toEqual(['models/a.tar.gz', 'models/b.tar.gz']);
    expect(JSON.parse(textOf(deploymentFiles(two), 'create_model.json'))).toMatchObject({
      PrimaryContainer: { Mode: 'MultiModel' },
    });
  });

  test('an ensemble stays with its models in one archive and is the one that answers', () => {
    const facts = {
      ...factsOf({ target: 'sagemaker' }, ['encode', 'both']),
      models: [
        { name: 'encode', isEnsemble: false },
        { name: 'both', isEnsemble: true },
      ],
    };
    expect([...sagemakerArchives(facts)]).toEqual([['model.tar.gz', ['encode', 'both']]]);
    expect(textOf(deploymentFiles(facts), 'create_model.json')).toContain(
      '"SAGEMAKER_TRITON_DEFAULT_MODEL_NAME": "both"',
    );
  });
});

describe('every target', () => {
  const hostile = ['a b', `q"uo'te`, '$(touch x)', '名', '-rf', '..', 'x'.repeat(300)];

  test.each(DEPLOYMENT_TARGETS)('%s takes models of any name', (target) => {
    const scriptsOf = (name: string) =>
      filesOf({ target, usesGpu: true }, [name]).filter(
        ({ path }) => /\.(?:sh|ps1|cmd)$/.test(path) || path === 'Dockerfile',
      );
    for (const name of hostile) {
      // No script holds the name itself, so no shell can stumble over it.
      expect(scriptsOf(name)).toEqual(scriptsOf(resourceName(name)));
      const files = filesOf({ target, usesGpu: true }, [name]);
      for (const { path, text } of files) if (path.endsWith('.json')) JSON.parse(text);
      resourcesOf(files);
    }
  });

  test('a name that a cluster takes comes of any name', () => {
    for (const name of hostile) expect(resourceName(name)).toMatch(/^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/);
  });

  test('a GPU is asked for only where one was chosen', () => {
    for (const target of ['docker-run', 'compose', 'kubernetes'] as const) {
      const all = (usesGpu: boolean) =>
        filesOf({ target, usesGpu })
          .map(({ text }) => text)
          .join('\n');
      expect(all(true)).toMatch(/--gpus|nvidia/);
      expect(all(false)).not.toMatch(/--gpus|driver: nvidia|nvidia\.com/);
    }
  });
});

test('a storage URI is refused in words where the target cannot read it', () => {
  expect(storageUriProblem('kserve', 's3://bucket/models')).toBeNull();
  expect(storageUriProblem('kubernetes', '')).toBeNull();
  expect(storageUriProblem('kserve', 'ftp://host/models')).toContain(
    'KServe reads the repository from s3://',
  );
  expect(storageUriProblem('kubernetes', 's3://b/$(reboot)')).toContain('no spaces, quotes');
});

test('a release is warned of where it cannot run the models or is known to be vulnerable', () => {
  const [newest] = TRITON_RELEASES;
  expect(releaseWarnings(newest?.tag ?? '', ['onnxruntime_onnx'])).toEqual([]);
  expect(releaseWarnings('26.07', ['tensorflow_savedmodel'])[0]).toContain('25.02');
  expect(releaseWarnings('26.01', ['torch_aoti'])).toHaveLength(2);
  expect(releaseWarnings('latest', [])[0]).toContain('no release');
});
