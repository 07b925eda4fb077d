import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { recognizeTree } from '../../../../app/core/repository/recognize-tree.ts';
import { fixtureBytes, fixtureTree, treeOf } from '../formats/fixture-tree.ts';

const ONNX = fixtureBytes('batchable.onnx');
const EMPTY = new Uint8Array(0);

describe('a model repository', () => {
  test('has a model in every directory with a config or a version', async () => {
    const meaning = await recognizeTree(
      treeOf({
        'README.md': EMPTY,
        '.git/HEAD': EMPTY,
        '.git/objects/aa': EMPTY,
        '.ipynb_checkpoints/x-checkpoint.ipynb': EMPTY,
        'a/config.pbtxt': EMPTY,
        'a/labels.txt': EMPTY,
        'a/2/model.onnx': ONNX,
        'a/10/model.onnx': ONNX,
        'a/01/model.onnx': ONNX,
        'a/make/train.py': EMPTY,
        'b/1/model.onnx': ONNX,
        'reports/today.txt': EMPTY,
      }),
    );
    if (meaning.kind !== 'repository') throw new Error(meaning.kind);
    expect(meaning.root).toBe('');
    expect(
      meaning.models.map(({ name, configPath, versions }) => [
        name,
        configPath,
        versions.map(({ version }) => version),
      ]),
    ).toEqual([
      ['a', 'a/config.pbtxt', [2, 10]],
      ['b', null, [1]],
    ]);
    const why = new Map(meaning.ignored.map(({ path, reason }) => [path, reason]));
    expect([...why.keys()].sort()).toEqual([
      '.git',
      '.ipynb_checkpoints',
      'README.md',
      'a/01',
      'a/make',
      'reports',
    ]);
    expect(why.get('a/01')).toContain('leading zero');
    expect(why.get('reports')).toContain('neither a config.pbtxt nor a numeric version directory');
    expect(why.get('.git')).toContain('Git');
  });

  test('is found inside the one folder that an archive wraps it in', async () => {
    const meaning = await recognizeTree(treeOf({ 'repo/a/1/model.onnx': ONNX, 'repo/b/1/model.onnx': ONNX }));
    expect(meaning.kind === 'repository' && [meaning.root, meaning.models.map(({ path }) => path)]).toEqual([
      'repo',
      ['repo/a', 'repo/b'],
    ]);
  });

  test('is found in the one folder beside what deploys it', async () => {
    const meaning = await recognizeTree(
      treeOf({
        'compose.yaml': EMPTY,
        'scripts/run.sh': EMPTY,
        'model_repository/a/config.pbtxt': EMPTY,
        'model_repository/a/1/model.onnx': ONNX,
      }),
    );
    if (meaning.kind !== 'repository') throw new Error(meaning.kind);
    expect(meaning.root).toBe('model_repository');
    expect(meaning.models.map(({ path, configPath }) => [path, configPath])).toEqual([
      ['model_repository/a', 'model_repository/a/config.pbtxt'],
    ]);
    expect(meaning.ignored).toEqual([
      { path: 'compose.yaml', reason: 'beside the model repository' },
      { path: 'scripts/run.sh', reason: 'beside the model repository' },
    ]);
  });

  test('is not guessed where two folders are one', async () => {
    const meaning = await recognizeTree(
      treeOf({ 'README.md': EMPTY, 'left/a/1/model.onnx': ONNX, 'right/b/1/model.onnx': ONNX }),
    );
    expect(meaning.kind).toBe('loose-models');
  });

  test('a model one folder too deep is taken and reported', async () => {
    const meaning = await recognizeTree(treeOf({ 'a/1/model.onnx': ONNX, 'group/b/1/model.onnx': ONNX }));
    if (meaning.kind !== 'repository') throw new Error(meaning.kind);
    expect(meaning.models.map(({ path }) => path)).toEqual(['a', 'group/b']);
    expect(meaning.ignored).toEqual([
      { path: 'group', reason: expect.stringContaining('one folder too deep') },
    ]);
  });

  test('the sample models are one', async () => {
    const { folderTree } = await import('../formats/fixture-tree.ts');
    const meaning = await recognizeTree(folderTree('sample-models'));
    expect(meaning.kind === 'repository' && meaning.models.map(({ name }) => name)).toEqual([
      'add_sub',
      'digits',
      'linear_regression',
      'linear_regression_model',
      'pairwise_distance',
      'text_router',
    ]);
  });
});

describe('a model directory', () => {
  test('is known by its config or by a version with a model file', async () => {
    for (const files of [
      { 'config.pbtxt': EMPTY, '1/model.onnx': ONNX },
      { '1/model.onnx': ONNX },
      { 'config.pbtxt': EMPTY },
    ]) {
      expect((await recognizeTree(treeOf(files))).kind).toBe('model-directory');
    }
  });

  test('keeps its name where a folder around it says it', async () => {
    const meaning = await recognizeTree(treeOf({ 'resnet/1/model.onnx': ONNX }));
    expect(meaning.kind === 'repository' && meaning.models[0]?.name).toBe('resnet');
  });
});

describe('loose models', () => {
  test('one file', async () => {
    const meaning = await recognizeTree(fixtureTree('batchable.onnx'));
    expect(meaning).toEqual({
      kind: 'loose-models',
      models: [{ path: 'batchable.onnx', format: 'onnx', stem: 'batchable', files: ['batchable.onnx'] }],
      ignored: [],
    });
  });

  test('external data and labels go with their model', async () => {
    const meaning = await recognizeTree(
      treeOf({
        'net/model.onnx': fixtureBytes('external-data/model.onnx'),
        'net/weights.bin': fixtureBytes('external-data/weights.bin'),
        'net/labels.txt': EMPTY,
        'net/notes.md': EMPTY,
      }),
    );
    if (meaning.kind !== 'loose-models') throw new Error(meaning.kind);
    expect(meaning.models).toEqual([
      {
        path: 'net/model.onnx',
        format: 'onnx',
        stem: 'net',
        files: ['net/model.onnx', 'net/weights.bin'],
        labelFile: 'net/labels.txt',
      },
    ]);
    expect(meaning.ignored.map(({ path }) => path)).toEqual(['net/notes.md']);
  });

  test('several files are several models', async () => {
    const meaning = await recognizeTree(
      treeOf({ 'b.onnx': ONNX, 'a.onnx': ONNX, 'w.pt': fixtureBytes('weights-only.pt') }),
    );
    expect(
      meaning.kind === 'loose-models' && meaning.models.map(({ stem, format }) => [stem, format]),
    ).toEqual([
      ['a', 'onnx'],
      ['b', 'onnx'],
      ['w', 'torch-state-dict'],
    ]);
  });

  test('a folder of a SavedModel is one model', async () => {
    const meaning = await recognizeTree(fixtureTree('saved-model'));
    expect(meaning.kind === 'loose-models' && meaning.models[0]?.files).toHaveLength(3);
  });

  test('folders of numbers are no model by themselves', async () => {
    const meaning = await recognizeTree(treeOf({ 'data/1/picture.txt': EMPTY, 'data/2/picture.txt': EMPTY }));
    expect(meaning.kind === 'nothing' && meaning.reason).toContain('None of the 2 files');
  });
});

describe('archives', () => {
  test('a zip of a repository is an archive, a zip of PyTorch a model', async () => {
    const zip = zipSync({ 'repo/a/1/model.onnx': ONNX });
    expect(await recognizeTree(treeOf({ 'repo.zip': zip }))).toEqual({
      kind: 'archives',
      archives: [{ path: 'repo.zip', archive: 'zip' }],
    });
    expect((await recognizeTree(fixtureTree('weights-only.pt'))).kind).toBe('loose-models');
  });

  test('tar and tar.gz are known by content', async () => {
    const tar = new Uint8Array(1024);
    tar.set(new TextEncoder().encode('ustar'), 257);
    expect(await recognizeTree(treeOf({ x: tar }))).toMatchObject({
      archives: [{ archive: 'tar' }],
    });
    expect(await recognizeTree(treeOf({ x: Uint8Array.of(0x1f, 0x8b, 8, 0) }))).toMatchObject({
      archives: [{ archive: 'tar.gz' }],
    });
  });

  test('several of them beside other files are taken each, by content and not by name alone', async () => {
    const gzip = Uint8Array.of(0x1f, 0x8b, 8, 0);
    const meaning = await recognizeTree(
      treeOf({
        'models/a.tar.gz': gzip,
        'models/b.tar.gz': gzip,
        'notes.zip': EMPTY,
        'create-model.json': new TextEncoder().encode('{}'),
      }),
    );
    expect(meaning).toEqual({
      kind: 'archives',
      archives: [
        { path: 'models/a.tar.gz', archive: 'tar.gz' },
        { path: 'models/b.tar.gz', archive: 'tar.gz' },
      ],
    });
  });
});

test('nothing is nothing', async () => {
  expect((await recognizeTree(treeOf({ '.DS_Store': EMPTY }))).kind).toBe('nothing');
});
