import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkRemote } from '../../../../app/host/remote-servers/check-remote.ts';
import { openRemoteServers } from '../../../../app/host/remote-servers/remote-servers.ts';
import type { Keychain } from '../../../../app/host/shell-services.ts';

const EDIT = { name: 'GPU box', url: 'http://gpu-box:8000', headers: {}, tokenHeader: 'Authorization' };
const mirror = (text: string) => text.split('').toReversed().join('');
const KEYCHAIN: Keychain = { encrypt: mirror, decrypt: mirror };

describe('remote servers', () => {
  let folder = '';
  let file = '';
  const servers: Server[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'conch-remote-'));
    file = join(folder, 'remote-servers.json');
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const openList = (keychain: Keychain | null) =>
    openRemoteServers(file, { now: 0, keychain, emit: () => undefined, raise: () => undefined });

  /** A server that notes the headers of every request; `answer` by path, else 404. */
  async function listen(answers: Readonly<Record<string, string>>) {
    const seen: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers);
      const body = answers[request.url ?? ''];
      response.writeHead(body === undefined ? 404 : 200).end(body ?? '{"error":"Not Found"}');
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
  }

  test('without a keychain a token is never on disk, and is asked for again after a restart', async () => {
    const list = await openList(null);
    const { id } = await list.save({ ...EDIT, token: 'hush-hush' });
    expect(list.find(id).token).toBe('memory');
    expect(await readFile(file, 'utf8')).not.toContain('hush-hush');
    const next = await openList(null);
    expect(next.find(id)).toMatchObject({ name: 'GPU box', token: 'missing' });
    await expect(next.open(id, 1_000)).rejects.toThrow('The token of GPU box is not known any more');
  });

  test('with a keychain a token survives, encrypted; with another key it is missing', async () => {
    const { id } = await (await openList(KEYCHAIN)).save({ ...EDIT, token: 'hush-hush' });
    expect(await readFile(file, 'utf8')).not.toContain('hush-hush');
    expect((await openList(KEYCHAIN)).find(id).token).toBe('keychain');
    const refuse = () => {
      throw new Error('another key');
    };
    expect((await openList({ encrypt: mirror, decrypt: refuse })).find(id).token).toBe('missing');
  });

  test('the token goes as Bearer, or as it is in a header of its own, beside the other headers', async () => {
    const { url, seen } = await listen({});
    const list = await openList(null);
    const { id } = await list.save({ ...EDIT, url, headers: { 'X-Team': 'vision' }, token: 'abc' });
    await (await list.open(id, 1_000)).isReady();
    await list.save({ ...EDIT, id, url, tokenHeader: 'admin-key' });
    await (await list.open(id, 1_000)).isReady();
    expect(seen[0]).toMatchObject({ authorization: 'Bearer abc', 'x-team': 'vision' });
    expect(seen[1]).toMatchObject({ 'admin-key': 'abc' });
    expect(seen[1]).not.toHaveProperty('authorization');
  });

  test('a token is not sent to another host that the address is changed to', async () => {
    const list = await openList(null);
    const { id } = await list.save({ ...EDIT, token: 'abc' });
    const { url, seen } = await listen({});
    await list.save({ ...EDIT, id, url });
    await expect(list.open(id, 1_000)).rejects.toThrow('Give it again');
    expect(seen).toEqual([]);
  });

  test('a token that the keychain cannot read today is not lost by an edit of something else', async () => {
    const { id } = await (await openList(KEYCHAIN)).save({ ...EDIT, token: 'hush-hush' });
    const refuse = () => {
      throw new Error('locked');
    };
    await (await openList({ encrypt: mirror, decrypt: refuse })).save({ ...EDIT, id, name: 'Other box' });
    expect((await openList(KEYCHAIN)).find(id)).toMatchObject({ name: 'Other box', token: 'keychain' });
  });

  test('an empty token is forgotten, on disk too', async () => {
    const list = await openList(KEYCHAIN);
    const { id } = await list.save({ ...EDIT, token: 'hush-hush' });
    await list.save({ ...EDIT, id, token: '' });
    expect(list.find(id).token).toBe('none');
    expect((await openList(KEYCHAIN)).find(id).token).toBe('none');
  });

  test('a removal is taken back with the token; only once, and not after a restart', async () => {
    const { url, seen } = await listen({});
    const list = await openList(null);
    const { id } = await list.save({ ...EDIT, url, token: 'abc' });
    await list.remove(id);
    expect(list.list()).toEqual([]);
    await list.restore(id);
    await (await list.open(id, 1_000)).isReady();
    expect(seen[0]).toMatchObject({ authorization: 'Bearer abc' });
    await expect(list.restore(id)).rejects.toThrow('no such remote server any more');
    await list.remove(id);
    await expect((await openList(null)).restore(id)).rejects.toThrow('no such remote server any more');
  });

  test('secrets among the plain headers, other schemes and files that are no certificate are refused', async () => {
    const list = await openList(null);
    await expect(list.save({ ...EDIT, headers: { Authorization: 'Bearer x' } })).rejects.toThrow(
      'Authorization is a secret: give it as the token.',
    );
    await expect(list.save({ ...EDIT, url: 'ftp://gpu-box' })).rejects.toThrow('begins with http://');
    await list.save(EDIT);
    await expect(list.save({ ...EDIT, certificateAuthority: file })).rejects.toThrow(
      'holds no certificate in PEM form',
    );
    expect(list.list()).toHaveLength(1);
  });

  test('a server that is none says so; one that tells no index is shown without', async () => {
    const list = await openList(null);
    const none = await listen({});
    const bare = await listen({ '/v2': '{"name":"other","version":"1"}', '/v2/health/live': '' });
    const look = async (url: string) => {
      const { id } = await list.save({ ...EDIT, url });
      return checkRemote(await list.open(id, 1_000), url);
    };
    await expect(look(none.url)).rejects.toThrow(`There is no inference server at ${none.url}`);
    expect(await look(bare.url)).toEqual({
      isLive: true,
      isReady: false,
      name: 'other',
      version: '1',
      extensions: [],
      index: { kind: 'refused', reason: 'Not Found' },
    });
  });
});
