import { describe, expect, test } from 'vitest';
import type { ModelConfig } from '../../../../app/core/model-config/model-config.ts';
import {
  checkComposingModels,
  checkDependencies,
  dependentsOf,
  loadOrder,
  type ComposingState,
} from '../../../../app/core/repository/ensemble-graph.ts';

function graph(models: Readonly<Record<string, readonly string[]>>): ReadonlyMap<string, ModelConfig> {
  return new Map(
    Object.entries(models).map(([name, needs]) => [
      name,
      needs.length === 0
        ? { name }
        : {
            name,
            ensemble_scheduling: { step: needs.map((model_name) => ({ model_name, model_version: -1 })) },
          },
    ]),
  );
}

const GRAPH = graph({ a: [], b: [], inner: ['a', 'b'], outer: ['inner', 'a'] });

test('models are loaded before the ensembles that need them, a circle last', () => {
  expect(loadOrder(['outer', 'a', 'inner', 'b'], GRAPH)).toEqual([['a', 'b'], ['inner'], ['outer']]);
  expect(loadOrder(['one', 'two', 'a'], graph({ one: ['two'], two: ['one'], a: [] }))).toEqual([
    ['a'],
    ['one', 'two'],
  ]);
});

test('who needs a model is told through ensembles of ensembles, nearest first', () => {
  expect(dependentsOf('b', GRAPH)).toEqual(['inner', 'outer']);
  expect(dependentsOf('outer', GRAPH)).toEqual([]);
});

describe('an ensemble is refused in the words of Triton', () => {
  const refusal = (name: string, models: Readonly<Record<string, readonly string[]>>): string => {
    try {
      checkDependencies(name, graph(models));
      return 'accepted';
    } catch (cause) {
      return (cause as Error).message;
    }
  };

  test('if a model is missing, or it needs itself', () => {
    expect(refusal('outer', { outer: ['x', 'a', 'b'], a: [] })).toBe(
      'ensemble outer contains models that are not available or ambiguous: b, x',
    );
    expect(refusal('x', { x: ['x'] })).toBe('circular dependency between ensembles: x -> ... -> x -> x');
    expect(refusal('x', { x: ['y'], y: ['z'], z: ['x'] })).toBe(
      'circular dependency between ensembles: x -> ... -> y -> x',
    );
    expect(refusal('w', { w: ['x'], x: ['x'] })).toBe('accepted');
  });

  test('if a model that it needs, or one version of it, is not ready', () => {
    const state: ComposingState = { name: 'a', readyVersions: ['2'], failure: null, invalid: null };
    const check = (version: number, changes: Partial<ComposingState>): string => {
      const step = [{ model_name: 'a', model_version: version }];
      try {
        checkComposingModels({ name: 'e', ensemble_scheduling: { step } }, () => ({ ...state, ...changes }));
        return 'accepted';
      } catch (cause) {
        return (cause as Error).message;
      }
    };
    expect([check(-1, {}), check(2, {})]).toEqual(['accepted', 'accepted']);
    expect(check(1, {})).toBe("ensemble 'e' depends on 'a' whose required version 1 is not loaded.");
    expect(check(-1, { readyVersions: [] })).toBe("ensemble 'e' depends on 'a' which has no loaded version.");
    expect(check(-1, { readyVersions: [], failure: 'why' })).toBe(
      "ensemble 'e' depends on 'a' which has no loaded version. Model 'a' loading failed with error: why",
    );
    expect(check(-1, { invalid: 'why' })).toBe(
      "ensemble 'e' depends on 'a' which is not valid. Model 'a' failed with error: why",
    );
  });
});
