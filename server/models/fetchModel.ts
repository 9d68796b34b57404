/**
 * A model from the Hugging Face hub: the files that are needed, of one commit, checked and put in place together. What was
 * downloaded of a run that was cut off is gone on with.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { listFiles, modelInfo } from '@huggingface/hub';

import { UserError } from '../errors.ts';
import type { TaskContext } from '../jobs/task.ts';
import { describeModel, RECORD } from './describeModel.ts';
import { downloadsDir } from './findModels.ts';

export interface FetchModelInput {
  /** `owner/name`. */
  readonly name: string;
  /** A commit, branch or tag. */
  readonly revision: string;
  /** Where the hub is; of tests and of mirrors. Default: https://huggingface.co. */
  readonly hubUrl?: string;
}

const HUB = 'https://huggingface.co';

/** @throws UserError where a name is not `owner/name` as the hub has it, or a revision has characters that none has */
export function checkFetchModel({ name, revision }: FetchModelInput): void {
  if (!/^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/.test(name) || name.includes('..')) {
    throw new UserError(
      'BAD_USER_INPUT',
      `"${name.slice(0, 100)}" is no id of the hub. Wanted: owner/name, for example Xenova/all-MiniLM-L6-v2.`,
    );
  }
  if (!/^[\w][\w./-]{0,99}$/.test(revision) || revision.includes('..')) {
    throw new UserError(
      'BAD_USER_INPUT',
      `"${revision.slice(0, 100)}" is no revision. Give a commit, a branch or a tag.`,
    );
  }
}

/** A file of the hub, as it must be. */
interface HubFile {
  readonly path: string;
  readonly size: number;
  /** Of a large file: the SHA-256 of its bytes; of another: the SHA-1 that git gives them. */
  readonly sha256: string | null;
  readonly gitHash: string | null;
}

/** Files beside the weights that say what a model is. */
const descriptions = new Set([
  'config.json',
  'preprocessor_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
  '1_Pooling/config.json',
  'README.md',
]);

/** Weights, of which one set is taken: whole numbers first, then half precision, then quantised. */
const weights = ['', '_fp16', '_quantized', '_int8'].map((variant) => ({
  single: `model${variant}.onnx`,
  pair: [`text_model${variant}.onnx`, `vision_model${variant}.onnx`],
}));

/** @throws UserError NOT_FOUND, BAD_USER_INPUT where the model is of no use here, UNAVAILABLE where the network fails */
export async function fetchModel(context: TaskContext, input: FetchModelInput): Promise<Record<string, never>> {
  const { signal } = context;
  const hubUrl = input.hubUrl ?? HUB;
  context.progress(`Asking for ${input.name}`, null);
  const about = await ask(signal, input.name, () =>
    modelInfo({
      name: input.name,
      revision: input.revision,
      additionalFields: ['sha', 'cardData'],
      hubUrl,
      fetch: stoppable(signal),
    }),
  );
  const revision = about.sha;
  const repo = { type: 'model', name: input.name } as const;
  const all: HubFile[] = await ask(signal, input.name, async () => {
    const files: HubFile[] = [];
    for await (const { type, path, size, oid, lfs } of listFiles({
      repo,
      revision,
      recursive: true,
      hubUrl,
      fetch: stoppable(signal),
    })) {
      if (type === 'file')
        files.push({
          path,
          size: lfs?.size ?? size,
          sha256: lfs?.oid ?? null,
          gitHash: lfs === undefined ? (oid ?? null) : null,
        });
    }
    return files;
  });
  const wanted = chooseFiles(all, input.name);
  const folder = join(downloadsDir(context), input.name);
  const partial = `${folder}.part`;
  const total = wanted.reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  const startedAt = performance.now();
  let fetched = 0;
  for (const file of wanted) {
    const address = `${hubUrl}/${input.name}/resolve/${revision}/${file.path.split('/').map(encodeURIComponent).join('/')}`;
    await fetchFile(signal, address, file, join(partial, revision, file.path), (bytes, added) => {
      fetched += added;
      const seconds = (performance.now() - startedAt) / 1000;
      const rate = seconds > 0 ? fetched / seconds : 0;
      const speed = rate > 0 ? `, ${(rate / 2 ** 20).toFixed(1)} MiB a second` : '';
      context.progress(`Downloading ${file.path}${speed}`, total === 0 ? null : (before + bytes) / total);
    });
    before += file.size;
  }
  const licence = licenceOf(about.cardData);
  await writeFile(
    join(partial, revision, RECORD),
    `${JSON.stringify({ revision, licence, source: `${hubUrl}/${input.name}` })}\n`,
  );
  const { problem } = describeModel(input.name, join(partial, revision));
  if (problem !== null) {
    await rm(partial, { recursive: true, force: true });
    throw new UserError('BAD_USER_INPUT', `The model "${input.name}" cannot be used. ${problem}`);
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await rename(join(partial, revision), folder);
  await rm(partial, { recursive: true, force: true });
  return {};
}

/** What is taken of a repository. @throws UserError BAD_USER_INPUT where there is no ONNX file that is known */
function chooseFiles(all: readonly HubFile[], name: string): HubFile[] {
  const byPath = new Map(all.map((file) => [file.path, file]));
  const beside = all.filter(({ path }) => descriptions.has(path));
  for (const folder of ['onnx/', '']) {
    for (const { single, pair } of weights) {
      const towers = pair.flatMap((file) => byPath.get(`${folder}${file}`) ?? []);
      const [whole] = [byPath.get(`${folder}${single}`)];
      const chosen = towers.length > 0 ? towers : whole === undefined ? [] : [whole];
      if (chosen.length === 0) continue;
      const data = chosen.flatMap(({ path }) =>
        all.filter((file) => file.path.startsWith(`${path}_data`) || file.path === `${path}.data`),
      );
      return [...beside, ...data, ...chosen];
    }
  }
  throw new UserError(
    'BAD_USER_INPUT',
    `The repository "${name}" holds no ONNX model under a usual name (onnx/model.onnx, or onnx/text_model.onnx and onnx/vision_model.onnx). Take one that was exported, for example from Xenova or onnx-community.`,
  );
}

/** @throws UserError for what the hub answers */
async function ask<T>(signal: AbortSignal, name: string, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    signal.throwIfAborted();
    const status = error instanceof Error && 'statusCode' in error ? error.statusCode : null;
    if (status === 404 || status === 401 || status === 403) {
      throw new UserError(
        'NOT_FOUND',
        `The hub has no model "${name}" of this revision that is open to all. Look at the id again.`,
      );
    }
    throw unreachable(error, name);
  }
}

function unreachable(error: unknown, name: string): UserError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer';
  return new UserError(
    'UNAVAILABLE',
    `The Hugging Face hub cannot be reached (${code}). Without network, put the folder of ${name} below MODELS_DIR.`,
  );
}

function stoppable(signal: AbortSignal): typeof fetch {
  return (resource, init) => fetch(resource, { ...init, signal });
}

/** Goes on where the file ends, if it is there in part, and checks the whole. */
async function fetchFile(
  signal: AbortSignal,
  address: string,
  file: HubFile,
  path: string,
  onBytes: (bytes: number, added: number) => void,
): Promise<void> {
  if ((await sizeOf(path)) === file.size && (await isIntact(path, file))) return onBytes(file.size, 0);
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.part`;
  const had = (await sizeOf(partial)) ?? 0;
  const from = had < file.size ? had : 0;
  try {
    const response = await fetch(address, { signal, headers: from > 0 ? { range: `bytes=${from}-` } : {} });
    if (!response.ok || response.body === null)
      throw new UserError('UNAVAILABLE', `The hub answers ${response.status} to the download of ${file.path}.`, {
        file: file.path,
      });
    let bytes = response.status === 206 ? from : 0;
    const measure = new Transform({
      transform(chunk: Uint8Array, _encoding, done) {
        bytes += chunk.length;
        onBytes(bytes, chunk.length);
        if (bytes > file.size)
          done(new UserError('BAD_USER_INPUT', `${file.path} has more bytes than the hub says.`, { file: file.path }));
        else done(null, chunk);
      },
    });
    await pipeline(response.body, measure, createWriteStream(partial, { flags: response.status === 206 ? 'a' : 'w' }), {
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof UserError ? error : unreachable(error, file.path);
  }
  if (!(await isIntact(partial, file))) {
    await rm(partial, { force: true });
    throw new UserError('UNAVAILABLE', `${file.path} came damaged: its checksum is not the one that the hub names.`, {
      file: file.path,
    });
  }
  await rename(partial, path);
}

/** As the hub names it: SHA-256 of a large file, git's name of another. */
async function isIntact(path: string, { size, sha256, gitHash }: HubFile): Promise<boolean> {
  if ((await sizeOf(path)) !== size) return false;
  const hash = createHash(sha256 === null ? 'sha1' : 'sha256');
  if (sha256 === null) {
    if (gitHash === null) return true;
    hash.update(`blob ${size}\0`);
  }
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex') === (sha256 ?? gitHash);
}

async function sizeOf(path: string): Promise<number | null> {
  return await stat(path).then(
    ({ size }) => size,
    () => null,
  );
}

function licenceOf(card: unknown): string | null {
  if (typeof card !== 'object' || card === null || !('license' in card)) return null;
  return typeof card.license === 'string' ? card.license : null;
}
