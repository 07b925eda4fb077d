import type { Datatype } from '../datatypes.ts';
import { elementCount } from '../tensors/tensor.ts';
import type { ServedInput, ServedOutput, ServedSignature } from './served-signature.ts';

/** Any JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A model that is to be described: its version, and its name as it stands in a path. */
export interface DescribedModel {
  readonly signature: ServedSignature;
  readonly version: string;
  readonly platform: string;
}

/** Larger examples would hide what they are an example of. */
const MAX_EXAMPLE_ELEMENTS = 64;
const OPENAPI_VERSION = '3.1.0';
const JSON_TYPE = 'application/json';

const INTEGER_BITS: Partial<Readonly<Record<Datatype, readonly [minimum: number, maximum: number]>>> = {
  UINT8: [0, 2 ** 8 - 1],
  UINT16: [0, 2 ** 16 - 1],
  UINT32: [0, 2 ** 32 - 1],
  INT8: [-(2 ** 7), 2 ** 7 - 1],
  INT16: [-(2 ** 15), 2 ** 15 - 1],
  INT32: [-(2 ** 31), 2 ** 31 - 1],
};

function elementSchema(datatype: Datatype): Json {
  if (datatype === 'BYTES') return { type: 'string' };
  if (datatype === 'BOOL') return { type: 'boolean' };
  if (datatype.startsWith('FP') || datatype === 'BF16') return { type: 'number' };
  const range = INTEGER_BITS[datatype];
  if (range) return { type: 'integer', minimum: range[0], maximum: range[1] };
  return datatype === 'UINT64'
    ? { type: 'integer', format: 'int64', minimum: 0 }
    : { type: 'integer', format: 'int64' };
}

/** JSON has no form for the elements of these: they travel as binary data only. */
function isBinaryOnly(datatype: Datatype): boolean {
  return datatype === 'FP16' || datatype === 'BF16';
}

type Tensor = Pick<ServedInput | ServedOutput, 'name' | 'datatype' | 'dims'>;

/** The wire shape with −1 for what is free, batch dimension included. */
function wireDims({ maxBatchSize }: ServedSignature, dims: readonly number[]): readonly number[] {
  return maxBatchSize > 0 ? [-1, ...dims] : dims;
}

function shapeSchema(signature: ServedSignature, dims: readonly number[]): Json {
  const wire = wireDims(signature, dims);
  return {
    type: 'array',
    minItems: wire.length,
    maxItems: wire.length,
    ...(wire.length === 0
      ? {}
      : {
          prefixItems: wire.map((dim, index) => {
            if (dim >= 0) return { const: dim };
            const isBatch = index === 0 && signature.maxBatchSize > 0;
            return isBatch
              ? { type: 'integer', minimum: 1, maximum: signature.maxBatchSize, title: 'batch' }
              : { type: 'integer', minimum: 0 };
          }),
        }),
  };
}

function exampleShape(signature: ServedSignature, dims: readonly number[]): number[] {
  return wireDims(signature, dims).map((dim) => (dim < 0 ? 1 : dim));
}

function exampleElement(datatype: Datatype): Json {
  if (datatype === 'BYTES') return 'text';
  return datatype === 'BOOL' ? false : 0;
}

/** What stands in `data` of an example; null if it would be too long or JSON cannot carry it. */
function exampleData(signature: ServedSignature, { datatype, dims }: Tensor): Json[] | null {
  const count = elementCount(exampleShape(signature, dims));
  if (isBinaryOnly(datatype) || count > MAX_EXAMPLE_ELEMENTS) return null;
  return Array.from({ length: count }, () => exampleElement(datatype));
}

function exampleTensor(signature: ServedSignature, tensor: Tensor): Json {
  const data = exampleData(signature, tensor);
  return {
    name: tensor.name,
    datatype: tensor.datatype,
    shape: exampleShape(signature, tensor.dims),
    ...(data ? { data } : {}),
  };
}

function tensorSchema(signature: ServedSignature, tensor: Tensor, isInput: boolean): Json {
  const isBinary = isBinaryOnly(tensor.datatype);
  return {
    type: 'object',
    title: tensor.name,
    ...(isBinary ? { description: `${tensor.datatype} travels as binary data only.` } : {}),
    required: ['name', 'datatype', 'shape'],
    properties: {
      name: { const: tensor.name },
      datatype: { const: tensor.datatype },
      shape: shapeSchema(signature, tensor.dims),
      ...(isBinary
        ? {}
        : {
            data: {
              type: 'array',
              description: 'Row-major; flat, or nested as the shape says.',
              ...(isInput ? {} : { items: elementSchema(tensor.datatype) }),
            },
          }),
      parameters: { type: 'object' },
    },
  };
}

function oneOf(schemas: readonly Json[]): Json {
  return schemas.length === 1 ? (schemas[0] ?? {}) : { oneOf: schemas };
}

function inferRequestSchema(signature: ServedSignature): Json {
  const inputs = [...signature.inputs.values()];
  const outputs = [...signature.outputs.keys()];
  return {
    type: 'object',
    required: ['inputs'],
    properties: {
      id: { type: 'string', description: 'Comes back in the answer.' },
      parameters: { type: 'object' },
      inputs: {
        type: 'array',
        minItems: inputs.filter(({ isOptional }) => !isOptional).length,
        maxItems: inputs.length,
        ...(inputs.length === 0
          ? {}
          : { items: oneOf(inputs.map((input) => tensorSchema(signature, input, true))) }),
      },
      outputs: {
        type: 'array',
        description: 'All outputs if absent.',
        items: {
          type: 'object',
          required: ['name'],
          properties: {
            name: { type: 'string', ...(outputs.length === 0 ? {} : { enum: outputs }) },
            parameters: {
              type: 'object',
              properties: {
                binary_data: { type: 'boolean' },
                classification: {
                  type: 'integer',
                  minimum: 0,
                  description: 'The n largest as value:index[:label].',
                },
              },
            },
          },
        },
      },
    },
  };
}

function inferResponseSchema({ signature }: DescribedModel): Json {
  const outputs = [...signature.outputs.values()];
  return {
    type: 'object',
    required: ['model_name', 'model_version', 'outputs'],
    properties: {
      id: { type: 'string' },
      model_name: { const: signature.modelName },
      model_version: { type: 'string' },
      parameters: { type: 'object' },
      outputs: {
        type: 'array',
        ...(outputs.length === 0
          ? {}
          : { items: oneOf(outputs.map((output) => tensorSchema(signature, output, false))) }),
      },
    },
  };
}

/** An example of the body of `infer`; tensors that are large or JSON cannot carry have no data in it. */
export function exampleInferRequest(signature: ServedSignature): Json {
  const inputs = [...signature.inputs.values()].filter(({ isOptional }) => !isOptional);
  return { inputs: inputs.map((input) => exampleTensor(signature, input)) };
}

/** An example of the body of `generate`; null where JSON cannot carry an input, or not in reasonable length. */
export function exampleGenerateRequest(signature: ServedSignature): { readonly [name: string]: Json } | null {
  const example: { [name: string]: Json } = {};
  for (const input of signature.inputs.values()) {
    if (input.isOptional) continue;
    const data = exampleData(signature, input);
    if (!data) return null;
    example[input.name] = data.length === 1 ? (data[0] ?? null) : data;
  }
  return example;
}

function generateRequestSchema(signature: ServedSignature): Json {
  const inputs = [...signature.inputs.values()];
  const value = ({ datatype }: ServedInput): Json => {
    const element = elementSchema(datatype);
    return { oneOf: [element, { type: 'array', items: element }] };
  };
  return {
    type: 'object',
    description: 'Inputs by their names; other members are parameters of the request.',
    required: inputs.filter(({ isOptional }) => !isOptional).map(({ name }) => name),
    properties: {
      id: { type: 'string' },
      parameters: { type: 'object' },
      ...Object.fromEntries(inputs.map((input) => [input.name, value(input)])),
    },
  };
}

function errorResponses(): { readonly [status: string]: Json } {
  const content = { [JSON_TYPE]: { schema: { $ref: '#/components/schemas/Error' } } };
  return {
    '400': { description: 'The request does not fit the model, or is malformed.', content },
    '404': { description: 'No such model or version.', content },
    '500': { description: 'The request cannot be read, or the model failed.', content },
    '503': { description: 'The model is not ready, or too many requests wait.', content },
  };
}

function inferPath(model: DescribedModel): Json {
  const { signature } = model;
  const outputs = [...signature.outputs.values()];
  const example = {
    model_name: signature.modelName,
    model_version: model.version,
    outputs: outputs.map((output) => exampleTensor(signature, output)),
  };
  const binary = { schema: { type: 'string', format: 'binary' } };
  return {
    post: {
      operationId: 'infer',
      summary: 'Run the model',
      parameters: [
        {
          name: 'Inference-Header-Content-Length',
          in: 'header',
          required: false,
          description: 'Length in bytes of the JSON in a body that goes on with binary tensor data.',
          schema: { type: 'integer', minimum: 0 },
        },
      ],
      requestBody: {
        required: true,
        content: {
          [JSON_TYPE]: { schema: inferRequestSchema(signature), example: exampleInferRequest(signature) },
          'application/octet-stream': binary,
        },
      },
      responses: {
        '200': {
          description: 'The outputs.',
          content: {
            [JSON_TYPE]: { schema: inferResponseSchema(model), example },
            'application/octet-stream': binary,
          },
        },
        ...errorResponses(),
      },
    },
  };
}

function generatePath({ signature }: DescribedModel, isStream: boolean): Json {
  const example = exampleGenerateRequest(signature);
  return {
    post: {
      operationId: isStream ? 'generate_stream' : 'generate',
      summary: isStream ? 'Run the model, answers as server-sent events' : 'Run the model with plain JSON',
      requestBody: {
        required: true,
        content: {
          [JSON_TYPE]: { schema: generateRequestSchema(signature), ...(example ? { example } : {}) },
        },
      },
      responses: {
        '200': {
          description: 'The outputs by their names.',
          content: {
            [isStream ? 'text/event-stream' : JSON_TYPE]: {
              schema: { type: isStream ? 'string' : 'object' },
            },
          },
        },
        ...errorResponses(),
      },
    },
  };
}

function getPath(operationId: string, summary: string): Json {
  const { '404': notFound = null } = errorResponses();
  const content = { [JSON_TYPE]: { schema: { type: 'object' } } };
  return {
    get: { operationId, summary, responses: { '200': { description: summary, content }, '404': notFound } },
  };
}

function readyPath(): Json {
  return {
    get: {
      operationId: 'ready',
      summary: 'Whether the model answers',
      responses: { '200': { description: 'Ready.' }, '400': { description: 'Not ready.' } },
    },
  };
}

/** The OpenAPI document of one model: its endpoints with real shapes and datatypes, and examples that run. */
export function openApiDocument(model: DescribedModel): { readonly [name: string]: Json } {
  const { signature, version, platform } = model;
  const base = `/v2/models/${encodeURI(signature.modelName)}`;
  return {
    openapi: OPENAPI_VERSION,
    info: {
      title: signature.modelName,
      version,
      description: `Model ${signature.modelName}, version ${version}${platform === '' ? '' : ` (${platform})`}, over the Open Inference Protocol.`,
    },
    servers: [{ url: '/' }],
    paths: {
      [`${base}/infer`]: inferPath(model),
      [`${base}/generate`]: generatePath(model, false),
      [`${base}/generate_stream`]: generatePath(model, true),
      [base]: getPath('metadata', 'Inputs and outputs'),
      [`${base}/config`]: getPath('config', 'The configuration in force'),
      [`${base}/stats`]: getPath('statistics', 'Counts and durations'),
      [`${base}/ready`]: readyPath(),
    },
    components: {
      schemas: {
        Error: { type: 'object', required: ['error'], properties: { error: { type: 'string' } } },
      },
    },
  };
}
