import { setTimeout as sleep } from 'node:timers/promises';
import { shorten } from './compare-json.ts';
import { messageOf, withoutTableWidth, withoutTime } from './compare-log.ts';
import type { ReplayServer } from './replay-server.ts';
import { different, same, type Verdict } from './verdict.ts';

/** A server that does not start says the same last words. */
export async function compareRefusedStart(server: ReplayServer, expected: string): Promise<Verdict> {
  await sleep(0);
  const lastWords = (text: string): string => text.trimEnd().split('\n').slice(-2).join('\n');
  const [want, got] = [lastWords(expected), lastWords(server.stderr)];
  return server.hasExited && want === got ? same(expected, server.stderr) : different(want, got);
}

/** Of memory that we never ask for, and of the runtime, which says it in its own process. */
const NOT_OF_THE_SERVER = /^W failed to allocate pinned system memory|\[W:onnxruntime:/;

/** Ends the server, and looks for every recorded line in all that it has logged. */
export async function compareLogLines(server: ReplayServer, expected: readonly string[]): Promise<Verdict> {
  await server.stop();
  const output = server.place(`${server.stdout}\n${server.stderr}`);
  const got = new Set(output.split('\n').map((line) => comparable(withoutTime(line))));
  const missing = [...new Set(expected.map(comparable))].filter(
    (line) => !got.has(line) && !NOT_OF_THE_SERVER.test(line),
  );
  return missing.length === 0
    ? same('its order', 'another')
    : different(`${missing.length} kinds of lines ${shorten(missing, 900)}`, 'a log without these');
}

function comparable(line: string): string {
  return withoutTableWidth(messageOf(line))
    .replaceAll(/Timeout \d+: Found \d+/g, 'Timeout *: Found *')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:*');
}
