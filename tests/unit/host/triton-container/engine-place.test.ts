import { expect, test } from 'vitest';
import { enginePlaces, findEnginePlace } from '../../../../app/host/triton-container/engine-place.ts';

const paths = (platform: NodeJS.Platform, env: Record<string, string> = {}) =>
  enginePlaces({ platform, env, home: '/home/ada' }).map(({ label }) => label);

test('Docker and Podman are looked for where each system has them', () => {
  expect(paths('linux', { XDG_RUNTIME_DIR: '/run/user/1000' })).toEqual([
    '/var/run/docker.sock',
    '/home/ada/.docker/run/docker.sock',
    '/run/user/1000/docker.sock',
    '/run/user/1000/podman/podman.sock',
    '/run/podman/podman.sock',
  ]);
  expect(paths('darwin')).toContain('/home/ada/.local/share/containers/podman/machine/podman.sock');
  expect(paths('win32')).toEqual(['//./pipe/docker_engine', '//./pipe/podman-machine-default']);
});

test('DOCKER_HOST is the only place where it is set', () => {
  const places = (host: string) =>
    enginePlaces({ platform: 'linux', env: { DOCKER_HOST: host }, home: '/home/ada' });
  expect(places('unix:///run/my.sock')).toEqual([{ label: '/run/my.sock', socketPath: '/run/my.sock' }]);
  expect(places('npipe:////./pipe/other')).toEqual([
    { label: '//./pipe/other', socketPath: '//./pipe/other' },
  ]);
  expect(places('tcp://gpu-box:2376')).toEqual([{ label: 'tcp://gpu-box:2376' }]);
});

test('the usual place is named where nothing listens anywhere', async () => {
  const place = await findEnginePlace({
    platform: 'linux',
    env: { DOCKER_HOST: 'unix:///not/there.sock' },
    home: '/',
  });
  expect(place.label).toBe('/not/there.sock');
});
