import { describe, expect, test } from 'vitest';
import { followHost } from '../../../../renderer/host/follow-host.ts';
import {
  createReconnectingHost,
  reconnectDelayMilliseconds,
  type ConnectionState,
} from '../../../../renderer/host/reconnecting-host.ts';
import { modelsMirror, useModelsStore } from '../../../../renderer/models/models-store.ts';
import { createFixtureHost } from '../../../support/fixture-host.ts';

const noWait = () => new Promise<void>((resolve) => setImmediate(resolve));
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('a host whose connection comes back', () => {
  test('rejects calls as unavailable until the first connection stands', async () => {
    const { host } = createReconnectingHost(() => new Promise(() => undefined));
    await expect(host.call('host.snapshot', null)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('keeps subscriptions over a lost connection', async () => {
    const fixture = createFixtureHost();
    const connection = createReconnectingHost(() => Promise.resolve(fixture.connect()), noWait);
    const texts: string[] = [];
    connection.host.on('notice.raised', ({ text }) => texts.push(text));
    await settled();
    fixture.emit('notice.raised', { severity: 'info', text: 'before' });
    await settled();
    fixture.dropConnections();
    await settled();
    fixture.emit('notice.raised', { severity: 'info', text: 'after' });
    await settled();
    expect(texts).toEqual(['before', 'after']);
  });

  test('tries again until the host is there, and says so', async () => {
    const fixture = createFixtureHost();
    let refusals = 2;
    const connection = createReconnectingHost(() => {
      refusals -= 1;
      return refusals >= 0 ? Promise.reject(new Error('refused')) : Promise.resolve(fixture.connect());
    }, noWait);
    const states: ConnectionState['kind'][] = [];
    connection.onState(({ kind }) => states.push(kind));
    await settled();
    expect(states).toEqual(['connecting', 'disconnected', 'disconnected', 'connected']);
  });

  test('waits longer between attempts, but never longer than five seconds', () => {
    expect([1, 2, 3, 10].map(reconnectDelayMilliseconds)).toEqual([250, 500, 1_000, 5_000]);
  });

  test('asks for a snapshot after every connection, so that mirrors miss nothing', async () => {
    const fixture = createFixtureHost();
    const connection = createReconnectingHost(() => Promise.resolve(fixture.connect()), noWait);
    const stop = followHost(connection, [modelsMirror], (cause) => {
      throw cause;
    });
    await settled();
    expect(useModelsStore.getState().models.size).toBe(6);
    await connection.host.call('model.delete', { name: 'digits' });
    await settled();
    expect(useModelsStore.getState().models.has('digits')).toBe(false);
    useModelsStore.setState({ models: new Map(), list: [] });
    fixture.dropConnections();
    await settled();
    expect(useModelsStore.getState().list.map(({ name }) => name)).toContain('add_sub');
    stop();
  });
});
