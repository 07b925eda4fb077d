import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/node/cli.mjs', import.meta.url));
const START_MILLISECONDS = 20_000;

/** A `conch serve` that runs. */
export interface ServeCommand {
  readonly url: string;
  stop(): Promise<void>;
}

/** Runs `conch serve <repository>` on a free port and waits until every model was tried. */
export async function conchServe(repository: string, flags: readonly string[] = []): Promise<ServeCommand> {
  const child = spawn(
    process.execPath,
    [CLI, 'serve', repository, '--http-port=0', '--allow-grpc=false', '--allow-metrics=false', ...flags],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    const fail = (why: string) => reject(new Error(`conch serve ${why}:\n${text}`));
    const timer = setTimeout(() => fail('started no HTTP service'), START_MILLISECONDS);
    child.once('exit', (code) => fail(`ended with exit code ${code}`));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        const found = /HTTPService at [^\s:]+:(\d+)/.exec(text)?.[1];
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(`http://127.0.0.1:${found}`);
      });
    }
  });
  return {
    url,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
