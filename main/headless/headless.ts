import { readShellOptions, type ShellOptions } from '../shell-options.ts';
import { StatusError } from '../../app/core/status.ts';
import { findDataFolder } from '../data-folder.ts';
import { hasDisplay } from '../display.mjs';
import { handOverPaths } from '../hand-over.ts';
import { openBrowser } from './open-browser.ts';
import { sshTunnelCommand } from './ssh-tunnel.ts';
import { startHeadless, type Headless } from './start-headless.ts';

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function show(port: number, url: string, browserUrl: string, opensBrowser: boolean): Promise<void> {
  say(`Conch is at ${url}`);
  const canBeSeen = hasDisplay(process);
  if (opensBrowser && canBeSeen && !(await openBrowser(browserUrl))) {
    say('No browser could be started here: open the address yourself.');
  }
  if (!canBeSeen) {
    say('There is no display here. On the computer in front of you, run');
    say(`  ${sshTunnelCommand(port, process.env)}`);
    say('and open the address above in a browser there.');
  }
}

/** One Ctrl-C reaches us from the terminal and again through `npm start`, within this time. */
const SAME_SIGNAL_MILLISECONDS = 500;

/** Ctrl-C, or the death of `npm start` around us, ends everything in order; a second Ctrl-C ends us at once. */
function endOnSignal(headless: Headless): void {
  let endingSince: number | null = null;
  const end = (): void => {
    if (endingSince !== null) {
      if (performance.now() - endingSince > SAME_SIGNAL_MILLISECONDS) process.exit(1);
      return;
    }
    endingSince = performance.now();
    void headless.close().finally(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const) process.on(signal, end);
}

async function run(options: ShellOptions): Promise<void> {
  const dataFolder = options.dataFolder ?? findDataFolder();
  const other = await handOverPaths(dataFolder, options.paths);
  if (other.kind === 'took-over') {
    say('Conch runs already; it took over what you opened.');
    await show(Number(new URL(other.url).port), other.url, other.url, options.opensBrowser);
    return;
  }
  if (other.kind === 'silent') {
    throw new StatusError(
      'already-exists',
      `Conch already runs on ${dataFolder} (pid ${other.pid}) and does not answer: use its window, end it, or choose another folder with --data-folder.`,
    );
  }
  const headless = await startHeadless({
    dataFolder,
    ...(options.port !== undefined && { port: options.port }),
  });
  endOnSignal(headless);
  if (options.paths.length > 0) await headless.openPaths(options.paths);
  await show(headless.port, headless.url, headless.issueUrl(), options.opensBrowser);
}

try {
  await run(readShellOptions(process.argv.slice(2), process.cwd()));
} catch (cause) {
  if (!(cause instanceof StatusError) && !(cause instanceof TypeError)) throw cause;
  process.stderr.write(`${cause.message}\n`);
  process.exit(cause instanceof StatusError ? 1 : 2);
}
