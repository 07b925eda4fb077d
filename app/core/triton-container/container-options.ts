import { imageOf, type ContainerChoices } from './container-choices.ts';

/** Ports of one server, on loopback. */
export interface ContainerPorts {
  readonly http: number;
  readonly grpc: number;
  readonly metrics: number;
}

/** Everything that a container is made of. */
export interface ContainerPlan {
  readonly choices: ContainerChoices;
  /** Absolute path of the model repository on the Engine's machine. */
  readonly repository: string;
  /** Models that are loaded at start; only in control mode `explicit`. */
  readonly models: readonly string[];
  readonly ports: ContainerPorts;
  /** `uid:gid` that can read the repository; never root. */
  readonly user: string;
  /** Whether the Engine has a bridge network; without one the container shares the machine's, bound to loopback by flags. */
  readonly hasBridge: boolean;
  /** By which the container is found again. */
  readonly labels: Readonly<Record<string, string>>;
}

const PORTS_INSIDE: ContainerPorts = { http: 8000, grpc: 8001, metrics: 8002 };
const MOST_PROCESSES = 4096;
const STACK_BYTES = 64 * 1024 * 1024;
const PROTOCOLS = ['http', 'grpc', 'metrics'] as const;

function controlFlags({ choices, models }: ContainerPlan): readonly string[] {
  switch (choices.controlMode) {
    case 'none':
      return ['--model-control-mode=none'];
    case 'poll':
      return ['--model-control-mode=poll', '--repository-poll-secs=5'];
    case 'explicit':
      return ['--model-control-mode=explicit', ...models.map((model) => `--load-model=${model}`)];
  }
}

/** The command line of `tritonserver` in the container. */
export function tritonCommand(plan: ContainerPlan): readonly string[] {
  const inside = plan.hasBridge ? PORTS_INSIDE : plan.ports;
  return [
    'tritonserver',
    '--model-repository=/models',
    ...PROTOCOLS.map((protocol) => `--${protocol}-port=${inside[protocol]}`),
    ...(plan.hasBridge ? [] : PROTOCOLS.map((protocol) => `--${protocol}-address=127.0.0.1`)),
    ...controlFlags(plan),
    '--exit-on-error=false',
  ];
}

/**
 * The Engine's create request (`POST /containers/create`, API 1.41). The models are mounted read-only; the process is
 * not root, has no capabilities and cannot gain any; ports are published on loopback alone.
 */
export function containerOptions(plan: ContainerPlan) {
  const { choices, ports } = plan;
  const memory = choices.memoryGibibytes * 1024 ** 3;
  const published = Object.fromEntries(
    PROTOCOLS.map((protocol) => [
      `${PORTS_INSIDE[protocol]}/tcp`,
      [{ HostIp: '127.0.0.1', HostPort: String(ports[protocol]) }],
    ]),
  );
  return {
    Image: imageOf(choices),
    Cmd: [...tritonCommand(plan)],
    User: plan.user,
    Labels: { ...plan.labels },
    ...(plan.hasBridge && {
      ExposedPorts: Object.fromEntries(Object.keys(published).map((port) => [port, {}])),
    }),
    HostConfig: {
      Binds: [`${plan.repository}:/models:ro`],
      ...(plan.hasBridge ? { PortBindings: published } : { NetworkMode: 'host' }),
      SecurityOpt: ['no-new-privileges'],
      CapDrop: ['ALL'],
      Memory: memory,
      MemorySwap: memory,
      PidsLimit: MOST_PROCESSES,
      ShmSize: choices.sharedMemoryMebibytes * 1024 * 1024,
      ...(choices.usesGpu && {
        DeviceRequests: [{ Driver: 'nvidia', Count: -1, Capabilities: [['gpu']] }],
        // CUDA pins host memory; without a GPU an Engine that may not raise limits (rootless) still does.
        Ulimits: [
          { Name: 'memlock', Soft: -1, Hard: -1 },
          { Name: 'stack', Soft: STACK_BYTES, Hard: STACK_BYTES },
        ],
      }),
    },
  };
}
