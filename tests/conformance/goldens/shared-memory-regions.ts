import { rm, readFile, writeFile } from 'node:fs/promises';
import { equalVerdict, type Verdict } from './verdict.ts';

const FOLDER = '/dev/shm';
const BYTES = 256;
/** The regions that the recordings register by key. */
const KEYS = ['golden_in', 'golden_out', 'golden_g'];

function int32s(values: readonly number[]): Buffer {
  return Buffer.from(new Int32Array(values).buffer);
}

/** 0…15, then sixteen ones, as `INPUT0` of `simple` and beyond. */
function numbers(): Buffer {
  const region = Buffer.alloc(BYTES);
  int32s(Array.from({ length: 16 }, (_, at) => at)).copy(region);
  int32s(Array.from({ length: 16 }, () => 1)).copy(region, 64);
  return region;
}

/** "ab" and "c" as BYTES elements. */
function strings(): Buffer {
  const region = Buffer.alloc(BYTES);
  Buffer.from('\u0002\0\0\0ab\u0001\0\0\0c', 'latin1').copy(region);
  return region;
}

/** Makes the regions anew, filled as the row needs them. */
export async function prepareRegions(name: string): Promise<void> {
  await writeFile(`${FOLDER}/golden_in`, name.startsWith('bytes') ? strings() : numbers());
  await writeFile(`${FOLDER}/golden_out`, Buffer.alloc(BYTES));
}

/** Fills the region of the gRPC recording, once: later rows write into it. */
export async function prepareGrpcRegion(): Promise<void> {
  await writeFile(`${FOLDER}/golden_g`, numbers());
}

/** What the server wrote into the output region. */
export async function compareRegion(expected: string): Promise<Verdict> {
  return equalVerdict('region', expected, (await readFile(`${FOLDER}/golden_out`)).toString('base64'));
}

export async function removeRegions(): Promise<void> {
  for (const key of KEYS) await rm(`${FOLDER}/${key}`, { force: true });
}
