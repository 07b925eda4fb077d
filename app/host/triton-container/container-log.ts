import { createInterface } from 'node:readline';
import { PassThrough, Readable } from 'node:stream';
import type Docker from 'dockerode';

async function readLines(
  docker: Docker,
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void,
): Promise<void> {
  const output = new PassThrough();
  docker.modem.demuxStream(stream, output, output);
  for (const ending of ['end', 'close', 'error', 'aborted']) stream.on(ending, () => output.end());
  for await (const line of createInterface({ input: output, crlfDelay: Number.POSITIVE_INFINITY }))
    onLine(line);
}

/**
 * Tells the lines of a container's log from `since` (Unix seconds) on, standard output and error in the order in which
 * they come, until the container or the connection ends.
 */
export async function followContainerLog(
  docker: Docker,
  containerId: string,
  { since, signal }: { readonly since: number; readonly signal: AbortSignal },
  onLine: (line: string) => void,
): Promise<void> {
  const stream = await docker
    .getContainer(containerId)
    .logs({ follow: true, stdout: true, stderr: true, since, abortSignal: signal });
  await readLines(docker, stream, onLine);
}

/** The last lines of a container's log, oldest first. */
export async function lastLogLines(docker: Docker, containerId: string, count: number): Promise<string[]> {
  const bytes = await docker
    .getContainer(containerId)
    .logs({ follow: false, stdout: true, stderr: true, tail: count });
  const lines: string[] = [];
  await readLines(docker, Readable.from([bytes]), (line) => lines.push(line));
  return lines;
}
