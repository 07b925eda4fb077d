import { REPOSITORY_FOLDER, type DeploymentFacts, type DeploymentFile } from './deployment-facts.ts';
import { tritonImage } from './triton-releases.ts';
import { yamlDocuments } from './yaml-text.ts';

/** Triton as a service of Docker Compose, restarted until it is stopped. */
export function composeFiles({ choices }: DeploymentFacts): readonly DeploymentFile[] {
  const gpus = { devices: [{ driver: 'nvidia', count: 'all', capabilities: ['gpu'] }] };
  const triton = {
    image: tritonImage(choices.release),
    user: 'triton-server',
    command: ['tritonserver', '--model-repository=/models'],
    ports: [8000, 8001, 8002].map((port) => `127.0.0.1:${port}:${port}`),
    volumes: [`./${REPOSITORY_FOLDER}:/models:ro`],
    shm_size: '1gb',
    ulimits: { memlock: -1, stack: 67108864 },
    security_opt: ['no-new-privileges:true'],
    cap_drop: ['ALL'],
    ...(choices.usesGpu && { deploy: { resources: { reservations: gpus } } }),
    healthcheck: {
      test: ['CMD', 'curl', '-fsS', 'http://localhost:8000/v2/health/ready'],
      interval: '10s',
      timeout: '5s',
      retries: 30,
      start_period: '30s',
    },
    restart: 'unless-stopped',
  };
  const comment =
    'docker compose up --wait\nPorts are open to this machine alone: 8000 HTTP, 8001 gRPC, 8002 metrics.';
  return [{ path: 'compose.yaml', text: yamlDocuments([{ comment, value: { services: { triton } } }]) }];
}
