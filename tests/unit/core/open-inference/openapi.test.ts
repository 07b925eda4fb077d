import { Validator } from '@seriousme/openapi-schema-validator';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openApiDocument } from '../../../../app/core/open-inference/openapi-document.ts';
import { openApiPage } from '../../../../app/core/open-inference/openapi-page.ts';
import { servedSignature } from '../../../../app/core/open-inference/served-signature.ts';

const validator = new Validator();

const DATA_TYPES = [
  'TYPE_BOOL',
  'TYPE_UINT8',
  'TYPE_INT8',
  'TYPE_INT64',
  'TYPE_UINT64',
  'TYPE_FP16',
  'TYPE_BF16',
  'TYPE_FP32',
  'TYPE_FP64',
  'TYPE_STRING',
] as const;

const tensor = fc.record({
  name: fc.string({ minLength: 1, maxLength: 12 }),
  data_type: fc.constantFrom(...DATA_TYPES),
  dims: fc.array(fc.constantFrom(-1, 1, 3, 300), { maxLength: 4 }),
});

const config = fc.record({
  name: fc.stringMatching(/^[\w .-]{1,20}$/),
  max_batch_size: fc.constantFrom(0, 8),
  input: fc.array(tensor, { maxLength: 4 }),
  output: fc.array(tensor, { maxLength: 4 }),
});

describe('the OpenAPI document of a model', () => {
  test('is valid whatever its inputs and outputs are', async () => {
    await fc.assert(
      fc.asyncProperty(config, async (each) => {
        const document = openApiDocument({ signature: servedSignature(each), version: '1', platform: '' });
        const { valid, errors } = await validator.validate(
          structuredClone(document) as Record<string, unknown>,
        );
        expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
      }),
      { numRuns: 30 },
    );
  });

  test('has the real shapes, datatypes and limits', () => {
    const signature = servedSignature({
      name: 'm',
      max_batch_size: 4,
      input: [{ name: 'x', data_type: 'TYPE_INT8', dims: [2, -1] }],
      output: [],
    });
    expect(openApiDocument({ signature, version: '3', platform: 'p' })).toMatchObject({
      info: { title: 'm', version: '3' },
      paths: {
        '/v2/models/m/infer': {
          post: {
            requestBody: {
              content: {
                'application/json': {
                  example: { inputs: [{ name: 'x', datatype: 'INT8', shape: [1, 2, 1], data: [0, 0] }] },
                  schema: {
                    properties: {
                      inputs: {
                        items: {
                          properties: {
                            shape: {
                              prefixItems: [
                                { type: 'integer', minimum: 1, maximum: 4, title: 'batch' },
                                { const: 2 },
                                { type: 'integer', minimum: 0 },
                              ],
                            },
                          },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    });
  });
});

test('nothing in a model can put markup into its page, or end a word of its commands', () => {
  const signature = servedSignature({
    name: '<img src=x onerror=alert(1)>',
    input: [{ name: `'; rm -rf / #<b>`, data_type: 'TYPE_FP32', dims: [1] }],
    output: [{ name: '"&<script>', data_type: 'TYPE_STRING', dims: [1] }],
  });
  const page = openApiPage({ signature, version: '1', platform: '<i>' }, `http://<u>'`);
  expect(page).not.toMatch(/<(img|b|script|i|u)[ >]/);
  expect(page).toContain(String.raw`&#39;\&#39;&#39;; rm -rf / #&lt;b&gt;`);
});
