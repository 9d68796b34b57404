/** Gathers the shaders (*.wgsl) of server/kernels into server/kernels/gpu/shaders.ts. Run by `npm run generate`. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../server/kernels/', import.meta.url));

/** @returns the text of server/kernels/gpu/shaders.ts as it should be */
export async function generateShaders(): Promise<string> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.wgsl')).sort();
  const entries = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(folder, file), 'utf8');
      return `  // ${file}\n  ${nameOf(file)}: ${quote(text)},\n`;
    }),
  );
  return `// Written by \`npm run generate\` from the *.wgsl of this folder's parent. Do not edit.\nexport const shaders = {\n${entries.join('')}} as const;\n`;
}

/** `knn.wgsl` is knn, `umap/layout.wgsl` umapLayout; what lies in gpu/ is shared and goes by its own name. */
function nameOf(file: string): string {
  const name = basename(file, '.wgsl');
  const folderName = dirname(file);
  if (folderName === '.' || folderName === 'gpu') return name;
  return `${folderName}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

function quote(text: string): string {
  return `\`${text.replace(/[\\`$]/g, '\\$&')}\``;
}
