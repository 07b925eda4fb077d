import type { ByteSource } from '../byte-source.ts';
import { MalformedFile } from '../malformed-file.ts';
import { readStoredObjects, type StoredValue } from '../torch/stored-objects.ts';
import type { TorchArchive } from '../torch/torch-archive.ts';
import { parseScript } from './parse-script.ts';
import type { ScriptClass, ScriptFunction } from './script-syntax.ts';

/** A TorchScript archive with its code parsed and its objects read; no weight is read. */
export interface ScriptProgram {
  /** By qualified name: `__torch__.torch.nn.modules.linear.Linear`. */
  readonly classes: ReadonlyMap<string, ScriptClass>;
  readonly functions: ReadonlyMap<string, ScriptFunction>;
  readonly root: Extract<StoredValue, { kind: 'object' }>;
  /** `CONSTANTS.cN`. */
  readonly constants: readonly StoredValue[];
  /** The example tensors of a trace by method, without their values; empty for scripted models. */
  readonly tracedInputs: ReadonlyMap<string, readonly StoredValue[]>;
}

/** Reads an archive. @throws MalformedFile naming the entry that is no part of a TorchScript archive. */
export async function readScriptProgram(archive: TorchArchive, source: ByteSource): Promise<ScriptProgram> {
  const { classes, functions } = await readCode(archive);
  const root = await readStoredObjects(archive, source, 'data.pkl', 'data');
  if (root.kind !== 'object') throw new MalformedFile('data.pkl holds no module');
  const constants = await readStoredObjects(archive, source, 'constants.pkl', 'constants');
  return {
    classes,
    functions,
    root,
    constants: constants.kind === 'tuple' ? constants.items : [],
    tracedInputs: await readTracedInputs(archive, source),
  };
}

async function readCode(
  archive: TorchArchive,
): Promise<{ classes: Map<string, ScriptClass>; functions: Map<string, ScriptFunction> }> {
  const classes = new Map<string, ScriptClass>();
  const functions = new Map<string, ScriptFunction>();
  for (const name of archive.entries.keys()) {
    if (!name.startsWith('code/') || !name.endsWith('.py')) continue;
    const bytes = (await archive.read(name)) ?? new Uint8Array();
    const file = parseScript(new TextDecoder('utf-8').decode(bytes), name);
    const prefix = name.slice('code/'.length, -'.py'.length).replaceAll('/', '.');
    for (const [key, value] of file.classes) classes.set(`${prefix}.${key}`, value);
    for (const [key, value] of file.functions) functions.set(`${prefix}.${key}`, value);
  }
  return { classes, functions };
}

async function readTracedInputs(
  archive: TorchArchive,
  source: ByteSource,
): Promise<ReadonlyMap<string, readonly StoredValue[]>> {
  if (!archive.has('traced_inputs.pkl')) return new Map();
  const value = await readStoredObjects(archive, source, 'traced_inputs.pkl', 'traced_inputs', {
    isShapeOnly: true,
  });
  if (value.kind !== 'dict') return new Map();
  return new Map(
    value.entries.flatMap(([key, list]) =>
      key.kind === 'value' && list.kind === 'list' ? [[String(key.value), list.items] as const] : [],
    ),
  );
}
