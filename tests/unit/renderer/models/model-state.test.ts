import { expect, test } from 'vitest';
import type { ModelEntry, VersionState } from '../../../../app/contract/model-entry.ts';
import { describeModelState, readyVersion } from '../../../../renderer/models/model-state.ts';
import { fixtureModels } from '../../../support/fixture-models.ts';

const NOW = 1_000_000;
const READY: VersionState = {
  kind: 'ready',
  loadMilliseconds: 812,
  instanceCount: 1,
  executionProvider: 'CPU',
  executionProviderReason: '',
};
const modelWith = (...states: VersionState[]): ModelEntry => {
  const model = fixtureModels().find(({ name }) => name === 'digits');
  if (model === undefined) throw new Error('no digits');
  return { ...model, versions: states.map((state, index) => ({ version: index + 1, files: [], state })) };
};

test('says in words what goes on and for how long', () => {
  expect(describeModelState(modelWith({ kind: 'loading', since: NOW - 1_240 }), NOW)).toEqual({
    tone: 'busy',
    words: 'Loading 1.2 s',
  });
  expect(describeModelState(modelWith(READY), NOW)).toEqual({ tone: 'ok', words: 'Ready in 0.8 s' });
  expect(describeModelState(modelWith({ kind: 'unloaded' }), NOW).words).toBe('Not loaded');
  expect(describeModelState(modelWith({ kind: 'unavailable', reason: 'x' }), NOW).tone).toBe('bad');
});

test('a version that answers outweighs one that does not', () => {
  const model = modelWith(READY, { kind: 'unavailable', reason: 'x' });
  expect(describeModelState(model, NOW).tone).toBe('ok');
  expect(readyVersion(model)?.version).toBe(1);
});

test('what cannot be served says so before it is ever loaded', () => {
  const words = Object.fromEntries(
    fixtureModels().map((model) => [model.name, describeModelState(model, NOW).words]),
  );
  expect(words['weights']).toBe('Cannot be served');
  expect(words['notebooks']).toBe('Not a model');
});
