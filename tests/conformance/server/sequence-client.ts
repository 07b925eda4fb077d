import { request } from 'node:http';
import type { Answer, ServerUnderTest, TestModel } from './server-under-test.ts';

/** One request of a sequence, as JSON. */
export interface SequenceStep {
  readonly id?: number | string;
  readonly start?: boolean;
  readonly end?: boolean;
  readonly timeout?: number;
  readonly value?: unknown;
  readonly values?: readonly unknown[];
  readonly datatype?: string;
  readonly shape?: readonly number[];
  readonly requestId?: string;
}

/** The body of a request of a sequence: the sequence parameters that are given, and `INPUT`. */
export function sequenceBody(step: SequenceStep): string {
  const { id, start, end, timeout, value = 1, datatype = 'INT32', requestId } = step;
  const values = step.values ?? [value];
  const shape = step.shape ?? [1, values.length];
  const parameters = { sequence_id: id, sequence_start: start, sequence_end: end, timeout };
  return JSON.stringify({
    id: requestId,
    inputs: [{ name: 'INPUT', datatype, shape, data: values }],
    parameters,
  });
}

/** Sends one request of a sequence. */
export function sendStep(server: ServerUnderTest, model: string, step: SequenceStep): Promise<Answer> {
  return server.call(`/v2/models/${model}/infer`, { body: sequenceBody(step) });
}

/** Sends one request of a sequence and goes away before it is answered: call the result to do so. */
export function sendAndLeave(server: ServerUnderTest, model: string, step: SequenceStep): () => void {
  const { port } = server;
  const outgoing = request({ host: '127.0.0.1', port, path: `/v2/models/${model}/infer`, method: 'POST' });
  outgoing.on('error', () => undefined);
  outgoing.end(sequenceBody(step));
  return () => outgoing.destroy();
}

/** The data of an output; rejects with status and text if there is none. */
export function outputOf(answer: Answer, name = 'OUTPUT'): readonly unknown[] {
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  const { outputs } = JSON.parse(answer.text) as { outputs: { name: string; data: unknown[] }[] };
  const output = outputs.find((each) => each.name === name);
  if (!output) throw new Error(`no output ${name} in ${answer.text}`);
  return output.data;
}

/** Sends one request of a sequence; its output, or status and text of the failure. */
export async function step(server: ServerUnderTest, model: string, each: SequenceStep): Promise<unknown> {
  const answer = await sendStep(server, model, each);
  return answer.status === 200 ? outputOf(answer)[0] : `${answer.status} ${answer.text}`;
}

/** A model with one input, one output and one state of the same type. */
export function statefulModel(
  file: string,
  batching: string,
  { rows = 4, instances = 1, dataType = 'TYPE_INT32', dims = '1', initial = '', more = '' } = {},
): TestModel {
  return {
    file,
    config: `max_batch_size: ${rows}
input { name: "INPUT" data_type: ${dataType} dims: 1 }
output { name: "OUTPUT" data_type: ${dataType} dims: ${dims} }
instance_group { kind: KIND_CPU count: ${instances} }
sequence_batching { ${batching} state { input_name: "INPUT_STATE" output_name: "OUTPUT_STATE" data_type: ${dataType} dims: ${dims} ${initial} } }
${more}`,
  };
}

/** What the model's statistics say. */
export interface SequenceStatistics {
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: Readonly<Record<'success' | 'fail', { readonly count: number }>>;
  readonly batch_stats: readonly {
    readonly batch_size: number;
    readonly compute_infer: { readonly count: number };
  }[];
}

export async function statisticsOf(server: ServerUnderTest, model: string): Promise<SequenceStatistics> {
  const answer = await server.call(`/v2/models/${model}/stats`);
  const { model_stats: all } = JSON.parse(answer.text) as { model_stats: SequenceStatistics[] };
  const [only] = all;
  if (!only) throw new Error(answer.text);
  return only;
}
