import { expect, test } from 'vitest';
import { findDataFolder } from '../../../main/data-folder.ts';

const home = '/home/me';

test.each([
  ['linux', {}, '/home/me/.local/share/conch'],
  ['linux', { XDG_DATA_HOME: '/data' }, '/data/conch'],
  ['darwin', { XDG_DATA_HOME: '/data' }, '/home/me/Library/Application Support/Conch'],
  ['win32', { APPDATA: '/roaming' }, '/roaming/Conch'],
  ['linux', { CONCH_DATA_FOLDER: '/mine', XDG_DATA_HOME: '/data' }, '/mine'],
  ['linux', { CONCH_DATA_FOLDER: '' }, '/home/me/.local/share/conch'],
] as const)('on %s with %o the data lie in %s', (platform, env, folder) => {
  expect(findDataFolder({ platform, env, home })).toBe(folder);
});
