import { cpus } from 'node:os';
import { benchCard } from './card.ts';
import { benchEventLoop } from './event-loop.ts';
import { benchInspection } from './inspection.ts';
import { benchScheduling } from './scheduling.ts';
import { benchProtocol } from './protocol.ts';
import { benchServing } from './serving.ts';
import { benchStart } from './start.ts';
import { benchTorch } from './torch.ts';

/** One table of figures, every one measured in this run. */
export interface BenchTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How the figures were made, in a sentence. */
  readonly method: string;
}

const SECTIONS: Readonly<Record<string, () => Promise<BenchTable>>> = {
  serving: benchServing,
  scheduling: benchScheduling,
  protocol: benchProtocol,
  'event-loop': benchEventLoop,
  inspection: benchInspection,
  card: benchCard,
  start: benchStart,
  torch: benchTorch,
};

function printTable({ title, columns, rows, method }: BenchTable): void {
  console.log(`\n### ${title}\n`);
  console.log(`| ${columns.join(' | ')} |`);
  console.log(`| ${columns.map(() => '---').join(' | ')} |`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
  console.log(`\n${method}`);
}

const asked = process.argv.slice(2).filter((argument) => argument in SECTIONS);
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}`);
for (const name of asked.length > 0 ? asked : Object.keys(SECTIONS)) {
  const section = SECTIONS[name];
  if (section) printTable(await section());
}
