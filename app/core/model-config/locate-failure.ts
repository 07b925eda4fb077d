import type { ConfigDiagnostic, ConfigDocument } from './config-document.ts';
import type { ConfigPath } from './edit-config.ts';
import { findField } from './edit-config.ts';
import type { PlainObject } from './config-values.ts';
import { configOf } from './config-values.ts';
import { placesOf } from './text-places.ts';

/** A kind of refusal and the places in a config that it is about, the best first. `$1` is the pattern's first group. */
type Place = readonly [pattern: RegExp, ...paths: readonly string[]];

const PLACES: readonly Place[] = [
  [/must specify 'data_type'|datatype TYPE_/, 'io.data_type', 'io'],
  [/reshape/, 'io.reshape', 'io'],
  [/(?:dimension|dims|shape)/, 'io.reshape', 'io.dims', 'io'],
  [/NHWC\/NCHW/, 'input'],
  [/shape tensors|Non-linear IO/, 'input'],
  [/model (input|output) must specify 'name'/, '$1'],
  [/unexpected inference (input|output) '/, 'io.name', '$1'],
  [/optional input/, 'io.optional', 'io'],
  [/for (?:input|output) '/, 'io'],
  [/configuration expects \d+ inputs/, 'input'],
  [/batch input|unknown source input/, 'batch_input'],
  [/batch output|target output/, 'batch_output'],
  [/unexpected directory name/, 'name'],
  [/'platform' and 'backend' pair|unexpected platform/, 'platform', 'backend', 'default_model_filename'],
  [/backend/, 'backend', 'runtime'],
  [/max_batch_size/, 'max_batch_size'],
  [/sequence batching preferred/, 'sequence_batching.oldest.preferred_batch_size'],
  [/slot utilization/, 'sequence_batching.direct.minimum_slot_utilization'],
  [
    /sequence (?:batching|control)|for control CONTROL/,
    'sequence_batching.control_input',
    'sequence_batching',
  ],
  [/initial_state|[Ss]tate input/, 'sequence_batching.state', 'sequence_batching'],
  [/Response Cache/, 'response_cache'],
  [/preferred size/, 'dynamic_batching.preferred_batch_size'],
  [/default priority level/, 'dynamic_batching.default_priority_level', 'dynamic_batching.priority_levels'],
  [/priority queue policy/, 'dynamic_batching.priority_queue_policy'],
  [/preserve_ordering/, 'dynamic_batching.preserve_ordering'],
  [/instance group/, 'instance_group'],
  [/optimization should/, 'optimization'],
  [/model_warmup|warmup/, 'model_warmup'],
  [/metric/, 'model_metrics'],
  [/execution_mode|to integral number|to boolean/, 'parameters'],
  [/Execution Accelerator/, 'optimization.execution_accelerators', 'optimization'],
  [/ensemble/, 'ensemble_scheduling', 'platform'],
];

/**
 * A refusal of a server as a diagnostic at the field that it is about: the named input or output, the section, or the
 * whole first line where it is about something that is not written.
 */
export function locateFailure(document: ConfigDocument, message: string): ConfigDiagnostic {
  const paths = PLACES.filter(([pattern]) => pattern.test(message)).flatMap(([pattern, ...places]) =>
    places.flatMap((place) => resolvePlace(place, pattern, message, document)),
  );
  const found = paths.map((path) => findField(document, path)).find((range) => range !== null);
  const { text } = document;
  const lineEnd = text.indexOf('\n');
  const { start, end } = found ?? { start: 0, end: lineEnd < 0 ? text.length : lineEnd };
  return { severity: 'error', message, range: placesOf(text).rangeOf(start, end) };
}

function resolvePlace(
  place: string,
  pattern: RegExp,
  message: string,
  document: ConfigDocument,
): readonly ConfigPath[] {
  if (place === 'io' || place.startsWith('io.')) {
    const path = namedTensor(message, document);
    return path ? [[...path, ...place.split('.').slice(1)]] : [];
  }
  const name = place === '$1' ? (pattern.exec(message)?.[1] ?? '') : place;
  return [name.split('.')];
}

/** The path of the input or output whose name stands in quotes in the message. */
function namedTensor(message: string, document: ConfigDocument): ConfigPath | null {
  const config = configOf(document.root) as PlainObject;
  const quoted = new Set(Array.from(message.matchAll(/'([^']*)'/g), ([, name]) => name));
  const sides = /output/.test(message) ? (['output', 'input'] as const) : (['input', 'output'] as const);
  for (const side of sides) {
    const tensors = (config[side] ?? []) as readonly PlainObject[];
    const index = tensors.findIndex(({ name }) => typeof name === 'string' && quoted.has(name));
    if (index >= 0) return [side, index];
  }
  return null;
}
