import { readFile, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { compareOutputs, type OutputComparison } from '../../app/core/comparison/compare-outputs.ts';
import { StatusError } from '../../app/core/status.ts';
import { generateTensor } from '../../app/core/tensors/generate.ts';
import { isNpy, readNpy } from '../../app/core/tensors/npy.ts';
import { readNpz, writeNpz } from '../../app/core/tensors/npz.ts';
import type { NamedTensor } from '../../app/core/tensors/tensor.ts';
import { printTensorJson } from '../../app/core/tensors/tensor-json.ts';
import type { Datatype } from '../../app/core/datatypes.ts';
import { fileFailure } from '../../app/host/files/file-failure.ts';
import { createOpenInferenceClient } from '../../app/host/open-inference/http-client.ts';
import { importPath, serveModel, withTemporaryHost } from './temporary-host.ts';

interface InferOptions {
  readonly inputs?: string;
  readonly outputs?: string;
  readonly modelVersion?: string;
  readonly against?: string;
  readonly json?: boolean;
}

interface InputMetadata {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/** Values printed for a tensor before the rest is counted. */
const PRINTED_CHARACTERS = 400;
/** Exit code where two servers answer differently. */
const DIFFERENT = 1;
const GENERATOR = { kind: 'random', seed: 1 } as const;

/** `conch infer`: a URL is asked as it is, a file is served for this one request. */
export async function infer(target: string, options: InferOptions): Promise<void> {
  if (/^https?:\/\//.test(target)) {
    const { baseUrl, model } = readModelUrl(target);
    return inferAt(baseUrl, model, options);
  }
  await withTemporaryHost(async (host) => {
    const [model = '', ...others] = await importPath(host, resolve(target));
    if (others.length > 0) {
      const names = [model, ...others].join(', ');
      throw new StatusError(
        'invalid-argument',
        `${target} holds several models (${names}): name one model file, or serve them (conch serve) and give the URL of one.`,
      );
    }
    await inferAt(await serveModel(host, model), model, options);
  });
}

/** `http://host:8000/model`; the long form with `/v2/models/` is understood too. */
export function readModelUrl(target: string): { readonly baseUrl: string; readonly model: string } {
  const url = new URL(target);
  const match = /^(?<base>.*?)\/(?:v2\/models\/)?(?<model>[^/]+)\/?$/.exec(url.pathname);
  const { base = '', model } = match?.groups ?? {};
  if (model === undefined) {
    throw new StatusError(
      'invalid-argument',
      `${target} names no model: add its name, as in ${url.origin}/my_model.`,
    );
  }
  return { baseUrl: url.origin + base, model: decodeURIComponent(model) };
}

async function inferAt(baseUrl: string, model: string, options: InferOptions): Promise<void> {
  const client = createOpenInferenceClient(baseUrl);
  try {
    const metadata = (await client.get(`/v2/models/${encodeURIComponent(model)}`)) as {
      readonly inputs: readonly InputMetadata[];
    };
    const inputs = await chooseInputs(options.inputs, metadata.inputs);
    const { response, totalMicroseconds } = await client.infer({
      model,
      inputs,
      protocol: 'binary',
      ...(options.modelVersion !== undefined && { version: options.modelVersion }),
    });
    if (options.outputs !== undefined) await writeOutputs(options.outputs, response.outputs);
    const comparison =
      options.against === undefined ? null : await askOther(options.against, inputs, response.outputs);
    process.stdout.write(
      options.json
        ? printJson(response, totalMicroseconds, options.outputs, comparison)
        : printText(inputs, response, totalMicroseconds, options) + comparisonText(comparison),
    );
    if (comparison?.outputs.some(({ kind }) => kind === 'different')) process.exitCode = DIFFERENT;
  } finally {
    client.close();
  }
}

interface Comparison {
  readonly url: string;
  readonly totalMicroseconds: number;
  readonly outputs: readonly OutputComparison[];
}

/** The same request to another server. */
async function askOther(
  url: string,
  inputs: readonly NamedTensor[],
  expected: readonly NamedTensor[],
): Promise<Comparison> {
  const { baseUrl, model } = readModelUrl(url);
  const client = createOpenInferenceClient(baseUrl);
  try {
    const { response, totalMicroseconds } = await client.infer({ model, inputs, protocol: 'binary' });
    return { url, totalMicroseconds, outputs: compareOutputs(expected, response.outputs) };
  } finally {
    client.close();
  }
}

function comparisonText(comparison: Comparison | null): string {
  if (comparison === null) return '';
  const lines = comparison.outputs.map((output) => {
    switch (output.kind) {
      case 'equal':
        return `  ${output.name}: equal`;
      case 'close':
        return `  ${output.name}: close, the largest difference is ${output.largestDifference.toPrecision(3)}`;
      case 'different':
        return `  ${output.name}: DIFFERENT, ${output.reason}`;
    }
  });
  const milliseconds = (comparison.totalMicroseconds / 1000).toFixed(1);
  return `${[`${comparison.url} answered in ${milliseconds} ms.`, ...lines].join('\n')}\n`;
}

async function chooseInputs(
  path: string | undefined,
  wanted: readonly InputMetadata[],
): Promise<readonly NamedTensor[]> {
  if (path === undefined) {
    return wanted.map(({ name, datatype, shape }) => ({
      name,
      ...generateTensor(
        datatype,
        shape.map((size) => (size < 0 ? 1 : size)),
        GENERATOR,
      ),
    }));
  }
  const bytes = new Uint8Array(await readFileOrFail(path));
  const arrays = isNpy(bytes) ? [{ ...readNpy(bytes), name: '0' }] : readNpz(bytes);
  return nameArrays(arrays, wanted, basename(path));
}

/** Arrays by input name; those called `0`, `1`, … (or numpy's `arr_0`, …) by position. */
function nameArrays(
  arrays: readonly NamedTensor[],
  wanted: readonly InputMetadata[],
  fileName: string,
): readonly NamedTensor[] {
  return arrays.map((array) => {
    if (wanted.some(({ name }) => name === array.name)) return array;
    const position = /^(?:arr_)?(\d+)$/.exec(array.name)?.[1];
    const input = position === undefined ? undefined : wanted[Number(position)];
    if (input) return { ...array, name: input.name };
    throw new StatusError(
      'invalid-argument',
      `${fileName} has an array ${array.name}, but the model's inputs are ${wanted.map(({ name }) => name).join(', ')}: save it under one of these names, or by position as "0", "1", …`,
    );
  });
}

async function readFileOrFail(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw fileFailure(cause, 'read', path);
  }
}

async function writeOutputs(path: string, outputs: readonly NamedTensor[]): Promise<void> {
  const bytes = writeNpz(outputs);
  try {
    await writeFile(path, bytes);
  } catch (cause) {
    throw fileFailure(cause, 'write', path);
  }
}

interface Answer {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly outputs: readonly NamedTensor[];
}

/** As JSON that every reader takes: it has no NaN and no Infinity, so they are texts. */
function strictJson(output: NamedTensor): string {
  const json = printTensorJson(output, 'flat');
  return output.datatype === 'BYTES' ? json : json.replaceAll(/-?Infinity|NaN/g, '"$&"');
}

function printJson(
  answer: Answer,
  totalMicroseconds: number,
  path: string | undefined,
  comparison: Comparison | null,
): string {
  const outputs = answer.outputs.map((output) => {
    const { name, datatype, shape } = output;
    const facts = JSON.stringify({ name, datatype, shape }).slice(0, -1);
    return path === undefined ? `${facts},"data":${strictJson(output)}}` : `${facts}}`;
  });
  const head = JSON.stringify({
    model: answer.modelName,
    version: answer.modelVersion,
    totalMicroseconds,
    ...(path !== undefined && { outputsFile: path }),
    ...(comparison && { comparison }),
  }).slice(0, -1);
  return `${head},"outputs":[${outputs.join(',')}]}\n`;
}

function printText(
  inputs: readonly NamedTensor[],
  answer: Answer,
  totalMicroseconds: number,
  options: InferOptions,
): string {
  const describe = ({ name, datatype, shape }: NamedTensor) => `${name} ${datatype} [${shape.join(', ')}]`;
  const origin = options.inputs ?? 'random values, seed 1';
  return [
    `Sent ${inputs.map(describe).join(', ')} (${origin}).`,
    `${answer.modelName} version ${answer.modelVersion} answered in ${(totalMicroseconds / 1000).toFixed(1)} ms.`,
    ...answer.outputs.flatMap((output) => {
      const title = `  ${describe(output)}`;
      if (options.outputs !== undefined) return [title];
      const text = printTensorJson(output);
      const rest = text.length > PRINTED_CHARACTERS ? ' …' : '';
      return [title, `    ${text.slice(0, PRINTED_CHARACTERS)}${rest}`];
    }),
    ...(options.outputs === undefined ? [] : [`Written to ${options.outputs}.`]),
    '',
  ].join('\n');
}
