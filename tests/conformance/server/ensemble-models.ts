import type { TestModel } from './server-under-test.ts';

/** An entry of `input` or `output`. */
export interface TestTensor {
  readonly name: string;
  readonly type?: string;
  readonly dims?: string;
  readonly more?: string;
}

function tensors(field: 'input' | 'output', list: readonly TestTensor[]): string {
  return list
    .map(
      ({ name, type = 'TYPE_INT32', dims = '4', more = '' }) =>
        `${field} { name: "${name}" data_type: ${type} dims: [ ${dims} ] ${more} }`,
    )
    .join('\n');
}

/** A model of Triton's identity backend: OUTPUTn is INPUTn, after `delayMilliseconds`. */
export function identity(
  options: {
    readonly inputs?: readonly TestTensor[];
    readonly outputs?: readonly TestTensor[];
    readonly batch?: number;
    readonly delayMilliseconds?: number;
    readonly more?: string;
  } = {},
): TestModel {
  const { inputs = [{ name: 'INPUT0' }], outputs = [{ name: 'OUTPUT0' }], batch = 8, more = '' } = options;
  return {
    config: [
      'backend: "identity"',
      `max_batch_size: ${String(batch)}`,
      tensors('input', inputs),
      tensors('output', outputs),
      `parameters { key: "execute_delay_ms" value { string_value: "${String(options.delayMilliseconds ?? 0)}" } }`,
      more,
    ].join('\n'),
  };
}

/** A step: its model, and `model tensor = ensemble tensor` for what it reads and writes. */
export type TestStep = readonly [
  model: string,
  reads: Readonly<Record<string, string>>,
  writes: Readonly<Record<string, string>>,
  version?: number,
];

function mapping(field: string, map: Readonly<Record<string, string>>): string {
  return Object.entries(map)
    .map(([key, value]) => `${field} { key: "${key}" value: "${value}" }`)
    .join(' ');
}

/** An ensemble of steps. */
export function ensemble(
  steps: readonly TestStep[],
  options: {
    readonly inputs?: readonly TestTensor[];
    readonly outputs?: readonly TestTensor[];
    readonly batch?: number;
    readonly scheduling?: string;
    readonly more?: string;
  } = {},
): TestModel {
  const { inputs = [{ name: 'IN' }], outputs = [{ name: 'OUT' }], batch = 8 } = options;
  const written = steps.map(
    ([model, reads, writes, version = -1]) =>
      `step { model_name: "${model}" model_version: ${String(version)} ${mapping('input_map', reads)} ${mapping('output_map', writes)} }`,
  );
  return {
    config: [
      'platform: "ensemble"',
      `max_batch_size: ${String(batch)}`,
      tensors('input', inputs),
      tensors('output', outputs),
      `ensemble_scheduling { ${written.join('\n')} ${options.scheduling ?? ''} }`,
      options.more ?? '',
    ].join('\n'),
  };
}

/** What `GET …/stats` says of one version. */
export interface Stats {
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: Readonly<
    Record<
      'success' | 'fail' | 'queue' | 'compute_infer' | 'cache_hit' | 'cache_miss',
      { readonly count: number; readonly ns: number }
    >
  >;
  readonly response_stats: Readonly<Record<string, unknown>>;
  readonly batch_stats: readonly {
    readonly batch_size: number;
    readonly compute_infer: { readonly count: number };
  }[];
}
