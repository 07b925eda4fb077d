import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSettingsStore } from '../../../../app/host/settings/settings-store.ts';
import { makeTestFolder } from '../../../support/start-test-host.ts';

describe('settings', () => {
  let folder: Awaited<ReturnType<typeof makeTestFolder>>;
  let said: string[];
  beforeEach(async () => {
    folder = await makeTestFolder();
    said = [];
  });
  afterEach(() => folder.remove());
  const files = () => ({
    settingsFile: join(folder.path, 'settings.json'),
    stateFile: join(folder.path, 'state.json'),
  });
  const open = () =>
    openSettingsStore(
      files(),
      9,
      () => undefined,
      (text) => said.push(text),
    );

  test('are there again after a restart', async () => {
    const store = await open();
    await store.update({ colorScheme: 'dark' });
    await store.rememberRepository('/models');
    await store.rememberDims('m', 'x', { batch: 4 });
    await store.rememberDims('m', 'x', { '1': 7 });
    const again = await open();
    expect(again.settings()).toEqual({ colorScheme: 'dark', showsAllSettings: false });
    expect(again.repository()).toBe('/models');
    expect(again.recents()).toEqual(['/models']);
    expect(again.dims()).toEqual({ m: { x: { batch: 4, '1': 7 } } });
  });

  test('know after a kill what was served, once, and only for its repository', async () => {
    const store = await open();
    await store.rememberServed('/models', ['a', 'b']);
    const again = await open();
    expect(await again.takeServed('/models')).toEqual(['a', 'b']);
    expect(await again.takeServed('/models')).toEqual([]);
    await again.rememberServed('/models', ['a']);
    expect(await again.takeServed('/others')).toEqual([]);
    await again.rememberServed('/models', ['a']);
    await again.rememberServed('/models', []);
    expect(await (await open()).takeServed('/models')).toEqual([]);
  });

  test.each([
    ['empty', ''],
    ['full of NUL', '\0'.repeat(100)],
    ['half', '{"colorScheme": "da'],
    ['of wrong types', '{"colorScheme": 7, "showsAllSettings": "yes"}'],
    ['a list', '[]'],
  ])('start with the defaults where the file is %s, and keep it', async (_what, text) => {
    await writeFile(files().settingsFile, text);
    expect((await open()).settings()).toEqual({ colorScheme: 'auto', showsAllSettings: false });
    expect(said[0]).toContain('settings.json.corrupt-9');
    expect(await readFile(`${files().settingsFile}.corrupt-9`, 'utf8')).toBe(text);
  });

  test('start with the defaults where a folder has the name of the file', async () => {
    await mkdir(files().settingsFile);
    expect((await open()).settings().colorScheme).toBe('auto');
    expect(await readdir(folder.path)).toEqual(['settings.json.corrupt-9']);
  });

  test('of a newer Conch keep what is known', async () => {
    await writeFile(files().settingsFile, '{"colorScheme": "light", "future": {"x": 1}}');
    expect((await open()).settings()).toEqual({ colorScheme: 'light', showsAllSettings: false });
    expect(said).toEqual([]);
  });

  test('refuse values that they cannot have', async () => {
    const store = await open();
    await expect(store.update({ colorScheme: 'pink' })).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(store.rememberDims('m', 'x', { batch: 1.5 })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });
});
