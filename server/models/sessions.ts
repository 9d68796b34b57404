/**
 * Sessions of onnxruntime: opened on the best device that works, kept while they are used and the memory allows, released
 * when others need it. Used within the inference thread alone, where a run may block.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

import { env, InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';

import { type DeviceName, deviceNames, type ModelSettings } from '../config.ts';
import { UserError } from '../errors.ts';
import { holdThread } from '../serveKernels.ts';
import { exposeTensors } from './onnx/exposeTensors.ts';
import { type OnnxGraph, readGraph } from './onnx/graph.ts';
import { probeModel } from './onnx/probeModel.ts';
import { withFile } from './onnx/protobuf.ts';

export type Provider = Exclude<DeviceName, 'auto'>;
export type InferenceSettings = Pick<ModelSettings, 'device' | 'modelMemoryBytes'>;

/** Where models run. */
export interface Provision {
  readonly provider: Provider;
  /** Why it is not what was asked for; null where it is. */
  readonly message: string | null;
}

/** As onnxruntime calls them. */
const providerNames: Readonly<Record<Provider, string>> = {
  cuda: 'cuda',
  coreml: 'coreml',
  directml: 'dml',
  webgpu: 'webgpu',
  cpu: 'cpu',
};

env.logLevel = 'fatal'; // what goes wrong is thrown, and told by us

/** Large enough that a graphics card wins although the numbers travel. */
const PROBE_SIZE = 1024;
const PROBE_RUNS = 3;

let provision: { readonly device: DeviceName; readonly found: Promise<Provision> } | null = null;

/** The device that models run on, found out once. */
export function provide(device: DeviceName): Promise<Provision> {
  if (provision?.device !== device) provision = { device, found: findProvider(device) };
  return provision.found;
}

async function findProvider(device: DeviceName): Promise<Provision> {
  const built = new Set(listSupportedBackends().map(({ name }) => name));
  const wanted = device === 'auto' ? deviceNames.filter((name): name is Provider => name !== 'auto') : [device];
  const reasons: string[] = [];
  for (const provider of wanted) {
    if (provider === 'cpu') break;
    if (!built.has(providerNames[provider])) {
      reasons.push(`${provider}: this build of onnxruntime does not have it`);
      continue;
    }
    if (device === 'auto' && provider === 'webgpu' && !hasGraphics()) continue;
    try {
      const taken = await timeProbe(provider);
      // A graphics card that is drawn by the processor works, and is slower than that.
      if (device !== 'auto' || taken < (await timeProbe('cpu'))) return { provider, message: null };
      reasons.push(`${provider}: slower than the processor`);
    } catch (error) {
      reasons.push(`${provider}: ${firstLine(error)}`);
    }
  }
  const message =
    device === 'auto' || device === 'cpu'
      ? null
      : `Models run on the processor, for ${device} cannot be had (${reasons.join('; ')}).`;
  return { provider: 'cpu', message };
}

/** Whether Linux knows of a graphics card. To ask Dawn without one would print its complaints. */
function hasGraphics(): boolean {
  return process.platform !== 'linux' || ['/dev/dri', '/dev/nvidiactl', '/dev/kfd'].some((path) => existsSync(path));
}

/** Milliseconds of the fastest of a few runs. */
async function timeProbe(provider: Provider): Promise<number> {
  const session = await InferenceSession.create(probeModel(PROBE_SIZE), sessionOptions(provider));
  try {
    const x = new Tensor('float32', new Float32Array(PROBE_SIZE ** 2).fill(1 / PROBE_SIZE), [PROBE_SIZE, PROBE_SIZE]);
    let fastest = Number.POSITIVE_INFINITY;
    for (let run = 0; run <= PROBE_RUNS; run++) {
      const started = performance.now();
      await session.run({ x });
      if (run > 0) fastest = Math.min(fastest, performance.now() - started); // the first compiles
    }
    return fastest;
  } finally {
    await session.release();
  }
}

function sessionOptions(provider: Provider): InferenceSession.SessionOptions {
  return {
    executionProviders: provider === 'cpu' ? ['cpu'] : [providerNames[provider], 'cpu'],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
  };
}

/** What is opened: a file, and the tensors that are wanted of it. */
export interface ModelFile {
  readonly file: string;
  /** Changes with the file. */
  readonly version: string;
  readonly bytes: number;
}

interface Kept {
  readonly session: InferenceSession;
  readonly weights: number;
  /** Of its weights, and what its runs have made the process grow by. */
  bytes: number;
  /** Bytes of the largest input so far. */
  largestInput: number;
}

/** The least recently used first. */
const kept = new Map<string, Kept>();

/** Bytes of weights, and of what runs have needed, that are held at the moment. */
export function loadedBytes(): number {
  return [...kept.values()].reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Runs it. onnxruntime keeps for a session the most memory that any of its runs has needed, which for dozens of pictures is some
 * hundred times the weights (900 MB for 64 of 224 x 224 in MobileNetV2, with weights of 3.5 MB): so that counts too, and is
 * given back when the session has not run for a while.
 */
export async function runSession(
  session: InferenceSession,
  feeds: InferenceSession.FeedsType,
): Promise<InferenceSession.ReturnType> {
  clearTimeout(shrinking);
  const found = [...kept.values()].find((each) => each.session === session);
  const input = Object.values(feeds).reduce((sum, { size }) => sum + size, 0);
  const before = found !== undefined && input > found.largestInput ? process.memoryUsage.rss() : null;
  const letGo = holdThread(); // a thread that ends within a run takes the process along
  try {
    return await session.run(feeds);
  } finally {
    letGo();
    if (found !== undefined && before !== null) {
      found.bytes += Math.max(0, process.memoryUsage.rss() - before);
      found.largestInput = input;
    }
    shrinking = setTimeout(releaseLarge, SHRINK_AFTER_MS).unref();
  }
}

let shrinking: NodeJS.Timeout | undefined;
/** Long enough for the pause between two batches, whatever decodes them. */
const SHRINK_AFTER_MS = 30_000;
/** What a session may have grown by and still be kept for the next question: a text or a picture needs less. */
const GROWN_BYTES = 256 * 2 ** 20;

/** Releases the sessions that runs on much at once have made large; from the file they are loaded again in a moment. */
async function releaseLarge(): Promise<void> {
  for (const [key, { session, bytes, weights }] of kept) {
    if (bytes - weights <= GROWN_BYTES) continue;
    kept.delete(key);
    await session.release();
  }
}

/**
 * The session of a model that gives out these tensors; loaded if it is not. Others are released to make room.
 * @throws UserError where the model is larger than the memory, or onnxruntime cannot load it
 */
export async function openSession(
  model: ModelFile,
  tensors: readonly string[],
  settings: InferenceSettings,
): Promise<InferenceSession> {
  clearTimeout(shrinking); // what is opened now must still be there when it is run
  const key = JSON.stringify([model.file, model.version, settings.device, ...tensors]);
  const found = kept.get(key);
  if (found !== undefined) {
    kept.delete(key);
    await makeRoom(settings.modelMemoryBytes - found.bytes);
    kept.set(key, found); // now the last to go
    return found.session;
  }
  if (model.bytes > settings.modelMemoryBytes) {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `The model ${basename(model.file)} has ${megabytes(model.bytes)} of weights; ${megabytes(settings.modelMemoryBytes)} are kept for models. Raise MODEL_MEMORY_BYTES, or take a smaller model.`,
    );
  }
  await makeRoom(settings.modelMemoryBytes - model.bytes);
  const session = await load(model, tensors, settings.device);
  kept.set(key, { session, weights: model.bytes, bytes: model.bytes, largestInput: 0 });
  return session;
}

/** Releases the sessions that were used longest ago until no more than so many bytes are loaded. */
export async function makeRoom(bytes: number): Promise<void> {
  for (const [key, { session }] of kept) {
    if (loadedBytes() <= bytes) return;
    kept.delete(key);
    await session.release();
  }
}

async function load({ file }: ModelFile, tensors: readonly string[], device: DeviceName): Promise<InferenceSession> {
  const { provider } = await provide(device);
  try {
    const graph = withFile(file, readGraph);
    const model = isWhole(graph, tensors) ? file : exposeTensors(await readFile(file), tensors);
    const options = {
      ...sessionOptions(provider),
      // Of a graph in memory, onnxruntime does not know where the weights beside its file lie.
      ...(typeof model === 'string'
        ? {}
        : { extra: { session: { model_external_initializers_file_folder_path: dirname(file) } } }),
    };
    const open = (how: InferenceSession.SessionOptions) =>
      typeof model === 'string' ? InferenceSession.create(model, how) : InferenceSession.create(model, how);
    if (provider === 'cpu') return await open(options);
    return await open(options).catch(() => open({ ...options, executionProviders: ['cpu'] }));
  } catch (error) {
    throw loadError(error, file);
  }
}

/** Whether the file gives out these tensors and nothing else. */
function isWhole({ outputs }: OnnxGraph, tensors: readonly string[]): boolean {
  return outputs.length === tensors.length && outputs.every(({ name }) => tensors.includes(name));
}

function loadError(error: unknown, file: string): UserError {
  if (error instanceof UserError) return error;
  const message = firstLine(error);
  const name = basename(file);
  const [, operator] =
    /(?:No Op registered for |Fatal error: |Could not find an implementation for )([\w.:]+)/.exec(message) ?? [];
  if (operator !== undefined) {
    return new UserError(
      'BAD_USER_INPUT',
      `The model ${name} needs the operator ${operator}, which this version of onnxruntime does not have.`,
      { file: name },
    );
  }
  if (error instanceof RangeError || /protobuf parsing failed|Protobuf/i.test(message)) {
    return new UserError(
      'BAD_USER_INPUT',
      `${name} is no ONNX model, or a damaged one. Get it again from its source.`,
      { file: name },
    );
  }
  if (/external data|filesystem error|No such file|doesn't exist|does not exist/i.test(message)) {
    return new UserError(
      'BAD_USER_INPUT',
      `The model ${name} refers to a file that cannot be read. Put the data of its weights beside it.`,
      { file: name },
    );
  }
  return new UserError('BAD_USER_INPUT', `onnxruntime cannot load the model ${name}: ${message}`, { file: name });
}

/** Of what onnxruntime says: one line, without paths of this machine or of the one it was built on. */
export function firstLine(error: unknown): string {
  const [line = ''] = String(error instanceof Error ? error.message : error).split('\n');
  return line
    .replace(/(?:\/|[A-Za-z]:\\)[^\s:]*[/\\]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300);
}

export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`;
}
