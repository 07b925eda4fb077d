import { describe, expect, test } from 'vitest';
import {
  gravestState,
  lintModelEntry,
  type LintItem,
  type ModelEntryFacts,
} from '../../../../app/core/export-lints/lint-repository.ts';

const CONFIG = { name: 'digits', backend: 'onnxruntime', modelFilename: 'model.onnx', error: null };
const GOOD: ModelEntryFacts = {
  directory: 'digits',
  config: CONFIG,
  directories: [{ name: '1', files: ['model.onnx'] }],
  labels: [{ output: 'probabilities', filename: 'labels.txt', lines: 10, classes: 10 }],
  missingExternalData: [],
  modelMismatch: null,
  byteSize: 70_000,
};

describe('the checklist of an export', () => {
  test('a good model is ok in every line', () => {
    const items = lintModelEntry(GOOD);
    expect(items.map(({ id }) => id)).toEqual([
      'config',
      'name',
      'versions',
      'model-file',
      'external-data',
      'labels',
      'dims',
      'paths',
      'size',
    ]);
    expect(gravestState(items)).toBe('ok');
  });

  test.each<[string, Partial<ModelEntryFacts>, LintItem['id'], LintItem['state'], string]>([
    [
      'another name',
      { directory: 'mnist' },
      'name',
      'error',
      "unexpected directory name 'mnist' for model 'digits'",
    ],
    ['no name', { config: { ...CONFIG, name: '' } }, 'name', 'ok', 'digits'],
    ['no config', { config: null }, 'config', 'warning', 'no config.pbtxt'],
    [
      'a broken config',
      { config: { ...CONFIG, error: 'line 3: expected ":"' } },
      'config',
      'error',
      'line 3',
    ],
    [
      'no version',
      { directories: [{ name: 'v1', files: ['model.onnx'] }] },
      'versions',
      'error',
      'no version directory',
    ],
    [
      'a leading zero beside',
      { directories: [...GOOD.directories, { name: '01', files: [] }] },
      'versions',
      'warning',
      'leading zero',
    ],
    [
      'an empty ensemble version',
      { config: { ...CONFIG, isEnsemble: true }, directories: [{ name: '1', files: [] }] },
      'versions',
      'warning',
      'drop empty directories',
    ],
    [
      'a file of another name',
      { directories: [{ name: '1', files: ['resnet.onnx'] }] },
      'model-file',
      'error',
      'Version 1 has no model.onnx: it has resnet.onnx',
    ],
    [
      'a model in a folder',
      { directories: [{ name: '1', files: ['model.onnx/model.onnx', 'model.onnx/w.bin'] }] },
      'model-file',
      'ok',
      'model.onnx',
    ],
    [
      'a step without its model',
      {
        composingModels: [
          { name: 'resize', isExported: true },
          { name: 'classify', isExported: false },
        ],
      },
      'composing-models',
      'error',
      'needs model classify, which is not in the export',
    ],
    [
      'steps with their models',
      { composingModels: [{ name: 'resize', isExported: true }] },
      'composing-models',
      'ok',
      'resize',
    ],
    ['missing weights', { missingExternalData: ['w.bin'] }, 'external-data', 'error', 'w.bin'],
    [
      'a missing label file',
      { labels: [{ output: 'p', filename: 'l.txt', lines: null, classes: 3 }] },
      'labels',
      'error',
      'Output p names l.txt',
    ],
    [
      'too few labels',
      { labels: [{ output: 'p', filename: 'l.txt', lines: 2, classes: 3 }] },
      'labels',
      'warning',
      'has 2 labels, output p has 3 classes',
    ],
    [
      'other dims',
      { modelMismatch: 'the model expects 2 dimensions' },
      'dims',
      'error',
      'the model expects 2 dimensions',
    ],
    [
      'an absolute path',
      { config: { ...CONFIG, absolutePaths: ['/home/me/x'] } },
      'paths',
      'warning',
      '/home/me/x',
    ],
    ['a GPU', { config: { ...CONFIG, needsGpu: true } }, 'instance-kind', 'warning', 'KIND_GPU'],
    ['a huge model', { byteSize: 20 * 1024 ** 3 }, 'size', 'warning', '20.0 GiB'],
  ])('%s', (_, change, id, state, words) => {
    const items = lintModelEntry({ ...GOOD, ...change });
    const item = items.find((candidate) => candidate.id === id);
    expect(item?.state).toBe(state);
    expect(item?.detail).toContain(words);
    expect(state === 'error' ? item?.fix : 'no fix needed').toBeTruthy();
  });

  test('a model that was not compared is a warning, not an ok', () => {
    const { modelMismatch: _, ...rest } = GOOD;
    expect(gravestState(lintModelEntry(rest))).toBe('warning');
  });
});
