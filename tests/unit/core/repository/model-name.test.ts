import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkModelName, safeModelName } from '../../../../app/core/repository/model-name.ts';
import { versionOfDirectory, whyNoVersion } from '../../../../app/core/repository/version-directory.ts';

describe('a safe name', () => {
  test.each([
    ['resnet50-v1.5', 'resnet50-v1.5'],
    ['my model (final)', 'my_model_final'],
    ['../../etc/passwd', 'etc_passwd'],
    ['..', 'model'],
    ['', 'model'],
    ['🦊', 'model'],
    ['modèle café', 'modele_cafe'],
    ['.hidden', 'hidden'],
    ['con', 'model_con'],
    ['nul.onnx', 'model_nul.onnx'],
    ['x'.repeat(300), 'x'.repeat(100)],
    ['a\0b\nc', 'a_b_c'],
  ])('of %j is %s', (stem, name) => {
    expect(safeModelName(stem)).toBe(name);
  });

  test('is not one that is taken, whatever the case', () => {
    expect(safeModelName('net', ['Net', 'net_2'])).toBe('net_3');
  });

  test('is always allowed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.array(fc.string()), (stem, taken) => {
        expect(checkModelName(safeModelName(stem, taken))).toBeNull();
      }),
    );
  });
});

describe('a name of the user', () => {
  test.each([
    ['', 'Model name cannot be empty. Please enter a valid name to deploy.'],
    ['a/b', "invalid model name 'a/b', model name must not contain path traversal characters"],
    ['..', "invalid model name '..', model name must not contain path traversal characters"],
    ['.git', 'begin with a dot'],
    ['AUX', 'Windows reserves'],
    ['a:b', 'Windows does not allow'],
    ['a.', 'end with a dot'],
    ['a b', 'no client could ask for the model over HTTP'],
    ['模型-🦊', 'no client could ask for the model over HTTP'],
    ['a\nb', 'control characters'],
    ['é'.repeat(200), 'at most 255 bytes'],
  ])('%j is refused', (name, why) => {
    expect(checkModelName(name)).toContain(why);
  });

  test('may have letters, digits and what joins them', () => {
    expect(checkModelName('ResNet-50_v1.5')).toBeNull();
  });
});

describe('version directories', () => {
  test.each([
    ['1', 1],
    ['20260101', 20260101],
    ['0', 0],
    ['01', null],
    ['v1', null],
    ['1.0', null],
    ['-1', null],
    ['99999999999999999999', null],
  ])('%s', (name, version) => {
    expect(versionOfDirectory(name)).toBe(version);
  });

  test('what is no version is said, except where Triton has its own use for it', () => {
    expect(whyNoVersion('01')).toContain('rename it to 1');
    expect(whyNoVersion('make')).toContain('Triton ignores other directories');
    expect(whyNoVersion('configs')).toBeNull();
  });
});
