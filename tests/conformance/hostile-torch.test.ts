import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportArchive, pickle, scriptArchive } from '../support/hostile-torch.ts';

const CONCH = fileURLToPath(new URL('../../main/cli/conch.mjs', import.meta.url));
const REPORTER = fileURLToPath(new URL('../support/report-peak-memory.cjs', import.meta.url));
/** What the worst file may cost. */
const MAX_MILLISECONDS = 5_000;
const MAX_BYTES = 500 * 1024 * 1024;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conch-hostile-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Outcome {
  readonly code: number | null;
  readonly said: string;
  readonly milliseconds: number;
  /** Of the process that had most. */
  readonly peakBytes: number;
}

let runs = 0;
async function conch(...args: readonly string[]): Promise<Outcome> {
  runs += 1;
  const peaks = join(folder, `peaks-${runs}`);
  await writeFile(peaks, '');
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--require', REPORTER, CONCH, ...args], {
    cwd: folder,
    env: {
      ...process.env,
      CONCH_DATA_FOLDER: join(folder, 'data'),
      CONCH_PEAK_MEMORY_FILE: peaks,
      NODE_OPTIONS: `--require ${REPORTER}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const timer = setTimeout(() => child.kill('SIGKILL'), 4 * MAX_MILLISECONDS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  const peakBytes = Math.max(0, ...(await readFile(peaks, 'utf8')).split('\n').map(Number));
  return { code, said, milliseconds: performance.now() - startedAt, peakBytes };
}

const { int, text, tensor, call, global } = pickle;
const repeated = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => make(index)).join('');

const PICKLES: Readonly<Record<string, Uint8Array>> = {
  'calls os.system': scriptArchive({ attributes: { a: call(global('os', 'system'), text('touch pwned')) } }),
  'calls eval instead of a module': scriptArchive({
    data: pickle.whole(call(global('builtins', 'eval'), text('1'))),
  }),
  'imports by STACK_GLOBAL': scriptArchive({
    attributes: { a: `${text('subprocess')}${text('Popen')}\x93${pickle.tuple(text('ls'))}R` },
  }),
  'nests a million lists': scriptArchive({
    attributes: { a: `${']'.repeat(1_000_000)}${'a'.repeat(999_999)}` },
  }),
  'doubles a list seventy times': scriptArchive({
    attributes: {
      a: `${pickle.list(int(1))}q\x00${repeated(70, (at) => `](h${String.fromCharCode(at)}h${String.fromCharCode(at)}eq${String.fromCharCode(at + 1)}`)}`,
    },
  }),
  'holds itself': scriptArchive({ attributes: { a: `]q\x00h\x00a` } }),
  'names a memo that is not there': scriptArchive({ attributes: { a: 'h\x07' } }),
  'claims a text of 4 GB': scriptArchive({ attributes: { a: 'X\xff\xff\xff\xff' } }),
  'claims a number of 2 GB': scriptArchive({ attributes: { a: '\x8b\xff\xff\xff\x7f' } }),
  'has an int of a million digits': scriptArchive({
    attributes: { a: pickle.decimal('9'.repeat(1_000_000)) },
  }),
  'has five million marks': scriptArchive({
    data: Buffer.from(`\x80\x02${'('.repeat(5_000_001)}`, 'latin1'),
  }),
  'ends in the middle': scriptArchive({ data: Buffer.from('\x80\x02c__torch__\nM', 'latin1') }),
};

const plain = (...numbers: readonly number[]): string[] => numbers.map(int);
const TENSORS: Readonly<Record<string, string>> = {
  'is larger than its storage': tensor(plain(1000, 1000), plain(1000, 1)),
  'has a negative size': tensor(plain(-1, 4), plain(4, 1)),
  'has a negative stride': tensor(plain(2, 2), plain(-2, 1)),
  'has a negative offset': tensor(plain(2), plain(1), int(-4)),
  'begins behind its storage': tensor(plain(2), plain(1), int(1_000_000)),
  'has a huge stride': tensor(plain(2, 2), [pickle.decimal('4611686018427387904'), int(1)]),
  'has a size beyond 64 bits': tensor([pickle.decimal('9'.repeat(30))], plain(1)),
  'overflows with its sizes': tensor(
    [pickle.decimal('4294967296'), pickle.decimal('4294967296')],
    plain(0, 1),
  ),
  'has half a size': tensor([pickle.float(1.5)], plain(1)),
  'has no number for a size': tensor([pickle.float(Number.NaN)], plain(1)),
  'has more strides than sizes': tensor(plain(2), plain(1, 1, 1)),
};

const loop = (...forward: readonly string[]): Uint8Array => scriptArchive({ forward });
const many = (count: number, make: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => make(index));
const PROGRAMS: Readonly<Record<string, Uint8Array>> = {
  'loops without end': loop('_0 = True', 'while _0:', '  _0 = True', 'return x'),
  'makes a million nodes': loop('for i in range(1000000):', '  x = torch.add(x, 1)', 'return x'),
  'loops a billion times': loop('for i in range(1000000000):', '  x = torch.add(x, 1)', 'return x'),
  'calls itself': loop('return (self).forward(x, )'),
  'multiplies a list': loop('a = torch.mul([0], 1000000000)', 'return x'),
  'doubles a list': loop('a = [0]', 'for i in range(60):', '  a = torch.add(a, a)', 'return x'),
  'extends a list by itself': loop('a = [0]', 'for i in range(60):', '  _0 = torch.extend(a, a)', 'return x'),
  'doubles a text': loop('a = "a"', 'for i in range(60):', '  a = torch.add(a, a)', 'return x'),
  'joins doubled texts': loop('a = "a"', 'for i in range(60):', '  a = torch.join(a, [a, a])', 'return x'),
  'formats doubled texts': loop(
    'a = "a"',
    'for i in range(60):',
    '  a = torch.format("{}{}", a, a)',
    'return x',
  ),
  'multiplies ints without end': loop(
    'n = 3',
    'for i in range(100):',
    '  n = torch.mul(n, n)',
    'return torch.add(x, n)',
  ),
  'multiplies sizes without end': loop(
    'n = (torch.size(x))[0]',
    'for i in range(40):',
    '  n = torch.mul(torch.add(n, 1), torch.add(n, 2))',
    'return torch.add(x, n)',
  ),
  'splits into four million pieces': loop(
    'a = torch.zeros([4000000])',
    'b = torch.unbind(a)',
    'return torch.add(x, b[7])',
  ),
  'writes out a constant of a trillion': loop('a = torch.arange(1000000000000)', 'return torch.add(x, a)'),
  'writes into views of views': loop(
    'a = x',
    'for i in range(20000):',
    '  a = torch.select(torch.unsqueeze(a, 0), 0, 0)',
    '_0 = torch.add_(a, 1)',
    'return x',
  ),
  'nests parentheses': loop(`return ${'('.repeat(200_000)}x${')'.repeat(200_000)}`),
  'nests lists': loop(`a = ${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'return x'),
  'nests minus signs': loop(`a = ${'-'.repeat(300_000)}1`, 'return x'),
  'nests attributes': loop(`return x${'.a'.repeat(300_000)}`),
  'nests ifs': loop(...many(3_000, (at) => `${'  '.repeat(at)}if True:`), 'return x'),
  'has a name of ten million letters': loop(`${'a'.repeat(10_000_000)} = x`, 'return x'),
  'has a million statements': scriptArchive({ forward: [...many(1_000_000, () => 'pass'), 'return x'] }),
  'is no text': scriptArchive({ source: Buffer.alloc(200_000, 0xff).toString('latin1') }),
};

const inflated = (): Buffer => Buffer.alloc(300 * 1024 * 1024);
const ARCHIVES: Readonly<Record<string, () => Uint8Array>> = {
  'has a program that inflates to 300 MB': () => scriptArchive({ source: inflated().toString('latin1') }),
  'has a pickle that inflates to more than it declares': () =>
    scriptArchive({
      others: [{ name: 'm/attributes.pkl', data: inflated(), declaredSize: 10 }],
      data: pickle.whole(pickle.module({ a: call(global('os', 'system')) })),
    }),
  'has a program that overlaps its weights': () =>
    scriptArchive({ others: [{ name: 'm/code/__torch__/x.py', overlaps: 2 }] }),
  'has fifty thousand entries': () =>
    scriptArchive({
      others: Array.from({ length: 50_000 }, (_, at) => ({ name: `m/data/${at + 1}`, isStored: true })),
    }),
};

const DEEP = `${'['.repeat(500_000)}${']'.repeat(500_000)}`;
const EXPORTS: Readonly<Record<string, Uint8Array>> = {
  'has a graph that nests half a million lists': exportArchive(DEEP, '{"config":{}}'),
  'has a graph that is no JSON': exportArchive('{"graph_module":', '{"config":{}}'),
  'has a graph of null': exportArchive('null', 'null'),
  'has weights outside of its archive': exportArchive(
    '{"graph_module":{"graph":{"inputs":[],"outputs":[],"nodes":[],"tensor_values":{}},"signature":{"input_specs":[],"output_specs":[]}},"schema_version":{"major":8,"minor":8},"opset_version":{"aten":10},"range_constraints":{}}',
    '{"config":{"w":{"path_name":"../../../etc/passwd","is_param":true,"use_pickle":false,"tensor_meta":{"dtype":7,"sizes":[{"as_int":1}],"strides":[{"as_int":1}],"storage_offset":{"as_int":0},"device":{"type":"cpu"},"requires_grad":false,"layout":7}}}}',
  ),
};

/** In which words: what the file does, not where our reader stumbled. */
const REFUSALS = new RegExp(
  [
    'names [\\w.]+, which no model is made of',
    'nests? too deep',
    'stacks too much',
    'recalls 7, which it never stored',
    'the pickle ends',
    'declares|number that is too large',
    'reaches past the end of|has a size or stride that no tensor has',
    'does not end|calls itself without end',
    'more than \\d+ (?:nodes|numbers and items|views)',
    'which is not exact here',
    'do not fit together',
    'chain of attributes and calls that is too long',
    'where a class or|at most \\d+ are read|is called',
    'is no (?:JSON|object)|is missing|leaves its',
  ].join('|'),
);

const CRASH = /\n {4}at |RangeError|TypeError|heap out of memory|Conch has a bug/;

/** What only looks hostile, and costs little: it is translated. */
const HARMLESS: ReadonlySet<string> = new Set([
  'doubles a list seventy times',
  'has a name of ten million letters',
  'has a million statements',
  'has fifty thousand entries',
]);

/** Describes and translates a file, and says what is wrong with how that went; neither may cost much, crash, or run anything. */
async function flaws(name: string, bytes: Uint8Array, ending: 'pt' | 'pt2' = 'pt'): Promise<string[]> {
  const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.${ending}`);
  await writeFile(file, bytes);
  const shape = ending === 'pt' ? ['--shape', 'x=4'] : [];
  const inspected = await conch('inspect', file);
  const translated = await conch('translate', file, '-o', join(folder, 'out.onnx'), ...shape);
  await rm(file);
  const found: string[] = [];
  for (const [command, outcome] of Object.entries({ inspect: inspected, translate: translated })) {
    const { code, said, milliseconds, peakBytes } = outcome;
    if (code !== 0 && code !== 1) found.push(`${command} ended with ${code}: ${said}`);
    if (CRASH.test(said)) found.push(`${command} crashed: ${said}`);
    if (milliseconds >= MAX_MILLISECONDS) found.push(`${command} took ${milliseconds} ms`);
    if (peakBytes >= MAX_BYTES) found.push(`${command} took ${peakBytes} bytes`);
  }
  const { code, said } = translated;
  const isRefused = code === 1 && REFUSALS.test(said) && said.length < 5_000;
  if (isRefused === HARMLESS.has(name)) found.push(`translate ended with ${code}: ${said}`);
  return found;
}

describe('a hostile PyTorch file is refused in words, within 5 s and 500 MB', () => {
  describe('whose pickle', () => {
    test.each(Object.entries(PICKLES))('%s', async (name, bytes) => {
      expect(await flaws(name, bytes)).toEqual([]);
    });
  });
  describe('whose tensor', () => {
    test.each(Object.entries(TENSORS))('%s', async (name, pickled) => {
      const forward = ['return torch.add(x, self.w)'];
      expect(await flaws(name, scriptArchive({ attributes: { w: pickled }, forward }))).toEqual([]);
    });
  });
  describe('whose program', () => {
    test.each(Object.entries(PROGRAMS))('%s', async (name, bytes) => {
      expect(await flaws(name, bytes)).toEqual([]);
    });
  });
  describe('whose archive', () => {
    test.each(Object.entries(ARCHIVES))('%s', async (name, make) => {
      expect(await flaws(name, make())).toEqual([]);
    });
  });
  describe('of torch.export that', () => {
    test.each(Object.entries(EXPORTS))('%s', async (name, bytes) => {
      expect(await flaws(name, bytes, 'pt2')).toEqual([]);
    });
  });
});
