import { MalformedFile } from '../malformed-file.ts';
import { readLine } from '../torch/torch-archive.ts';
import { argumentPaths, resultPaths } from './call-paths.ts';
import { readArgument, readGraph, type ExportArgument, type ExportGraph } from './export-graph.ts';
import {
  addInlineConstant,
  addListed,
  addSavedEntry,
  type ExportWeights,
  type SourcedArchive,
} from './export-weights.ts';
import {
  entriesOf,
  listOf,
  member,
  objectOf,
  parseProgramJson,
  textOf,
  unionOf,
  type Json,
  type JsonObject,
} from './program-json.ts';

/** What an input of the graph is: something that the caller gives, or a tensor of the module. */
export type ExportInput =
  | { readonly kind: 'user'; readonly argument: ExportArgument; readonly path: string }
  | {
      readonly kind: 'weight';
      readonly name: string;
      readonly target: string;
      readonly role: 'parameter' | 'buffer' | 'constant';
    }
  | { readonly kind: 'other'; readonly name: string; readonly why: string };

/** What an output of the graph is: an answer, or the new value of a buffer of the module; the others are of training. */
export type ExportOutput =
  | { readonly kind: 'user'; readonly argument: ExportArgument; readonly path: string }
  | { readonly kind: 'buffer'; readonly name: string; readonly target: string }
  | { readonly kind: 'other' };

/** The sizes that a symbol may have; null: no limit. */
export interface ExportRange {
  readonly minimum: number | null;
  readonly maximum: number | null;
}

/** How the entries of the archive are laid out: one file beside the other until PyTorch 2.7, a PT2 archive since. */
export type ExportLayout = 'flat' | 'archive-saved' | 'archive-raw';

/** A program of `torch.export.save`; no weight is read. */
export interface ExportProgram {
  readonly layout: ExportLayout;
  /** `8.20`; `1` for PyTorch 2.1. */
  readonly schemaVersion: string;
  /** `2.13.0+cpu`; '' where the program does not say. */
  readonly torchVersion: string;
  readonly graph: ExportGraph;
  readonly inputs: readonly ExportInput[];
  readonly outputs: readonly ExportOutput[];
  readonly ranges: ReadonlyMap<string, ExportRange>;
  readonly weights: ExportWeights;
  /** Names of the other programs in the same archive. */
  readonly others: readonly string[];
}

const FLAT_PROGRAM = 'serialized_exported_program.json';
const MODEL = /^models\/([^/]+)\.json$/;

/** Reads a program. @throws MalformedFile where it is none, StatusError where it is of a layout that nobody wrote. */
export async function readExportProgram(sourced: SourcedArchive): Promise<ExportProgram> {
  const { archive } = sourced;
  const names = [...archive.entries.keys()].flatMap((entry) => MODEL.exec(entry)?.[1] ?? []);
  const isFlat = archive.has(FLAT_PROGRAM);
  const model = names.includes('model') ? 'model' : (names[0] ?? '');
  if ((await readLine(archive, 'byteorder')) === 'big')
    throw new MalformedFile(
      'its weights are written in big-endian order; save it on a little-endian machine',
    );
  const file = isFlat ? FLAT_PROGRAM : `models/${model}.json`;
  const bytes = await archive.read(file);
  if (bytes === null) throw new MalformedFile(`${file} is missing`);
  const program = parseProgramJson(bytes, file);
  const module = objectOf(member(program, 'graph_module'), 'the graph module');
  const weights: ExportWeights = new Map();
  const layout = isFlat
    ? await readFlatWeights(sourced, module, weights)
    : await readArchiveWeights(sourced, model, weights);
  return {
    layout,
    schemaVersion: versionOf(member(program, 'schema_version')),
    torchVersion: textOrEmpty(member(program, 'torch_version')),
    graph: readGraph(objectOf(member(module, 'graph'), 'the graph')),
    ...readSignature(module),
    ranges: readRanges(member(program, 'range_constraints')),
    weights,
    others: names.filter((each) => each !== model),
  };
}

function textOrEmpty(value: Json): string {
  return typeof value === 'string' ? value : '';
}

function versionOf(value: Json): string {
  if (typeof value === 'number') return String(value);
  const version = objectOf(value ?? {}, 'the schema version');
  return ['major', 'minor'].map((part) => JSON.stringify(member(version, part) ?? 0)).join('.');
}

async function readFlatWeights(
  sourced: SourcedArchive,
  module: JsonObject,
  weights: ExportWeights,
): Promise<ExportLayout> {
  // PyTorch 2.1 calls them .json, which they are not.
  for (const name of ['serialized_state_dict', 'serialized_constants'])
    for (const ending of ['pt', 'json']) await addSavedEntry(sourced, `${name}.${ending}`, weights);
  const graph = objectOf(member(module, 'graph'), 'the graph');
  for (const [name, text] of entriesOf(member(graph, 'constants'), 'the constants'))
    await addInlineConstant(name, textOf(text, 'a constant'), weights);
  return 'flat';
}

async function readArchiveWeights(
  sourced: SourcedArchive,
  model: string,
  weights: ExportWeights,
): Promise<ExportLayout> {
  for (const folder of ['weights', 'constants'])
    await addSavedEntry(sourced, `data/${folder}/${model}.pt`, weights);
  const isSaved = sourced.archive.has(`data/weights/${model}.pt`);
  await addListed(sourced, `data/weights/${model}_weights_config.json`, weights);
  await addListed(sourced, `data/weights/${model}_model_param_config.json`, weights);
  await addListed(sourced, `data/constants/${model}_constants_config.json`, weights);
  return isSaved ? 'archive-saved' : 'archive-raw';
}

/** The call of the whole module, with the trees of its arguments and of its answer. */
function callOf(module: JsonObject): JsonObject {
  const spec = member(module, 'call_spec');
  if (spec !== null) return objectOf(spec, 'the call specification');
  const calls = member(module, 'module_call_graph');
  const root = Array.isArray(calls)
    ? (calls as readonly Json[]).find((each) => member(objectOf(each, 'a call'), 'fqn') === '')
    : undefined;
  const signature = root === undefined ? null : member(objectOf(root, 'a call'), 'signature');
  return objectOf(signature ?? {}, 'the call specification');
}

function readSignature(module: JsonObject): Pick<ExportProgram, 'inputs' | 'outputs'> {
  const signature = objectOf(member(module, 'signature'), 'the signature');
  const call = callOf(module);
  const paths = {
    arguments: argumentPaths(textOrEmpty(member(call, 'in_spec'))),
    results: resultPaths(textOrEmpty(member(call, 'out_spec'))),
  };
  const isOld = member(signature, 'input_specs') === null;
  return isOld ? readOldSignature(module, signature, paths) : readSpecs(signature, paths);
}

interface CallPaths {
  readonly arguments: readonly string[];
  readonly results: readonly string[];
}

function readSpecs(signature: JsonObject, paths: CallPaths): Pick<ExportProgram, 'inputs' | 'outputs'> {
  let given = 0;
  let answered = 0;
  const inputs = listOf(member(signature, 'input_specs'), 'the input specifications').map((each) =>
    readInputSpec(each, () => paths.arguments[given++] ?? `ARGS[${given - 1}]`),
  );
  const outputs = listOf(member(signature, 'output_specs'), 'the output specifications').map((each) =>
    readOutputSpec(each, () => paths.results[answered++] ?? `RESULT[${answered - 1}]`),
  );
  return { inputs, outputs };
}

function readInputSpec(value: Json, nextPath: () => string): ExportInput {
  const [kind, inner] = unionOf(value, 'an input specification');
  const spec = objectOf(inner, 'an input specification');
  const nameOf = (): string =>
    textOf(member(objectOf(member(spec, 'arg'), 'an input'), 'name'), 'the name of an input');
  const targetOf = (field: string): string => textOf(member(spec, field), 'the name of a weight');
  switch (kind) {
    case 'user_input':
      return { kind: 'user', argument: readArgument(member(spec, 'arg'), 0), path: nextPath() };
    case 'constant_input': {
      const [name, constant] = unionOf(member(spec, 'value'), 'a constant input');
      return { kind: 'user', argument: readArgument({ [name]: constant }, 0), path: nextPath() };
    }
    case 'parameter':
      return { kind: 'weight', name: nameOf(), target: targetOf('parameter_name'), role: 'parameter' };
    case 'buffer':
      return { kind: 'weight', name: nameOf(), target: targetOf('buffer_name'), role: 'buffer' };
    case 'tensor_constant':
      return { kind: 'weight', name: nameOf(), target: targetOf('tensor_constant_name'), role: 'constant' };
    default:
      return { kind: 'other', name: nameOf(), why: `an input that is a ${kind.replaceAll('_', ' ')}` };
  }
}

function readOutputSpec(value: Json, nextPath: () => string): ExportOutput {
  const [kind, inner] = unionOf(value, 'an output specification');
  const spec = objectOf(inner, 'an output specification');
  if (kind === 'user_output')
    return { kind: 'user', argument: readArgument(member(spec, 'arg'), 0), path: nextPath() };
  if (kind !== 'buffer_mutation') return { kind: 'other' };
  const name = textOf(member(objectOf(member(spec, 'arg'), 'an output'), 'name'), 'the name of an output');
  return { kind: 'buffer', name, target: textOf(member(spec, 'buffer_name'), 'the name of a buffer') };
}

/** PyTorch 2.1: maps from names of the graph to names of the module. */
function readOldSignature(
  module: JsonObject,
  signature: JsonObject,
  paths: CallPaths,
): Pick<ExportProgram, 'inputs' | 'outputs'> {
  const graph = objectOf(member(module, 'graph'), 'the graph');
  const namesIn = (field: string): ReadonlyMap<string, string> =>
    new Map(
      entriesOf(member(signature, field), field).map(([name, target]) => [name, textOf(target, field)]),
    );
  const [parameters, buffers, mutations] = [
    namesIn('inputs_to_parameters'),
    namesIn('inputs_to_buffers'),
    namesIn('buffers_to_mutate'),
  ];
  let given = 0;
  let answered = 0;
  const inputs = listOf(member(graph, 'inputs'), 'the inputs').map((each): ExportInput => {
    const argument = readArgument(each, 0);
    const name = argument.kind === 'name' ? argument.name : '';
    const target = parameters.get(name) ?? buffers.get(name);
    if (target !== undefined)
      return { kind: 'weight', name, target, role: buffers.has(name) ? 'buffer' : 'parameter' };
    return { kind: 'user', argument, path: paths.arguments[given++] ?? `ARGS[${given - 1}]` };
  });
  const outputs = listOf(member(graph, 'outputs'), 'the outputs').map((each): ExportOutput => {
    const argument = readArgument(each, 0);
    const target = argument.kind === 'name' ? mutations.get(argument.name) : undefined;
    if (argument.kind === 'name' && target !== undefined)
      return { kind: 'buffer', name: argument.name, target };
    return { kind: 'user', argument, path: paths.results[answered++] ?? `RESULT[${answered - 1}]` };
  });
  return { inputs, outputs };
}

function readRanges(value: Json): ReadonlyMap<string, ExportRange> {
  const limit = (number: Json): number | null =>
    typeof number === 'number' && Math.abs(number) < Number.MAX_SAFE_INTEGER ? number : null;
  return new Map(
    entriesOf(value, 'the range constraints').map(([name, range]) => {
      const bounds = objectOf(range, 'a range');
      return [name, { minimum: limit(member(bounds, 'min_val')), maximum: limit(member(bounds, 'max_val')) }];
    }),
  );
}
