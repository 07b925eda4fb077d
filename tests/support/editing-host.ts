import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHost } from '../../app/host/create-host.ts';
import { inProcessLauncher } from './in-process-launcher.ts';

/**
 * A process that edits one config for ever and adds a history of it, until it is killed. Arguments: data folder, and a
 * model file. Every edit that the host acknowledged is sent to the parent: what was sent must be on disk.
 */
const [dataFolder = '', modelFile = ''] = process.argv.slice(2);
await mkdir(dataFolder, { recursive: true });
const host = await createHost({
  dataFolder,
  launcher: inProcessLauncher(),
  shell: {
    capabilities: {
      nativeDialogs: false,
      droppedFilesHavePaths: false,
      downloads: false,
      downloadPath: '',
      revealInFolder: false,
      dragsFilesOut: false,
    },
    openModels: () => Promise.resolve([]),
    chooseFolder: () => Promise.resolve(null),
    revealInFolder: () => Promise.resolve(),
  },
  sampleModelsFolder: join(dataFolder, 'no-samples'),
  conchVersion: 'test',
});

const readModels = async () => (await host.handlers['host.snapshot'](null)).models;
if ((await readModels()).length === 0) {
  await host.openPaths([modelFile]);
  while ((await readModels()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}
const [model] = await readModels();
if (!model) throw new Error('There is no model.');
const good = (await readFile(join(model.path, 'config.pbtxt'), 'utf8')).split('\n# edit ')[0] ?? '';
const padding = '# padding\n'.repeat(20_000);
for (let edit = 1, { revision } = model.config; ; edit += 1) {
  // Every third text is broken and lives as a draft.
  const text = `${edit % 3 === 0 ? 'input [ {' : good}\n# edit ${edit}\n${padding}# end ${edit}\n`;
  ({ revision } = await host.handlers['config.edit']({ model: model.name, text, revision }));
  const answered = await host.handlers['inference.run']({
    model: model.name,
    inputs: [{ name: 'x', datatype: 'UINT8', shape: [3], data: new Uint8Array([1, 2, 3]) }],
    protocol: 'binary',
    origin: 'user',
  });
  process.send?.({ edit, historyId: answered.id });
}
