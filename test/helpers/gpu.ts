/**
 * A graphics card for the tests: whichever `findGpu` finds, or else SwiftShader, the software driver that comes with the
 * bundled browser. It is slow and right, so what is tested is the results, never the time.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';

import { extract } from 'tar-stream';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { GpuBackend, type GpuOptions } from '#kernels/gpu/backend.ts';

import { findGpu } from '../../server/gpu.ts';
import './patientDawn.mjs';

const DRIVER = 'vk_swiftshader_icd.json';
const LOADER = 'libvulkan.so.1';
const FILES = [DRIVER, LOADER, 'libvk_swiftshader.so'];

/** Keeps a library loaded when whoever loaded it closes it: Node does, when it finds that it is no module. From dlfcn.h. */
const RTLD_NODELETE = 0x1000;

/**
 * Makes the software driver the one that this process, and the processes that it starts, find. To be called before any of
 * them looks for a graphics card.
 */
export async function useSoftwareGpu(): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`The software driver is for Linux on x64; this is ${process.platform} on ${process.arch}.`);
  }
  const folder = await unpackDriver();
  process.env['VK_DRIVER_FILES'] = join(folder, DRIVER);
  // For processes to come; this one has read it at its start.
  process.env['LD_LIBRARY_PATH'] = folder;
  // For threads to come, this one has imported it.
  process.env['NODE_OPTIONS'] = `--import ${new URL('patientDawn.mjs', import.meta.url).href}`;
  try {
    const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
    process.dlopen({ exports: {} }, join(folder, LOADER), RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
  } catch (error) {
    if (!String(error).includes('did not self-register')) throw error;
  }
}

/** @returns the folder with the driver's files, unpacked once and for all processes */
async function unpackDriver(): Promise<string> {
  const package_ = new URL('../../node_modules/@sparticuz/chromium/', import.meta.url);
  const { version }: { version: string } = JSON.parse(await readFile(new URL('package.json', package_), 'utf8'));
  const folder = join(tmpdir(), `embedding-map-swiftshader-${version}`);
  if (existsSync(folder)) return folder;
  await mkdir(tmpdir(), { recursive: true });
  const partial = await mkdtemp(`${folder}-`);
  const archive = brotliDecompressSync(await readFile(fileURLToPath(new URL('bin/swiftshader.tar.br', package_))));
  const unpacking = extract();
  unpacking.end(archive);
  for await (const entry of unpacking) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(Buffer.from(part as Uint8Array));
    if (FILES.includes(entry.header.name)) await writeFile(join(partial, entry.header.name), Buffer.concat(parts));
  }
  // Whole or not at all; whoever comes second finds it there.
  await rename(partial, folder).catch(() => rm(partial, { recursive: true }));
  return folder;
}

export interface GpuTest {
  /** Why the tests are skipped; false when there is a device. */
  readonly skip: string | false;
  /** Whether it is the processor in a card's clothes. */
  readonly software: boolean;
  /** A backend on a device of its own, closed after the tests of the file. */
  backend(options?: Partial<GpuOptions>): Promise<GpuBackend>;
}

/**
 * Devices for the tests of one file. Where there is none, the tests are skipped and say why; with CI=true that is a failure.
 */
export async function gpuForTests(): Promise<GpuTest> {
  let skip: string | false = false;
  let software = false;
  try {
    await useSoftwareGpu();
    const found = await findGpu();
    if ('missing' in found) throw new Error(found.missing);
    software = found.software;
    found.device.destroy();
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    skip = `No graphics card, not even in software: ${error instanceof Error ? error.message : String(error)}`;
    console.warn(skip);
  }
  const backends: GpuBackend[] = [];
  after(() => {
    for (const backend of backends) {
      backend.close();
      backend.cpu.close();
    }
  });
  return {
    skip,
    software,
    async backend(options = {}) {
      const found = await findGpu();
      if ('missing' in found) throw new Error(found.missing);
      const cpu = options.cpu ?? (await CpuBackend.create(null));
      const backend = new GpuBackend(found.device, { now: () => performance.now(), ...options, cpu });
      backends.push(backend);
      return backend;
    },
  };
}
