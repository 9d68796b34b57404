/**
 * The environment as one typed, frozen object. Only this file reads `process.env`; the README lists the same variables.
 */
import { isIP } from 'node:net';
import { resolve } from 'node:path';

import { UserError } from './errors.ts';

export interface Config {
  /** TCP port; 0 lets the system choose. `PORT`, default 4000. */
  readonly port: number;
  /** Address to listen on. `HOST`, default 127.0.0.1. */
  readonly host: string;
  /** Whether only this machine can reach the server. */
  readonly loopback: boolean;
  /** A Postgres with pgvector. `DATABASE_URL`; null: PGlite under `dataDir`. */
  readonly databaseUrl: string | null;
  /** Connections in the pool. `DATABASE_POOL`, default 10. */
  readonly databasePool: number;
  /** Where the embedded database, uploads and caches lie. `DATA_DIR`, default `.data`. */
  readonly dataDir: string;
  /** Where data sets that manifests name are looked for before they are downloaded. `DATASETS_DIR`; null: nowhere. */
  readonly datasetsDir: string | null;
  /** Folder with models in the layout of the Hugging Face hub. `MODELS_DIR`; null: only what was downloaded. */
  readonly modelsDir: string | null;
  /** What models run on. `DEVICE`: auto, cuda, coreml, directml, webgpu or cpu; default auto, the fastest there is. */
  readonly device: DeviceName;
  /** Bytes of weights, and of what running them has needed, that each process keeps at once, twice while a job runs. `MODEL_MEMORY_BYTES`, default 2 GiB. */
  readonly modelMemoryBytes: number;
  /** What a client must send as `Authorization: Bearer …` to change anything. `AUTH_TOKEN`; null: none. */
  readonly authToken: string | null;
  /** Origins of pages that may ask, or `*`. `CORS_ORIGINS`, comma-separated; default: none but the server's own and loopback. */
  readonly corsOrigins: readonly string[];
  /** Names by which the server may be addressed beside its own address. `ALLOWED_HOSTS`, comma-separated. */
  readonly allowedHosts: readonly string[];
  /** Whether the schema can be asked for and errors name its parts. `INTROSPECTION`, default true on loopback only. */
  readonly introspection: boolean;
  /** Largest upload in bytes. `UPLOAD_LIMIT_BYTES`, default 16 GiB. */
  readonly uploadLimitBytes: number;
  /** Longest run of a search in milliseconds. `QUERY_TIMEOUT_MS`, default 30000. */
  readonly queryTimeoutMs: number;
  /** Memory for embeddings that are searched exactly, in bytes; 0: none is kept. `RESIDENT_BYTES`, default 1 GiB. */
  readonly residentBytes: number;
  /** Jobs worked at by this process at once; 0: none, another process works. `WORKERS`, default 1. */
  readonly workers: number;
  /** What computes maps, and trains graph models, where AUTO is asked for; `cpu`: always. `COMPUTE_DEVICE`: auto, gpu or cpu; default auto: a graphics card where there is one. */
  readonly computeDevice: ComputeDevice;
  /** What multiplies matrices on the processor. `COMPUTE_GEMM`: auto or wasm; default auto: onnxruntime where it is faster. */
  readonly computeGemm: ComputeGemm;
  /** Data sets that `migrate` and `start` load. `DEMO_DATASETS`, comma-separated; default `digits,emoji,wordnet`; `none`. */
  readonly demoDatasets: readonly string[];
  /** `LOG_LEVEL`: fatal, error, warn, info, debug, trace or silent; default info. */
  readonly logLevel: (typeof logLevels)[number];
}

const computeDevices = ['auto', 'gpu', 'cpu'] as const;
export type ComputeDevice = (typeof computeDevices)[number];
const computeGemms = ['auto', 'wasm'] as const;
export type ComputeGemm = (typeof computeGemms)[number];
/** The execution providers of onnxruntime, the fastest first; `auto` takes the first that works. */
export const deviceNames = ['auto', 'cuda', 'coreml', 'directml', 'webgpu', 'cpu'] as const;
export type DeviceName = (typeof deviceNames)[number];

/** Where models are found, and what they may run on. */
export type ModelSettings = Pick<Config, 'modelsDir' | 'dataDir' | 'device' | 'modelMemoryBytes'>;

/** The same where nothing is set. */
export const usualModels = { modelsDir: null, device: 'auto', modelMemoryBytes: 2 * 2 ** 30 } as const satisfies Omit<
  ModelSettings,
  'dataDir'
>;

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Reads and checks the environment. @throws UserError that names the variable, what it holds and what it may hold */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const text = textOf(environment);
  const list = (name: string): string[] | null =>
    text(name)
      ?.split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '') ?? null;
  const integer = (name: string, fallback: number, least: number, most: number): number => {
    const given = text(name);
    if (given === null) return fallback;
    const value = Number(given);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw wrong(name, given, `a whole number from ${least} to ${most}`);
    }
    return value;
  };

  const host = text('HOST') ?? '127.0.0.1';
  const loopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

  const databaseUrl = text('DATABASE_URL');
  if (databaseUrl !== null && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw wrong('DATABASE_URL', databaseUrl.replace(/\/\/.*@/, '//…@'), 'an address that begins with postgres://');
  }

  const logLevelGiven = text('LOG_LEVEL') ?? 'info';
  const logLevel = logLevels.find((level) => level === logLevelGiven);
  if (logLevel === undefined) throw wrong('LOG_LEVEL', logLevelGiven, logLevels.join(', '));

  const deviceGiven = (text('DEVICE') ?? 'auto').toLowerCase();
  const device = deviceNames.find((name) => name === deviceGiven);
  if (device === undefined) throw wrong('DEVICE', deviceGiven, deviceNames.join(', '));

  const introspectionGiven = text('INTROSPECTION') ?? String(loopback);
  if (introspectionGiven !== 'true' && introspectionGiven !== 'false') {
    throw wrong('INTROSPECTION', introspectionGiven, 'true or false');
  }

  const corsOrigins = list('CORS_ORIGINS') ?? [];
  for (const origin of corsOrigins) {
    if (origin !== '*' && (!URL.canParse(origin) || new URL(origin).origin !== origin)) {
      throw wrong('CORS_ORIGINS', origin, '* or origins such as https://example.org, without a path');
    }
  }

  const demoGiven = list('DEMO_DATASETS') ?? ['digits', 'emoji', 'wordnet'];
  const datasetsDir = text('DATASETS_DIR');
  const modelsDir = text('MODELS_DIR');
  return Object.freeze({
    port: integer('PORT', 4000, 0, 65535),
    host,
    loopback,
    databaseUrl,
    databasePool: integer('DATABASE_POOL', 10, 2, 1000),
    dataDir: resolve(text('DATA_DIR') ?? '.data'),
    datasetsDir: datasetsDir === null ? null : resolve(datasetsDir),
    modelsDir: modelsDir === null ? null : resolve(modelsDir),
    device,
    modelMemoryBytes: integer('MODEL_MEMORY_BYTES', usualModels.modelMemoryBytes, 2 ** 20, Number.MAX_SAFE_INTEGER),
    authToken: text('AUTH_TOKEN'),
    corsOrigins,
    allowedHosts: list('ALLOWED_HOSTS') ?? [],
    introspection: introspectionGiven === 'true',
    uploadLimitBytes: integer('UPLOAD_LIMIT_BYTES', 16 * 2 ** 30, 1, Number.MAX_SAFE_INTEGER),
    queryTimeoutMs: integer('QUERY_TIMEOUT_MS', 30_000, 100, 3_600_000),
    residentBytes: integer('RESIDENT_BYTES', 2 ** 30, 0, Number.MAX_SAFE_INTEGER),
    workers: integer('WORKERS', 1, 0, 64),
    computeDevice: readComputeDevice(environment),
    computeGemm: readComputeGemm(environment),
    demoDatasets: demoGiven.length === 1 && demoGiven[0] === 'none' ? [] : demoGiven,
    logLevel,
  });
}

/** `COMPUTE_DEVICE` by itself, for threads that need nothing else. @throws UserError as `readConfig` */
export function readComputeDevice(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ComputeDevice {
  const text = textOf(environment);
  const given = (text('COMPUTE_DEVICE') ?? 'auto').toLowerCase();
  const device = computeDevices.find((name) => name === given);
  if (device === undefined) throw wrong('COMPUTE_DEVICE', given, computeDevices.join(', '));
  return device;
}

/** `COMPUTE_GEMM` by itself. @throws UserError as `readConfig` */
export function readComputeGemm(environment: Readonly<Record<string, string | undefined>> = process.env): ComputeGemm {
  const text = textOf(environment);
  const given = (text('COMPUTE_GEMM') ?? 'auto').toLowerCase();
  const gemm = computeGemms.find((name) => name === given);
  if (gemm === undefined) throw wrong('COMPUTE_GEMM', given, computeGemms.join(', '));
  return gemm;
}

/** What a variable holds; null where it is not set, or empty. */
function textOf(environment: Readonly<Record<string, string | undefined>>): (name: string) => string | null {
  return (name) => environment[name]?.trim() || null;
}

function wrong(name: string, given: string, wanted: string): UserError {
  return new UserError('BAD_USER_INPUT', `The environment variable ${name} is "${given}"; wanted: ${wanted}.`);
}
