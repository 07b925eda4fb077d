import type { Labels } from './metric-text.ts';

/** Names that Prometheus takes; those with two underscores in front are its own. */
const LABEL_NAME = /^(?!__)[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The labels that the `metric_tags` of a model config give its series: `_<key>`. A key that makes no valid label name is
 * left out and stands in `refused` (a real Triton ends itself there).
 */
export function tagLabels(tags: Readonly<Record<string, string>>): {
  readonly labels: Labels;
  readonly refused: readonly string[];
} {
  const keys = Object.keys(tags);
  const isValid = (key: string): boolean => LABEL_NAME.test(`_${key}`);
  return {
    labels: Object.fromEntries(keys.filter(isValid).map((key) => [`_${key}`, tags[key] ?? ''])),
    refused: keys.filter((key) => !isValid(key)),
  };
}
