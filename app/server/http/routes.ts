import { StatusError } from '../../core/status.ts';

/** What a request is about; `apis` are the categories of `--http-restricted-api`. */
export type RouteName =
  | 'all-statistics'
  | 'model-infer'
  | 'model-generate'
  | 'model-generate-stream'
  | 'model-ready'
  | 'model-config'
  | 'model-statistics'
  | 'model-trace'
  | 'model-metadata'
  | 'model-docs'
  | 'server-metadata'
  | 'server-live'
  | 'server-ready'
  | 'system-shared-memory'
  | 'cuda-shared-memory'
  | 'repository-index'
  | 'repository-load'
  | 'repository-unload'
  | 'trace'
  | 'logging';

/** A request that matched: which route, and what stood in its path, as it stood there. */
export interface Route {
  readonly name: RouteName;
  /** Model or region name; empty if the path has none. */
  readonly subject: string;
  /** Version digits of the path, null if it names none. */
  readonly version: string | null;
  /** The last word of shared memory paths, the repository name of repository paths. */
  readonly detail: string;
}

/** Category in `--http-restricted-api`, and the verbs that are answered. */
export const ROUTES: Readonly<
  Record<RouteName, { readonly api: string; readonly methods: readonly string[] }>
> = {
  'all-statistics': { api: 'statistics', methods: ['GET'] },
  'model-infer': { api: 'inference', methods: ['POST'] },
  'model-generate': { api: 'inference', methods: ['POST'] },
  'model-generate-stream': { api: 'inference', methods: ['POST'] },
  'model-ready': { api: 'health', methods: ['GET'] },
  'model-config': { api: 'model-config', methods: ['GET'] },
  'model-statistics': { api: 'statistics', methods: ['GET'] },
  'model-trace': { api: 'trace', methods: ['GET', 'POST'] },
  'model-metadata': { api: 'metadata', methods: ['GET'] },
  'model-docs': { api: 'metadata', methods: ['GET'] },
  'server-metadata': { api: 'metadata', methods: ['GET'] },
  'server-live': { api: 'health', methods: ['GET'] },
  'server-ready': { api: 'health', methods: ['GET'] },
  'system-shared-memory': { api: 'shared-memory', methods: ['GET', 'POST'] },
  'cuda-shared-memory': { api: 'shared-memory', methods: ['GET', 'POST'] },
  'repository-index': { api: 'model-repository', methods: ['POST'] },
  'repository-load': { api: 'model-repository', methods: ['POST'] },
  'repository-unload': { api: 'model-repository', methods: ['POST'] },
  trace: { api: 'trace', methods: ['GET', 'POST'] },
  logging: { api: 'logging', methods: ['GET', 'POST'] },
};

const MODEL_ROUTES: Readonly<Record<string, RouteName>> = {
  infer: 'model-infer',
  generate: 'model-generate',
  generate_stream: 'model-generate-stream',
  ready: 'model-ready',
  config: 'model-config',
  stats: 'model-statistics',
  'trace/setting': 'model-trace',
};

type Make = (parts: readonly (string | undefined)[]) => Route;

const route = (name: RouteName, subject = '', version: string | null = null, detail = ''): Route => ({
  name,
  subject,
  version,
  detail,
});

/** Tried in Triton's order against the raw path, without its query; nothing is decoded. */
const PATTERNS: readonly (readonly [RegExp, Make])[] = [
  [/^\/v2\/models\/stats$/, () => route('all-statistics')],
  [
    /^\/v2\/models\/([^/]+)(?:\/versions\/([0-9]+))?(?:\/(infer|generate|generate_stream|ready|config|stats|trace\/setting))?$/,
    ([model = '', version, action]) =>
      route((action && MODEL_ROUTES[action]) || 'model-metadata', model, version ?? null, action ?? ''),
  ],
  [/^\/v2$/, () => route('server-metadata')],
  [/^\/v2\/health\/(live|ready)$/, ([word]) => route(word === 'live' ? 'server-live' : 'server-ready')],
  [
    /^\/v2\/systemsharedmemory(?:\/region\/([^/]+))?\/(status|register|unregister)$/,
    ([region, action]) => route('system-shared-memory', region, null, action),
  ],
  [
    /^\/v2\/cudasharedmemory(?:\/region\/([^/]+))?\/(status|register|unregister)$/,
    ([region, action]) => route('cuda-shared-memory', region, null, action),
  ],
  [
    /^\/v2\/repository(?:\/([^/]+))?\/(index|models\/([^/]+)\/(load|unload))$/,
    ([repository, , model, action]) => {
      const name =
        action === undefined
          ? 'repository-index'
          : action === 'load'
            ? 'repository-load'
            : 'repository-unload';
      return route(name, model, null, repository);
    },
  ],
  // Ours: Triton has no documentation endpoint.
  [
    /^\/v2\/models\/([^/]+)(?:\/versions\/([0-9]+))?\/docs(\/openapi\.json)?$/,
    ([model = '', version, document]) => route('model-docs', model, version ?? null, document),
  ],
  [/^\/v2\/trace\/setting$/, () => route('trace')],
  [/^\/v2\/logging$/, () => route('logging')],
];

/** The route of a raw path; null: 404. */
export function matchRoute(path: string): Route | null {
  for (const [pattern, make] of PATTERNS) {
    const match = pattern.exec(path);
    if (!match) continue;
    const found = make(match.slice(1));
    // Triton's pattern for models does not let a version stand before trace/setting.
    return found.name === 'model-trace' && found.version !== null ? null : found;
  }
  return null;
}

const MAX_VERSION = 0x7fff_ffff_ffff_ffffn;

/** The version number that a path names; null for none. @throws StatusError for one that fits no integer. */
export function versionOf({ version }: Route): string | null {
  if (version === null) return null;
  const number = BigInt(version);
  if (number <= MAX_VERSION) return String(number);
  throw new StatusError(
    'invalid-argument',
    `failed to get model version from specified version string '${version}' (details: stol), version should be an integral value > 0`,
  );
}
