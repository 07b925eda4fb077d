import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { installS3Server, startS3Server, tapServer, type TappedServer } from '../../support/s3-server.ts';
import { makeTestFolder, startTestHost, waitFor, type TestHost } from '../../support/start-test-host.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const PARTS = 5;
const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
const s3 = await installS3Server();
const SKIPPED = 'reason' in s3 ? `: there is no S3 server (${s3.reason})` : '';

let server: Awaited<ReturnType<typeof startS3Server>>;
let tap: TappedServer;
let client: S3Client;
let folder: Awaited<ReturnType<typeof makeTestFolder>>;
let tested: TestHost;

describe.skipIf(SKIPPED !== '')(`an upload to S3${SKIPPED}`, () => {
  beforeAll(async () => {
    server = await startS3Server('program' in s3 ? s3.program : '');
    client = new S3Client({ region: 'us-east-1', endpoint: server.url, forcePathStyle: true, credentials });
    await client.send(new CreateBucketCommand({ Bucket: 'models' }));
  }, 180_000);
  afterAll(async () => {
    client.destroy();
    await server.stop();
  });
  beforeEach(async () => {
    tap = await tapServer(server.url);
    folder = await makeTestFolder();
    tested = await startTestHost(join(folder.path, 'data'));
    const { jobId } = await tested.client.call('model.import', {
      source: { kind: 'sample', name: 'add_sub' },
    });
    await tested.finishJob('import', jobId);
  });
  afterEach(async () => {
    await tested.close();
    await tap.stop();
    await folder.remove();
  });

  const modelFolder = () => join(tested.dataFolder, 'model-repository', 'add_sub');
  const start = async (storageUri: string, account: object = { endpoint: tap.url, credentials }) => {
    const { jobId } = await tested.client.call('export.upload', { models: ['add_sub'], storageUri, account });
    return jobId;
  };
  const upload = async (storageUri: string, account?: object) =>
    tested.finishJob('export', await start(storageUri, account));
  const keys = async (prefix: string) => {
    const { Contents = [] } = await client.send(
      new ListObjectsV2Command({ Bucket: 'models', Prefix: prefix }),
    );
    return Contents.map(({ Key = '' }) => Key).toSorted((left, right) => (left < right ? -1 : 1));
  };
  const content = async (key: string) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: 'models', Key: key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };
  const sent = (pattern: RegExp) => tap.requests.filter((request) => pattern.test(request));
  /** Weights beside the model that take several parts. */
  const addWeights = async () => {
    const weights = randomBytes((PARTS - 1) * 8 * MIB + 17);
    await writeFile(join(modelFolder(), '1', 'weights.bin'), weights);
    return weights;
  };
  const partsSent = () => sent(/^PUT .*partNumber=/).length;

  test('brings every file of the repository, the config last', async () => {
    const outcome = await upload('s3://models/production/');
    expect(outcome).toMatchObject({ kind: 'uploaded', uri: 's3://models/production/' });
    expect(await keys('production/')).toEqual([
      'production/add_sub/1/model.onnx',
      'production/add_sub/config.pbtxt',
    ]);
    for (const path of ['1/model.onnx', 'config.pbtxt'])
      expect(await content(`production/add_sub/${path}`)).toEqual(await readFile(join(modelFolder(), path)));
    expect(sent(/^PUT /).at(-1)).toMatch(/^PUT \/models\/production\/add_sub\/config\.pbtxt/);
  });

  test('keeps version directories that have no file', async () => {
    await mkdir(join(modelFolder(), '2'));
    await waitFor(async () => {
      const { models } = await tested.client.call('host.snapshot', null);
      return models.find(({ name }) => name === 'add_sub')?.versions.some(({ version }) => version === 2);
    }, 'version 2 to be seen');
    await upload('s3://models/versions');
    expect(await keys('versions/')).toContain('versions/add_sub/2/');
  });

  test('sends nothing twice, and only what changed', async () => {
    await upload('s3://models/again');
    tap.requests.splice(0);
    expect(await upload('s3://models/again')).toMatchObject({ sentFiles: 0 });
    expect(sent(/^(PUT|POST) /)).toEqual([]);
    const config = join(modelFolder(), 'config.pbtxt');
    await writeFile(config, `${await readFile(config, 'utf8')}\n# changed\n`);
    expect(await upload('s3://models/again')).toMatchObject({ sentFiles: 1 });
    expect((await content('again/add_sub/config.pbtxt')).toString()).toContain('# changed');
  });

  test('of a large file goes in parts, whole', async () => {
    const weights = await addWeights();
    await upload('s3://models/large');
    expect(partsSent()).toBe(PARTS);
    expect((await content('large/add_sub/1/weights.bin')).equals(weights)).toBe(true);
    tap.requests.splice(0);
    expect(await upload('s3://models/large')).toMatchObject({ sentFiles: 0 });
    expect(partsSent()).toBe(0);
  }, 60_000);

  test('that breaks says so, and the next one goes on from the parts that are there', async () => {
    const weights = await addWeights();
    tap.rule = (_method, path) => (/partNumber=[45]/.test(path) ? 'cut' : 'pass');
    await expect(upload('s3://models/broken')).rejects.toThrow(
      /^unavailable: Cannot upload to s3:\/\/models\/broken at .*: The connection broke\. Upload again/,
    );
    expect(await keys('broken/')).not.toContain('broken/add_sub/1/weights.bin');
    expect(partsSent()).toBe(3);
    tap.rule = () => 'pass';
    tap.requests.splice(0);
    await upload('s3://models/broken');
    expect(partsSent()).toBe(2);
    expect(sent(/^POST .*\?uploads/)).toEqual([]);
    expect((await content('broken/add_sub/1/weights.bin')).equals(weights)).toBe(true);
  }, 60_000);

  test('goes on with no part of another content', async () => {
    await addWeights();
    tap.rule = (_method, path) => (path.includes('partNumber=5') ? 'cut' : 'pass');
    await expect(upload('s3://models/other')).rejects.toThrow(/broke/);
    const weights = await addWeights();
    tap.rule = () => 'pass';
    await upload('s3://models/other');
    expect((await content('other/add_sub/1/weights.bin')).equals(weights)).toBe(true);
  }, 60_000);

  test('ends at once when it is cancelled, and shows how far it is', async () => {
    await addWeights();
    tap.rule = (_method, path) => (/partNumber=[345]/.test(path) ? 'hold' : 'pass');
    const jobId = await start('s3://models/cancelled');
    const job = async () => {
      const { jobs } = await tested.client.call('host.snapshot', null);
      return jobs.find(({ id }) => id === jobId)?.state;
    };
    await waitFor(async () => {
      const state = await job();
      return state?.kind === 'running' && state.progress.doneUnits >= 16 * MIB && state.progress;
    }, 'two parts');
    const cancelledAt = Date.now();
    await tested.client.call('job.cancel', { jobId });
    await waitFor(async () => (await job())?.kind === 'cancelled', 'the end');
    expect(Date.now() - cancelledAt).toBeLessThan(2_000);
    expect(await keys('cancelled/')).not.toContain('cancelled/add_sub/config.pbtxt');
  }, 60_000);

  test('says what is wrong, in words', async () => {
    const account = { endpoint: tap.url, credentials };
    await expect(upload('s3://no-such-bucket', account)).rejects.toThrow(
      /^not-found: .*There is no such bucket/,
    );
    await expect(upload('s3://models', { ...account, endpoint: 'http://127.0.0.1:9' })).rejects.toThrow(
      /Nothing answers there/,
    );
    await expect(upload('s3://models', { ...account, endpoint: 'ftp://x' })).rejects.toThrow(
      /An endpoint is an address like/,
    );
    for (const uri of ['s3://', 'https://models', 's3://Models', 's3://models/../other', ''])
      await expect(start(uri, account)).rejects.toThrow(/is no place in S3/);
  });

  test('to something that is no S3 server says so', async () => {
    const html = createServer((_incoming, answer) => answer.end('<html><body>Welcome</body>'.repeat(1000)));
    await new Promise<void>((resolve) => {
      html.listen(0, '127.0.0.1', resolve);
    });
    const endpoint = `http://127.0.0.1:${(html.address() as AddressInfo).port}`;
    await expect(upload('s3://models/x', { endpoint, credentials })).rejects.toThrow(
      /^unavailable: What answers there does not speak S3/,
    );
    html.close();
  });

  test('is done by the command line with the keys of the environment', async () => {
    const { stdout } = await run(
      process.execPath,
      [
        fileURLToPath(new URL('../../../main/cli/conch.mjs', import.meta.url)),
        'export',
        modelFolder(),
        '--to',
        's3://models/cli',
        '--endpoint-url',
        tap.url,
        '--json',
      ],
      { env: { ...process.env, AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' } },
    );
    expect(JSON.parse(stdout)).toMatchObject({ models: ['add_sub'], uri: 's3://models/cli', sentFiles: 2 });
    expect(await keys('cli/')).toEqual(['cli/add_sub/1/model.onnx', 'cli/add_sub/config.pbtxt']);
  }, 60_000);

  test('without keys asks for them, and never looks for a cloud’s own', async () => {
    const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE', 'HOME'] as const;
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) delete process.env[name];
    process.env['HOME'] = folder.path;
    try {
      await expect(upload('s3://models/x', { endpoint: tap.url })).rejects.toThrow(
        /^invalid-argument: .*There are no keys/,
      );
      expect(tap.requests).toEqual([]);
    } finally {
      for (const [name, value] of before)
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
    }
  });
});
