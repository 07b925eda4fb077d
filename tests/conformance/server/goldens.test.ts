import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { replay, type Golden, type Verdict } from './golden-replay.ts';
import { ServerUnderTest } from './server-under-test.ts';

const COMMITTED = fileURLToPath(new URL('../../fixtures/goldens/server/', import.meta.url));
const RECORDED = fileURLToPath(new URL('../../../../shared/goldens/', import.meta.url));
const isRecordedHere = existsSync(join(RECORDED, 'repositories'));

/** Share of each recorded file that must agree. What is missing are ensembles, sequences, ragged batches and generate. */
const AGREEMENT: Readonly<Record<string, number>> = {
  http_basic: 0.91,
  infer_json: 0.97,
  infer_binary: 0.93,
  infer_errors: 0.95,
  raw_binary: 0.91,
  compression: 1,
  classification: 1,
  repository_explicit: 0.88,
  repository_none: 0.87,
  repository_misc: 0.78,
  qa_infer: 0.95,
  limits: 0.84,
};

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

async function replayGroup(
  { repositories, flags, goldens }: Group,
  verdicts: Map<string, Verdict[]>,
): Promise<void> {
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
  for (const golden of goldens) {
    const verdict = server ? await replay(golden, server.port, place) : 'different';
    verdicts.set(golden.file, [...(verdicts.get(golden.file) ?? []), verdict]);
  }
  await server?.stop();
  await rm(root, { recursive: true, force: true });
}

describe.skipIf(!isRecordedHere)(
  'recorded answers of a real Triton (skipped where the recordings are not beside the repository)',
  () => {
    test('agree at least as often as they did', { timeout: 900_000 }, async () => {
      const goldens: Golden[] = [];
      for (const file of Object.keys(AGREEMENT))
        goldens.push(...(await readGoldens(join(RECORDED, `${file}.jsonl`), file)));
      const verdicts = new Map<string, Verdict[]>();
      for (const group of groupByServer(goldens)) await replayGroup(group, verdicts);
      const rates = Object.fromEntries(
        [...verdicts].map(([file, all]) => [
          file,
          all.filter((verdict) => verdict !== 'different').length / all.length,
        ]),
      );
      for (const [file, least] of Object.entries(AGREEMENT)) {
        expect.soft(rates[file], `${file}: ${JSON.stringify(rates)}`).toBeGreaterThanOrEqual(least);
      }
    });
  },
);
