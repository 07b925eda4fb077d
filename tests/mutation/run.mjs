#!/usr/bin/env node
/**
 * `npm run test:mutation`: puts one mistake after the other into the translation of PyTorch's operators, in a copy of
 * the checkout, and expects the tests against torch's own answers to fail on each. Ends with 1 where one is not caught.
 * `-- <text>…` tries only mutants whose line holds one of the texts.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTANTS } from './mutants.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PARTS = [
  'app',
  'main',
  'renderer',
  'resources',
  'sample-models',
  'tests',
  'package.json',
  'package-lock.json',
  'tsconfig.base.json',
  'vitest.config.ts',
];
const TESTS = [
  'tests/conformance/torch/translated-models.test.ts',
  'tests/unit/core/formats/symbolic-int.test.ts',
  'tests/unit/core/formats/fold-numbers.test.ts',
];

const copy = mkdtempSync(join(tmpdir(), 'conch-mutation-'));
for (const part of PARTS) cpSync(join(root, part), join(copy, part), { recursive: true });
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

function testsPass() {
  const vitest = join(copy, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--project', 'unit', '--project', 'conformance', '--bail', '1', ...TESTS];
  const { status } = spawnSync(process.execPath, args, { cwd: copy, stdio: 'ignore' });
  return status === 0;
}

/** Whether the tests fail with the mistake in place. */
function isCaught([file, find, replace]) {
  const path = join(copy, 'app/core/formats/torch', file);
  const text = readFileSync(path, 'utf8');
  if (text.split(find).length !== 2)
    throw new Error(`${file}: the mutant's text stands there ${text.split(find).length - 1} times: ${find}`);
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  try {
    return !testsPass();
  } finally {
    writeFileSync(path, text);
  }
}

const wanted = process.argv.slice(2);
const chosen = MUTANTS.filter(
  ([, find]) => wanted.length === 0 || wanted.some((text) => find.includes(text)),
);
try {
  if (!testsPass()) throw new Error('The tests fail before anything is mutated.');
  const survivors = [];
  for (const mutant of chosen) {
    const [file, find, replace] = mutant;
    const caught = isCaught(mutant);
    if (!caught) survivors.push(mutant);
    process.stdout.write(
      `${caught ? 'caught  ' : 'SURVIVED'} ${file}: ${find.trim()} → ${replace.trim() || '(nothing)'}\n`,
    );
  }
  process.stdout.write(`\n${chosen.length - survivors.length} of ${chosen.length} mutants caught.\n`);
  process.exitCode = survivors.length === 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
