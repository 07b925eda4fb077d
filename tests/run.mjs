#!/usr/bin/env node
/**
 * Every check of the house in order, each to its end even where an earlier one failed.
 * `node tests/run.mjs [--only static,build,unit,conformance,goldens,e2e,electron,<step>]`
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = mkdtempSync(join(tmpdir(), 'conch-reports-'));
const passed = { passed: 1, failed: 0, skipped: [] };
const failed = { passed: 0, failed: 1, skipped: [] };

const STEPS = [
  { name: 'types', group: 'static', run: () => quietly('tsc', ['-b', '--pretty', 'false']) },
  { name: 'lint', group: 'static', run: () => quietly('oxlint', ['--deny-warnings']) },
  {
    name: 'format',
    group: 'static',
    run: () => quietly('prettier', ['--check', '--log-level', 'warn', '.']),
  },
  { name: 'layers', group: 'static', run: checkLayers },
  { name: 'unused code', group: 'static', run: () => quietly('knip', ['--no-progress']) },
  { name: 'build', group: 'build', run: () => quietly(process.execPath, ['main/build.mjs', '--quiet']) },
  { name: 'unit', group: 'unit', run: () => runVitest('unit') },
  { name: 'conformance', group: 'conformance', needs: 'build', run: () => runVitest('conformance') },
  { name: 'goldens', group: 'goldens', needs: 'build', run: runGoldens },
  { name: 'clients', group: 'clients', needs: 'build', run: runClients },
  {
    name: 'end to end',
    group: 'e2e',
    needs: 'build',
    run: () => runPlaywright(['--project=browser', '--project=electron-stand-in']),
  },
  { name: 'electron', group: 'electron', needs: 'build', isExtra: true, run: runElectron },
];

function run(command, args, { env = {}, isQuiet = false } = {}) {
  const isTool = !command.includes('/') && !command.includes('\\');
  const program = isTool ? join(root, 'node_modules', '.bin', command) : command;
  return new Promise((settle) => {
    let output = '';
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...env },
      shell: isTool && process.platform === 'win32',
      stdio: ['ignore', isQuiet ? 'pipe' : 'inherit', isQuiet ? 'pipe' : 'inherit'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.once('error', (cause) => settle({ status: 1, output: cause.message }));
    child.once('close', (status) => settle({ status: status ?? 1, output }));
  });
}

async function quietly(command, args) {
  const { status, output } = await run(command, args, { isQuiet: true });
  if (status === 0) return passed;
  process.stdout.write(`${output}\n`);
  return failed;
}

async function checkLayers() {
  const args = ['app', 'renderer', 'main', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
  const { output } = await run('depcruise', args, { isQuiet: true });
  let summary;
  try {
    ({ summary } = JSON.parse(output));
  } catch {
    process.stdout.write(`${output}\n`);
    return failed;
  }
  const { totalCruised, violations } = summary;
  for (const { rule, from, to } of violations) process.stdout.write(`${rule.name}: ${from} → ${to}\n`);
  // A cruiser that meets a TypeScript it cannot read sees no module and finds no fault.
  if (totalCruised === 0) process.stdout.write('No module was cruised, so nothing was checked.\n');
  return totalCruised > 0 && violations.length === 0 ? passed : failed;
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

async function runVitest(project) {
  const file = join(reports, `${project}.json`);
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${file}`];
  const { status } = await run('vitest', ['run', '--project', project, '--passWithNoTests', ...reporters]);
  const report = readReport(file);
  if (!report) return status === 0 ? { ...passed, passed: 0 } : failed;
  const tests = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => ({ ...test, file: name.slice(root.length) })),
  );
  const skipped = tests.filter((test) => ['skipped', 'pending', 'todo'].includes(test.status));
  return {
    passed: tests.filter((test) => test.status === 'passed').length,
    // A file that cannot even be read has no tests to fail.
    failed: Math.max(tests.filter((test) => test.status === 'failed').length, status === 0 ? 0 : 1),
    skipped: skipped.map((test) => `${test.file}: ${test.fullName}${noteOf(test)}`),
  };
}

function noteOf({ meta, failureMessages }) {
  const note = meta?.skipReason ?? failureMessages?.[0];
  return note ? ` (${note})` : '';
}

async function runGoldens() {
  const file = join(reports, 'goldens.json');
  const { status } = await run(process.execPath, ['tests/conformance/goldens/run.mjs'], {
    env: { GOLDENS_REPORT: file },
  });
  const report = readReport(file);
  if (!report) return failed;
  return { passed: report.agreeing, failed: Math.max(report.failed, status === 0 ? 0 : 1), skipped: [] };
}

async function runPlaywright(args) {
  const file = join(reports, 'playwright.json');
  const env = { PLAYWRIGHT_JSON_OUTPUT_NAME: file };
  const { status } = await run(
    'playwright',
    ['test', '--pass-with-no-tests', '--reporter=list,json', ...args],
    {
      env,
    },
  );
  const report = readReport(file);
  if (!report) return status === 0 ? { ...passed, passed: 0 } : failed;
  const { expected, unexpected, flaky } = report.stats;
  return {
    passed: expected,
    failed: Math.max(unexpected + flaky, status === 0 ? 0 : 1),
    skipped: report.suites.flatMap(skippedOf),
  };
}

function skippedOf({ title, suites = [], specs = [] }) {
  const own = specs.flatMap((spec) =>
    spec.tests
      .filter((test) => test.status === 'skipped')
      .map(({ annotations }) => {
        const reason = annotations.find(({ type }) => type === 'skip' || type === 'fixme')?.description;
        return `${title}: ${spec.title}${reason ? ` (${reason})` : ''}`;
      }),
  );
  return [...own, ...suites.flatMap(skippedOf)];
}

async function runClients() {
  const { status, output } = await run(process.execPath, ['tests/clients/run.mjs'], { isQuiet: true });
  process.stdout.write(output);
  const [, passes, failures] = /(\d+) passed, (\d+) failed, \d+ skipped\s*$/.exec(output) ?? [];
  return {
    passed: Number(passes ?? 0),
    failed: Math.max(Number(failures ?? 0), status === 0 ? 0 : 1),
    skipped: [...output.matchAll(/^skipped: (.*)$/gm)].map(([, reason]) => `clients: ${reason}`),
  };
}

async function runElectron() {
  return runPlaywright(['--project=electron']);
}

function wantedSteps() {
  const at = process.argv.indexOf('--only');
  if (at < 0) return STEPS.filter(({ isExtra }) => !isExtra);
  const wanted = (process.argv[at + 1] ?? '').split(',');
  const steps = STEPS.filter(({ name, group }) => wanted.includes(name) || wanted.includes(group));
  const needed = new Set(steps.map(({ needs }) => needs));
  return STEPS.filter((step) => steps.includes(step) || needed.has(step.name));
}

function printTable(results) {
  const width = Math.max(...results.map(({ name }) => name.length));
  process.stdout.write('\n');
  for (const { name, outcome, seconds } of results) {
    const counts = `${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped.length} skipped`;
    process.stdout.write(`${outcome.failed ? '✗' : '✓'} ${name.padEnd(width)}  ${seconds} s  ${counts}\n`);
  }
  for (const reason of results.flatMap(({ outcome }) => outcome.skipped))
    process.stdout.write(`skipped: ${reason}\n`);
}

async function runStep(step, results) {
  const need = results.find(({ name }) => name === step.needs);
  if (need?.outcome.failed) {
    process.stdout.write(`Not run, because ${need.name} failed.\n`);
    return failed;
  }
  return step.run();
}

const results = [];
const steps = wantedSteps();
if (steps.length === 0) {
  process.stderr.write(`--only takes some of ${STEPS.map(({ name }) => name).join(', ')}, static.\n`);
  process.exit(2);
}
for (const step of steps) {
  process.stdout.write(`— ${step.name}\n`);
  const startedAt = performance.now();
  const outcome = await runStep(step, results);
  results.push({
    name: step.name,
    outcome,
    seconds: ((performance.now() - startedAt) / 1000).toFixed(1).padStart(6),
  });
}
rmSync(reports, { recursive: true, force: true });
printTable(results);
const sum = (count) => results.reduce((total, { outcome }) => total + count(outcome), 0);
const failures = sum((outcome) => outcome.failed);
process.stdout.write(
  `\n${sum((outcome) => outcome.passed)} passed, ${failures} failed, ${sum((outcome) => outcome.skipped.length)} skipped\n`,
);
process.exitCode = failures > 0 ? 1 : 0;
