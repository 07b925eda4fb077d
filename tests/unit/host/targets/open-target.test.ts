import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { ContainerStatus } from '../../../../app/contract/container-status.ts';
import { StatusError } from '../../../../app/core/status.ts';
import { openTarget } from '../../../../app/host/targets/open-target.ts';

const noTwin = () => {
  throw new StatusError('unavailable', 'The server is not running.');
};

test('a request to the container goes to the address at which it runs now, under the name of its image', async () => {
  const server = createServer((_, response) => response.end('{"name":"triton"}')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const httpUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const status: ContainerStatus = {
    kind: 'running',
    image: 'tritonserver:26.07-py3',
    containerId: 'c',
    isReady: true,
    isAdopted: false,
    httpUrl,
    endpoints: [],
  };
  const opened = openTarget({ kind: 'container' }, { twin: noTwin, container: () => status });
  expect(opened.server).toEqual({ kind: 'container', name: 'tritonserver:26.07-py3' });
  expect(await opened.client().get('/v2')).toEqual({ name: 'triton' });
  opened.release();
  server.close();
  await once(server, 'close');
});

test('a container that does not run is no target, and says so', () => {
  expect(() =>
    openTarget({ kind: 'container' }, { twin: noTwin, container: () => ({ kind: 'stopped' }) }),
  ).toThrow('The Triton container does not run.');
});
