import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { processesWithVariable } from '../../support/process-table.ts';
import { waitFor } from '../../support/start-test-host.ts';

const INSPECTOR = fileURLToPath(new URL('../../../dist/node/inspector.mjs', import.meta.url));

/** Stands for a file that keeps the inspector's thread busy for ever. */
const HANG = `data:text/javascript,${encodeURIComponent("process.on('SIGUSR2', () => { for (;;); });")}`;

/** A host that starts the inspector, has one question answered, and says the pid. */
const HOST = `
  const inspector = require('node:child_process').fork(process.env.INSPECTOR, [], {
    execArgv: ['--import', process.env.HANG],
  });
  inspector.once('message', () => console.log(inspector.pid));
  inspector.send({ id: 1, tree: { kind: 'files', files: [] }, question: { kind: 'recognize' } });
`;

test('an inspector that a file keeps busy for ever ends when its host is killed', async () => {
  const mark = randomUUID();
  const host = spawn(process.execPath, ['-e', HOST], {
    env: { ...process.env, INSPECTOR, HANG, CONCH_TEST: mark },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(host.stdout), 'line')) as [string];
  try {
    process.kill(Number(line), 'SIGUSR2');
    host.kill('SIGKILL');
    await waitFor(() => processesWithVariable('CONCH_TEST', mark).length === 0, 'the end of the inspector');
    expect(processesWithVariable('CONCH_TEST', mark)).toEqual([]);
  } finally {
    for (const { pid } of processesWithVariable('CONCH_TEST', mark)) process.kill(pid, 'SIGKILL');
  }
});
