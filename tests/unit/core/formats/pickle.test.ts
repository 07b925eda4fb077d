import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scanPickle } from '../../../../app/core/formats/pickle/scan-pickle.ts';
import { isOwnGlobal, readTorchPickle } from '../../../../app/core/formats/torch/torch-pickle.ts';
import { readZipDirectory, readZipEntry } from '../../../../app/core/formats/zip-directory.ts';
import { bytesSource } from '../../../../app/core/formats/byte-source.ts';
import { fixtureBytes } from './fixture-tree.ts';

function pickle(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

async function weights(name: string): Promise<Uint8Array> {
  const source = bytesSource(fixtureBytes(name));
  const entry = (await readZipDirectory(source))?.entries.find(({ name: path }) => path.endsWith('data.pkl'));
  if (entry === undefined) throw new Error('no data.pkl');
  return readZipEntry(source, entry, 1e6);
}

describe('a pickle is read without running it', () => {
  test.each([
    ['protocol 0', 'cos\nsystem\n(S"ls"\ntR.', ['os.system']],
    ['an instance', '(S"ls"\nios\nsystem\n.', ['os.system']],
    ['an object', '(cos\nsystem\nS"ls"\no.', ['os.system']],
    ['a name from the stack', '\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R.', ['os.system']],
    ['a computed name', '\x80\x04NN\x93)R.', ['a name that is computed']],
    ['an extension', '\x80\x02\x82\x05)R.', ['copyreg extension.3']],
    ['a name in the memo', '\x80\x04cbuiltins\neval\n\x940h\x00\x8c\x011\x85R.', ['builtins.eval']],
  ])('%s', (_, text, globals) => {
    const scan = scanPickle(pickle(text));
    expect(scan.globals).toEqual(globals);
  });

  test.each([
    ['an empty stack', 'R.', 'takes from an empty stack'],
    ['no end', '\x80\x02N', 'ends here'],
    ['no mark', '\x80\x02t.', 'misses a mark'],
    ['an unknown memo', '\x80\x02h\x07.', 'recalls 7'],
    ['an unknown opcode', '\x80\x02\xff.', '255 is no pickle opcode'],
    ['a text of 2^63 bytes', '\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f', 'declares a text of'],
    ['a line without end', 'cos', 'ends in a line'],
  ])('%s is a problem, not an exception', (_, text, why) => {
    const scan = scanPickle(pickle(text));
    expect(scan.problem).toContain(why);
    expect(scan.root).toBeNull();
  });

  test('any bytes end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const scan = scanPickle(Uint8Array.from([0x80, 0x04, ...bytes]));
        expect(scan.end).toBeLessThanOrEqual(bytes.length + 2);
        readTorchPickle(scan);
      }),
      { numRuns: 1000 },
    );
  });

  test('shared and self-containing values are walked with a limit', () => {
    const loop = scanPickle(pickle('\x80\x04]\x94h\x00a.'));
    expect(readTorchPickle(loop).tensors).toEqual([]);
    const doubled = scanPickle(pickle(`\x80\x04]${'\x94(h\x00h\x00l'.repeat(1)}${'2\x86'.repeat(200)}.`));
    expect(readTorchPickle(doubled).tensors).toEqual([]);
  });
});

describe('PyTorch weights', () => {
  test('are listed with name, type and shape', async () => {
    const { tensors, parameterCount, foreignGlobals } = readTorchPickle(
      scanPickle(await weights('weights-only.pt')),
    );
    expect(tensors).toEqual([
      { name: 'fc.weight', storage: 'Float', shape: [3, 4] },
      { name: 'fc.bias', storage: 'Float', shape: [3] },
    ]);
    expect([parameterCount, foreignGlobals]).toEqual([15n, []]);
  });

  test('in a training checkpoint are found under their key', async () => {
    expect(readTorchPickle(scanPickle(await weights('training-checkpoint.pt'))).weightsKey).toBe(
      'state_dict',
    );
  });

  test('use only names of an allow-list', () => {
    for (const name of [
      'torch.FloatStorage',
      'torch.float16',
      'collections.OrderedDict',
      '__torch__.models.Net',
    ]) {
      expect([name, isOwnGlobal(name)]).toEqual([name, true]);
    }
    for (const name of [
      'os.system',
      'torch.load',
      'torch.hub.load',
      'builtins.eval',
      'torch.storage._load_from_bytes',
      '__torch__',
    ]) {
      expect([name, isOwnGlobal(name)]).toEqual([name, false]);
    }
  });
});
