import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

const START_MILLISECONDS = 60_000;
const STOP_MILLISECONDS = 10_000;

/** A port that is free now: for servers that take no port 0. */
export async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const STARTED = {
  http: /Started HTTPService at [^\s:]+:(\d+)/,
  grpc: /Started GRPCInferenceService at [^\s:]+:(\d+)/,
  metrics: /Started Metrics Service at [^\s:]+:(\d+)/,
};

/** Starts a server and waits until its log names the metrics port, which is the last. */
export async function startServer(program, args, env = {}) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      log += text;
    });
  }
  const exited = once(child, 'exit');
  let hasExited = false;
  void exited.then(() => (hasExited = true));
  const end = Date.now() + START_MILLISECONDS;
  while (!STARTED.metrics.test(log)) {
    if (hasExited || Date.now() > end) {
      child.kill('SIGKILL');
      throw new Error(`${program} did not start: ${log.trim().split('\n').at(-1) ?? ''}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const portOf = (protocol) => STARTED[protocol].exec(log)?.[1] ?? null;
  return {
    ports: { http: portOf('http'), grpc: portOf('grpc'), metrics: portOf('metrics') },
    log: () => log,
    stop: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MILLISECONDS);
      await exited;
      clearTimeout(timer);
    },
  };
}
