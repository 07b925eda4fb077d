import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { HistoryEntry } from '../../../../app/contract/inference.ts';
import { tensorOf } from '../../../../app/core/tensors/elements.ts';
import { compareRequests } from '../../../../app/host/comparison/compare-requests.ts';
import type { HistoryStore } from '../../../../app/host/history/history-store.ts';

const saved: HistoryEntry = {
  id: '000000001-000000000001',
  at: 1,
  model: 'm',
  protocol: 'json',
  origin: 'user',
  isAnswered: true,
  inputsSummary: 'x [1] FP32',
  timing: { totalMicroseconds: 700 },
  inputs: [{ name: 'x', ...tensorOf('FP32', [1], [1]) }],
  recipes: {},
  outcome: {
    kind: 'answered',
    modelVersion: '1',
    outputs: [{ name: 'y', ...tensorOf('FP32', [1], [2]) }],
  },
};
const refused: HistoryEntry = {
  ...saved,
  isAnswered: false,
  outcome: { kind: 'failed', failure: { code: 'invalid-argument', httpStatus: 400, message: 'too long' } },
};
const history = (entry: HistoryEntry) => ({ get: () => Promise.resolve(entry) }) as unknown as HistoryStore;

const answerOf = (value: number) =>
  `{"model_name":"m","model_version":"1","outputs":[{"name":"y","datatype":"FP32","shape":[1],"data":[${value}]}]}`;

describe('a saved request at another server', () => {
  let server: Server | null = null;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });
  const serve = async (listener: RequestListener): Promise<string> => {
    server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const compare = async (listener: RequestListener, entry = saved) =>
    (await compareRequests([entry.id], { url: await serve(listener) }, history(entry)))[0];

  test('is asked as it was saved, with the header that was given, and compared', async () => {
    let asked: { path?: string | undefined; authorization?: string | undefined } = {};
    const url = await serve((request, response) => {
      asked = { path: request.url, authorization: request.headers.authorization };
      response.end(answerOf(2));
    });
    const server = { url, headers: { Authorization: 'Bearer s' } };
    const [found] = await compareRequests([saved.id], server, history(saved));
    expect(asked).toEqual({ path: '/v2/models/m/infer', authorization: 'Bearer s' });
    expect(found).toMatchObject({
      isSame: true,
      hereMicroseconds: 700,
      outcome: { outputs: [{ kind: 'equal' }] },
    });
    expect(found?.thereMicroseconds).toBeGreaterThan(0);
  });

  test('that gets another answer is told apart', async () => {
    expect(await compare((_, response) => response.end(answerOf(3)))).toMatchObject({
      isSame: false,
      outcome: { outputs: [{ kind: 'different' }] },
    });
  });

  test('that was refused here has to be refused there in the same words', async () => {
    const refusing: RequestListener = (_, response) => {
      response.statusCode = 400;
      response.end('{"error":"too long"}');
    };
    expect(await compare(refusing, refused)).toMatchObject({ isSame: true });
    expect(await compare((_, response) => response.end(answerOf(2)), refused)).toMatchObject({
      isSame: false,
      outcome: { kind: 'refused', here: 'too long', there: null },
    });
  });

  test.each<[string, RequestListener, RegExp]>([
    [
      'answers 5 MB of a page',
      (_, response) => response.writeHead(404).end(`<html>${'x'.repeat(5_000_000)}`),
      /^<html>x+… \(HTTP status 404\)$/,
    ],
    ['answers a page with status 200', (_, response) => response.end('<html>hello</html>'), /./],
    [
      'closes in the middle of its answer',
      (_, response) => {
        response.writeHead(200, { 'Content-Length': 1000 });
        response.write('{"outputs":');
        setTimeout(() => response.destroy(), 20);
      },
      /closed the connection|aborted/,
    ],
    [
      'redirects to another host',
      (_, response) => response.writeHead(307, { Location: 'http://127.0.0.1:1/' }).end(),
      /HTTP status 307/,
    ],
  ])('where the server %s says so', async (_what, listener, message) => {
    const found = await compare(listener);
    expect(found?.isSame).toBe(false);
    expect(found?.outcome).toMatchObject({ kind: 'refused', here: null });
    expect(found?.outcome.kind === 'refused' && found.outcome.there).toMatch(message);
  });

  test('where nothing listens says so', async () => {
    const [found] = await compareRequests([saved.id], { url: 'http://127.0.0.1:1' }, history(saved));
    expect(found?.outcome).toMatchObject({ there: 'Nothing answers at http://127.0.0.1:1.' });
  });

  test.each([
    ['ftp://x', {}, 'begins with http:// or https://'],
    ['not an address', {}, 'begins with http:// or https://'],
    ['http://name:password@x', {}, 'as a header, not in the address'],
    ['http://x', { 'a b': 'c' }, 'cannot be sent'],
    ['http://x', { Authorization: 'a\r\nHost: y' }, 'cannot be sent'],
    ['http://x', { 'Content-Length': '3' }, 'cannot be sent'],
  ])('is not sent to %s with %j', async (url, headers, why) => {
    await expect(compareRequests([saved.id], { url, headers }, history(saved))).rejects.toThrow(why);
  });
});
