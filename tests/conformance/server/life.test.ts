import { readdir } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { isAlive, ServerUnderTest, until } from './server-under-test.ts';

test('SIGTERM: not ready at once, still live, what was accepted is answered, then it exits with 0', async () => {
  const server = await ServerUnderTest.start({ slow: { file: 'slow.onnx' } });
  try {
    const engine = server.enginePid('slow');
    const inference = server.infer('slow', await server.zeros('slow'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    server.kill('SIGTERM');
    await until(async () => (await server.call('/v2/health/ready')).status === 503);
    expect((await server.call('/v2/health/live')).status).toBe(200);
    const refused = await server.call('/v2/models/slow/infer', { body: '{}' });
    expect([refused.status, refused.text]).toEqual([503, '{"error":"Server exiting"}']);
    expect((await inference).outputs.length).toBeGreaterThan(0);
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(await isAlive(engine)).toBe(false);
  } finally {
    await server.stop();
  }
});

test('a second SIGTERM ends it at once', async () => {
  const server = await ServerUnderTest.start({ endless: { file: 'endless.onnx' } });
  const engine = server.enginePid('endless');
  try {
    const zeros = await server.zeros('endless');
    server.infer('endless', zeros).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
    server.kill('SIGTERM');
    await until(() => server.output.includes('Waiting for in-flight requests'));
    server.kill('SIGTERM');
    await server.exited;
    await until(async () => !(await isAlive(engine)), 2000);
    expect(await isAlive(engine)).toBe(false);
  } finally {
    await server.stop();
  }
});

test('kill -9 of the server leaves no engine behind', async () => {
  const server = await ServerUnderTest.start({ divide: { file: 'divide-int32.onnx' } });
  const engine = server.enginePid('divide');
  expect(await isAlive(engine)).toBe(true);
  await server.stop();
  await until(async () => !(await isAlive(engine)), 2000);
});

test('kill -9 of the server ends an engine in a run that never ends', async () => {
  const server = await ServerUnderTest.start({ endless: { file: 'endless.onnx' } });
  const engine = server.enginePid('endless');
  const inference = server.infer('endless', await server.zeros('endless')).catch((cause: Error) => cause);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await isAlive(engine)).toBe(true);
  await server.stop();
  await until(async () => !(await isAlive(engine)), 2000);
  expect(await inference).toBeInstanceOf(Error);
});

test('--conch-with-parent ends the server when its parent lets go of it', async () => {
  const server = await ServerUnderTest.start({ divide: { file: 'divide-int32.onnx' } }, [
    '--conch-with-parent',
  ]);
  try {
    const engine = server.enginePid('divide');
    server.disconnect();
    expect((await server.exited).code).toBe(0);
    await until(async () => !(await isAlive(engine)), 2000);
  } finally {
    await server.stop();
  }
});

async function holdPort(): Promise<{ port: number; release: () => void }> {
  const holder = createServer();
  await new Promise<void>((resolve) => {
    holder.listen(0, '127.0.0.1', resolve);
  });
  return { port: (holder.address() as AddressInfo).port, release: () => holder.close() };
}

test('a taken port: exit 1 with the holder named, or the next free one if that is wanted', async () => {
  const { port, release } = await holdPort();
  const refused = await ServerUnderTest.launch({}, [`--http-port=${port}`]);
  const moved = await ServerUnderTest.start({}, [`--http-port=${port}`, '--conch-next-free-port']);
  try {
    expect((await refused.exited).code).toBe(1);
    expect(refused.output).toContain(`Socket '127.0.0.1:${port}' already in use`);
    expect(moved.port).toBeGreaterThan(port);
    const busy = moved.events.find((event) => event.kind === 'port-busy');
    expect(busy).toMatchObject({ wanted: port, taken: moved.port, holder: { pid: process.pid } });
  } finally {
    await Promise.all([refused.stop(), moved.stop()]);
    release();
  }
});

test('a model that does not load ends the server unless it is told to go on', async () => {
  const server = await ServerUnderTest.launch({ broken: { file: 'garbage.onnx' } });
  try {
    expect((await server.exited).code).toBe(1);
    expect(server.output).toContain('error: creating server: Internal - failed to load all models');
  } finally {
    await server.stop();
  }
});

test.each([
  [['--nonsense'], "unrecognized option '--nonsense'"],
  [['--http-port=abc'], 'Bad option: "--http-port".\nInvalid option value. Got abc'],
  [
    ['--load-model=x'],
    "Error: Use of '--load-model' requires setting '--model-control-mode=explicit' as well.",
  ],
  [['--grpc-use-ssl=true'], 'failed to start GRPC service: TLS needs a certificate and its key'],
])('%j is refused with the reason', async (flags, text) => {
  const server = await ServerUnderTest.launch({}, flags);
  try {
    expect((await server.exited).code).toBe(1);
    expect(server.output).toContain(text);
  } finally {
    await server.stop();
  }
});

test('nothing is left in the temporary folder after a stop, nor at the next start after a kill', async () => {
  const socketFolders = async (pid: number): Promise<string[]> =>
    (await readdir(tmpdir())).filter((name) => name.startsWith(`conch-${pid}-`));
  const killed = await ServerUnderTest.start({});
  await killed.stop();
  expect(await socketFolders(killed.pid)).toHaveLength(1);
  const server = await ServerUnderTest.start({});
  expect(await socketFolders(killed.pid)).toEqual([]);
  server.kill('SIGTERM');
  await server.exited;
  expect(await socketFolders(server.pid)).toEqual([]);
  await server.stop();
});
