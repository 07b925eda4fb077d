import { buildZip, type ZipEntry } from './hostile-archives.ts';

const pickledGlobal = (module: string, name: string): string => `c${module}\n${name}\n`;
const pickledText = (value: string): string => `X${uint32(Buffer.byteLength(value))}${latin1(value)}`;

/** A 32-bit integer. */
function pickledInt(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return `J${bytes.toString('latin1')}`;
}

const pickledTuple = (...items: readonly string[]): string => `(${items.join('')}t`;

const pickledCall = (callee: string, ...values: readonly string[]): string =>
  `${callee}${pickledTuple(...values)}R`;

/** Pieces of a pickle, opcode by opcode. */
export const pickle = {
  global: pickledGlobal,
  text: pickledText,
  int: pickledInt,
  /** A decimal integer of any length. */
  decimal: (digits: string): string => `I${digits}\n`,
  float: (value: number): string => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return `G${bytes.toString('latin1')}`;
  },
  tuple: pickledTuple,
  list: (...items: readonly string[]): string => `](${items.join('')}e`,
  call: pickledCall,
  /** An instance of the program's class `M` with these attributes. */
  module: (attributes: Readonly<Record<string, string>> = {}): string =>
    `c__torch__\nM\n)\x81}(${Object.entries(attributes)
      .map(([name, value]) => pickledText(name) + value)
      .join('')}ub`,
  /** A tensor of storage `0` as `torch._utils._rebuild_tensor_v2` gets it; numbers as pickles. */
  tensor: (size: readonly string[], stride: readonly string[], offset = pickledInt(0)): string =>
    pickledCall(
      pickledGlobal('torch._utils', '_rebuild_tensor_v2'),
      `${pickledTuple(
        pickledText('storage'),
        pickledGlobal('torch', 'FloatStorage'),
        pickledText('0'),
        pickledText('cpu'),
        pickledInt(4),
      )}Q`,
      offset,
      pickledTuple(...size),
      pickledTuple(...stride),
      '\x89',
      '}',
    ),
  whole: (value: string): Buffer => Buffer.from(`\x80\x02${value}.`, 'latin1'),
};

function uint32(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('latin1');
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** What a TorchScript archive is made of; what is left out is harmless. */
export interface ScriptParts {
  /** Body of `forward(self, x: Tensor) -> Tensor`, without indentation. */
  readonly forward?: readonly string[];
  /** The source instead of a class with this `forward`. */
  readonly source?: string;
  /** Attributes of the module, as pickles. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** `data.pkl` instead of a module with these attributes. */
  readonly data?: Uint8Array;
  readonly storage?: Uint8Array;
  readonly others?: readonly ZipEntry[];
}

/** A TorchScript archive, written byte by byte so that it can be wrong in every way. */
export function scriptArchive(parts: ScriptParts): Uint8Array {
  const { forward = ['return x'], attributes = {}, others = [] } = parts;
  const members = Object.keys(attributes).map((name) => `  ${name} : Any`);
  const source =
    parts.source ??
    [
      'class M(Module):',
      '  __parameters__ = []',
      '  __buffers__ = []',
      ...members,
      '  def forward(self: __torch__.M,',
      '    x: Tensor) -> Tensor:',
      ...forward.map((line) => `    ${line}`),
      '',
    ].join('\n');
  const entry = (name: string, data: Uint8Array): ZipEntry => ({ name: `m/${name}`, data, isStored: true });
  return buildZip([
    entry('data.pkl', parts.data ?? pickle.whole(pickle.module(attributes))),
    { name: 'm/code/__torch__.py', data: Buffer.from(source) },
    entry('data/0', parts.storage ?? new Uint8Array(16)),
    entry('constants.pkl', pickle.whole(')')),
    entry('version', Buffer.from('3\n')),
    ...others,
  ]);
}

/** An archive of `torch.export.save` whose graph and weights are what these JSON texts say. */
export function exportArchive(model: string, weights: string, others: readonly ZipEntry[] = []): Uint8Array {
  const entry = (name: string, text: string): ZipEntry => ({ name: `m/${name}`, data: Buffer.from(text) });
  return buildZip([
    entry('archive_format', 'pt2'),
    entry('archive_version', '0'),
    entry('byteorder', 'little'),
    entry('models/model.json', model),
    entry('data/weights/model_weights_config.json', weights),
    ...others,
  ]);
}
