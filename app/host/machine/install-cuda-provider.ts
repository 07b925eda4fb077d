import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise, type Entry } from 'yauzl';
import { StatusError } from '../../core/status.ts';
import { checkCancelled, writeFully } from '../files/copy-file.ts';
import { syncDirectory, temporaryName } from '../files/durable-file.ts';
import { fileErrorCode, fileFailure } from '../files/file-failure.ts';
import { isRecord } from '../files/json-file.ts';
import type { JobControl } from '../jobs/job-registry.ts';
import { byHandSteps, type ProviderPlan } from './cuda-provider.ts';

interface FoundPackage {
  readonly url: string;
  /** Base64 of the SHA-512 that the feed publishes. */
  readonly sha512: string;
}

function offlineFailure(plan: ProviderPlan, cause: unknown): StatusError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new StatusError(
    'unavailable',
    `The CUDA execution provider could not be downloaded (${detail}). By hand: ${byHandSteps(plan).join(' · ')}`,
    { cause },
  );
}

async function fetchJson(
  url: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | null> {
  const answer = await fetch(url, { signal });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new StatusError('unavailable', `${url} answered with HTTP status ${answer.status}`);
  const value: unknown = await answer.json();
  if (!isRecord(value)) throw new StatusError('unavailable', `${url} answered something unknown`);
  return value;
}

function resourceUrl(index: Readonly<Record<string, unknown>>, types: readonly string[]): string {
  const resources = Array.isArray(index['resources']) ? (index['resources'] as readonly unknown[]) : [];
  for (const type of types)
    for (const resource of resources)
      if (isRecord(resource) && resource['@type'] === type && typeof resource['@id'] === 'string')
        return resource['@id'].replace(/\/?$/, '/');
  throw new StatusError('unavailable', `the feed has no ${types[0] ?? 'resource'}`);
}

/** The hash is in the package's catalog entry, which its registration names or holds. */
async function publishedHash(registration: string, signal: AbortSignal): Promise<string | null> {
  const leaf = await fetchJson(registration, signal);
  const entry = leaf?.['catalogEntry'];
  const catalog = typeof entry === 'string' ? await fetchJson(entry, signal) : isRecord(entry) ? entry : null;
  if (catalog?.['packageHashAlgorithm'] !== 'SHA512' || typeof catalog['packageHash'] !== 'string')
    return null;
  return catalog['packageHash'];
}

async function findPackage(plan: ProviderPlan, signal: AbortSignal): Promise<FoundPackage> {
  const name = plan.packageName.toLowerCase();
  for (const { feedIndex, version } of plan.candidates) {
    const index = await fetchJson(feedIndex, signal);
    if (!index) continue;
    const lowerVersion = version.toLowerCase();
    const registrations = resourceUrl(index, ['RegistrationsBaseUrl/3.6.0', 'RegistrationsBaseUrl']);
    const sha512 = await publishedHash(`${registrations}${name}/${lowerVersion}.json`, signal);
    if (sha512 === null) continue;
    const packages = resourceUrl(index, ['PackageBaseAddress/3.0.0']);
    return { url: `${packages}${name}/${lowerVersion}/${name}.${lowerVersion}.nupkg`, sha512 };
  }
  throw new StatusError('unavailable', `no feed has ${plan.packageName} with a published checksum`);
}

async function download(found: FoundPackage, target: string, control: JobControl): Promise<void> {
  const answer = await fetch(found.url, { signal: control.signal });
  if (!answer.ok || !answer.body)
    throw new StatusError('unavailable', `${found.url} answered with HTTP status ${answer.status}`);
  const declared = Number(answer.headers.get('content-length') ?? Number.NaN);
  const handle = await open(target, 'wx', 0o600);
  let doneUnits = 0;
  try {
    for await (const piece of answer.body as unknown as AsyncIterable<Uint8Array>) {
      checkCancelled(control.signal);
      await writeFully(handle, piece);
      doneUnits += piece.byteLength;
      control.report({
        stage: 'Downloading the CUDA execution provider',
        doneUnits,
        unit: 'bytes',
        ...(Number.isFinite(declared) && { totalUnits: declared }),
      });
    }
  } finally {
    await handle.close();
  }
}

/** Rejects where the file is not the one whose hash the feed publishes. */
export async function verifyHash(path: string, sha512: string): Promise<void> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(path), hash);
  if (hash.digest('base64') !== sha512)
    throw new StatusError(
      'unavailable',
      'The downloaded package does not have the checksum that its feed publishes. It was thrown away; nothing was installed.',
    );
}

/** Takes just the named libraries out of the package and renames them into place. */
export async function unpackLibraries(
  packagePath: string,
  plan: ProviderPlan,
  control: JobControl,
): Promise<void> {
  const zip = await openPromise(packagePath, { lazyEntries: true, autoClose: false });
  try {
    const entries = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
    for (const { pathInPackage, targetPath } of plan.files) {
      checkCancelled(control.signal);
      const entry = entries.get(pathInPackage);
      if (!entry) throw new StatusError('unavailable', `The package does not hold ${pathInPackage}.`);
      control.report({ stage: `Unpacking ${basename(targetPath)}`, doneUnits: 0, unit: 'bytes' });
      await mkdir(dirname(targetPath), { recursive: true });
      const temporary = join(dirname(targetPath), temporaryName(basename(targetPath)));
      try {
        await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(temporary, { flags: 'wx' }));
        await rename(temporary, targetPath);
      } catch (cause) {
        throw fileFailure(cause, 'write', targetPath);
      } finally {
        await rm(temporary, { force: true });
      }
      await syncDirectory(dirname(targetPath));
    }
  } finally {
    zip.close();
  }
}

function isNetworkFailure(cause: unknown): boolean {
  return cause instanceof TypeError || (cause instanceof StatusError && cause.code === 'unavailable');
}

async function fetchPackage(plan: ProviderPlan, packagePath: string, control: JobControl): Promise<string> {
  try {
    const found = await findPackage(plan, control.signal);
    await download(found, packagePath, control);
    return found.sha512;
  } catch (cause) {
    checkCancelled(control.signal);
    throw isNetworkFailure(cause) ? offlineFailure(plan, cause) : cause;
  }
}

/** The body of the install job. Only ever run after the person agreed. */
export async function installCudaProvider(
  plan: ProviderPlan,
  stagingFolder: string,
  control: JobControl,
): Promise<{ readonly message: string }> {
  const packagePath = join(stagingFolder, temporaryName('cuda.nupkg'));
  try {
    control.report({ stage: 'Looking for the CUDA execution provider', doneUnits: 0, unit: 'bytes' });
    const sha512 = await fetchPackage(plan, packagePath, control);
    control.report({ stage: 'Checking the download', doneUnits: 0, unit: 'bytes' });
    await verifyHash(packagePath, sha512);
    await unpackLibraries(packagePath, plan, control);
    return {
      message: 'The CUDA execution provider is installed. Models that are loaded from now on can use it.',
    };
  } catch (cause) {
    if (fileErrorCode(cause) !== undefined && !(cause instanceof StatusError))
      throw fileFailure(cause, 'write', packagePath);
    throw cause;
  } finally {
    await rm(packagePath, { force: true });
  }
}
