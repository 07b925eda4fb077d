import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { unzipSync, zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { bytesSource } from '../../../../app/core/formats/byte-source.ts';
import { describeModel } from '../../../../app/core/formats/describe-model.ts';
import { MalformedFile } from '../../../../app/core/formats/malformed-file.ts';
import { scanPickle } from '../../../../app/core/formats/pickle/scan-pickle.ts';
import { parseScript } from '../../../../app/core/formats/torchscript/parse-script.ts';
import { readZipDirectory, readZipEntry } from '../../../../app/core/formats/zip-directory.ts';
import { treeOf } from './fixture-tree.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
const read = (path: string): Uint8Array => new Uint8Array(readFileSync(`${FIXTURES}${path}`));

/** How many changed files each reader gets; `npm run test:fuzz` gives more. */
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 150);
const MAX_BYTES = 1024 * 1024;

/** One change of a file. Places are parts of its length, so that they fit files of every size. */
type Change =
  | { readonly kind: 'byte'; readonly at: number; readonly value: number }
  | { readonly kind: 'number'; readonly at: number; readonly value: number }
  | { readonly kind: 'cut' | 'copy'; readonly at: number; readonly length: number; readonly to: number }
  | { readonly kind: 'end'; readonly at: number }
  | { readonly kind: 'text'; readonly at: number; readonly value: string };

const place = fc.double({ min: 0, max: 1, noNaN: true });
/** Sizes at which readers stumble. */
const awkward = fc.constantFrom(0, 1, 127, 128, 255, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff);
const words = fc.constantFrom(
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ':',
  ',',
  '"',
  '\\',
  '\n',
  '\0',
  '-',
  '1e999',
  'NaN',
  'null',
  '.',
  '\uffff',
);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('byte' as const), at: place, value: fc.nat(255) }),
  fc.record({ kind: fc.constant('number' as const), at: place, value: awkward }),
  fc.record({
    kind: fc.constantFrom('cut' as const, 'copy' as const),
    at: place,
    length: fc.nat(64),
    to: place,
  }),
  fc.record({ kind: fc.constant('end' as const), at: place }),
  fc.record({ kind: fc.constant('text' as const), at: place, value: words }),
);
const changes = fc.array(change, { minLength: 1, maxLength: 6 });

function applied(bytes: Uint8Array, each: Change): Uint8Array {
  const at = Math.floor(each.at * bytes.length);
  switch (each.kind) {
    case 'byte':
      return bytes.map((byte, index) => (index === at ? each.value : byte));
    case 'number': {
      const result = bytes.slice();
      const view = new DataView(result.buffer);
      if (at + 4 <= result.length) view.setUint32(at, each.value, true);
      return result;
    }
    case 'cut':
      return new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(at + each.length)]);
    case 'copy': {
      const to = Math.floor(each.to * bytes.length);
      const piece = bytes.subarray(at, at + each.length);
      return new Uint8Array([...bytes.subarray(0, to), ...piece, ...bytes.subarray(to)]);
    }
    case 'end':
      return bytes.slice(0, at);
    case 'text':
      return new Uint8Array([
        ...bytes.subarray(0, at),
        ...new TextEncoder().encode(each.value),
        ...bytes.subarray(at),
      ]);
  }
}

const changed = (bytes: Uint8Array, all: readonly Change[]): Uint8Array => all.reduce(applied, bytes);

/** What a reader throws besides what it promises: nothing, or that something is wrong with the file. */
async function bugOf(reader: () => unknown): Promise<unknown> {
  try {
    await reader();
    return null;
  } catch (cause) {
    return cause instanceof MalformedFile ? null : cause;
  }
}

const SCRIPT = unzipSync(read('torch/scripts/asks_for_types.pt'));
const entryOf = (entries: Record<string, Uint8Array>, ending: string): Uint8Array =>
  Object.entries(entries).find(([name]) => name.endsWith(ending))?.[1] ?? new Uint8Array();

test('the pickle reader reads whatever it is given, or says why not', async () => {
  const pickles = ['data.pkl', 'constants.pkl', 'debug_pkl'].map((ending) => entryOf(SCRIPT, ending));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...pickles), changes, async (bytes, all) => {
      const scan = scanPickle(changed(bytes, all));
      expect(scan.root !== null || scan.problem !== undefined).toBe(true);
    }),
    { numRuns: numRuns * 4 },
  );
});

test('the source parser parses whatever it is given, or names file and line', async () => {
  const source = entryOf(SCRIPT, '__torch__.py');
  await fc.assert(
    fc.asyncProperty(changes, async (all) => {
      const text = new TextDecoder().decode(changed(source, all));
      expect(await bugOf(() => parseScript(text, 'code/x.py'))).toBe(null);
    }),
    { numRuns: numRuns * 4 },
  );
});

async function readWhole(bytes: Uint8Array): Promise<void> {
  const source = bytesSource(bytes);
  const directory = await readZipDirectory(source);
  for (const entry of directory?.entries ?? []) await readZipEntry(source, entry, MAX_BYTES);
}

test('the zip reader reads whatever it is given, or says what is wrong', async () => {
  const archive = zipSync({ 'a/one.txt': entryOf(SCRIPT, '__torch__.py'), 'a/two': new Uint8Array(9) });
  await fc.assert(
    fc.asyncProperty(changes, async (all) => {
      expect(await bugOf(() => readWhole(changed(archive, all)))).toBe(null);
    }),
    { numRuns: numRuns * 2 },
  );
});

/** Models whose files are changed as they are, and whose archives are changed inside. */
const MODELS = {
  'a TorchScript archive': 'torch/scripts/named_pair.pt',
  'a program of torch.export': 'torch/exported/programs/nested.pt2',
} as const;

test.each(Object.entries(MODELS))('%s that was damaged inside is described, never a bug', async (_, path) => {
  const entries = unzipSync(read(path));
  const names = Object.keys(entries);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), changes, async (name, all) => {
      const damaged = { ...entries, [name]: changed(entries[name] ?? new Uint8Array(), all) };
      const file = path.slice(path.lastIndexOf('/') + 1);
      const description = await describeModel(treeOf({ [file]: zipSync(damaged, { level: 0 }) }));
      expect(description.verdict.kind).toBeTypeOf('string');
    }),
    { numRuns },
  );
});

test('an ONNX file that was damaged is described, never a bug', async () => {
  const model = read('models/batchable.onnx');
  await fc.assert(
    fc.asyncProperty(changes, async (all) => {
      const description = await describeModel(treeOf({ 'model.onnx': changed(model, all) }));
      expect(description.verdict.kind).toBeTypeOf('string');
    }),
    { numRuns },
  );
});
