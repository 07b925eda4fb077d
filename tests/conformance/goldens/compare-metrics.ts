import { shorten } from './compare-json.ts';
import { different, EXACT, same, type Verdict } from './verdict.ts';

/** A scrape: HELP and TYPE per family, and a value per series (name and sorted labels). */
interface Scrape {
  readonly families: ReadonlyMap<string, string>;
  readonly series: ReadonlyMap<string, string>;
  readonly wrong: readonly string[];
}

const SERIES = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
/** Durations and the machine's own figures are never equal. */
const VARIES = /^nv_(?:\w+_(?:us|us_sum|ms_sum|secs)|cpu_\w+|pinned_memory_pool_total_bytes)\{/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?/g;

function sortLabels(labels: string): string {
  return [...labels.matchAll(LABEL)]
    .map(([, name, value]) => `${name}="${value}"`)
    .sort()
    .join(',');
}

function parse(text: string): Scrape {
  const families = new Map<string, string>();
  const series = new Map<string, string>();
  const wrong: string[] = [];
  for (const line of text.split('\n')) {
    const described = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    const match = SERIES.exec(line);
    if (described) families.set(`${described[1]} ${described[2]}`, described[3] ?? '');
    else if (match) series.set(`${match[1]}{${sortLabels(match[2] ?? '')}}`, match[3] ?? '');
    else if (line !== '') wrong.push(line);
  }
  return { families, series, wrong };
}

function findDifferences(
  expected: ReadonlyMap<string, string>,
  got: ReadonlyMap<string, string>,
): [string, string][] {
  const keys = new Set([...expected.keys(), ...got.keys()]);
  return [...keys].flatMap((key): [string, string][] => {
    const [left = 'nothing', right = 'nothing'] = [expected.get(key), got.get(key)];
    const isAlike = left === right || (right !== 'nothing' && (left === '*' || VARIES.test(key)));
    return isAlike ? [] : [[`${key} ${left}`, `${key} ${right}`]];
  });
}

/** Every byte but values that are recorded as times or as the machine's own. */
function withoutValues(text: string, pattern: readonly string[]): string {
  return text
    .split('\n')
    .map((line, index) => {
      const [, name = ''] = SERIES.exec(line) ?? [];
      const isMasked = (pattern[index] ?? '').endsWith(' *') || VARIES.test(`${name}{`);
      return name !== '' && isMasked ? line.replace(/ \S+$/, ' *') : line;
    })
    .join('\n');
}

/** Families and series as sets; `*` stands for any value. */
export function compareMetrics(expected: string, got: string): Verdict {
  const lines = expected.split('\n');
  if (withoutValues(expected, lines) === withoutValues(got, lines)) return EXACT;
  const [left, right] = [parse(expected), parse(got)];
  const differences = [
    ...findDifferences(left.families, right.families),
    ...findDifferences(left.series, right.series),
    ...right.wrong.map((line): [string, string] => ['a series or a comment', line]),
  ];
  if (differences.length === 0) return same(expected, got);
  const text = (at: 0 | 1): string =>
    `${differences.length} differences: ${shorten(
      differences
        .slice(0, 5)
        .map((each) => each[at])
        .join(' | '),
      800,
    )}`;
  return different(text(0), text(1));
}
