import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  isProviderInstalled,
  readProviderPlan,
  type ProviderPlan,
} from '../../../../app/host/machine/cuda-provider.ts';
import { installCudaProvider } from '../../../../app/host/machine/install-cuda-provider.ts';
import { buildZip } from '../../../support/hostile-archives.ts';
import { makeTestFolder } from '../../../support/start-test-host.ts';

const LIBRARY = new TextEncoder().encode('a library');
const PACKAGE = buildZip([{ name: 'runtimes/linux-x64/native/lib.so', data: LIBRARY }, { name: 'other' }]);

describe('installing the CUDA execution provider', () => {
  let folder: Awaited<ReturnType<typeof makeTestFolder>>;
  let feed: Server;
  let plan: ProviderPlan;
  let hash: string;
  beforeEach(async () => {
    folder = await makeTestFolder();
    hash = createHash('sha512').update(PACKAGE).digest('base64');
    let base = '';
    // A NuGet feed as its protocol describes it.
    const documents: Record<string, () => unknown> = {
      '/index.json': () => ({
        resources: [
          { '@type': 'PackageBaseAddress/3.0.0', '@id': `${base}/flat` },
          { '@type': 'RegistrationsBaseUrl/3.6.0', '@id': `${base}/registration/` },
        ],
      }),
      '/registration/some.package/1.2.3.json': () => ({ catalogEntry: `${base}/catalog.json` }),
      '/catalog.json': () => ({ packageHash: hash, packageHashAlgorithm: 'SHA512' }),
    };
    feed = createServer((request, response) => {
      const document = documents[request.url ?? ''];
      if (document) response.setHeader('content-type', 'application/json').end(JSON.stringify(document()));
      else if (request.url === '/flat/some.package/1.2.3/some.package.1.2.3.nupkg') response.end(PACKAGE);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => feed.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(feed.address() as AddressInfo).port}`;
    plan = {
      packageName: 'Some.Package',
      candidates: [{ feedIndex: `${base}/index.json`, version: '1.2.3' }],
      files: [
        { pathInPackage: 'runtimes/linux-x64/native/lib.so', targetPath: join(folder.path, 'bin', 'lib.so') },
      ],
    };
  });
  afterEach(async () => {
    feed.closeAllConnections();
    feed.close();
    await folder.remove();
  });
  const install = (stages: string[] = []) =>
    installCudaProvider(plan, folder.path, {
      signal: new AbortController().signal,
      report: ({ stage }) => stages.push(stage),
    });

  test('takes just the libraries out of a package with the right checksum', async () => {
    const stages: string[] = [];
    await install(stages);
    expect(new Uint8Array(await readFile(join(folder.path, 'bin', 'lib.so')))).toEqual(LIBRARY);
    expect(await readdir(folder.path)).toEqual(['bin']);
    expect(stages).toContain('Downloading the CUDA execution provider');
    expect(await isProviderInstalled(plan)).toBe(true);
  });

  test('throws away a package with another checksum', async () => {
    hash = createHash('sha512').update('other').digest('base64');
    await expect(install()).rejects.toMatchObject({ message: expect.stringContaining('checksum') });
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('says what to do by hand where the feed cannot be reached', async () => {
    feed.closeAllConnections();
    await new Promise((resolve) => feed.close(resolve));
    await expect(install()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        /could not be downloaded.*By hand: .*Some\.Package 1\.2\.3.*Copy .*lib\.so/,
      ),
    });
  });

  test("reads the plan of ONNX Runtime's own package", () => {
    const real = readProviderPlan('linux/x64');
    expect(real?.files.map(({ targetPath }) => targetPath.split('/').at(-1))).toEqual([
      'libonnxruntime_providers_cuda.so',
      'libonnxruntime_providers_shared.so',
    ]);
    expect(real?.candidates.length).toBeGreaterThan(0);
    expect(readProviderPlan('darwin/arm64')).toBeNull();
  });
});
