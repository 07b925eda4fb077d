import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesSource } from '../../../../app/core/formats/byte-source.ts';
import { inspectOnnx } from '../../../../app/core/formats/onnx/inspect.ts';
import { signatureOf } from '../../../../app/core/model-config/onnx-signature.ts';
import type { ModelSignature } from '../../../../app/core/model-config/onnx-signature.ts';
import { unpackRepositories, type UnpackedRepositories } from '../../../support/recorded-repositories.ts';
import type { GoldenAnswer, GoldenRow } from './golden-rows.ts';
import { answerOf, withNamesSorted } from './golden-rows.ts';

const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));
const RECORDINGS = `${REPOSITORY}tests/fixtures/goldens/`;

interface RecordedRow {
  readonly repositories: readonly string[];
  readonly flags: readonly string[];
  readonly model: string;
  readonly config_pbtxt: string | null;
  readonly files: readonly string[];
  readonly log: readonly string[];
  readonly load?: { readonly status: number };
  readonly config: { readonly body: string };
}

/** Refusals that are for the repository, the backend's own libraries or ONNX Runtime to say, not for a config. */
const DECIDED_ELSEWHERE = [
  /unable to find backend library|escapes backend directory|libtritonrepoagent/,
  /at least one version must be available|is not loaded|which has no loaded version/,
  /failed to (?:stat|open text) file|onnx runtime error/,
  /^in ensemble |circular dependency|allows maximum batch size|models that are not available/,
  /^warmup setting|^failed to run warmup|^\[request id: /,
];

let repositories: UnpackedRepositories;
beforeAll(async () => {
  repositories = await unpackRepositories(RECORDINGS);
});
afterAll(() => repositories.remove());

test('every recorded answer of a real Triton is ours too, where config and model decide it', async () => {
  let compared = 0;
  const differences: string[] = [];
  for (const name of ['model_config', 'model_config_noauto', 'model_config_qa']) {
    for (const line of linesOf(`${RECORDINGS}${name}.jsonl`)) {
      const recorded = JSON.parse(line) as RecordedRow;
      const answer = recordedAnswer(recorded);
      if (!answer || recorded.config_pbtxt?.startsWith('base64:')) continue;
      compared++;
      const ours = answerOf(await rowOf(recorded));
      if (JSON.stringify(ours) !== JSON.stringify(answer))
        differences.push(
          `${name} ${recorded.model}: ${JSON.stringify(ours)} is not ${JSON.stringify(answer)}`,
        );
    }
  }
  expect(differences).toEqual([]);
  expect(compared).toBeGreaterThan(400);
});

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').trim().split('\n');
}

function recordedAnswer({ load, log, config }: RecordedRow): GoldenAnswer | null {
  if (!load) return null;
  if (load.status === 200) return { config: withNamesSorted(config.body) };
  const syntax = log.find((line) => line.startsWith('P '));
  if (syntax) return { syntax: syntax.replace(/^.*inference\.ModelConfig: /s, '') };
  const refusals = log.flatMap((line) => {
    const poll = /^E Poll failed for model directory '[^']*': (.*)$/s.exec(line);
    const loading = /^E failed to load '[^']*' version -?\d+: [A-Z][a-z ]*: (.*)$/s.exec(line);
    return poll?.[1] ?? loading?.[1] ?? [];
  });
  const refusal = refusals[0];
  if (refusal === undefined || DECIDED_ELSEWHERE.some((pattern) => pattern.test(refusal))) return null;
  return { refusal };
}

async function rowOf(recorded: RecordedRow): Promise<Omit<GoldenRow, 'answer'>> {
  const directory = `${repositories.path}/${recorded.repositories[0] ?? ''}/${recorded.model}`;
  const paths = recorded.files.map((path) => path.split('/')).filter(({ length }) => length > 1);
  const versions = [...new Set(paths.map(([version = '']) => version))].toSorted();
  return {
    model: recorded.model,
    autoComplete: !recorded.flags.includes('--disable-auto-complete-config'),
    text: recorded.config_pbtxt ?? '',
    firstVersionFiles: paths
      .filter(([version]) => version === versions[0])
      .map((path) => path.slice(1).join('/')),
    signature: await readSignature(`${directory}/${versions.at(-1) ?? ''}/model.onnx`),
  };
}

async function readSignature(path: string): Promise<ModelSignature | null> {
  if (!existsSync(path) || !statSync(path).isFile()) return null;
  const source = bytesSource(new Uint8Array(readFileSync(path)));
  const tree = { paths: ['model.onnx'], open: () => Promise.resolve(source) };
  const candidate = { tree, path: 'model.onnx', source, head: new Uint8Array(), zip: null };
  return signatureOf(await inspectOnnx(candidate));
}
