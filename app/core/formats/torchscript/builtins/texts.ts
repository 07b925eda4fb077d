import type { TensorGraph } from '../../torch/tensor-graph.ts';
import { TorchPoison, type TorchValue } from '../../torch/torch-values.ts';
import { type Builtin, isInt } from './builtin.ts';

/** A text that a program makes. @throws TranslationLimit where it makes too much. */
export function written(graph: TensorGraph, text: string): string {
  graph.spend(text.length);
  return text;
}

/** A value as `str` and `format` print it; null where that is not known for every input, or not written alike. */
export function textOf(value: TorchValue | undefined): string | null {
  if (typeof value === 'string') return value;
  if (isInt(value)) return value.constant === null ? null : String(value.constant);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return value === null ? 'None' : null;
}

/** A text as values make it. One that is not known stands for what is not translated: nothing may depend on it. */
export function textFrom(
  graph: TensorGraph,
  values: readonly TorchValue[],
  join: (texts: readonly string[]) => string,
): TorchValue {
  const texts = values.map(textOf);
  if (texts.every((text) => text !== null)) return written(graph, join(texts));
  const words = values.map((value) => (isInt(value) ? value.text : (textOf(value) ?? '…')));
  return new TorchPoison(`the text "${join(words)}" is made of what requests bring`);
}

/** `template.format(…)`. */
export const format: Builtin = (graph, [template, ...values]) => {
  if (typeof template !== 'string') return undefined;
  if (template.split('{}').length - 1 !== values.length || /\{[^}]+\}/.test(template)) return undefined;
  const pieces = template.split('{}');
  return textFrom(graph, values, (texts) => pieces.map((piece, at) => piece + (texts[at] ?? '')).join(''));
};
