import { performance } from 'node:perf_hooks';
import type { ExecutionProvider } from '../../core/server-events/server-event.ts';
import { StatusError } from '../../core/status.ts';
import type { FramedTensor, ToEngine } from './engine-messages.ts';
import { onnxFailure } from './onnx-error.ts';
import {
  bytesOfTensor,
  datatypeOfTensor,
  openOnnxSession,
  requireOnnxRuntime,
  viewTensor,
  type OnnxSession,
} from './onnx-runtime.ts';
import type { ModelRunner, RunOutput } from './model-run.ts';
import { openTorchRunner } from './torch-runner.ts';

const nanoseconds = (from: number, to: number): number => Math.round((to - from) * 1e6);

/** What a GPU instance tries, best first; the runtime itself never falls back from a provider that does not load. */
const GPU_PROVIDERS = ['cuda', 'webgpu', 'cpu'] as const;
const PROVIDER_NAMES = { cuda: 'CUDA', webgpu: 'WebGPU', cpu: 'the CPU' } as const;

/** The first line of a native error: the rest is a stack of the runtime's own build. */
function firstLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split('\n', 1)[0] ?? text;
}

async function openWithFallback({
  modelPath,
  place,
  settings,
}: Extract<ToEngine, { kind: 'load' }>): Promise<{
  session: OnnxSession;
  provider: ExecutionProvider;
  providerReason: string | null;
}> {
  const refusals: string[] = [];
  for (const provider of place.provider === 'cpu' ? (['cpu'] as const) : GPU_PROVIDERS) {
    try {
      const session = await openOnnxSession(modelPath, { provider, device: place.device }, settings);
      const providerReason =
        refusals.length > 0 ? `runs on ${PROVIDER_NAMES[provider]}: ${refusals.join('; ')}` : null;
      return { session, provider, providerReason };
    } catch (cause) {
      if (provider === 'cpu') throw cause;
      refusals.push(`${PROVIDER_NAMES[provider]} is unavailable (${firstLine(cause)})`);
    }
  }
  throw new StatusError('internal', 'no execution provider was tried');
}

async function openOnnxRunner(message: Extract<ToEngine, { kind: 'load' }>): Promise<ModelRunner> {
  const ort = requireOnnxRuntime();
  const { session, provider, providerReason } = await openWithFallback(message);
  return {
    provider,
    providerReason,
    run: async (request, payload) => {
      const feeds = Object.fromEntries(
        request.inputs.map((input) => [
          input.name,
          viewTensor(ort, input, payload, input.offset, input.length),
        ]),
      );
      const start = performance.now();
      const tensors = await session.run(feeds, request.outputs).catch((cause: unknown) => {
        throw onnxFailure(cause);
      });
      const ran = performance.now();
      const outputs = Object.entries(tensors).map(([name, tensor]) => ({
        name,
        datatype: datatypeOfTensor(tensor),
        shape: tensor.dims,
        data: bytesOfTensor(tensor),
      }));
      const inferNs = nanoseconds(start, ran);
      return { outputs, parameters: [], inferNs, outputNs: nanoseconds(ran, performance.now()) };
    },
  };
}

/** What Triton's identity backend adds to every answer. */
const IDENTITY_PARAMETERS = [
  ['param0', 'an example string parameter'],
  ['param1', 42],
  ['param2', false],
  ['param3', 123.123],
] as const;

function endsWithItsElements(data: Uint8Array): boolean {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  while (at + 4 <= data.byteLength) at += 4 + view.getUint32(at, true);
  return at === data.byteLength;
}

function identityOutput(name: string, inputs: readonly FramedTensor[], payload: ArrayBuffer): RunOutput {
  const source = inputs.find((input) => input.name === name.replace('OUTPUT', 'INPUT'));
  const first = inputs.find((input) => input.name === 'INPUT0');
  if (!first) throw new StatusError('unsupported', "failed to get input 'INPUT0'");
  if (!source) {
    // The real backend answers one zero for an optional input that was not given.
    const shape = first.shape.map(() => 1);
    return { name, datatype: first.datatype, shape, data: new Uint8Array(4) };
  }
  const data = new Uint8Array(payload, source.offset, source.length);
  if (source.datatype === 'BYTES' && !endsWithItsElements(data)) {
    throw new StatusError('internal', `output tensor shape does not match size of output for '${name}'`);
  }
  return { name, datatype: source.datatype, shape: source.shape, data };
}

/** Triton's identity backend: OUTPUTn is INPUTn, after `execute_delay_ms`. */
const identityRunner: ModelRunner = {
  provider: 'cpu',
  providerReason: null,
  run: async (request, payload) => {
    const start = performance.now();
    if (request.delayMilliseconds > 0) {
      await new Promise((resolve) => setTimeout(resolve, request.delayMilliseconds));
    }
    const outputs = request.outputs.map((name) => identityOutput(name, request.inputs, payload));
    return {
      outputs,
      parameters: IDENTITY_PARAMETERS,
      inferNs: nanoseconds(start, performance.now()),
      outputNs: 0,
    };
  },
};

/** Loads a model in this thread. @throws StatusError in the words of Triton's backend. */
export async function openModelRunner(message: Extract<ToEngine, { kind: 'load' }>): Promise<ModelRunner> {
  if (message.backend === 'identity') return identityRunner;
  const opened =
    message.backend === 'pytorch' ? openTorchRunner(message, openOnnxRunner) : openOnnxRunner(message);
  return opened.catch((cause: unknown) => {
    throw onnxFailure(cause);
  });
}
