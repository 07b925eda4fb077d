import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { replay, type Golden } from './golden-replay.ts';
import { ServerUnderTest } from './server-under-test.ts';

const COMMITTED = fileURLToPath(new URL('../../fixtures/goldens/server/', import.meta.url));
const RECORDED = fileURLToPath(new URL('../../../../shared/goldens/', import.meta.url));
const isRecordedHere = existsSync(join(RECORDED, 'repositories'));

/** The recordings that say what a server without ensembles, sequences and generate has to answer. */
const RECORDINGS = [
  'http_basic',
  'infer_json',
  'infer_binary',
  'infer_errors',
  'raw_binary',
  'compression',
  'classification',
  'repository_explicit',
  'repository_none',
  'repository_misc',
  'qa_infer',
  'limits',
] as const;

/** Recorded answers that we give differently, by file and name, and why. Every other answer must agree. */
const KNOWN_DIFFERENCES: readonly { readonly why: string; readonly answers: readonly string[] }[] = [
  {
    why: 'Ensembles are the next step: what serves, lists or waits for one.',
    answers: [
      'http_basic: GET /v2/health/ready',
      'http_basic: GET /v2/models/ens_addsub',
      'http_basic: GET /v2/models/ens_addsub/config',
      'infer_json: ens_addsub',
      'infer_json: ens_fail',
      'infer_errors: ens wrong input',
      'infer_errors: ens missing',
      'infer_errors: ens shape',
      'infer_errors: ens output unknown',
      'repository_explicit: load ens',
      'repository_explicit: index after ens',
      'repository_explicit: infer ens',
      'repository_explicit: index after unloading step',
      'repository_explicit: index after step reload',
      'repository_explicit: index after unload dependents',
      'repository_explicit: index after unload bad',
      'repository_explicit: index after: file without config',
      'repository_explicit: index after: file with config',
      'repository_explicit: index after: file with config no backend',
      'repository_explicit: index after: file version 7',
      'repository_explicit: index after: file bad base64',
      'repository_explicit: index after: file number',
      'repository_explicit: index after: file garbage',
      'repository_explicit: index after: file escape',
      'repository_explicit: index after: file empty name',
      'repository_explicit: index after: file no version',
      'repository_explicit: index brandnew',
      'repository_none: index',
      'repository_misc: duplicate model in two repositories: index',
      'repository_misc: strict-readiness false: index',
      'repository_misc: disable-auto-complete: index',
    ],
  },
  {
    why: 'Sequence batching is the next step.',
    answers: ['http_basic: GET /v2/models/st_direct', 'raw_binary: seq raw'],
  },
  {
    why: 'The generate endpoints are the next step.',
    answers: ['limits: generate 2000'],
  },
  {
    why: 'Ragged batches are the next step.',
    answers: ['qa_infer: qa_ragged/onnx_batch_input', 'qa_infer: qa_ragged/onnx_batch_item'],
  },
  {
    why: 'Namespaces of repositories are the next step: the flag is refused.',
    answers: [
      'repository_misc: namespacing: index',
      'repository_misc: namespacing: ready',
      'repository_misc: namespacing: good config',
      'repository_misc: namespacing: load good',
    ],
  },
  {
    why: "Node's parser refuses an unknown verb before we see it.",
    answers: ['http_basic: FOO /v2'],
  },
  {
    why: 'ONNX Runtime would cut these strings at their NUL: we say so instead.',
    answers: [
      'infer_binary: id_string bin',
      'infer_binary: idn_string bin',
      'infer_binary: id_string bin batch2',
      'infer_binary: id_string bin in json out',
    ],
  },
  {
    why: "Triton's JSON parser loses the last bits of these doubles; ours are exact.",
    answers: ['infer_json: fp64 print [16777217, 1e-45, 3.4028234663852886e+38]'],
  },
  {
    why: 'The recording lacks the body that was sent in chunks.',
    answers: ['limits: many chunks below limit'],
  },
];

async function readGoldens(path: string, file: string): Promise<Golden[]> {
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  return lines
    .map((line) => Object.assign({ file }, JSON.parse(line) as Omit<Golden, 'file'>))
    .filter(
      (golden): golden is Golden =>
        'request' in golden && golden.request.port !== 'metrics' && golden.response.status !== -1,
    );
}

/** The committed answers that we give differently, on purpose or not yet; all others must agree. */
const DIFFERENT_ON_PURPOSE: ReadonlySet<string> = new Set([
  // Node's parser refuses an unknown verb before we see it.
  'FOO /v2',
  // ONNX Runtime would cut these strings at their NUL: we say so instead.
  'id_string bin',
  'id_string bin batch2',
  'id_string bin in json out',
]);

test('every committed answer of a real Triton is ours too', async () => {
  const goldens = await readGoldens(join(COMMITTED, 'answers.jsonl'), 'answers');
  const server = await ServerUnderTest.start({}, [`--model-repository=${join(COMMITTED, 'models')}`]);
  try {
    const different: string[] = [];
    for (const golden of goldens) {
      const verdict = await replay(golden, server.port, (text) => text);
      if (verdict === 'different' && !DIFFERENT_ON_PURPOSE.has(golden.name)) different.push(golden.name);
    }
    expect(goldens.length).toBeGreaterThan(200);
    expect(different).toEqual([]);
  } finally {
    await server.stop();
  }
});

interface Group {
  readonly repositories: readonly string[];
  readonly flags: readonly string[];
  readonly goldens: Golden[];
}

function groupByServer(goldens: readonly Golden[]): Group[] {
  const groups: Group[] = [];
  for (const golden of goldens) {
    const { repositories = [], flags = [] } = golden;
    const key = JSON.stringify([repositories, flags]);
    const last = groups.find((group) => JSON.stringify([group.repositories, group.flags]) === key);
    if (last) last.goldens.push(golden);
    else groups.push({ repositories, flags, goldens: [golden] });
  }
  return groups;
}

/** Names of the answers that differ. */
async function replayGroup({ repositories, flags, goldens }: Group): Promise<readonly string[]> {
  const root = await mkdtemp(join(tmpdir(), 'conch-goldens-'));
  const places = repositories.map((name, index) => ({ name, path: join(root, `${index}-${name}`) }));
  for (const { name, path } of places)
    await cp(join(RECORDED, 'repositories', name), path, { recursive: true });
  const place = (text: string): string =>
    places
      .reduce((placed, { name, path }) => placed.replaceAll(path, `{repositories}/${name}`), text)
      .replaceAll(/[^" ]*\/folder\w{6}/g, '{upload}');
  const server = await ServerUnderTest.startOn(
    places.map(({ path }) => path),
    [...flags, '--exit-on-error=false'],
  ).catch(() => null);
  const different: string[] = [];
  for (const golden of goldens) {
    const verdict = server ? await replay(golden, server.port, place) : 'different';
    if (verdict === 'different') different.push(`${golden.file}: ${golden.name}`);
  }
  await server?.stop();
  await rm(root, { recursive: true, force: true });
  return different;
}

describe.skipIf(!isRecordedHere)(
  'recorded answers of a real Triton (skipped where the recordings are not beside the repository)',
  () => {
    test('are ours too, but for those that differ for a known reason', { timeout: 900_000 }, async () => {
      const goldens: Golden[] = [];
      for (const file of RECORDINGS)
        goldens.push(...(await readGoldens(join(RECORDED, `${file}.jsonl`), file)));
      const known = new Set(KNOWN_DIFFERENCES.flatMap(({ answers }) => answers));
      const different = new Set<string>();
      for (const group of groupByServer(goldens))
        for (const name of await replayGroup(group)) different.add(name);
      expect([...different].filter((name) => !known.has(name))).toEqual([]);
      expect([...known].filter((name) => !different.has(name))).toEqual([]);
    });
  },
);
