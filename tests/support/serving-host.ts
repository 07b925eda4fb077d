import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createHost } from '../../app/host/create-host.ts';
import { forkLauncher } from '../../app/host/processes/fork-launcher.ts';

/**
 * A process with a host that serves a model and runs it once, until it is killed. Arguments: data folder, model file,
 * folder of the bundles, and `asked` where the host starts the engines for the server. What the host sees of the
 * model's run is sent to the parent.
 */
const [dataFolder = '', modelFile = '', bundles = '', whoStartsEngines] = process.argv.slice(2);
await mkdir(dataFolder, { recursive: true });
const host = await createHost({
  dataFolder,
  launcher: { ...forkLauncher(bundles), canChildrenFork: whoStartsEngines !== 'asked' },
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
  httpPort: 0,
});

const readModel = async () => (await host.handlers['host.snapshot'](null)).models[0];
await host.openPaths([modelFile]);
while (!(await readModel())?.description) await new Promise((resolve) => setTimeout(resolve, 5));
const model = await readModel();
if (!model) throw new Error('There is no model.');
await host.handlers['model.load']({ name: model.name });
const inputs = (model.description?.inputs ?? []).map(({ name, datatype, dims }) => {
  const shape = (dims.value ?? []).map((dim) => (dim.kind === 'fixed' ? dim.size : 1));
  const elements = shape.reduce((product, size) => product * size, 1);
  return { name, datatype: datatype.value ?? 'FP32', shape, data: new Uint8Array(4 * elements) };
});
setTimeout(() => process.send?.('running'), 500);
const entry = await host.handlers['inference.run']({
  model: model.name,
  inputs,
  protocol: 'binary',
  origin: 'user',
});
process.send?.(`ended: ${JSON.stringify(entry.outcome)}`);
