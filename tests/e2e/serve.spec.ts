import { once } from 'node:events';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { askServer, infer } from '../support/http-client.ts';
import { AppWindow } from '../support/pages/app-window.ts';
import { startWorkbench, until, type Workbench } from '../support/start-workbench.ts';
import { expect, fixture, test } from '../support/workbench-test.ts';

const FOUR = [{ name: 'input', datatype: 'INT32', shape: [1, 4], data: [1, 2, 3, 4] }] as const;

test('Serve starts the server, loads the model and says how long it took', async ({ app, workbench }) => {
  await app.addPath(fixture('identity-int32.onnx'), 'identity-int32');
  await expect(app.serverState).toHaveText('Server stopped');
  await expect(app.model.state).toHaveText('Not loaded');
  const states = await followText(app.model.state);
  await app.model.serve();
  expect((await states()).some((text) => text.startsWith('Loading'))).toBe(true);
  await expect(app.serverState).toHaveText('Server running');
  await expect(app.entry('identity-int32')).toContainText('Ready in');
  const url = await app.serverUrl();
  expect((await infer(url, 'identity-int32', FOUR)).status).toBe(200);
  expect(workbench.children().map(({ name }) => name)).toEqual(
    expect.arrayContaining(['server.mjs', 'engine.mjs']),
  );
});

test('the endpoint can be copied, as a URL and as a curl command', async ({ app, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
  const url = await app.serverUrl();
  await app.model.endpoint.getByRole('button', { name: 'Copy infer URL' }).click();
  await expect.poll(copied).toBe(`${url}/v2/models/identity-int32/infer`);
  await app.model.endpoint.getByRole('button', { name: 'Copy curl' }).click();
  await expect.poll(copied).toContain(`curl -s -X POST ${url}/v2/models/identity-int32/infer`);
  const body = /-d '(?<body>.*)'/s.exec(await copied())?.groups?.['body'] ?? '';
  const answer = await askServer(`${url}/v2/models/identity-int32/infer`, JSON.parse(body) as object);
  expect(answer.status).toBe(200);
  await app.server.getByRole('button', { name: 'Copy server URL' }).click();
  await expect.poll(copied).toBe(url);
});

test('in a small window the long address is cut short, and every button stays whole', async ({
  app,
  page,
}) => {
  await page.setViewportSize({ width: 1024, height: 720 });
  await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
  const strip = await app.model.endpoint.boundingBox();
  const button = app.model.endpoint.getByRole('button', { name: 'Copy curl' });
  const label = await button.evaluate((element) => {
    const text = document.createRange();
    text.selectNodeContents(element);
    return { text: text.getBoundingClientRect().right, button: element.getBoundingClientRect().right };
  });
  expect(label.text).toBeLessThanOrEqual(label.button);
  expect(label.button).toBeLessThanOrEqual((strip?.x ?? 0) + (strip?.width ?? 0));
});

test('a port that another program holds is passed by, and that is said', async ({ page }) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  const workbench = await startWorkbench({ httpPort: port });
  try {
    const app = new AppWindow(page);
    await app.open(workbench.url());
    await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
    const url = await app.serverUrl();
    expect(url).not.toBe(`http://127.0.0.1:${port}`);
    await app.server.getByRole('button', { name: 'What is unusual about the server' }).click();
    await expect(
      page.getByText(new RegExp(`^Port ${port} is taken by .+; using ${new URL(url).port}\\.$`)),
    ).toBeVisible();
  } finally {
    await workbench.dispose();
    holder.close();
  }
});

test('a model is unloaded, its process ends, and it is loaded again', async ({ app, workbench }) => {
  await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
  const url = await app.serverUrl();
  await app.model.chooseAction('Unload');
  await expect(app.model.state).toHaveText('Not loaded');
  await until(
    () => engines(workbench).length === 0,
    () => 'The engine is still there.',
  );
  expect((await infer(url, 'identity-int32', FOUR)).status).toBe(404);
  await app.model.serveButton().click();
  await app.model.isReady();
  expect((await infer(url, 'identity-int32', FOUR)).status).toBe(200);
});

test('a changed config asks for a reload, and the reload applies it', async ({ app }) => {
  await app.serve(fixture('batchable.onnx'), 'batchable');
  const url = await app.serverUrl();
  await app.model.openTab('Model');
  await app.model.config.field('Largest batch').fill('2');
  await expect(app.model.config.state).toHaveText('Saved. Reload to apply');
  await app.model.reloadButton().click();
  await expect(app.model.config.state).toHaveText('Saved');
  await app.model.isReady();
  // The old instances are ready until the new ones are.
  const config = async () => (await askServer(`${url}/v2/models/batchable/config`)).body;
  await expect.poll(config).toMatchObject({ max_batch_size: 2 });
});

test('several models answer at the same time', async ({ app, workbench }) => {
  await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
  await app.serve(fixture('batchable.onnx'), 'batchable');
  const url = await app.serverUrl();
  expect(engines(workbench)).toHaveLength(2);
  const answers = await Promise.all([
    infer(url, 'identity-int32', FOUR),
    infer(url, 'batchable', [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] }]),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
});

test('versions are served as the version policy says', async ({ app, workbench }) => {
  const model = join(workbench.repository, 'steps');
  for (const version of ['1', '2', '5']) {
    await mkdir(join(model, version), { recursive: true });
    await cp(fixture('identity-int32.onnx'), join(model, version, 'model.onnx'));
  }
  await writeFile(join(model, 'config.pbtxt'), 'name: "steps"\nbackend: "onnxruntime"\nmax_batch_size: 4\n');
  await app.openModel('steps');
  await app.model.serve();
  await app.model.openTab('Model');
  await expect(app.model.versionRow(5)).toContainText('Ready');
  await expect(app.model.versionRow(1)).toContainText('Not loaded');
  await app.model.config.panel
    .getByRole('radiogroup', { name: 'Versions that are served' })
    .getByText('All')
    .click();
  await expect(app.model.config.state).toHaveText('Saved. Reload to apply');
  await app.model.reloadButton().click();
  for (const version of [1, 2, 5]) await expect(app.model.versionRow(version)).toContainText('Ready');
  const url = await app.serverUrl();
  const { body } = await askServer(`${url}/v2/models/steps`);
  expect(body).toMatchObject({ versions: ['1', '2', '5'] });
});

test('a model that cannot be loaded says so in Triton’s words and in ours', async ({ app, workbench }) => {
  await app.addPath(fixture('batchable.onnx'), 'batchable');
  const path = join(workbench.repository, 'batchable', 'config.pbtxt');
  await writeFile(path, (await readFile(path, 'utf8')).replace('dims: [ 4 ]', 'dims: [ 5 ]'));
  await app.model.serveButton().click();
  await expect(app.model.state).toHaveText('Unavailable');
  await expect(app.model.unavailable).toContainText('the model expects 2 dimensions (shape [-1,4])');
  await expect(app.model.unavailable).toContainText('What to do:');
  await expect(app.entry('batchable')).toContainText('Unavailable');
});

test('an engine that is killed is explained and back within three seconds', async ({ app, workbench }) => {
  await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
  await app.serve(fixture('batchable.onnx'), 'batchable');
  const url = await app.serverUrl();
  const states = await followText(app.model.state);
  const reasons = await followText(app.model.unavailable);
  const victim = newestEngine(workbench);
  const other = keepAsking(() => infer(url, 'identity-int32', FOUR));
  process.kill(victim, 'SIGKILL');
  await answersAgain(url, 'batchable', [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] }]);
  await app.model.isReady();
  expect(newestEngine(workbench)).not.toBe(victim);
  expect(await other()).toEqual([200]);
  expect(await states()).toContain('Restarting');
  expect((await reasons()).join(' ')).toContain('SIGKILL');
});

test('a division that kills the engine is explained and recovered, and no other model notices', async ({
  app,
}) => {
  await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
  await app.serve(fixture('divide-int32.onnx'), 'divide-int32');
  const url = await app.serverUrl();
  const reasons = await followText(app.model.unavailable);
  const divide = (a: number, b: number) => [
    { name: 'a', datatype: 'INT32', shape: [1, 1], data: [a] },
    { name: 'b', datatype: 'INT32', shape: [1, 1], data: [b] },
  ];
  const other = keepAsking(() => infer(url, 'identity-int32', FOUR));
  const deadly = await infer(url, 'divide-int32', divide(-2_147_483_648, -1));
  expect(deadly.status).toBeGreaterThanOrEqual(400);
  expect(JSON.stringify(deadly.body)).toMatch(
    /engine process of the model ended: an integer division failed.*SIGFPE/,
  );
  await answersAgain(url, 'divide-int32', divide(12, 4));
  await app.model.isReady();
  expect(await other()).toEqual([200]);
  expect((await reasons()).join(' ')).toContain('a division that the processor cannot do');
  await expect(
    app.page.getByRole('region', { name: 'Notices' }),
    'the reason stays when the model is back',
  ).toContainText('only the requests in flight failed');
});

test('a server that is killed is explained and comes back with its models', async ({ app, workbench }) => {
  await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
  await app.serve(fixture('batchable.onnx'), 'batchable');
  const url = await app.serverUrl();
  const states = await followText(app.serverState);
  const server = workbench.children().find(({ name }) => name === 'server.mjs');
  process.kill(server?.pid ?? 0, 'SIGKILL');
  await expect.poll(states).toContain('Server restarting (attempt 1)');
  await expect(app.serverState).toHaveText('Server running');
  expect(await app.serverUrl(), 'the address stays').toBe(url);
  await answersAgain(url, 'identity-int32', FOUR);
  await app.model.isReady();
  await app.model.openTab('Log');
  await expect(app.page.getByRole('log', { name: 'Log lines' })).toContainText(
    'The server process was killed (SIGKILL)',
  );
});

test('the server can be stopped and started', async ({ app, workbench, page }) => {
  await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
  await app.serverState.click();
  await page.getByRole('menuitem', { name: 'Stop server' }).click();
  await expect(app.serverState).toHaveText('Server stopped');
  await until(
    () => workbench.children().every(({ name }) => !/^(server|engine)\.mjs$/.test(name)),
    () => 'Server or engine are still there.',
  );
  await app.serverState.click();
  await page.getByRole('menuitem', { name: 'Start server' }).click();
  await expect(app.serverState).toHaveText('Server running');
});

function engines(workbench: Workbench): readonly number[] {
  return workbench
    .children()
    .filter(({ name }) => name === 'engine.mjs')
    .map(({ pid }) => pid);
}

/** Process id of the engine that was started last. */
function newestEngine(workbench: Workbench): number {
  return Math.max(...engines(workbench));
}

/** Everything that an element says from now on. */
async function followText(element: AppWindow['serverState']): Promise<() => Promise<readonly string[]>> {
  const list = await element.evaluateHandle((node) => {
    const texts = [node.textContent ?? ''];
    new MutationObserver(() => texts.push(node.textContent ?? '')).observe(node, {
      subtree: true,
      childList: true,
      characterData: true,
    });
    return texts;
  });
  return () => list.jsonValue();
}

/** Asks again and again until it fails; the returned function stops and gives the kinds of status that came, 0 for none. */
function keepAsking(ask: () => Promise<{ status: number }>): () => Promise<readonly number[]> {
  const statuses = new Set<number>();
  const asked = { isOver: false };
  const asking = (async () => {
    while (!asked.isOver && !statuses.has(0)) statuses.add((await ask().catch(() => ({ status: 0 }))).status);
  })();
  return async () => {
    asked.isOver = true;
    await asking;
    return [...statuses];
  };
}

/** The model answers an external client within three seconds from now. */
async function answersAgain(url: string, model: string, inputs: Parameters<typeof infer>[2]): Promise<void> {
  await until(
    async () => {
      const answer = await infer(url, model, inputs).catch(() => null);
      return answer?.status === 200;
    },
    () => `${model} did not answer within three seconds.`,
    3_000,
  );
}
