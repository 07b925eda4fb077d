import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { installClients } from '../../clients/install-clients.mjs';
import { rawPost } from '../http-load.ts';
import { CHECKOUT, waitFor } from '../product-process.ts';
import { freePort, send, startTwin } from '../twin.ts';
import { addToRepository, onnxFileOf, requestBodies, SERVING_MODELS, type ServingModel } from './models.ts';

/** A server under load. */
export interface ServingServer {
  readonly title: string;
  readonly port: number;
  /** The bytes that a client sends to run `model` on one row. */
  readonly request: (model: ServingModel) => Buffer;
  readonly stop: () => Promise<void>;
}

const SCRIPTS = join(CHECKOUT, 'tests/bench/serving');
const ONE_INSTANCE = 'instance_group [ { kind: KIND_CPU count: 1 } ]';

function binaryRequest(path: string, model: ServingModel): Buffer {
  const { body, headerLength } = requestBodies(model).binary;
  return rawPost(path, { 'Inference-Header-Content-Length': headerLength }, body);
}

interface Started {
  readonly stop: () => Promise<void>;
}

async function startProcess(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  port: number,
  readyPath: string,
): Promise<Started> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)));
  }
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await exited;
    clearTimeout(timer);
  };
  const isReady = async (): Promise<true | undefined> => {
    if (child.exitCode !== null) return undefined;
    return (await send(port, 'GET', readyPath)).status === 200 ? true : undefined;
  };
  try {
    await waitFor(`${program} to be ready`, 60, isReady);
  } catch (cause) {
    await stop();
    throw new Error(said.trim().split('\n').slice(-1).join(), { cause });
  }
  return { stop };
}

/** Our twin: every model once as it stands (`<name>`) and once with `dynamic_batching { }` (`<name>_dynamic`). */
export async function startServedTwin(models: string, scratch: string) {
  const paths: Record<string, string> = {};
  for (const model of SERVING_MODELS) {
    const file = onnxFileOf(models, model.name);
    const add = (name: string, section: string): Promise<string> =>
      addToRepository(scratch, name, model, file, `backend: "onnxruntime" ${ONE_INSTANCE} ${section}`);
    paths[model.name] = await add(model.name, '');
    paths[`${model.name}_dynamic`] = await add(`${model.name}_dynamic`, 'dynamic_batching { }');
  }
  const twin = await startTwin(paths);
  const server = (title: string, suffix: string): ServingServer => ({
    title,
    port: twin.port,
    request: (model) => binaryRequest(`/v2/models/${model.name}${suffix}/infer`, model),
    stop: () => twin.stop(),
  });
  return { alone: server('twin', ''), dynamic: server('twin, dynamic batching', '_dynamic'), twin };
}

/** FastAPI on uvicorn; the body is the tensors' bytes. */
async function startFastApi(python: string, models: string): Promise<ServingServer> {
  const port = await freePort();
  const files = SERVING_MODELS.map(({ name }) => `${name}=${onnxFileOf(models, name)}`);
  const args = [join(SCRIPTS, 'fastapi_server.py'), String(port), ...files];
  const { stop } = await startProcess(python, args, {}, port, '/ready');
  const request = (model: ServingModel): Buffer => rawPost(`/${model.name}`, {}, requestBodies(model).raw);
  return { title: 'FastAPI', port, request, stop };
}

/** MLServer with adaptive batching; over REST it reads JSON alone. */
async function startMlServer(python: string, models: string, scratch: string): Promise<ServingServer> {
  const [port, grpc, metrics] = [await freePort(), await freePort(), await freePort()];
  const folder = join(scratch, 'mlserver');
  await mkdir(folder, { recursive: true });
  const settings = {
    http_port: port,
    grpc_port: grpc,
    metrics_port: metrics,
    host: '127.0.0.1',
    parallel_workers: 0,
    debug: false,
  };
  await writeFile(join(folder, 'settings.json'), JSON.stringify(settings));
  for (const { name, maxBatchSize } of SERVING_MODELS) {
    await mkdir(join(folder, name));
    const model = {
      name,
      implementation: 'mlserver_model.OnnxModel',
      max_batch_size: maxBatchSize,
      max_batch_time: 0.001,
      parameters: { uri: onnxFileOf(models, name) },
    };
    await writeFile(join(folder, name, 'model-settings.json'), JSON.stringify(model));
  }
  const env = { PYTHONPATH: SCRIPTS, PYTHONDONTWRITEBYTECODE: '1' };
  const args = ['-c', 'from mlserver.cli import main; main()', 'start', folder];
  const { stop } = await startProcess(python, args, env, port, '/v2/health/ready');
  const headers = { 'Content-Type': 'application/json' };
  const request = (model: ServingModel): Buffer =>
    rawPost(`/v2/models/${model.name}/infer`, headers, requestBodies(model).json);
  return { title: 'MLServer', port, request, stop };
}

/** The real tritonserver, which runs the models in its Python backend with dynamic batching. */
async function startRealTriton(python: string, models: string, scratch: string): Promise<ServingServer> {
  const { value, reason } = installClients({ wantsAnalyzer: false }).realTriton;
  if (!value) throw new Error(reason ?? 'cannot be installed');
  const repository = join(scratch, 'real-triton');
  for (const model of SERVING_MODELS) {
    const section = `backend: "python" ${ONE_INSTANCE} dynamic_batching { }`;
    const file = onnxFileOf(models, model.name);
    const folder = await addToRepository(repository, model.name, model, file, section);
    // The stub looks for modules beside the model and nowhere else.
    await cp(join(SCRIPTS, 'triton_model.py'), join(folder, '1/model.py'));
    await cp(join(SCRIPTS, 'onnx_session.py'), join(folder, '1/onnx_session.py'));
  }
  const [port, grpc, metrics] = [await freePort(), await freePort(), await freePort()];
  const ports = [`--http-port=${port}`, `--grpc-port=${grpc}`, `--metrics-port=${metrics}`];
  const env = {
    LD_LIBRARY_PATH: value.libraries,
    PATH: `${join(python, '..')}${delimiter}${process.env['PATH']}`,
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const args = [`--model-repository=${repository}`, ...value.flags, ...ports];
  const { stop } = await startProcess(value.program, args, env, port, '/v2/health/ready');
  const request = (model: ServingModel): Buffer => binaryRequest(`/v2/models/${model.name}/infer`, model);
  return { title: 'Triton 2.51.0, Python model', port, request, stop };
}

/** The others that can be had on this machine, and in words why the rest cannot. */
export async function startOtherServers(
  python: string,
  models: string,
  scratch: string,
): Promise<{ readonly servers: readonly ServingServer[]; readonly missing: readonly string[] }> {
  const starts = {
    MLServer: () => startMlServer(python, models, scratch),
    FastAPI: () => startFastApi(python, models),
    'Triton, Python model': () => startRealTriton(python, models, scratch),
  };
  const servers: ServingServer[] = [];
  const missing: string[] = [];
  for (const [name, start] of Object.entries(starts)) {
    try {
      servers.push(await start());
    } catch (cause) {
      missing.push(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  return { servers, missing };
}

/** Removes what the servers were given. */
export function removeScratch(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}
