/**
 * The order in which a `std::unordered_map` of libstdc++ with string keys is walked. Triton's ONNX Runtime backend keeps
 * a model's inputs and outputs in such maps, so that a completed config lists them in this order.
 * Source of the rule: libstdc++'s `_Hash_bytes` (64 bits), `_Prime_rehash_policy` and `_Hashtable`.
 */

const SEED = 0xc70f6907n;
const FACTOR = 0xc6a4a7935bd1e995n;
/** From one to the next the table grows when it holds as many keys as buckets. */
const BUCKET_COUNTS = [13, 29, 59, 127, 257, 541, 1109, 2357, 5087, 10_273, 20_753, 42_043];

const times = (left: bigint, right: bigint): bigint => BigInt.asUintN(64, left * right);
const mix = (value: bigint): bigint => value ^ (value >> 47n);

function readLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function hashOf(name: string): bigint {
  const bytes = new TextEncoder().encode(name);
  let hash = SEED ^ times(BigInt(bytes.length), FACTOR);
  const aligned = bytes.length - (bytes.length % 8);
  for (let at = 0; at < aligned; at += 8) {
    const word = times(mix(times(readLittleEndian(bytes.subarray(at, at + 8)), FACTOR)), FACTOR);
    hash = times(hash ^ word, FACTOR);
  }
  if (aligned < bytes.length) hash = times(hash ^ readLittleEndian(bytes.subarray(aligned)), FACTOR);
  return mix(times(mix(hash), FACTOR));
}

/** A key goes before the others of its bucket, and the first of a bucket before all: the last come first. */
function placed(hashes: readonly bigint[], bucketCount: number): bigint[] {
  const buckets = new Map<bigint, bigint[]>();
  for (const hash of hashes) {
    const bucket = hash % BigInt(bucketCount);
    const mates = buckets.get(bucket);
    if (mates) mates.push(hash);
    else buckets.set(bucket, [hash]);
  }
  return [...buckets.values()].flat().toReversed();
}

/**
 * Things with distinct names, inserted in the given order, as the map lists them. More than 42,043 come as they are.
 */
export function inUnorderedMapOrder<Named extends { readonly name: string }>(
  things: readonly Named[],
): readonly Named[] {
  const byHash = new Map(things.map((thing) => [hashOf(thing.name), thing]));
  const hashes = [...byHash.keys()];
  const last = BUCKET_COUNTS.findIndex((count) => hashes.length <= count);
  if (last < 0 || byHash.size < things.length) return things;
  let order: bigint[] = [];
  for (const [at, bucketCount] of BUCKET_COUNTS.slice(0, last + 1).entries()) {
    const from = at === 0 ? 0 : (BUCKET_COUNTS[at - 1] ?? 0);
    order = placed([...order, ...hashes.slice(from, bucketCount)], bucketCount);
  }
  return order.flatMap((hash) => byHash.get(hash) ?? []);
}
