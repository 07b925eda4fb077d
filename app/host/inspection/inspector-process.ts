import { Worker } from 'node:worker_threads';
import { answerInspection } from './answer-inspection.ts';
import type { InspectionRequest } from './inspection-message.ts';

/** Entry of the inspector process: reads unknown files, so that a hostile one can hang or fill only this process. */
interface UtilityPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown;
}

const utilityPort = (process as { parentPort?: UtilityPort }).parentPort;

function post(message: unknown): void {
  if (utilityPort) utilityPort.postMessage(message);
  else if (process.connected) process.send?.(message);
}

/** A hostile file can keep this thread busy for ever, so another one notices that the host is gone. */
function endWithHost(): void {
  const watch = `setInterval(() => process.ppid === ${process.ppid} || process.kill(process.pid, 'SIGKILL'), 500);`;
  new Worker(watch, { eval: true }).unref();
}

async function receive(message: unknown): Promise<void> {
  post(await answerInspection(message as InspectionRequest));
}

if (utilityPort) utilityPort.on('message', ({ data }) => void receive(data));
else process.on('message', (message) => void receive(message));
process.once('disconnect', () => process.exit(0));
endWithHost();
