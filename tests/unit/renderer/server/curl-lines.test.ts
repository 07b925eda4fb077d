import { expect, test } from 'vitest';
import { curlLines } from '../../../../renderer/server/curl-lines.ts';
import { fixtureModels } from '../../../support/fixture-models.ts';

const modelNamed = (name: string) => {
  const model = fixtureModels().find((model) => model.name === name);
  if (model === undefined) throw new Error(`no ${name}`);
  return model;
};

test('the command sends zeros in the shape of the wire', () => {
  const [line, body = ''] = curlLines('http://127.0.0.1:8000', modelNamed('digits'));
  expect(line).toBe(String.raw`curl -s -X POST http://127.0.0.1:8000/v2/models/digits/infer \ `.trimEnd());
  const { inputs } = JSON.parse(body.trim().slice("-d '".length, -1)) as {
    inputs: { name: string; datatype: string; shape: number[]; data: number[] }[];
  };
  expect(inputs[0]).toMatchObject({ name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8] });
  expect(inputs[0]?.data).toHaveLength(64);
});

test('texts are sent as text', () => {
  expect(curlLines('http://x', modelNamed('shout')).join('')).toContain('"data":[""]');
});
