import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeGrpcMessage,
  encodeGrpcMessage,
  GRPC_MESSAGES,
} from '../../../../app/core/grpc/grpc-messages.ts';
import { GRPC_RPCS } from '../../../../app/core/grpc/grpc-rpcs.ts';
import { CONFIG_ENUMS, CONFIG_MESSAGES } from '../../../../app/core/model-config/config-fields.ts';
import { MalformedMessage } from '../../../../app/core/protobuf/message-reader.ts';

const PROTOS = fileURLToPath(new URL('../../../../resources/proto', import.meta.url));

const definition = loadSync(['grpc_service.proto', 'health.proto'], {
  includeDirs: [PROTOS],
  keepCase: true,
  longs: String,
  enums: String,
});

interface FieldLine {
  readonly name: string;
  readonly number: number;
  readonly type: string;
}

const messages = new Map<string, FieldLine[]>();
const enums = new Map<string, string[]>();

/** Our proto files line by line: they are written so that each line is one thing. */
function readProto(file: string): void {
  const scope: { kind: string; name: string }[] = [];
  const path = (): string =>
    scope
      .filter(({ kind }) => kind !== 'oneof')
      .map(({ name }) => name)
      .join('.');
  for (const line of readFileSync(join(PROTOS, file), 'utf8').split('\n')) {
    const opening = /^\s*(message|enum|oneof|service) (\w+) \{(\})?$/.exec(line);
    const field = /^\s*(repeated )?(?:map<(\w+), ([\w.]+)>|([\w.]+)) (\w+) = (\d+);$/.exec(line);
    const value = /^\s*(\w+) = (\d+);$/.exec(line);
    if (opening) {
      const [, kind = '', name = ''] = opening;
      scope.push({ kind, name });
      if (kind === 'message') messages.set(path(), []);
      if (kind === 'enum') enums.set(path(), []);
    } else if (/^\s*\}$/.test(line)) scope.pop();
    else if (value) enums.get(path())?.splice(Number(value[2]), 0, value[1] ?? '');
    else if (field) {
      const [, repeated, mapKey, mapValue, type, name = '', number] = field;
      const inner = scope.at(-1);
      messages.get(path())?.push({
        name,
        number: Number(number),
        type: mapValue ?? type ?? '',
        ...(repeated ? { repeated: true } : {}),
        ...(mapKey === undefined ? {} : { mapKey }),
        ...(inner?.kind === 'oneof' ? { oneof: inner.name } : {}),
      });
    }
  }
}
for (const file of ['model_config.proto', 'grpc_service.proto', 'health.proto']) readProto(file);

/** The full name of a type that stands in a message, found as protobuf finds it: from the inside out. */
function resolve(type: string, owner: string): string {
  const scopes = owner.split('.').map((_, index, words) => words.slice(0, words.length - index).join('.'));
  return (
    scopes.map((scope) => `${scope}.${type}`).find((path) => messages.has(path) || enums.has(path)) ?? type
  );
}

/** A message of the proto files as our tables write it. */
function describeType(name: string): FieldLine[] {
  const fields = messages.get(name) ?? [];
  return fields.map((field) => Object.assign({}, field, { type: resolve(field.type, name) }));
}

function failureOf(action: () => unknown): unknown {
  try {
    action();
    return null;
  } catch (cause) {
    return cause;
  }
}

const byNumber = (fields: readonly FieldLine[]): FieldLine[] =>
  fields.toSorted((left, right) => left.number - right.number);

test.each(Object.entries({ ...GRPC_MESSAGES, ...CONFIG_MESSAGES }))(
  'the proto files and our table agree on %s',
  (name, fields) => {
    const ours = fields.map((field) => {
      const {
        doc: _,
        isJsonNumber: __,
        ...rest
      } = field as FieldLine & { doc?: string; isJsonNumber?: true };
      return rest;
    });
    expect(byNumber(describeType(name))).toEqual(byNumber(ours));
  },
);

test('the proto files have no message and no enum value that our tables lack', () => {
  const ours = new Set(Object.keys({ ...GRPC_MESSAGES, ...CONFIG_MESSAGES }));
  expect([...messages.keys()].filter((name) => !ours.has(name))).toEqual([]);
  for (const [name, values] of Object.entries(CONFIG_ENUMS)) {
    expect([name, enums.get(name)]).toEqual([name, [...values]]);
  }
});

test('the proto files and our table agree on every RPC', () => {
  const services = {
    ...definition['inference.GRPCInferenceService'],
    ...definition['grpc.health.v1.Health'],
  } as Record<
    string,
    { path: string; requestStream: boolean; responseStream: boolean; requestType: { type: { name: string } } }
  >;
  expect(Object.keys(services).sort()).toEqual(Object.keys(GRPC_RPCS).sort());
  for (const [name, { service, request }] of Object.entries(GRPC_RPCS)) {
    const theirs = services[name];
    const isStreamed = name === 'ModelStreamInfer';
    expect(theirs).toMatchObject({
      path: `/${service}/${name}`,
      requestStream: isStreamed,
      responseStream: isStreamed,
      requestType: { type: { name: request } },
    });
  }
});

const SETTINGS = fc.dictionary(fc.string(), fc.record({ value: fc.array(fc.string()) }), {
  noNullPrototype: true,
});

test('what protobufjs writes is what we read, and the other way round', () => {
  const services = definition['inference.GRPCInferenceService'] as unknown as Record<
    string,
    { requestSerialize: (value: object) => Buffer; responseDeserialize: (bytes: Buffer) => object }
  >;
  const rpc = services['TraceSetting'];
  fc.assert(
    fc.property(SETTINGS, fc.string(), (settings, model_name) => {
      fc.pre(!Object.hasOwn(settings, '__proto__'));
      const bytes = rpc?.requestSerialize({ settings, model_name }) ?? Buffer.alloc(0);
      const read = decodeGrpcMessage('TraceSettingRequest', bytes);
      expect(read.model_name ?? '').toBe(model_name);
      expect(Object.keys(read.settings ?? {}).sort()).toEqual(Object.keys(settings).sort());
      for (const [key, { value }] of Object.entries(settings))
        expect(read.settings?.[key]?.value ?? []).toEqual(value);
      const written = Buffer.from(encodeGrpcMessage('TraceSettingResponse', { settings }));
      const theirs = rpc?.responseDeserialize(written) as { settings?: typeof settings };
      expect(Object.keys(theirs.settings ?? {}).sort()).toEqual(Object.keys(settings).sort());
    }),
    { numRuns: 200 },
  );
});

test('any 64-bit integer survives', () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(0n, 2n ** 64n - 1n), (id, byte_size) => {
      const bytes = encodeGrpcMessage('MemoryUsage', { id, byte_size });
      const read = decodeGrpcMessage('MemoryUsage', bytes);
      expect([BigInt(read.id ?? 0n), BigInt(read.byte_size ?? 0n)]).toEqual([id, byte_size]);
    }),
  );
});

test('any bytes are a message or a clear failure', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(failureOf(() => decodeGrpcMessage('TraceSettingRequest', bytes))).toSatisfy(
        (cause) => cause === null || cause instanceof MalformedMessage,
      );
    }),
    { numRuns: 2000 },
  );
});

test('a few bytes cannot become a great many objects', () => {
  const flood = Buffer.alloc(2 * 5000).fill(Buffer.from([0x0a, 0x00]));
  expect(() => decodeGrpcMessage('TraceSettingRequest', flood)).toThrow("too many entries in 'settings'");
});
