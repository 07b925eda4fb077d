import { readdir, readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAlive, ServerUnderTest, until } from '../server/server-under-test.ts';
import { randomFrom } from './random-from.ts';

const IS_LONG = process.env['STRESS'] === 'long';
const IDLE_CONNECTIONS = IS_LONG ? 10_000 : 500;
const HALF_REQUESTS = IS_LONG ? 2000 : 200;
const BOMBS = IS_LONG ? 500 : 30;
const FUZZ_MILLISECONDS = IS_LONG ? 120_000 : 4000;
const MEGABYTE = 1024 * 1024;
/** What a server may keep of memory that it has used once; Node gives none of it back at once. */
const KEPT_BYTES = 100 * MEGABYTE;

let server: ServerUnderTest;
beforeAll(async () => {
  server = await ServerUnderTest.start(
    { model: { file: 'identity-fp32.onnx' }, other: { file: 'identity-fp32.onnx' } },
    ['--http-max-input-size=1048576'],
  );
  await server.infer('other', await server.zeros('other'));
});
afterAll(() => server.stop());

/** Looks at the server; the function tells later what has not come back: its life, other models, memory, files. */
async function lookAt(): Promise<() => Promise<readonly string[]>> {
  const before = {
    pid: server.pid,
    engine: server.enginePid('other'),
    files: await countFiles(),
    bytes: await readResident(),
  };
  const returns = (isBack: () => Promise<boolean>): Promise<boolean> =>
    until(isBack).then(
      () => true,
      () => false,
    );
  return async () => {
    const checks: Readonly<Record<string, boolean>> = {
      'its life': (await server.call('/v2/health/live')).status === 200 && (await isAlive(before.pid)),
      'the engine of another model': server.enginePid('other') === before.engine,
      'another model': (await server.infer('other', await server.zeros('other'))).outputs.length === 1,
      'prompt service': await isPrompt(),
      'open files': await returns(async () => (await countFiles()) <= before.files + 4),
      memory: await returns(async () => (await readResident()) < before.bytes * 1.1 + KEPT_BYTES),
      'a quiet log': !server.output.includes('unhandled failure'),
    };
    return Object.entries(checks).flatMap(([what, isBack]) => (isBack ? [] : [what]));
  };
}

async function countFiles(): Promise<number> {
  return (await readdir(`/proc/${server.pid}/fd`)).length;
}

async function readResident(): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

function open(text = ''): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () => {
      socket.removeListener('error', reject);
      // What the server does to this connection is not asked here.
      socket.on('error', () => undefined).resume();
      if (text !== '') socket.write(text);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

async function openMany(count: number, text = ''): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const next = Math.min(100, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: next }, () => open(text)))));
  }
  return sockets;
}

/** Whether a new client gets its answer soon: a second, and as much longer as the machine is busy. */
async function isPrompt(): Promise<boolean> {
  const begin = performance.now();
  await server.infer('other', await server.zeros('other'));
  return performance.now() - begin < 5000;
}

test(`${IDLE_CONNECTIONS} idle connections keep nobody out`, { timeout: 120_000 }, async () => {
  const losses = await lookAt();
  const sockets = await openMany(IDLE_CONNECTIONS);
  expect(await isPrompt()).toBe(true);
  for (const socket of sockets) socket.destroy();
  expect(await losses()).toEqual([]);
});

test.each([
  ['header', 'POST /v2/models/model/infer HTTP/1.1\r\nHost: localhost\r\nX-Slow: '],
  [
    'body',
    'POST /v2/models/model/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"inputs":',
  ],
])(
  `${HALF_REQUESTS} requests that stop in the middle of their %s keep nobody out`,
  { timeout: 120_000 },
  async (_part, text) => {
    const losses = await lookAt();
    const sockets = await openMany(HALF_REQUESTS, text);
    expect(await isPrompt()).toBe(true);
    for (const socket of sockets) socket.destroy();
    expect(await losses()).toEqual([]);
  },
);

test(`${BOMBS} compressed bodies that unpack to 64 MB each are refused`, { timeout: 120_000 }, async () => {
  const losses = await lookAt();
  const bomb = gzipSync(Buffer.alloc(64 * MEGABYTE, 0x20));
  for (let count = 0; count < BOMBS; count += 1) {
    const answer = await server.call('/v2/models/model/infer', {
      headers: { 'Content-Encoding': 'gzip' },
      body: bomb,
    });
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringContaining('exceeds the maximum allowed value'),
    ]);
  }
  expect(await losses()).toEqual([]);
});

test('40,000 requested outputs are refused in one piece', { timeout: 60_000 }, async () => {
  const losses = await lookAt();
  const [input] = await server.inputsOf('model');
  const outputs = Array.from({ length: 40_000 }, () => '{"name":"y"}').join(',');
  const body = `{"inputs":[{"name":"${input?.name}","datatype":"FP32","shape":[1,1],"data":[1]}],"outputs":[${outputs}]}`;
  const answer = await server.call('/v2/models/model/infer', { body });
  expect(answer.status).toBe(400);
  expect(await losses()).toEqual([]);
});

test('clients that go in the middle of an answer do no harm', { timeout: 60_000 }, async () => {
  const losses = await lookAt();
  const [input] = await server.inputsOf('model');
  const count = 20_000;
  const width = input?.shape.at(-1) ?? 1;
  const data = Array.from({ length: count - (count % width) }, () => '1').join(',');
  const rows = (count - (count % width)) / width;
  const body = `{"inputs":[{"name":"${input?.name}","datatype":"FP32","shape":[${rows},${width}],"data":[${data}]}]}`;
  const text = `POST /v2/models/model/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  for (let round = 0; round < 100; round += 1) {
    const socket = await open(text);
    await sleep(round % 12);
    socket.destroy();
  }
  expect(await losses()).toEqual([]);
});

test(
  `bodies with bytes changed at random for ${FUZZ_MILLISECONDS / 1000} s are answered, each`,
  { timeout: FUZZ_MILLISECONDS + 60_000 },
  async () => {
    const losses = await lookAt();
    const pick = randomFrom(Number(process.env['STRESS_SEED'] ?? 1));
    const [input] = await server.inputsOf('model');
    const shape = input?.shape ?? [];
    const json = Buffer.from(
      JSON.stringify({
        id: '7',
        inputs: [{ name: input?.name, datatype: 'FP32', shape, data: [1, 2, 3, 4] }],
      }),
    );
    const header = Buffer.from(
      JSON.stringify({
        inputs: [{ name: input?.name, datatype: 'FP32', shape, parameters: { binary_data_size: 16 } }],
      }),
    );
    const bodies = [
      { path: '/v2/models/model/infer', body: json, headers: {} },
      {
        path: '/v2/models/model/infer',
        body: Buffer.concat([header, Buffer.alloc(16)]),
        headers: { 'Inference-Header-Content-Length': header.byteLength },
      },
      { path: '/v2/repository/index', body: Buffer.from('{"ready":true}'), headers: {} },
      { path: '/v2/logging', body: Buffer.from('{"log_verbose_level":0}'), headers: {} },
      { path: '/v2/models/model/trace/setting', body: Buffer.from('{"trace_rate":"5"}'), headers: {} },
    ];
    const end = Date.now() + FUZZ_MILLISECONDS;
    let count = 0;
    for (; Date.now() < end; count += 1) {
      const { path, body, headers } = bodies[pick(bodies.length)] ?? { path: '/', body: json, headers: {} };
      const changed = Buffer.from(body);
      for (let times = 1 + pick(4); times > 0; times -= 1) changed[pick(changed.byteLength)] = pick(256);
      const cut = pick(4) === 0 ? changed.subarray(0, pick(changed.byteLength)) : changed;
      const answer = await server.call(path, { method: 'POST', headers, body: cut });
      expect(answer.status).toBeGreaterThanOrEqual(200);
    }
    expect(count).toBeGreaterThan(50);
    expect(await losses()).toEqual([]);
  },
);
