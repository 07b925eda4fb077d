import { parseConfigJson } from './config-json.ts';
import type { PlainValue } from './config-values.ts';
import type { ModelConfig } from './model-config.ts';
import { printModelConfig } from './print-config.ts';

/**
 * The config that a server tells (`GET /v2/models/<model>/config`) as config.pbtxt, without the fields that it prints
 * though they hold nothing.
 * @throws StatusError `invalid-argument` for a field that Conch does not know.
 */
export function printServedConfig(json: string): string {
  return printModelConfig(withoutNothing(parseConfigJson(json)) as ModelConfig);
}

function isNothing(value: PlainValue | undefined): boolean {
  return value === '' || value === 0 || value === false || (Array.isArray(value) && value.length === 0);
}

/** Leaves out what protobuf takes for not there: empty texts and lists, 0 and false (not in lists, not messages). */
function withoutNothing(value: PlainValue | undefined): PlainValue | undefined {
  if (Array.isArray(value)) return value.map((item: PlainValue) => withoutNothing(item) as PlainValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) =>
      isNothing(member) ? [] : [[name, withoutNothing(member)]],
    ),
  );
}

/**
 * The files that a served config needs, by path in the model directory: a server tells its config and gives out none
 * of them. Where the backend names no model file, the version directory stands for it (`1/`).
 * @param versions of the model that the server has, `['1']`.
 */
export function filesOfServedConfig(json: string, versions: readonly string[]): readonly string[] {
  const config = parseConfigJson(json);
  const isEnsemble = config.platform === 'ensemble';
  const models = [config.default_model_filename ?? '', ...Object.values(config.cc_model_filenames ?? {})];
  const named = models.filter((file) => file !== '');
  const inVersions = isEnsemble
    ? []
    : versions.flatMap((version) =>
        named.length === 0 ? [`${version}/`] : named.map((file) => `${version}/${file}`),
      );
  const labels = (config.output ?? []).map(({ label_filename }) => label_filename ?? '');
  const warmup = (config.model_warmup ?? []).flatMap(({ inputs }) =>
    Object.values(inputs ?? {}).flatMap(({ input_data_file }) =>
      input_data_file ? [`warmup/${input_data_file}`] : [],
    ),
  );
  return [...new Set([...inVersions, ...labels.filter((file) => file !== ''), ...warmup])];
}
