/** Compiles server/kernels/cpu/assembly to server/kernels/cpu/wasm.ts. Run by `npm run generate`. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** @returns the text of server/kernels/cpu/wasm.ts as it should be */
export async function generateWasm(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'embedding-map-wasm-'));
  try {
    const out = join(folder, 'cpu.wasm');
    await promisify(execFile)(process.execPath, [
      'node_modules/assemblyscript/bin/asc.js',
      'server/kernels/cpu/assembly/index.ts',
      ...['--outFile', out, '-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort='],
      ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
      ...['--enable', 'simd', '--enable', 'threads'],
    ]);
    const bytes = await readFile(out);
    return `// Written by \`npm run generate\` from assembly/. Do not edit.\nexport const wasm =\n  '${bytes.toString('base64')}';\n`;
  } finally {
    await rm(folder, { recursive: true });
  }
}
