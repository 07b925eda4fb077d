import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import type * as Ort from 'onnxruntime-node';
import { inspectOnnx } from '../../core/formats/onnx/inspect.ts';
import type { ModelDescription, TensorSignature } from '../../core/formats/model-description.ts';
import type { Datatype } from '../../core/datatypes.ts';
import { DATATYPES } from '../../core/datatypes.ts';
import { elementCount } from '../../core/tensors/tensor.ts';
import { openFileTree } from '../repository/model-files.ts';
import type { SessionSettings } from './engine-messages.ts';
import { openOnnxSession, requireOnnxRuntime, viewTensor, type OnnxSession } from './onnx-runtime.ts';

/** One line of output (`--json`): a step that was done, or the failure that ended the probe. */
type ProbeStep =
  | {
      readonly step: 'described';
      readonly milliseconds: number;
      readonly verdict: string;
      readonly inputs: number;
      readonly outputs: number;
    }
  | {
      readonly step: 'loaded';
      readonly milliseconds: number;
      readonly residentBytes: number;
      readonly inputs: readonly string[];
      readonly outputs: readonly string[];
    }
  | {
      readonly step: 'ran';
      readonly milliseconds: number;
      readonly residentBytes: number;
      readonly outputs: readonly {
        readonly name: string;
        readonly type: string;
        readonly shape: readonly number[];
      }[];
    }
  | { readonly step: 'skipped'; readonly what: 'run'; readonly reason: string }
  | { readonly step: 'done'; readonly milliseconds: number; readonly peakResidentBytes: number }
  | { readonly step: 'failed'; readonly during: 'describe' | 'load' | 'run'; readonly message: string };

/** Largest input that the trial run makes. */
const MAX_INPUT_BYTES = 256 * 1024 * 1024;
const MEMORY_CHECK_MILLISECONDS = 50;

const SETTINGS: SessionSettings = {
  intraOpThreads: 1,
  interOpThreads: 0,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  enableCpuMemArena: true,
  enableMemPattern: true,
};

function report(step: ProbeStep, isJson: boolean): void {
  const { step: name, ...facts } = step;
  process.stdout.write(isJson ? `${JSON.stringify(step)}\n` : `${name}: ${JSON.stringify(facts)}\n`);
}

class ProbeFailure extends Error {
  readonly during: 'describe' | 'load' | 'run';
  constructor(during: 'describe' | 'load' | 'run', message: string) {
    super(message);
    this.during = during;
  }
}

async function during<Result>(step: ProbeFailure['during'], action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (cause) {
    throw new ProbeFailure(step, cause instanceof Error ? cause.message : String(cause));
  }
}

/** The model file that was meant: itself, the `model.onnx` in a directory, or in its newest version. */
async function findModelFile(path: string): Promise<string> {
  const entry = await stat(path);
  if (!entry.isDirectory()) return path;
  const names = await readdir(path);
  const versions = names
    .filter((name) => /^\d+$/.test(name))
    .sort((left, right) => Number(right) - Number(left));
  const candidates = ['model.onnx', ...versions.map((version) => join(version, 'model.onnx'))];
  for (const candidate of candidates) {
    const found = await stat(join(path, candidate)).catch(() => null);
    if (found) return findModelFile(join(path, candidate));
  }
  throw new ProbeFailure('describe', `no model.onnx in ${basename(path)}`);
}

async function describe(file: string): Promise<ModelDescription> {
  const tree = await openFileTree(dirname(file));
  const source = await tree.open(basename(file));
  const head = await source.read(0, 64 * 1024);
  return inspectOnnx({ tree, path: basename(file), source, head, zip: null });
}

/** Why the runtime must not even see this input or output: it would end the process. */
function unsafeReason(tensors: readonly TensorSignature[]): string | null {
  const unsafe = tensors.find(
    ({ unsupported, datatype }) => unsupported !== undefined || datatype.value === null,
  );
  return unsafe ? `'${unsafe.name}' cannot be passed: ${unsafe.unsupported ?? 'it has no datatype'}` : null;
}

function zeros(ort: typeof Ort, input: TensorSignature, datatype: Datatype): Ort.Tensor {
  const shape = (input.dims.value ?? []).map((dim) => (dim.kind === 'fixed' ? dim.size : 1));
  const elementBytes = DATATYPES[datatype].elementBytes || 4;
  const byteLength = elementCount(shape) * elementBytes;
  if (byteLength > MAX_INPUT_BYTES) {
    throw new ProbeFailure('run', `input '${input.name}' alone would be ${byteLength} bytes`);
  }
  return viewTensor(ort, { name: input.name, datatype, shape }, new ArrayBuffer(byteLength), 0, byteLength);
}

async function run(session: OnnxSession, description: ModelDescription): Promise<Record<string, Ort.Tensor>> {
  const ort = requireOnnxRuntime();
  const feeds = description.inputs
    .filter(({ isOptional }) => !isOptional)
    .flatMap((input) =>
      input.datatype.value ? [[input.name, zeros(ort, input, input.datatype.value)] as const] : [],
    );
  return session.run(Object.fromEntries(feeds), session.outputNames);
}

async function probe(path: string, isJson: boolean, provider: 'cpu' | 'cuda'): Promise<void> {
  const start = performance.now();
  const file = await during('describe', () => findModelFile(path));
  const description = await during('describe', () => describe(file));
  const { inputs, outputs, verdict } = description;
  const described = performance.now();
  report(
    {
      step: 'described',
      milliseconds: described - start,
      verdict: verdict.kind,
      inputs: inputs.length,
      outputs: outputs.length,
    },
    isJson,
  );
  const unsafe = unsafeReason([...inputs, ...outputs]);
  if (unsafe !== null) throw new ProbeFailure('load', unsafe);
  const session = await during('load', () => openOnnxSession(file, { provider, device: 0 }, SETTINGS));
  const loaded = performance.now();
  report(
    {
      step: 'loaded',
      milliseconds: loaded - described,
      residentBytes: process.memoryUsage.rss(),
      inputs: session.inputNames,
      outputs: session.outputNames,
    },
    isJson,
  );
  const unknownRank = inputs.find(({ dims, isOptional }) => dims.value === null && !isOptional);
  if (unknownRank) {
    report(
      {
        step: 'skipped',
        what: 'run',
        reason: `the model does not say how many dimensions '${unknownRank.name}' has`,
      },
      isJson,
    );
  } else {
    const tensors = await during('run', () => run(session, description));
    report(
      {
        step: 'ran',
        milliseconds: performance.now() - loaded,
        residentBytes: process.memoryUsage.rss(),
        outputs: Object.entries(tensors).map(([name, tensor]) => ({
          name,
          type: tensor.type,
          shape: tensor.dims,
        })),
      },
      isJson,
    );
  }
  report(
    {
      step: 'done',
      milliseconds: performance.now() - start,
      peakResidentBytes: process.resourceUsage().maxRSS * 1024,
    },
    isJson,
  );
}

/** A run blocks this thread for as long as it likes, so another one notices that whoever asked is gone. */
function endWithParent(): void {
  const watch = `setInterval(() => process.ppid === ${process.ppid} || process.kill(process.pid, 'SIGKILL'), 500);`;
  new Worker(watch, { eval: true }).unref();
}

function watchMemory(limitBytes: number, isJson: boolean): void {
  if (limitBytes <= 0) return;
  setInterval(() => {
    if (process.memoryUsage.rss() <= limitBytes) return;
    report(
      { step: 'failed', during: 'run', message: `the probe used more than ${limitBytes} bytes of memory` },
      isJson,
    );
    process.exit(3);
  }, MEMORY_CHECK_MILLISECONDS).unref();
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const isJson = args.includes('--json');
  const limit = args.find((argument) => argument.startsWith('--memory-limit-bytes='))?.split('=')[1];
  const path = args.find((argument) => !argument.startsWith('--'));
  if (path === undefined) {
    process.stderr.write(
      'Usage: probe <model file or directory> [--json] [--cuda] [--memory-limit-bytes=N]\n',
    );
    process.exitCode = 2;
    return;
  }
  watchMemory(Number(limit ?? 0), isJson);
  endWithParent();
  try {
    await probe(path, isJson, args.includes('--cuda') ? 'cuda' : 'cpu');
  } catch (cause) {
    const step = cause instanceof ProbeFailure ? cause.during : 'describe';
    const message = cause instanceof Error ? cause.message : String(cause);
    report({ step: 'failed', during: step, message }, isJson);
    process.exitCode = 1;
  }
}

await main();
