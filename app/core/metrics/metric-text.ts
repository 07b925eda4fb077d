import type { SummaryQuantile } from './sliding-quantiles.ts';

/** Labels of a series, by name. */
export type Labels = Readonly<Record<string, string>>;

/** A histogram as it is told: `counts[i]` observations were at most `bounds[i]`, `count` there were in all. */
export interface HistogramValue {
  readonly kind: 'histogram';
  readonly count: number;
  readonly sum: number;
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/** A summary as it is told: an estimate for each quantile, NaN without observations. */
export interface SummaryValue {
  readonly kind: 'summary';
  readonly count: number;
  readonly sum: number;
  readonly quantiles: readonly (readonly [SummaryQuantile, number])[];
}

/** One series of a family. */
export interface Series {
  readonly labels: Labels;
  readonly value: number | HistogramValue | SummaryValue;
}

/** A metric family: its name, its kind, what it means, and its series. */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly help: string;
  readonly series: readonly Series[];
}

const DIGITS = 16;

/** A number as Triton's serialiser writes it: up to 16 significant digits (C's `%.16g`), `Nan`, `+Inf`, `-Inf`. */
export function printNumber(value: number): string {
  if (Number.isNaN(value)) return 'Nan';
  if (!Number.isFinite(value)) return value < 0 ? '-Inf' : '+Inf';
  if (value === 0) return '0';
  const [mantissa = '', power = '0'] = value.toExponential(DIGITS - 1).split('e');
  const exponent = Number(power);
  const shorten = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (exponent >= -4 && exponent < DIGITS) return shorten(value.toFixed(DIGITS - 1 - exponent));
  return `${shorten(mantissa)}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function printLabels(labels: Labels, last?: readonly [string, string]): string {
  const sorted = Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1));
  const printed = [...sorted, ...(last ? [last] : [])].map(
    ([name, text]) => `${name}="${escapeLabel(text)}"`,
  );
  return printed.length === 0 ? '' : `{${printed.join(',')}}`;
}

function printSeries(name: string, { labels, value }: Series): string[] {
  const line = (suffix: string, number: number, last?: readonly [string, string]): string =>
    `${name}${suffix}${printLabels(labels, last)} ${printNumber(number)}\n`;
  if (typeof value === 'number') return [line('', value)];
  const totals = [line('_count', value.count), line('_sum', value.sum)];
  if (value.kind === 'summary') {
    const each = value.quantiles.map(([{ quantile }, estimate]) =>
      line('', estimate, ['quantile', printNumber(quantile)]),
    );
    return [...totals, ...each];
  }
  const buckets = value.bounds.map((bound, index) =>
    line('_bucket', value.counts[index] ?? 0, ['le', printNumber(bound)]),
  );
  return [...totals, ...buckets, line('_bucket', value.count, ['le', '+Inf'])];
}

/** Families in the text format of Prometheus. One without series is left out, as Triton's serialiser does. */
export function printMetrics(families: readonly MetricFamily[]): string {
  return families
    .filter(({ series }) => series.length > 0)
    .map(({ name, type, help, series }) => {
      const lines = series.flatMap((each) => printSeries(name, each));
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}
