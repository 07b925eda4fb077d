import { appendFile, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HistoryEntry } from '../../../../app/contract/inference.ts';
import { openHistoryStore, type HistoryStore } from '../../../../app/host/history/history-store.ts';
import { makeTestFolder } from '../../../support/start-test-host.ts';

describe('the history of a repository', () => {
  let folder: Awaited<ReturnType<typeof makeTestFolder>>;
  let store: HistoryStore;
  let said: string[];
  const open = (limits?: { maxEntries: number; maxBytes: number }) =>
    openHistoryStore({
      folder: folder.path,
      repository: '/models',
      now: () => 7,
      raise: (text) => said.push(text),
      ...(limits && { limits }),
    });
  beforeEach(async () => {
    folder = await makeTestFolder();
    said = [];
    store = await open();
  });
  afterEach(async () => {
    await store.close();
    await folder.remove();
  });

  const entry = (at: number, model = 'm'): HistoryEntry => ({
    id: store.newId(at),
    at,
    model,
    protocol: 'binary',
    origin: 'user',
    isAnswered: true,
    inputsSummary: 'x [2] INT64',
    timing: { totalMicroseconds: 5 },
    inputs: [{ name: 'x', datatype: 'INT64', shape: [2], data: new Uint8Array(16).fill(255) }],
    recipes: { x: { kind: 'values' } },
    outcome: { kind: 'answered', modelVersion: '1', outputs: [] },
  });
  const indexPath = async () => {
    const [key = ''] = await readdir(folder.path);
    return join(folder.path, key, 'index.jsonl');
  };

  test('gives back every byte after a restart, newest first', async () => {
    const entries = [entry(1), entry(2, 'other'), entry(3)];
    for (const item of entries) await store.add(item);
    await store.close();
    store = await open();
    const ids = entries.map(({ id }) => id).toReversed();
    expect(store.list({ limit: 10 }).map(({ id }) => id)).toEqual(ids);
    expect(store.list({ limit: 10, model: 'other' }).map(({ at }) => at)).toEqual([2]);
    expect(store.list({ limit: 1, ...(ids[0] && { before: ids[0] }) }).map(({ at }) => at)).toEqual([2]);
    expect(await store.get(ids[0] ?? '')).toEqual(entries[2]);
  });

  test('goes on after a kill in the middle of a line', async () => {
    const kept = entry(1);
    await store.add(kept);
    await appendFile(await indexPath(), '{"kind":"added","summary":{"id":"0');
    await store.close();
    store = await open();
    const next = entry(2);
    await store.add(next);
    await store.close();
    store = await open();
    expect(store.list({ limit: 10 }).map(({ id }) => id)).toEqual([next.id, kept.id]);
    expect(said).toEqual([]);
  });

  test('keeps a corrupted index aside, says so, and keeps what is good', async () => {
    const kept = entry(1);
    await store.add(kept);
    await appendFile(await indexPath(), '\0\0\0 nonsense\n');
    await store.close();
    store = await open();
    expect(store.list({ limit: 10 }).map(({ id }) => id)).toEqual([kept.id]);
    expect(said[0]).toMatch(/kept as .*index\.jsonl\.corrupt-7/);
    expect(await readFile(`${await indexPath()}.corrupt-7`, 'utf8')).toContain('nonsense');
  });

  test('says that a body is damaged, and keeps it aside', async () => {
    const kept = entry(1);
    await store.add(kept);
    const bodies = join(await indexPath(), '..', 'bodies');
    await writeFile(join(bodies, `${kept.id}.bin`), new Uint8Array([0xc1]));
    await expect(store.get(kept.id)).rejects.toMatchObject({
      message: expect.stringContaining('.corrupt-7'),
    });
  });

  test('forgets what is deleted, body and all', async () => {
    const item = entry(1);
    await store.add(item);
    expect(await store.delete(item.id)).toBe(true);
    expect(await store.delete(item.id)).toBe(false);
    await expect(store.get(item.id)).rejects.toMatchObject({ code: 'not-found' });
    expect(await readdir(join(await indexPath(), '..', 'bodies'))).toEqual([]);
  });

  test('drops the oldest above its limits', async () => {
    await store.close();
    store = await open({ maxEntries: 2, maxBytes: 1e9 });
    for (const at of [1, 2, 3]) await store.add(entry(at));
    expect(store.list({ limit: 10 }).map(({ at }) => at)).toEqual([3, 2]);
  });

  test('does not open a body outside of it', async () => {
    await expect(store.get('../../etc/passwd')).rejects.toMatchObject({ code: 'not-found' });
  });
});
