import { printStatus } from '../core/open-inference/error-body.ts';
import { statusOf } from '../core/status.ts';
import { parseCommandLine, printUsage } from './command-line.ts';
import { connectParentPort } from './launch/parent-port.ts';
import { startServer, type RunningServer } from './server.ts';

function exitWith(code: number, text: string): never {
  process.stderr.write(text);
  process.exit(code);
}

async function main(): Promise<void> {
  const commandLine = parseCommandLine(process.argv.slice(2));
  if (commandLine.kind === 'usage') {
    const { before, after } = commandLine;
    exitWith(1, `${before === '' ? '' : `conch: ${before}\n`}${printUsage()}\n${after}\n`);
  }
  for (const warning of commandLine.warnings) process.stderr.write(`${warning}\n`);
  const { options, notes } = commandLine;
  const parent = connectParentPort();
  let server: RunningServer | null = null;
  let isEnding = false;
  const end = (signal: string): void => {
    process.stdout.write(`Signal (${signal}) received.\n`);
    if (isEnding || !server) process.exit(isEnding ? 1 : 0);
    isEnding = true;
    void server.drain().then(
      (result) => process.exit(result === 'complete' ? 0 : 1),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', () => end('15'));
  process.on('SIGINT', () => end('2'));
  if (options.endsWithParent) parent?.onClose(() => process.exit(0));
  // A client or an engine that goes away in the middle is no reason to end; what was unforeseen is said aloud.
  process.on('unhandledRejection', (cause) => {
    process.stderr.write(
      `unhandled failure: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`,
    );
  });
  try {
    server = await startServer(options, notes, parent);
  } catch (cause) {
    exitWith(1, `error: creating server: ${printStatus(statusOf(cause)).replace(': ', ' - ')}\n`);
  }
}

await main();
