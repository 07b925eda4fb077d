import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeTestFolder, startTestHost, type TestHost } from '../../../support/start-test-host.ts';

const ADD_SUB = fileURLToPath(new URL('../../../../sample-models/add_sub', import.meta.url));

describe('a rename', () => {
  let folder: Awaited<ReturnType<typeof makeTestFolder>>;
  let dataFolder: string;
  let repository: string;
  let tested: TestHost;
  beforeEach(async () => {
    folder = await makeTestFolder();
    dataFolder = join(folder.path, 'data');
    repository = join(dataFolder, 'model-repository');
    tested = await startTestHost(dataFolder);
    const { jobId } = await tested.client.call('model.import', {
      source: { kind: 'paths', paths: [ADD_SUB] },
    });
    await tested.finishJob('import', jobId);
  });
  afterEach(async () => {
    await tested.close();
    await folder.remove();
  });

  const openAgain = async () => {
    tested = await startTestHost(dataFolder);
    return (await tested.client.call('host.snapshot', null)).models;
  };
  /** What is on disk after a kill: the note, and as much of the rename as was done. */
  const cutOff = async (isDirectoryRenamed: boolean) => {
    await tested.close();
    const note = { repository, from: 'add_sub', to: 'adder' };
    await writeFile(join(dataFolder, 'renames', 'cut-off.json'), JSON.stringify(note));
    if (isDirectoryRenamed) await rename(join(repository, 'add_sub'), join(repository, 'adder'));
  };

  test('changes the directory and the config, and leaves no note', async () => {
    await tested.client.call('model.rename', { name: 'add_sub', newName: 'adder' });
    expect(await readdir(repository)).toEqual(['adder']);
    expect(await readFile(join(repository, 'adder', 'config.pbtxt'), 'utf8')).toContain('name: "adder"');
    expect(await readdir(join(dataFolder, 'renames'))).toEqual([]);
  });

  test('that was killed before its first step has not happened', async () => {
    await cutOff(false);
    expect(await openAgain()).toMatchObject([
      { name: 'add_sub', config: { text: expect.stringContaining('name: "add_sub"') } },
    ]);
    expect(await readdir(join(dataFolder, 'renames'))).toEqual([]);
  });

  test('that was killed between its steps is finished at the next start', async () => {
    await cutOff(true);
    expect(await openAgain()).toMatchObject([
      { name: 'adder', config: { text: expect.stringContaining('name: "adder"'), isSaved: true } },
    ]);
    expect(await readFile(join(repository, 'adder', 'config.pbtxt'), 'utf8')).not.toContain('add_sub"');
    expect(await readdir(join(dataFolder, 'renames'))).toEqual([]);
  });

  test('that was killed between its steps takes the draft of the config along', async () => {
    const [model] = (await tested.client.call('host.snapshot', null)).models;
    const { revision = 0 } = model?.config ?? {};
    await tested.client.call('config.edit', { model: 'add_sub', text: 'input [ {', revision });
    await cutOff(true);
    expect(await openAgain()).toMatchObject([
      { name: 'adder', config: { text: 'input [ {', isSaved: false } },
    ]);
  });

  test('of another repository waits until that is opened, and a torn note is no obstacle', async () => {
    await tested.close();
    const other = join(folder.path, 'other');
    await mkdir(other);
    const waiting = JSON.stringify({ repository: other, from: 'a', to: 'b' });
    await writeFile(join(dataFolder, 'renames', 'waiting.json'), waiting);
    await writeFile(join(dataFolder, 'renames', 'torn.json'), '{"repos');
    expect(await openAgain()).toMatchObject([{ name: 'add_sub' }]);
    expect(await readdir(join(dataFolder, 'renames'))).toEqual(['waiting.json']);
  });
});

describe('bringing a deleted model back', () => {
  const DRAFT = 'input [ {';
  let folder: Awaited<ReturnType<typeof makeTestFolder>>;
  let dataFolder: string;
  let repository: string;
  let tested: TestHost;
  let trashId: string;
  beforeEach(async () => {
    folder = await makeTestFolder();
    dataFolder = join(folder.path, 'data');
    repository = join(dataFolder, 'model-repository');
    tested = await startTestHost(dataFolder);
    const { jobId } = await tested.client.call('model.import', {
      source: { kind: 'paths', paths: [ADD_SUB] },
    });
    await tested.finishJob('import', jobId);
    const [model] = (await tested.client.call('host.snapshot', null)).models;
    const { revision = 0 } = model?.config ?? {};
    await tested.client.call('config.edit', { model: 'add_sub', text: DRAFT, revision });
    ({ trashId } = await tested.client.call('model.delete', { name: 'add_sub' }));
  });
  afterEach(async () => {
    await tested.close();
    await folder.remove();
  });

  const models = async () => (await tested.client.call('host.snapshot', null)).models;
  /** A kill after the note was written, and after the model came out of the trash where `isOut`. */
  const cutOff = async (isOut: boolean) => {
    await tested.close();
    const note = { repository, to: 'add_sub', draft: DRAFT };
    await writeFile(join(dataFolder, 'renames', 'cut-off.json'), JSON.stringify(note));
    if (isOut) {
      await rename(join(dataFolder, 'trash', trashId, 'model'), join(repository, 'add_sub'));
      await rm(join(dataFolder, 'trash', trashId), { recursive: true });
    }
    tested = await startTestHost(dataFolder);
  };

  test('brings the draft of its config back', async () => {
    await tested.client.call('model.restore', { trashId });
    expect(await models()).toMatchObject([{ name: 'add_sub', config: { text: DRAFT, isSaved: false } }]);
    expect(await readdir(join(dataFolder, 'renames'))).toEqual([]);
  });

  test('that was killed before its first step has not happened, and can be done again', async () => {
    await cutOff(false);
    expect(await models()).toEqual([]);
    await tested.client.call('model.restore', { trashId });
    expect(await models()).toMatchObject([{ name: 'add_sub', config: { text: DRAFT, isSaved: false } }]);
  });

  test('that was killed with the model out of the trash still has its draft', async () => {
    await cutOff(true);
    expect(await models()).toMatchObject([{ name: 'add_sub', config: { text: DRAFT, isSaved: false } }]);
    expect(await readdir(join(dataFolder, 'renames'))).toEqual([]);
  });

  test('keeps the draft for its own repository where another is open', async () => {
    const other = join(folder.path, 'other');
    await mkdir(other);
    await tested.client.call('workspace.open', { path: other });
    await tested.client.call('model.restore', { trashId });
    await tested.client.call('workspace.open', { path: repository });
    expect(await models()).toMatchObject([{ name: 'add_sub', config: { text: DRAFT, isSaved: false } }]);
  });
});
