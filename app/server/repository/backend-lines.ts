import { printConfigJson } from '../../core/model-config/config-json.ts';
import type { ModelConfig } from '../../core/model-config/model-config.ts';
import type { ServerOptions } from '../command-line.ts';
import type { Log } from '../log.ts';
import { backendConfig } from '../startup-tables.ts';
import type { ModelVersion } from './model-version.ts';
import type { PreparedModel } from './prepare-model.ts';

/** The backend interface that release 2.70.0 has. */
const BACKEND_API_VERSION = '1.19';

/** Lines of a backend's source from which the real one says what happens; see log-sources.ts. */
interface BackendSource {
  readonly file: string;
  readonly initialize: readonly [name: number, api: number, ownApi: number, config: number];
  readonly modelInitialize: number;
  readonly modelFinalize: number;
  readonly instanceInitialize: number;
  readonly instanceFinalize: number;
}

const ONNX_RUNTIME: BackendSource = {
  file: 'onnxruntime.cc',
  initialize: [2917, 2927, 2933, 2963],
  modelInitialize: 3028,
  modelFinalize: 3069,
  instanceInitialize: 3093,
  instanceFinalize: 3145,
};
const IDENTITY: BackendSource = {
  file: 'identity.cc',
  initialize: [499, 509, 515, 540],
  modelInitialize: 598,
  modelFinalize: 675,
  instanceInitialize: 703,
  instanceFinalize: 767,
};
const SOURCES: ReadonlyMap<string, BackendSource> = new Map([
  ['onnxruntime', ONNX_RUNTIME],
  ['identity', IDENTITY],
]);

/** Names and devices of a model's instances, as Triton counts them. */
function instancesOf(config: ModelConfig): string[] {
  return (config.instance_group ?? []).flatMap((group) => {
    const devices = group.kind === 'KIND_GPU' && group.gpus?.length ? group.gpus : [0];
    const kind = group.kind === 'KIND_GPU' ? 'GPU' : 'CPU';
    const count = Math.max(1, group.count ?? 1);
    return devices.flatMap((device) =>
      Array.from({ length: count }, (_, index) => `${group.name ?? ''}_${index} (${kind} device ${device})`),
    );
  });
}

/** What the backends of a real server log about the life of their models: the model's log is read by it. */
export class BackendLines {
  readonly #options: ServerOptions;
  readonly #log: Log;
  readonly #initialized = new Set<string>();

  constructor(options: ServerOptions, log: Log) {
    this.#options = options;
    this.#log = log;
  }

  /** Before a version is looked at. */
  modelInitializing({ name, files, polled }: PreparedModel, version: string): void {
    const backend = polled.backend ?? '';
    const source = SOURCES.get(backend);
    if (!source) return;
    this.#initialize(backend, source);
    const say = this.#sayFrom(source);
    say(source.modelInitialize, `TRITONBACKEND_ModelInitialize: ${name} (version ${version})`);
    if (source === IDENTITY) {
      say(613, `Repository location: ${files.directory}`);
      say(633, "backend state is 'backend state'");
    } else if (this.#options.autoCompleteConfig && polled.input?.length && polled.output?.length) {
      const done = 'inputs and outputs already specified';
      say(1017, `skipping model configuration auto-complete for '${name}': ${done}`);
    }
  }

  /** When its config is complete. */
  instancesInitializing(config: ModelConfig): void {
    const source = SOURCES.get(config.backend ?? '');
    if (!source) return;
    const say = this.#sayFrom(source);
    if (source === IDENTITY) {
      say(265, `model configuration:\n${JSON.stringify(JSON.parse(printConfigJson(config)), null, 4)}`);
    }
    for (const instance of instancesOf(config)) {
      say(source.instanceInitialize, `TRITONBACKEND_ModelInstanceInitialize: ${instance}`);
    }
  }

  /** When the last request of a version is answered and its instances are gone. */
  unloaded({ name, version, config }: Pick<ModelVersion, 'name' | 'version' | 'config'>): void {
    const source = SOURCES.get(config.backend ?? '');
    if (source) {
      const say = this.#sayFrom(source);
      for (let left = instancesOf(config).length; left > 0; left -= 1) {
        say(source.instanceFinalize, 'TRITONBACKEND_ModelInstanceFinalize: delete instance state');
      }
      say(source.modelFinalize, 'TRITONBACKEND_ModelFinalize: delete model state');
    }
    this.#log.write('info', `successfully unloaded '${name}' version ${version}`);
  }

  /** When the server ends. */
  backendsFinalized(): void {
    if (this.#initialized.has('identity')) {
      this.#sayFrom(IDENTITY)(575, "TRITONBACKEND_Finalize: state is 'backend state'");
    }
  }

  #initialize(backend: string, source: BackendSource): void {
    if (this.#initialized.has(backend)) return;
    this.#initialized.add(backend);
    const say = this.#sayFrom(source);
    const [name, api, ownApi, config] = source.initialize;
    say(name, `TRITONBACKEND_Initialize: ${backend}`);
    say(api, `Triton TRITONBACKEND API version: ${BACKEND_API_VERSION}`);
    say(ownApi, `'${backend}' TRITONBACKEND API version: ${BACKEND_API_VERSION}`);
    say(config, `backend configuration:\n${backendConfig(this.#options, backend)}`);
  }

  #sayFrom(source: BackendSource): (line: number, text: string) => void {
    return (line, text) => this.#log.write('info', text, `${source.file}:${line}`);
  }
}
