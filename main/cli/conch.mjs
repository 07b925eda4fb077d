#!/usr/bin/env node
/** The `conch` command: builds what is stale, then runs it. `conch` alone, or with paths, opens the workbench. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildStale } from '../build.mjs';
import { start } from '../start.mjs';

const COMMANDS = new Set(['serve', 'inspect', 'config', 'infer', 'translate', 'export', 'help']);
const ANSWERED = new Set(['--help', '-h', '--version', '-V']);
const CLI = new URL('../../dist/node/cli.mjs', import.meta.url);

function isCliCall([first]) {
  if (first === undefined) return false;
  if (COMMANDS.has(first) || ANSWERED.has(first)) return true;
  // Paths and start's flags open the workbench; a lone word that is neither is a mistyped command.
  return !first.startsWith('-') && !existsSync(first);
}

const args = process.argv.slice(2);
if (isCliCall(args)) {
  // Standard output belongs to the command's answer.
  await buildStale({ parts: ['node'], report: (text) => process.stderr.write(`${text}\n`) });
  process.argv = [process.execPath, fileURLToPath(CLI), ...args];
  await import(CLI.href);
} else {
  await start(args);
}
