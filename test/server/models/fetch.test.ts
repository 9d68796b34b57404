/** What is got over the network, from servers of our own in the place of the hub and of others. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';

import type { TaskContext } from '../../../server/jobs/task.ts';
import { checkFetchModel, fetchModel } from '../../../server/models/fetchModel.ts';
import { listModels } from '../../../server/models/findModels.ts';
import { recommended } from '../../../server/models/knownModels.ts';
import { fetchPicture, isPublic } from '../../../server/models/pictures/fetchPicture.ts';
import { settingsFor, writeTextModel } from '../../helpers/models.ts';
import { scratchDir } from '../../helpers/runTask.ts';

const folder = await scratchDir();

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

// The hub -----------------------------------------------------------------------------------------------------------

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

await writeTextModel(join(folder, 'source'));
const weights = await readFile(join(folder, 'source', 'onnx', 'model.onnx'));
const files = new Map<string, Buffer>([
  ['onnx/model.onnx', weights],
  ['onnx/model_quantized.onnx', Buffer.from('not wanted')],
  ['model.safetensors', Buffer.from('not wanted either')],
  ['tokenizer.json', await readFile(join(folder, 'source', 'tokenizer.json'))],
  ['tokenizer_config.json', await readFile(join(folder, 'source', 'tokenizer_config.json'))],
]);

/** The parts of the hub that are asked. `change` may spoil what it sends. */
async function hub(
  change: (path: string, bytes: Buffer) => Buffer = (_path, bytes) => bytes,
  { commit = COMMIT, pausesAt = null }: { readonly commit?: string; readonly pausesAt?: string | null } = {},
): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const url = await serve((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://hub');
    asked.push(`${pathname}${request.headers.range === undefined ? '' : ` ${request.headers.range}`}`);
    const json = (value: unknown) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    if (pathname.startsWith('/api/models/owner/colours/revision/')) {
      return json({
        _id: '1',
        id: 'owner/colours',
        sha: commit,
        private: false,
        gated: false,
        downloads: 0,
        likes: 0,
        lastModified: '2026-01-01T00:00:00.000Z',
        cardData: { license: 'mit' },
      });
    }
    if (pathname.startsWith(`/api/models/owner/colours/tree/${commit}`)) {
      return json(
        [...files].map(([path, bytes]) => {
          const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
          const lfs = { oid: createHash('sha256').update(bytes).digest('hex'), size: bytes.length, pointerSize: 130 };
          return { type: 'file', path, size: bytes.length, oid, ...(path.endsWith('.onnx') ? { lfs } : {}) };
        }),
      );
    }
    const [, path = ''] = pathname.split(`/owner/colours/resolve/${commit}/`);
    const bytes = files.get(path);
    if (bytes === undefined) return response.writeHead(404).end();
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const sent = change(path, bytes);
    // Half of the file, and then nothing more: a network that stands still.
    if (path === pausesAt && from === undefined) return response.write(sent.subarray(0, sent.length >> 1));
    if (from === undefined) return response.end(sent);
    return response.writeHead(206).end(sent.subarray(Number(from)));
  });
  return { url, asked };
}

function contextOf(
  dataDir: string,
  progress: TaskContext['progress'] = () => {},
  signal = new AbortController().signal,
): TaskContext {
  const context: Pick<TaskContext, 'signal' | 'dataDir' | 'progress'> = { dataDir, signal, progress };
  return Object.assign(Object.create(null), context);
}

const wanted = { name: 'owner/colours', revision: 'main' } as const;

test('a model is fetched: what is needed of one commit, checked, with its licence', async () => {
  const dataDir = join(folder, 'fresh');
  const { url, asked } = await hub();
  await fetchModel(contextOf(dataDir), { ...wanted, hubUrl: url });
  const [model] = await listModels(settingsFor(join(folder, 'nowhere'), { dataDir }));
  assert.deepEqual(
    [model?.name, model?.problem, model?.licence, model?.revision],
    ['owner/colours', null, 'mit', COMMIT],
  );
  assert.deepEqual(await readdir(join(dataDir, 'models', 'owner')), ['colours'], 'nothing half done is left');
  assert.ok(!asked.some((path) => /quantized|safetensors/.test(path)), 'what is not needed is not asked for');
  assert.ok(asked.filter((path) => path.includes('/resolve/')).every((path) => path.includes(COMMIT)));
});

test('a download that was cut off is gone on with where it was', async () => {
  const dataDir = join(folder, 'resumed');
  const half = Math.floor(weights.length / 2);
  const cut = await hub((path, bytes) => (path === 'onnx/model.onnx' ? bytes.subarray(0, half) : bytes));
  await assert.rejects(fetchModel(contextOf(dataDir), { ...wanted, hubUrl: cut.url }), /came damaged/);
  const broken = await hub();
  // As a process that was killed leaves it.
  const partial = join(dataDir, 'models', 'owner', 'colours.part', COMMIT, 'onnx', 'model.onnx.part');
  const { writeFile } = await import('node:fs/promises');
  await writeFile(partial, weights.subarray(0, half));
  await fetchModel(contextOf(dataDir), { ...wanted, hubUrl: broken.url });
  assert.deepEqual(
    broken.asked.filter((path) => path.includes('/resolve/')),
    [`/owner/colours/resolve/${COMMIT}/onnx/model.onnx bytes=${half}-`],
  );
  assert.ok((await readFile(join(dataDir, 'models', 'owner', 'colours', 'onnx', 'model.onnx'))).equals(weights));
});

/** As a job whose process ends while half of the weights is there. @returns what it had asked for */
async function stopHalfWay(dataDir: string, commit = COMMIT): Promise<string[]> {
  const stop = new AbortController();
  const { url, asked } = await hub((_path, bytes) => bytes, { commit, pausesAt: 'onnx/model.onnx' });
  const onProgress: TaskContext['progress'] = (stage) => {
    if (stage.startsWith('Downloading onnx/model.onnx')) setTimeout(() => stop.abort(), 20);
  };
  await assert.rejects(fetchModel(contextOf(dataDir, onProgress, stop.signal), { ...wanted, hubUrl: url }), {
    name: 'AbortError',
  });
  return asked;
}

test('a download that is stopped is gone on with from the byte where it was, and what is whole is not asked for again', async () => {
  const dataDir = join(folder, 'stopped');
  await stopHalfWay(dataDir);
  const { url, asked } = await hub();
  await fetchModel(contextOf(dataDir), { ...wanted, hubUrl: url });
  assert.deepEqual(
    asked.filter((path) => path.includes('/resolve/')),
    [`/owner/colours/resolve/${COMMIT}/onnx/model.onnx bytes=${weights.length >> 1}-`],
  );
  assert.ok((await readFile(join(dataDir, 'models', 'owner', 'colours', 'onnx', 'model.onnx'))).equals(weights));
});

test('a branch that has moved on meanwhile is fetched anew: files of two commits are never mixed', async () => {
  const dataDir = join(folder, 'moved');
  const newer = COMMIT.replaceAll('0', 'f');
  await stopHalfWay(dataDir);
  const { url, asked } = await hub((_path, bytes) => bytes, { commit: newer });
  await fetchModel(contextOf(dataDir), { ...wanted, hubUrl: url });
  const files = asked.filter((path) => path.includes('/resolve/'));
  assert.ok(files.length >= 3 && files.every((path) => path.includes(newer) && !path.includes('bytes=')), files.join());
  const [model] = await listModels(settingsFor(join(folder, 'nowhere'), { dataDir }));
  assert.equal(model?.revision, newer);
  assert.deepEqual(
    await readdir(join(dataDir, 'models', 'owner')),
    ['colours'],
    'what was fetched of the older is gone',
  );
});

test('how far a download is, is told in bytes of all files, with its speed', async () => {
  const { url } = await hub();
  const told: (readonly [string, number])[] = [];
  const onProgress: TaskContext['progress'] = (stage, share) => void (share === null || told.push([stage, share]));
  await fetchModel(contextOf(join(folder, 'told'), onProgress), { ...wanted, hubUrl: url });
  const shares = told.map(([, share]) => share);
  assert.deepEqual(
    shares,
    [...shares].sort((a, b) => a - b),
  );
  assert.equal(shares.at(-1), 1);
  assert.match(told.at(-1)?.[0] ?? '', /^Downloading onnx\/model\.onnx, \d+\.\d MiB a second$/);
  assert.ok(told.some(([stage]) => stage.startsWith('Downloading tokenizer.json')));
});

test('what comes with another checksum is not kept', async () => {
  const dataDir = join(folder, 'damaged');
  const { url } = await hub((path, bytes) => (path === 'onnx/model.onnx' ? Buffer.from(bytes).fill(7, 10, 20) : bytes));
  await assert.rejects(
    fetchModel(contextOf(dataDir), { ...wanted, hubUrl: url }),
    /onnx\/model\.onnx came damaged: its checksum is not the one that the hub names/,
  );
  await assert.rejects(stat(join(dataDir, 'models', 'owner', 'colours')), /ENOENT/);
});

test('a model that the hub does not have, and a hub that cannot be reached, are told apart', async () => {
  const { url } = await hub();
  const nothing = contextOf(join(folder, 'nothing'));
  await assert.rejects(
    fetchModel(nothing, { name: 'owner/other', revision: 'main', hubUrl: url }),
    /has no model "owner\/other" of this revision that is open to all/,
  );
  await assert.rejects(
    fetchModel(nothing, { ...wanted, hubUrl: 'http://127.0.0.1:9' }),
    /hub cannot be reached.*put the folder of owner\/colours below MODELS_DIR/,
  );
});

test('names that are no ids of the hub are refused before anything is asked', () => {
  for (const name of ['colours', 'a/b/c', '../../etc', 'owner/..', 'owner/na me', '']) {
    assert.throws(() => checkFetchModel({ name, revision: 'main' }), /is no id of the hub/, name);
  }
  for (const revision of ['../main', 'a b', ''])
    assert.throws(() => checkFetchModel({ ...wanted, revision }), /is no revision/, revision);
  checkFetchModel({ name: 'Xenova/all-MiniLM-L6-v2', revision: 'refs/pr/2' });
});

test('what is recommended names its commit, its size and its licence, and an id that the hub could have', () => {
  assert.ok(recommended.length >= 6);
  for (const { name, revision, bytes, dimension, licence, modalities } of recommended) {
    checkFetchModel({ name, revision: revision ?? 'main' });
    assert.ok(revision === null || /^[0-9a-f]{40}$/.test(revision), name);
    assert.ok(bytes > 1e6 && dimension > 0 && licence !== '' && modalities.length > 0, name);
  }
});

// Pictures ----------------------------------------------------------------------------------------------------------

test('addresses of this machine and the networks around it are not public', () => {
  for (const address of [
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:db8::1',
    'nonsense',
  ]) {
    assert.equal(isPublic(address), false, address);
  }
  for (const address of ['93.184.216.34', '8.8.8.8', '2606:4700:4700::1111'])
    assert.equal(isPublic(address), true, address);
});

for (const url of [
  'http://127.0.0.1:4000/graphql',
  'http://localhost/',
  'http://2130706433/',
  'http://0x7f.1/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://169.254.169.254/latest/meta-data/',
  'https://10.0.0.1/x.png',
]) {
  test(`a private address is not asked: ${url}`, async () => {
    await assert.rejects(fetchPicture(url), /is not on the public network\. Give the picture itself, as a data URL/);
  });
}

const refused: readonly (readonly [string, RegExp])[] = [
  ['file:///etc/passwd', /begins with data:, https:\/\/ or http:\/\//],
  ['ftp://example.org/x.png', /begins with data:/],
  ['no address', /"no address" is no address/],
  ['https://user:secret@example.org/x.png', /holds a user name or a password/],
  ['data:text/html;base64,PGI+', /does not begin with `data:image\/…;base64,`/],
  ['data:image/png,plain', /does not begin with/],
  ['data:image/png;base64,***', /is not base64/],
  ['data:image/png;base64,', /holds no bytes/],
];

for (const [url, reason] of refused) {
  test(`no picture: ${url}`, async () => {
    await assert.rejects(fetchPicture(url), reason);
  });
}

test('a data URL is its bytes', async () => {
  assert.deepEqual([...(await fetchPicture('data:image/png;base64,AQID'))], [1, 2, 3]);
});

const isAllowed = () => true;

test('what an allowed address answers is the picture; a redirect, an error and a flood are not', async () => {
  const url = await serve((request, response) => {
    switch (request.url) {
      case '/picture':
        return response.end(Buffer.from([1, 2, 3]));
      case '/redirect':
        return response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
      case '/flood': {
        const more = (error?: Error | null) =>
          void (error || response.destroyed || response.write(Buffer.alloc(1 << 20), more));
        return more();
      }
      default:
        return response.writeHead(404).end('nothing');
    }
  });
  assert.deepEqual([...(await fetchPicture(`${url}/picture`, { isAllowed }))], [1, 2, 3]);
  await assert.rejects(
    fetchPicture(`${url}/redirect`, { isAllowed }),
    /sends on to another address, which is not followed/,
  );
  await assert.rejects(fetchPicture(`${url}/other`, { isAllowed }), /answers 404 and gives no picture/);
  await assert.rejects(fetchPicture(`${url}/flood`, { isAllowed }), /more than 32 MiB/);
  await assert.rejects(fetchPicture('http://127.0.0.1:9/', { isAllowed }), /nothing answers, or too slowly/);
});

test('a name that resolves to a private address is not asked', async () => {
  await assert.rejects(fetchPicture('http://localhost:1/', {}), /The host "localhost" is not on the public network/);
});
