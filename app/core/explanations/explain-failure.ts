import type { FailurePattern } from './failure-table.ts';
import { FAILURES } from './failure-table.ts';

/** A failure in words for people who deploy models. It stands beside the exact text, never in its place. */
export interface Explanation {
  /** What happened. */
  readonly what: string;
  /** Why it happened. */
  readonly why: string;
  /** What to do about it, where something can be done. */
  readonly fix?: string;
}

/** What is known about the place of the failure and is not in its text. */
export interface FailureContext {
  readonly modelName?: string;
}

/**
 * Explains a message of Triton, ONNX Runtime, the operating system or Conch itself; null for one that is not known.
 * A message may carry others inside (`load failed for model 'x': …: onnx runtime error 7: …`): the most telling part counts.
 */
export function explainFailure(text: string, context: FailureContext = {}): Explanation | null {
  for (const failure of FAILURES) {
    const match = failure.pattern.exec(text);
    if (match) return explain(failure, { ...named(context), ...match.groups });
  }
  return null;
}

function named({ modelName }: FailureContext): Readonly<Record<string, string>> {
  return modelName === undefined ? {} : { model: modelName };
}

function explain(
  { what, why, fix }: FailurePattern,
  values: Readonly<Record<string, string | undefined>>,
): Explanation {
  const fill = (template: string): string => fillTemplate(template, values);
  return { what: fill(what), why: fill(why), ...(fix !== undefined && { fix: fill(fix) }) };
}

/** `{name}` becomes the part of the message with that name, `{name|words}` the words where there is none. */
function fillTemplate(template: string, values: Readonly<Record<string, string | undefined>>): string {
  return template.replace(/\{(\w+)(?:\|([^}]*))?\}/g, (_, name: string, otherwise = '') => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined || value === '' ? (otherwise as string) : value;
  });
}
