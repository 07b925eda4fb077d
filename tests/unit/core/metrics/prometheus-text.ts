/** One sample line of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A family of a scrape, with every line that belongs to it. */
export interface ScrapedFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/y;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum'],
  summary: ['', '_count', '_sum'],
};

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (!match?.[1]) throw new Error(`no label in ${text}`);
    if (match[1] in labels) throw new Error(`label ${match[1]} twice in ${text}`);
    labels[match[1]] = (match[2] ?? '').replaceAll(/\\(.)/g, (_, char) =>
      char === 'n' ? '\n' : String(char),
    );
    if (LABEL.lastIndex < text.length && text[LABEL.lastIndex++] !== ',')
      throw new Error(`no comma in ${text}`);
  }
  return labels;
}

function readValue(text: string): number {
  if (/^nan$/i.test(text)) return Number.NaN;
  const infinity = /^([+-]?)inf$/i.exec(text);
  if (infinity) return infinity[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (!/^[+-]?\d+(\.\d+)?(e[+-]\d+)?$/.test(text)) throw new Error(`no number: ${text}`);
  return Number(text);
}

/** Reads the text format of Prometheus (version 0.0.4), strictly: whatever is not in it throws. */
export function readPrometheusText(text: string): ReadonlyMap<string, ScrapedFamily> {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>();
  const seen = new Set<string>();
  let current = '';
  for (const line of text.split('\n').slice(0, -1)) {
    const help = new RegExp(`^# HELP (${NAME}) (.*)$`).exec(line);
    const type = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary)$`).exec(line);
    if (help?.[1]) {
      if (families.has(help[1])) throw new Error(`${help[1]} comes twice`);
      families.set(help[1], { type: '', help: help[2] ?? '', samples: [] });
      continue;
    }
    if (type?.[1]) {
      current = type[1];
      const family = families.get(current);
      if (family?.type !== '' || family.samples.length > 0) throw new Error(`TYPE out of place: ${line}`);
      family.type = type[2] ?? '';
      continue;
    }
    const sample = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`).exec(line);
    const family = families.get(current);
    if (!sample?.[1] || !family) throw new Error(`not in the format: ${line}`);
    const isOwn = SUFFIXES[family.type]?.some((suffix) => sample[1] === `${current}${suffix}`);
    if (!isOwn) throw new Error(`${line} stands among ${current}`);
    const series = line.slice(0, line.lastIndexOf(' '));
    if (seen.has(series)) throw new Error(`${series} comes twice`);
    seen.add(series);
    family.samples.push({
      name: sample[1],
      labels: readLabels(sample[2] ?? ''),
      value: readValue(sample[3] ?? ''),
    });
  }
  return families;
}
