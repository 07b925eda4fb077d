import { describe, expect, test, vi } from 'vitest';
import type { CallMessage, Channel, HostMessage } from '../../../app/contract/channel.ts';
import { decodeMessage, encodeMessage } from '../../../app/contract/codec.ts';
import { connectHost } from '../../../app/contract/host-client.ts';
import { serveHost, type HostEventSource, type HostHandlers } from '../../../app/contract/host-dispatch.ts';
import { StatusError } from '../../../app/core/status.ts';

/** Two ends of one channel that carries bytes, as a WebSocket would. */
function byteChannel() {
  const toHost = new Set<(message: unknown) => void>();
  const toClient = new Set<(message: HostMessage) => void>();
  const closed = new Set<() => void>();
  const add = <Listener>(set: Set<Listener>, listener: Listener) => {
    set.add(listener);
    return () => set.delete(listener);
  };
  const client: Channel<CallMessage, HostMessage> = {
    send: (message) => {
      const bytes = encodeMessage(message);
      queueMicrotask(() => toHost.forEach((listener) => listener(decodeMessage(bytes))));
    },
    onMessage: (listener) => add(toClient, listener),
    onClose: (listener) => add(closed, listener),
  };
  const host: Channel<HostMessage, unknown> = {
    send: (message) => {
      const bytes = encodeMessage(message);
      queueMicrotask(() => toClient.forEach((listener) => listener(decodeMessage(bytes) as HostMessage)));
    },
    onMessage: (listener) => add(toHost, listener),
    onClose: (listener) => add(closed, listener),
  };
  return { client, host, close: () => closed.forEach((listener) => listener()) };
}

function start(handlers: Partial<HostHandlers>) {
  const channel = byteChannel();
  const listeners = new Set<(name: never, payload: never) => void>();
  const events: HostEventSource = {
    onAny: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const reportBug = vi.fn<(cause: unknown, call: string) => void>();
  const stop = serveHost(channel.host, handlers as HostHandlers, events, reportBug);
  const emit = (name: string, payload: unknown) =>
    listeners.forEach((listener) => listener(name as never, payload as never));
  return { ...channel, host: connectHost(channel.client), reportBug, stop, emit };
}

describe('a call over a channel of bytes', () => {
  test('gives what the handler gave, tensors as bytes', async () => {
    const { host } = start({
      'dialog.openModels': () => Promise.resolve({ paths: ['/models/a.onnx'] }),
      'upload.write': ({ bytes, offset }) =>
        bytes[2] === 3 && offset === 5_000_000_000
          ? Promise.resolve()
          : Promise.reject(new Error('bytes were lost')),
    });
    expect(await host.call('dialog.openModels', null)).toEqual({ paths: ['/models/a.onnx'] });
    await host.call('upload.write', {
      uploadId: 'u',
      file: 0,
      offset: 5_000_000_000,
      bytes: Uint8Array.of(1, 2, 3),
    });
  });

  test('fails with the code that the handler threw', async () => {
    const { host } = start({
      'model.load': () =>
        Promise.reject(new StatusError('not-found', "Request for unknown model: 'x' is not found")),
    });
    await expect(host.call('model.load', { name: 'x' })).rejects.toMatchObject({
      code: 'not-found',
      message: "Request for unknown model: 'x' is not found",
    });
  });

  test('reports a thrown bug and says internal to the caller', async () => {
    const { host, reportBug } = start({
      'server.start': () => Promise.reject(new TypeError('x is undefined')),
    });
    await expect(host.call('server.start', null)).rejects.toMatchObject({ code: 'internal' });
    expect(reportBug).toHaveBeenCalledWith(expect.any(TypeError), 'server.start');
  });

  test('is refused as unsupported when the contract does not have it, inherited names included', async () => {
    const { host } = start({});
    for (const name of ['no.such', 'constructor', '__proto__', 'toString']) {
      await expect(host.call(name as never, null as never)).rejects.toMatchObject({ code: 'unsupported' });
    }
  });

  test('fails as unavailable when the channel closes before the answer, and ever after', async () => {
    const { host, close } = start({ 'server.stop': () => new Promise(() => undefined) });
    const pending = host.call('server.stop', null);
    close();
    await expect(pending).rejects.toMatchObject({ code: 'unavailable' });
    await expect(host.call('server.stop', null)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('events', () => {
  test('reach every listener until it leaves, and none after the host stopped', async () => {
    const { host, emit, stop } = start({});
    const heard: string[] = [];
    const leave = host.on('model.removed', ({ name }) => heard.push(`first ${name}`));
    host.on('model.removed', ({ name }) => heard.push(`second ${name}`));
    const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
    emit('model.removed', { name: 'a' });
    await settle();
    leave();
    emit('model.removed', { name: 'b' });
    await settle();
    stop();
    emit('model.removed', { name: 'c' });
    await settle();
    expect(heard).toEqual(['first a', 'second a', 'second b']);
  });
});

test('a message that is no call is dropped without an answer', async () => {
  const { client, reportBug } = start({ 'server.start': () => Promise.resolve() });
  const answers: unknown[] = [];
  client.onMessage((message) => answers.push(message));
  for (const message of [
    null,
    7,
    'call',
    { kind: 'call' },
    { kind: 'call', id: 'x', name: 'server.start' },
  ]) {
    client.send(message as never);
  }
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(answers).toEqual([]);
  expect(reportBug).not.toHaveBeenCalled();
});
