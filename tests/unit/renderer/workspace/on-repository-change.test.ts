import { expect, test } from 'vitest';
import type { HistorySummary } from '../../../../app/contract/inference.ts';
import { historyMirror, useHistoryStore } from '../../../../renderer/history/history-store.ts';
import { followHost } from '../../../../renderer/host/follow-host.ts';
import { createReconnectingHost } from '../../../../renderer/host/reconnecting-host.ts';
import { onRepositoryChange } from '../../../../renderer/workspace/on-repository-change.ts';
import { useWorkspaceStore, workspaceMirror } from '../../../../renderer/workspace/workspace-store.ts';
import { createFixtureHost } from '../../../support/fixture-host.ts';

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));
const entry: HistorySummary = {
  id: 'old',
  at: 1,
  model: 'digits',
  protocol: 'binary',
  origin: 'user',
  isAnswered: true,
  inputsSummary: '',
  timing: { totalMicroseconds: 1 },
};

test('another repository shows nothing of a model with the same name, and asks for what is its own', async () => {
  const fixture = createFixtureHost({ history: [entry] });
  const connection = createReconnectingHost(
    () => Promise.resolve(fixture.connect()),
    () => Promise.resolve(),
  );
  const stop = followHost(connection, [workspaceMirror, historyMirror], (cause) => {
    throw cause;
  });
  await settled();
  expect(useHistoryStore.getState().entries).toHaveLength(1);
  const seen: number[] = [];
  const stopSeeing = onRepositoryChange(() => seen.push(useHistoryStore.getState().entries.length));
  await connection.host.call('workspace.open', { path: '/srv/other' });
  await settled();
  expect(seen).toEqual([0]);
  expect(fixture.calls.filter(({ name }) => name === 'host.snapshot')).toHaveLength(2);
  stopSeeing();
  stop();
});

test('the first repository and news of the same one change nothing', () => {
  let changes = 0;
  const stop = onRepositoryChange(() => {
    changes += 1;
  });
  const tell = (path: string) =>
    useWorkspaceStore.setState({ workspace: { path, isDefault: false, notices: [] } });
  tell('');
  changes = 0;
  tell('/models');
  tell('/models');
  expect(changes).toBe(0);
  tell('/others');
  expect(changes).toBe(1);
  stop();
});
