import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { StatusError } from '../../core/status.ts';
import { isRecord } from '../files/json-file.ts';
import type { JobControl } from '../jobs/job-registry.ts';
import { engineWords } from './engine-failure.ts';

/** Silence after which a pull is given up: layers are checked and unpacked without a word for minutes. */
const SILENCE_MILLISECONDS = 10 * 60_000;

interface Layer {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly isComplete: boolean;
}

/** The layers of a pull as the Engine's lines tell them; gives a line's failure, else null. */
function noteLine(layers: Map<string, Layer>, line: unknown): string | null {
  if (!isRecord(line)) return null;
  const { id, status, progressDetail, error } = line;
  if (typeof error === 'string') return error;
  if (typeof id !== 'string' || typeof status !== 'string') return null;
  const last = layers.get(id) ?? { doneBytes: 0, totalBytes: 0, isComplete: false };
  const detail = isRecord(progressDetail) ? progressDetail : {};
  const { current, total } = detail;
  switch (status) {
    case 'Pulling fs layer':
    case 'Waiting':
      layers.set(id, last);
      return null;
    case 'Downloading':
      if (typeof current === 'number' && typeof total === 'number')
        layers.set(id, { doneBytes: current, totalBytes: total, isComplete: false });
      return null;
    case 'Download complete':
    case 'Verifying Checksum':
      layers.set(id, { ...last, doneBytes: last.totalBytes });
      return null;
    case 'Pull complete':
    case 'Already exists':
      layers.set(id, { ...last, doneBytes: last.totalBytes, isComplete: true });
      return null;
    default:
      return null;
  }
}

function reportLayers(layers: ReadonlyMap<string, Layer>, control: JobControl): void {
  const all = [...layers.values()];
  const complete = all.filter(({ isComplete }) => isComplete).length;
  const isTotalKnown = all.every(({ totalBytes, isComplete }) => isComplete || totalBytes > 0);
  const totalBytes = all.reduce((sum, layer) => sum + layer.totalBytes, 0);
  control.report({
    stage: `${complete} of ${all.length} layers`,
    doneUnits: all.reduce((sum, layer) => sum + layer.doneBytes, 0),
    // Layers whose size is not told yet would make the bar jump back.
    ...(isTotalKnown && totalBytes > 0 && { totalUnits: totalBytes }),
    unit: 'bytes',
  });
}

/** Whole lines of JSON out of a stream of bytes; what is no JSON is skipped. */
async function* jsonLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      try {
        yield JSON.parse(line);
      } catch {
        // An Engine that dies ends in the middle of a line.
      }
    }
  }
}

/**
 * Downloads an image with progress by layer. Cancelling ends the Engine's pull; layers that are whole stay for the next.
 * @throws StatusError with the registry's or the Engine's reason in words.
 */
export async function pullImage(
  docker: Docker,
  image: string,
  control: JobControl,
): Promise<{ readonly image: string; readonly byteSize: number }> {
  const layers = new Map<string, Layer>();
  const silence = new AbortController();
  const signal = AbortSignal.any([control.signal, silence.signal]);
  let timer = setTimeout(() => silence.abort(), SILENCE_MILLISECONDS);
  try {
    const stream = await docker.pull(image, { abortSignal: signal });
    signal.addEventListener('abort', () => (stream as Readable).destroy());
    for await (const line of jsonLines(stream as AsyncIterable<Uint8Array>)) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MILLISECONDS);
      const failure = noteLine(layers, line);
      if (failure !== null) throw new StatusError('unavailable', pullFailure(image, failure));
      reportLayers(layers, control);
    }
    signal.throwIfAborted();
    const { Size: byteSize } = await docker.getImage(image).inspect();
    return { image, byteSize };
  } catch (cause) {
    if (control.signal.aborted) throw new StatusError('cancelled', 'The pull was cancelled.', { cause });
    if (silence.signal.aborted)
      throw new StatusError('unavailable', 'The pull was given up: nothing came for ten minutes.', { cause });
    if (cause instanceof StatusError) throw cause;
    throw new StatusError('unavailable', pullFailure(image, engineWords(cause)), { cause });
  } finally {
    clearTimeout(timer);
  }
}

function pullFailure(image: string, message: string): string {
  if (/no space left on device/i.test(message))
    return `${image} was not pulled: the Engine’s disk is full. Free some space: docker system df shows what takes it.`;
  if (/manifest (?:unknown|for .* not found)|not found: manifest/i.test(message))
    return `${image} was not pulled: the registry has no such tag.`;
  if (/unauthorized|denied|authentication required/i.test(message))
    return `${image} was not pulled: the registry asks for a login. Run docker login, then pull again.`;
  if (/no such host|i\/o timeout|network is unreachable|TLS handshake/i.test(message))
    return `${image} was not pulled: the registry cannot be reached. ${message}`;
  return `${image} was not pulled: ${message}`;
}
