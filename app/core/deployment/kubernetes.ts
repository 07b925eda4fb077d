import {
  memoryGibibytes,
  resourceName,
  storageSecretKeys,
  type DeploymentFacts,
  type DeploymentFile,
} from './deployment-facts.ts';
import { tritonImage } from './triton-releases.ts';
import { yamlDocuments } from './yaml-text.ts';

const QUEUE_METRIC = 'triton_queue_microseconds_per_request';
const LONGEST_START_MINUTES = 10;

const PORTS = [
  { name: 'http', port: 8000 },
  { name: 'grpc', port: 8001 },
  { name: 'metrics', port: 8002 },
] as const;

/** Whether Triton itself reads the repository from this URI. */
function isCloudUri(uri: string): boolean {
  return /^(?:s3|gs|as):\/\//.test(uri);
}

/** CPU, memory and GPUs of one replica. */
export function podResources(facts: DeploymentFacts): object {
  const memory = `${memoryGibibytes(facts)}Gi`;
  const gpu = facts.choices.usesGpu ? { 'nvidia.com/gpu': 1 } : {};
  return { requests: { cpu: 1, memory, ...gpu }, limits: { memory, ...gpu } };
}

function probe(path: string, periodSeconds: number, failureThreshold: number): object {
  return { httpGet: { path, port: 'http' }, periodSeconds, failureThreshold, timeoutSeconds: 5 };
}

/** Where the models come from: a cloud that Triton reads itself, or a volume that is mounted. */
function modelSource(facts: DeploymentFacts): { repository: string; container: object; pod: object } {
  const { storageUri } = facts.choices;
  const name = resourceName(facts.name);
  if (isCloudUri(storageUri)) {
    const keys = storageSecretKeys(storageUri);
    const env = keys.map((key) => ({
      name: key,
      valueFrom: { secretKeyRef: { name: `${name}-storage`, key } },
    }));
    return { repository: storageUri, container: env.length > 0 ? { env } : {}, pod: {} };
  }
  const claimName = storageUri.startsWith('pvc://')
    ? (storageUri.slice('pvc://'.length).split('/')[0] ?? '')
    : `${name}-models`;
  const subPath = storageUri.startsWith('pvc://') ? storageUri.slice(`pvc://${claimName}/`.length) : '';
  return {
    repository: '/models',
    container: {
      volumeMounts: [
        { name: 'models', mountPath: '/models', readOnly: true, ...(subPath !== '' && { subPath }) },
      ],
    },
    pod: { volumes: [{ name: 'models', persistentVolumeClaim: { claimName, readOnly: true } }] },
  };
}

function deployment(facts: DeploymentFacts, name: string, labels: object): object {
  const source = modelSource(facts);
  const container = {
    name: 'triton',
    image: tritonImage(facts.choices.release),
    args: ['tritonserver', `--model-repository=${source.repository}`],
    ports: PORTS.map((each) => ({ name: each.name, containerPort: each.port })),
    ...source.container,
    resources: podResources(facts),
    startupProbe: probe('/v2/health/ready', 10, LONGEST_START_MINUTES * 6),
    livenessProbe: probe('/v2/health/live', 10, 3),
    readinessProbe: probe('/v2/health/ready', 5, 3),
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 },
          containers: [container],
          ...source.pod,
        },
      },
    },
  };
}

function autoscaler(name: string): object {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: 1,
      maxReplicas: 3,
      metrics: [
        {
          type: 'Pods',
          pods: { metric: { name: QUEUE_METRIC }, target: { type: 'AverageValue', averageValue: '50000' } },
        },
      ],
    },
  };
}

/** Mean time in queue of the last minute, which Prometheus counts and the adapter offers to the autoscaler. */
function adapterRules(): object {
  const rate = (series: string) => `sum(rate(${series}{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>)`;
  return {
    rules: {
      custom: [
        {
          seriesQuery: 'nv_inference_queue_duration_us{namespace!="",pod!=""}',
          resources: { overrides: { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } } },
          name: { as: QUEUE_METRIC },
          metricsQuery: `${rate('nv_inference_queue_duration_us')} / (${rate('nv_inference_request_success')} + 0.001)`,
        },
      ],
    },
  };
}

/** The volume that is claimed, or the secret by which Triton reads the cloud; a file with holes to fill in. */
function storageFiles(facts: DeploymentFacts, name: string): readonly DeploymentFile[] {
  const { storageUri } = facts.choices;
  if (isCloudUri(storageUri)) {
    const keys = storageSecretKeys(storageUri);
    if (keys.length === 0) return [];
    const value = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `${name}-storage` },
      type: 'Opaque',
      stringData: Object.fromEntries(keys.map((key) => [key, 'FILL-IN'])),
    };
    const comment = `What Triton reads ${storageUri} with. Fill it in, apply it, and keep it out of version control.`;
    return [{ path: 'kubernetes/storage-secret.yaml', text: yamlDocuments([{ comment, value }]) }];
  }
  if (storageUri.startsWith('pvc://')) return [];
  const gibibytes = Math.max(1, Math.ceil((1.5 * facts.byteSize) / 1024 ** 3));
  const value = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `${name}-models` },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: `${gibibytes}Gi` } },
    },
  };
  const comment =
    'The volume of the models; copy the content of model_repository into it. For several replicas on several nodes\n' +
    'choose a storage class that allows ReadOnlyMany or ReadWriteMany.';
  return [{ path: 'kubernetes/model-volume.yaml', text: yamlDocuments([{ comment, value }]) }];
}

/** Deployment, Service, scraping and autoscaling of Triton in plain Kubernetes. */
export function kubernetesFiles(facts: DeploymentFacts): readonly DeploymentFile[] {
  const name = resourceName(facts.name);
  const labels = { 'app.kubernetes.io/name': 'triton', 'app.kubernetes.io/instance': name };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels },
    spec: {
      selector: labels,
      ports: PORTS.map((each) => ({ name: each.name, port: each.port, targetPort: each.name })),
    },
  };
  const monitor = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name, labels },
    spec: { selector: { matchLabels: labels }, endpoints: [{ port: 'metrics', interval: '15s' }] },
  };
  return [
    {
      path: 'kubernetes/triton.yaml',
      text: yamlDocuments([
        {
          comment:
            'kubectl apply -f kubernetes/triton.yaml\nMemory is estimated from the size of the weights: measure, and correct it.',
          value: deployment(facts, name, labels),
        },
        { comment: 'HTTP 8000, gRPC 8001, metrics 8002, inside the cluster.', value: service },
      ]),
    },
    ...storageFiles(facts, name),
    {
      path: 'kubernetes/autoscaling.yaml',
      text: yamlDocuments([
        { comment: 'Scraping, where the Prometheus operator is installed.', value: monitor },
        {
          comment:
            'One more replica where requests wait longer than 50 ms on average. Needs prometheus-adapter with prometheus-adapter/values.yaml.',
          value: autoscaler(name),
        },
      ]),
    },
    {
      path: 'prometheus-adapter/values.yaml',
      text: yamlDocuments([
        {
          comment:
            'helm upgrade --install prometheus-adapter prometheus-community/prometheus-adapter -f prometheus-adapter/values.yaml',
          value: adapterRules(),
        },
      ]),
    },
  ];
}
