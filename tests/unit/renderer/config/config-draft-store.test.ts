import { beforeEach, describe, expect, test } from 'vitest';
import { connectHost, type HostClient } from '../../../../app/contract/host-client.ts';
import { setField } from '../../../../app/core/model-config/edit-config.ts';
import {
  adoptHostConfig,
  editDraft,
  flushDrafts,
  openDraft,
  redoDraft,
  resolveConflict,
  setDraftText,
  undoDraft,
  useConfigDrafts,
} from '../../../../renderer/config/config-draft-store.ts';
import { modelsMirror, useModelsStore } from '../../../../renderer/models/models-store.ts';
import { createFixtureHost, type FixtureHost } from '../../../support/fixture-host.ts';

const saved = () => new Promise((resolve) => setTimeout(resolve, 400));
const draftOf = (model: string) => {
  const draft = useConfigDrafts.getState().drafts.get(model);
  if (draft === undefined) throw new Error(`${model} is not open`);
  return draft;
};

describe('a config as it is being edited', () => {
  let fixture: FixtureHost;
  let host: HostClient;

  beforeEach(async () => {
    useConfigDrafts.setState({ drafts: new Map() });
    fixture = createFixtureHost();
    host = connectHost(fixture.connect());
    modelsMirror.follow(host);
    modelsMirror.reset(await host.call('host.snapshot', null));
    host.on('model.changed', (model) => adoptHostConfig(model.name, model.config));
    const config = useModelsStore.getState().models.get('digits')?.config;
    if (config !== undefined) openDraft(host, 'digits', config);
  });

  test('is sent by itself a moment after the last change, once', async () => {
    setDraftText(host, 'digits', 'name: "digits"', true);
    setDraftText(host, 'digits', 'name: "digits"\n', true);
    expect(draftOf('digits').save.kind).toBe('saving');
    await saved();
    expect(draftOf('digits')).toMatchObject({ revision: 2, save: { kind: 'saved' } });
    expect(fixture.calls.filter(({ name }) => name === 'config.edit')).toHaveLength(1);
    expect(fixture.snapshot().models.find(({ name }) => name === 'digits')?.config.text).toBe(
      'name: "digits"\n',
    );
  });

  test('is undone and redone over both views alike', () => {
    const before = draftOf('digits').history.text;
    editDraft(host, 'digits', setField(before, ['max_batch_size'], 16));
    const byForm = draftOf('digits').history.text;
    expect(byForm).toContain('max_batch_size: 16  # assumed');
    setDraftText(host, 'digits', `${byForm}# typed\n`, false);
    undoDraft(host, 'digits');
    expect(draftOf('digits').history.text).toBe(byForm);
    undoDraft(host, 'digits');
    expect(draftOf('digits').history.text).toBe(before);
    redoDraft(host, 'digits');
    expect(draftOf('digits').history.text).toBe(byForm);
  });

  test('takes over what changed elsewhere while nothing is unsaved, with the old text in undo', () => {
    const before = draftOf('digits').history.text;
    const config = { text: 'name: "x"\n', revision: 7, isSaved: true, savedText: '', isReloadNeeded: false };
    adoptHostConfig('digits', config);
    expect(draftOf('digits')).toMatchObject({ revision: 7, history: { text: 'name: "x"\n' } });
    undoDraft(host, 'digits');
    expect(draftOf('digits').history.text).toBe(before);
  });

  test('never overwrites unsaved text: the person chooses, and mine can still be kept', async () => {
    await host.call('config.edit', { model: 'digits', text: '# theirs\n', revision: 1 });
    useConfigDrafts.setState({ drafts: new Map([['digits', { ...draftOf('digits'), revision: 1 }]]) });
    setDraftText(host, 'digits', '# mine\n', false);
    await saved();
    expect(draftOf('digits')).toMatchObject({
      history: { text: '# mine\n' },
      save: { kind: 'conflict', theirs: '# theirs\n' },
    });
    resolveConflict(host, 'digits', 'mine');
    await saved();
    expect(draftOf('digits').save.kind).toBe('saved');
    expect(fixture.snapshot().models.find(({ name }) => name === 'digits')?.config.text).toBe('# mine\n');
  });

  test('waits while there is no connection and is sent when it is back', async () => {
    fixture.dropConnections();
    setDraftText(host, 'digits', '# offline\n', false);
    await saved();
    expect(draftOf('digits')).toMatchObject({ history: { text: '# offline\n' }, save: { kind: 'waiting' } });
    flushDrafts(connectHost(fixture.connect()));
    await saved();
    expect(draftOf('digits').save.kind).toBe('saved');
  });
});
