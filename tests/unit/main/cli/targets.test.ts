import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readDestination } from '../../../../main/cli/export-model.ts';
import { readModelUrl } from '../../../../main/cli/infer.ts';

describe('the URL of a model', () => {
  test.each([
    ['http://localhost:8000/digits', 'http://localhost:8000', 'digits'],
    ['http://localhost:8000/digits/', 'http://localhost:8000', 'digits'],
    ['http://localhost:8000/v2/models/digits', 'http://localhost:8000', 'digits'],
    ['https://host/triton/my%20model', 'https://host/triton', 'my model'],
  ])('%s', (url, baseUrl, model) => {
    expect(readModelUrl(url)).toEqual({ baseUrl, model });
  });

  test('without a model says what is missing', () => {
    expect(() => readModelUrl('http://localhost:8000/')).toThrow('as in http://localhost:8000/my_model');
  });
});

describe('the destination of an export', () => {
  test.each([
    ['zip', 'zip', 'digits.zip'],
    ['tar.gz', 'tar.gz', 'digits.tar.gz'],
    ['dir', 'folder', 'digits'],
    ['out/x.zip', 'zip', 'out/x.zip'],
    ['x.tgz', 'tar.gz', 'x.tgz'],
    ['repository', 'folder', 'repository'],
  ])('%s is a %s at %s', (to, format, path) => {
    expect(readDestination(to, 'digits')).toEqual({ format, path: resolve(path) });
  });
});
