import { resolve } from 'node:path';
import { DATATYPES, isDatatype } from '../../app/core/datatypes.ts';
import type { ByteSource } from '../../app/core/formats/byte-source.ts';
import { describeProgram } from '../../app/core/formats/torch-export/describe-program.ts';
import { isExportedProgram } from '../../app/core/formats/torch-export/detect.ts';
import { readExportProgram } from '../../app/core/formats/torch-export/export-program.ts';
import { translateExportForConfig } from '../../app/core/formats/torch-export/translate-for-config.ts';
import type { Translation } from '../../app/core/formats/torch/finish-translation.ts';
import { torchArchive, type TorchArchive } from '../../app/core/formats/torch/torch-archive.ts';
import { dtypeOfDatatype, TORCH_DTYPES } from '../../app/core/formats/torch/torch-dtypes.ts';
import { TranslationFailure } from '../../app/core/formats/torch/translation-failure.ts';
import { describeForward, forwardParameters } from '../../app/core/formats/torchscript/describe-forward.ts';
import { readScriptProgram, type ScriptProgram } from '../../app/core/formats/torchscript/script-program.ts';
import {
  translateForConfig,
  type ConfigTensor,
} from '../../app/core/formats/torchscript/translate-for-config.ts';
import { readZipDirectory } from '../../app/core/formats/zip-directory.ts';
import { StatusError } from '../../app/core/status.ts';
import { openFileSource } from '../../app/host/files/file-tree.ts';
import { writeOnnxFile } from '../../app/host/files/write-onnx-file.ts';

interface TranslateOptions {
  readonly output: string;
  /** `name=1,3,224,224` or `name=int64:-1,128`, each once for an input. */
  readonly shape: readonly string[];
  readonly json?: boolean;
}

const SHAPE = /^([^=]+)=(?:(\w+):)?(-?\d+(?:,-?\d+)*)?$/;

function readShape(text: string): ConfigTensor {
  const [, name = '', type = 'FP32', dims = ''] = SHAPE.exec(text) ?? [];
  const datatype = type.toUpperCase();
  const dtype = isDatatype(datatype) ? dtypeOfDatatype(datatype) : undefined;
  if (name === '' || dtype === undefined)
    throw new StatusError(
      'invalid-argument',
      `--shape takes name=1,3,224,224 or name=INT64:-1,128 with a datatype of ${Object.keys(DATATYPES).join(', ')}; -1 is a free dim; got: ${text}`,
    );
  return { name, dtype, dims: dims === '' ? [] : dims.split(',').map(Number) };
}

/** The inputs that were named, or those that the program itself tells. */
function inputsOf(program: ScriptProgram, shapes: readonly string[]): readonly ConfigTensor[] {
  if (shapes.length > 0) return shapes.map(readShape);
  return configTensors(describeForward(program).inputs);
}

/** Inputs as a config has them: what is free is −1. */
function configTensors(
  inputs: readonly (Omit<ConfigTensor, 'dims'> & { readonly dims: readonly (number | string)[] })[],
): readonly ConfigTensor[] {
  return inputs.map(({ name, dtype, dims }) => ({
    name,
    dtype,
    dims: dims.map((dim) => (typeof dim === 'number' ? dim : -1)),
  }));
}

function explain(cause: unknown, hint: string): never {
  if (!(cause instanceof TranslationFailure)) throw cause;
  const lines = cause.unsupported.map(
    ({ name, count, places, reason }) => `  ${name}  ${count}×  ${places.join(', ')}  ${reason}`,
  );
  throw new StatusError('unsupported', [cause.message, ...lines, hint].join('\n'));
}

/** A program of torch.export says its shapes itself. */
async function translateExported(
  archive: TorchArchive,
  source: ByteSource,
  path: string,
  shapes: readonly string[],
): Promise<Translation> {
  if (shapes.length > 0)
    throw new StatusError(
      'invalid-argument',
      'A program of torch.export has its shapes in it: leave --shape out.',
    );
  const program = await readExportProgram({ archive, source });
  try {
    const { inputs, outputs } = describeProgram(program);
    return await translateExportForConfig(program, {
      modelName: path,
      inputs: configTensors(inputs),
      outputNames: outputs.map(({ name }) => name),
      location: path,
    });
  } catch (cause) {
    return explain(cause, 'the shapes are those that it was exported for');
  }
}

async function translateScripted(
  archive: TorchArchive,
  source: ByteSource,
  path: string,
  shapes: readonly string[],
): Promise<Translation> {
  const program = await readScriptProgram(archive, source);
  try {
    const inputs = inputsOf(program, shapes);
    const isBatched = inputs.every(({ dims }) => dims[0] === -1);
    return await translateForConfig(program, {
      modelName: path,
      isBatched,
      inputs,
      outputNames: [],
      location: path,
    });
  } catch (cause) {
    const names = forwardParameters(program).map(({ name }) => name);
    return explain(cause, `forward takes ${names.join(', ') || 'nothing'}; --shape says what an input is`);
  }
}

/** Writes the translation of a PyTorch file as an ONNX file that holds everything. @throws StatusError saying what is not translated. */
export async function writeTranslation(
  path: string,
  output: string,
  shapes: readonly string[],
): Promise<Translation> {
  const source = await openFileSource(resolve(path));
  const archive = torchArchive({ zip: await readZipDirectory(source), source });
  if (archive === null)
    throw new StatusError(
      'invalid-argument',
      `${path} is no archive of torch.jit.save or torch.export.save.`,
    );
  const run = isExportedProgram(archive) ? translateExported : translateScripted;
  const translation = await run(archive, source, path, shapes);
  await writeOnnxFile(resolve(output), translation.model, source);
  return translation;
}

/** `conch translate`: a PyTorch file as an ONNX file that holds everything. */
export async function translate(path: string, { output, shape, json }: TranslateOptions): Promise<void> {
  const { model, guards } = await writeTranslation(path, output, shape);
  const words = guards.map((guard) => guard.words);
  const typeOf = (type: number): string =>
    Object.values(TORCH_DTYPES).find(({ onnxType }) => onnxType === type)?.datatype ?? '?';
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ output, inputs: model.inputs, outputs: model.outputs, guards: words })}\n`,
    );
    return;
  }
  const rows = [...model.inputs, ...model.outputs].map(
    ({ name, type, dims }) => `  ${name}  ${typeOf(type)} [${dims.join(', ')}]`,
  );
  const holds = words.length > 0 ? [`It holds for shapes with ${words.join(', ')}.`] : [];
  process.stdout.write(
    `${[`Wrote ${output}: ${model.nodes.length} nodes, opset ${model.opset}.`, ...rows, ...holds].join('\n')}\n`,
  );
}
