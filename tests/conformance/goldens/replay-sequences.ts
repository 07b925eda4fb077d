import { setTimeout as sleep } from 'node:timers/promises';
import { compareTexts, isObject, parseJson, type Json } from './compare-json.ts';
import type { BriefAnswer, Row } from './recording.ts';
import type { ReplayServer } from './replay-server.ts';
import { different, EXACT, worst, type Verdict } from './verdict.ts';

/** The real server starts these from memory that nobody has written: only differences between steps count. */
const WITHOUT_INITIAL_STATE = /\/v2\/models\/(st_direct|st_oldest|st_expose|seq_1slot)\/infer/;

/** By model and sequence, what the real server's state is ahead of ours. */
export class StateOffsets {
  readonly #offsets = new Map<string, number>();

  /** Whether two values differ by what they differed at the start of their sequence. */
  isAlike(sequence: string, isStart: boolean, want: number, got: number): boolean {
    const offset = (want - got) | 0;
    if (isStart || !this.#offsets.has(sequence)) this.#offsets.set(sequence, offset);
    return this.#offsets.get(sequence) === offset;
  }
}

export function startsFromUnknownState(path: string): boolean {
  return WITHOUT_INITIAL_STATE.test(path);
}

function outputs(body: Json | undefined): Json[] {
  const all = isObject(body) ? body['outputs'] : undefined;
  return Array.isArray(all) ? [...(all as readonly Json[])] : [];
}

function valuesOf(body: string): number[] {
  return outputs(parseJson(body)).flatMap((output) => (isObject(output) ? (output['data'] as number[]) : []));
}

function withoutData(body: string): string {
  return body.replaceAll(/"data":\[[^\]]*\]/g, '"data":[]');
}

/** Compares answers of a model with implicit state, the unknown start left out. */
export function stateComparison(
  offsets: StateOffsets,
  request: string,
  path: string,
): (want: string, got: string) => Verdict {
  const body = parseJson(request);
  const parameters = isObject(body) && isObject(body['parameters']) ? body['parameters'] : {};
  const sequence = `${path} ${JSON.stringify(parameters['sequence_id'])}`;
  const isStart = parameters['sequence_start'] === true;
  return (want, got) => {
    const shape = compareTexts(withoutData(want), withoutData(got));
    const [left, right] = [valuesOf(want), valuesOf(got)];
    const isAlike = left.every((value, at) =>
      offsets.isAlike(`${sequence} ${at}`, isStart, value, right[at] ?? 0),
    );
    return isAlike ? shape : worst([shape, different(want, got)]);
  };
}

interface Step {
  readonly name: string;
  readonly id: number;
  readonly value: number;
  readonly start?: boolean;
  readonly end?: boolean;
}

async function sendStep(
  server: ReplayServer,
  step: Step,
): Promise<BriefAnswer & { readonly seconds: number }> {
  const from = performance.now();
  const { id, value, start = false, end = false } = step;
  const { status, body } = await server.post(
    '/v2/models/seq_1slot/infer',
    JSON.stringify({
      inputs: [{ name: 'INPUT', shape: [1, 1], datatype: 'INT32', data: [value] }],
      parameters: { sequence_id: id, sequence_start: start, sequence_end: end },
    }),
  );
  return { status, body: body.toString('utf8'), seconds: (performance.now() - from) / 1000 };
}

const PAUSE_MILLISECONDS = 150;
/** Longer than seq_1slot lets a sequence be idle. */
const IDLE_MILLISECONDS = 1800;

/** A second sequence waits for the only slot: until the first ends, or has been idle for too long. */
export async function replayBacklog(server: ReplayServer, name: string, row: Row): Promise<Verdict> {
  const expected = row.results ?? {};
  const waitName = Object.keys(expected).find((key) => key.startsWith('B start')) ?? '';
  const endsByEnd = name.includes('END');
  const [first, second] = endsByEnd ? [61, 62] : [71, 72];
  const got: Record<string, BriefAnswer & { readonly seconds: number }> = {};
  const step = async (each: Step): Promise<void> => {
    got[each.name] = await sendStep(server, each);
  };
  await step({ name: 'A start', id: first, value: 1, start: true });
  const waiting = step({ name: waitName, id: second, value: 10, start: true });
  if (endsByEnd) {
    await sleep(PAUSE_MILLISECONDS);
    await step({ name: 'A next', id: first, value: 2 });
    await sleep(PAUSE_MILLISECONDS);
    await step({ name: 'A end', id: first, value: 3, end: true });
    await waiting;
  } else {
    await waiting;
    await step({ name: 'A after idle', id: first, value: 2 });
  }
  // The recording sent nothing more: B's slot is free when B has been idle for too long.
  await sleep(IDLE_MILLISECONDS);
  return worst([
    compareSteps(expected, got),
    compareWait(expected[waitName]?.seconds ?? 0, got[waitName]?.seconds),
  ]);
}

function compareSteps(
  expected: Readonly<Record<string, BriefAnswer>>,
  got: Readonly<Record<string, BriefAnswer>>,
): Verdict {
  const offsets = new StateOffsets();
  return worst(
    Object.entries(expected).map(([name, { status, body }]) => {
      const answer = got[name];
      if (answer?.status !== status)
        return different(`${name} ${status} ${body}`, `${name} ${answer?.status} ${answer?.body}`);
      const sequence = JSON.stringify({ parameters: { sequence_id: name.slice(0, 1) } });
      return stateComparison(offsets, sequence, '')(body, answer.body);
    }),
  );
}

function compareWait(expected: number, got = 0): Verdict {
  const isAlike = got > expected * 0.6 && got < expected + 1.5;
  return isAlike ? EXACT : different(`a wait of ${expected} s`, `a wait of ${got.toFixed(2)} s`);
}
