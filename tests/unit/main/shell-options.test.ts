import { describe, expect, test } from 'vitest';
import { readShellOptions } from '../../../main/shell-options.ts';

describe('the options of the workbench', () => {
  test('make paths absolute from where the person stands', () => {
    expect(readShellOptions(['a.onnx', '/b', '../c'], '/home/me')).toEqual({
      paths: ['/home/me/a.onnx', '/b', '/home/c'],
      opensBrowser: true,
    });
  });

  test('take port, data folder and no browser; the starter’s flag is none of ours', () => {
    const args = ['--port', '0', '--data-folder=data', '--no-open', '--headless'];
    expect(readShellOptions(args, '/home/me')).toEqual({
      paths: [],
      opensBrowser: false,
      port: 0,
      dataFolder: '/home/me/data',
    });
  });

  test('open a file that is called like a flag after --', () => {
    expect(readShellOptions(['--', '--port'], '/m').paths).toEqual(['/m/--port']);
  });

  test.each(['65536', '-1', 'http', '8080.5', ''])('refuse --port=%s in a sentence', (port) => {
    expect(() => readShellOptions([`--port=${port}`], '/')).toThrow(
      `--port takes a number from 0 to 65535, not ${port}.`,
    );
  });

  test('refuse what they do not know', () => {
    expect(() => readShellOptions(['--prot', '1'], '/')).toThrow(/--prot/);
  });
});
