import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where an Engine listens. */
export interface EnginePlace {
  /** As a person reads it: a path, or what DOCKER_HOST says. */
  readonly label: string;
  /** Absent where `DOCKER_HOST` names an address, which the client reads itself. */
  readonly socketPath?: string;
}

/** What decides where Engines are looked for. */
export interface EngineSurroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

function socketPaths({ platform, env, home }: EngineSurroundings): readonly string[] {
  if (platform === 'win32') return ['//./pipe/docker_engine', '//./pipe/podman-machine-default'];
  const usual = ['/var/run/docker.sock', join(home, '.docker/run/docker.sock')];
  if (platform === 'darwin')
    return [
      ...usual,
      join(home, '.colima/default/docker.sock'),
      join(home, '.orbstack/run/docker.sock'),
      join(home, '.rd/docker.sock'),
      join(home, '.local/share/containers/podman/machine/podman.sock'),
    ];
  const runtime = env['XDG_RUNTIME_DIR'];
  const ofUser = runtime === undefined ? [] : [`${runtime}/docker.sock`, `${runtime}/podman/podman.sock`];
  return [...usual, ...ofUser, '/run/podman/podman.sock'];
}

/** Where Docker and Podman listen, the likelier first. `DOCKER_HOST` is the only one where it is set. */
export function enginePlaces(surroundings: EngineSurroundings): readonly EnginePlace[] {
  const host = surroundings.env['DOCKER_HOST'];
  if (host !== undefined && host !== '') {
    const [, socketPath] = /^(?:unix|npipe):\/\/(.+)$/.exec(host) ?? [];
    return [socketPath === undefined ? { label: host } : { label: socketPath, socketPath }];
  }
  return socketPaths(surroundings).map((socketPath) => ({ label: socketPath, socketPath }));
}

const HERE: () => EngineSurroundings = () => ({
  platform: process.platform,
  env: process.env,
  home: homedir(),
});

/** The first place where something listens; the usual one where nothing does. */
export async function findEnginePlace(surroundings: EngineSurroundings = HERE()): Promise<EnginePlace> {
  const places = enginePlaces(surroundings);
  for (const place of places) {
    if (place.socketPath === undefined) return place;
    try {
      await access(place.socketPath);
      return place;
    } catch {
      // The next one may be there.
    }
  }
  return places[0] ?? { label: 'its socket' };
}
