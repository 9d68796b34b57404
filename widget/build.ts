/** Bundles the element into one file that any page can load, what few need into a second, and the server's own pages beside them. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { type BuildOptions, build, type Plugin, transform } from 'esbuild';

export interface WidgetBuild {
  /** The element's file compressed by gzip, in bytes. */
  readonly gzipBytes: number;
  /** False when everything was up to date. */
  readonly built: boolean;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const source = fileURLToPath(new URL('.', import.meta.url));

/** Pages: served at `/` and `/embed`. */
const pages = ['index.html', 'embed.html', 'pages.css'] as const;
const pageScripts = ['gallery.ts', 'embed.ts'] as const;

/** Styles stand in templates, whose text a bundler leaves as it is: without spaces and comments half a kilobyte is saved. */
const smallStyles: Plugin = {
  name: 'small styles',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\](styles|\w+Styles)\.ts$/ }, async ({ path }) => {
      // The template is what is last between two signs; others stand in comments.
      const parts = (await readFile(path, 'utf8')).split('`');
      const { code } = await transform(parts.at(-2) ?? '', { loader: 'css', minify: true });
      return { contents: [...parts.slice(0, -2), code.trim(), ...parts.slice(-1)].join('`'), loader: 'ts' };
    });
  },
};

/** Indentation of what stands in templates is text that a bundler leaves as it is, too: a third of a kilobyte. Pages show some of theirs. */
const smallTemplates: Plugin = {
  name: 'small templates',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (!path.startsWith(source) || path.startsWith(join(source, 'pages'))) return null;
      return { contents: (await readFile(path, 'utf8')).replace(/^[ \t]+/gm, ''), loader: 'ts' };
    });
  },
};

/**
 * Writes `embedding-map.js` (one ES module that imports nothing), what it fetches when it is first wanted (`embedding-map-more.js`, and
 * `embedding-map-compute.js` for maps that are made in the page), their source maps, and the pages into `outDir`.
 * Does nothing when neither a source nor a dependency has changed since: about 20 ms instead of 400.
 */
export async function buildWidget(outDir: string): Promise<WidgetBuild> {
  await mkdir(outDir, { recursive: true });
  const stamp = await stampOf();
  const stampFile = `${outDir}/.widget.json`;
  const known = await readFile(stampFile, 'utf8').catch(() => null);
  if (known !== null) {
    const { stamp: before, gzipBytes }: { stamp: string; gzipBytes: number } = JSON.parse(known);
    if (before === stamp) return { gzipBytes, built: false };
  }

  const shared = {
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    sourcemap: true,
    legalComments: 'none',
    logLevel: 'error',
    plugins: [smallStyles, smallTemplates],
  } as const satisfies BuildOptions;
  await Promise.all([
    build({
      ...shared,
      entryPoints: ['widget/index.ts'],
      outfile: `${outDir}/embedding-map.js`,
      // Without the checks of every call, and so without a wait for the graphics card after each.
      alias: { regl: 'regl/dist/regl.unchecked.js' },
    }),
    build({
      ...shared,
      entryPoints: ['widget/more.ts'],
      outfile: `${outDir}/embedding-map-more.js`,
      // It makes templates and no elements.
      alias: { lit: 'lit-html' },
    }),
    build({ ...shared, entryPoints: ['widget/compute.worker.ts'], outfile: `${outDir}/embedding-map-compute.js` }),
    build({ ...shared, entryPoints: pageScripts.map((name) => `widget/pages/${name}`), outdir: outDir }),
    ...pages.map((name) => copyFile(`${source}pages/${name}`, `${outDir}/${name}`)),
  ]);

  const gzipBytes = gzipSync(await readFile(`${outDir}/embedding-map.js`), { level: 9 }).byteLength;
  await writeFile(stampFile, JSON.stringify({ stamp, gzipBytes }));
  return { gzipBytes, built: true };
}

/** Changes with every file that goes into the bundle: the sources by content, the packages by version. */
async function stampOf(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(source, { recursive: true })).sort()) {
    if (!/\.(ts|html|css)$/.test(name)) continue;
    hash.update(`${name}\0`).update(await readFile(source + name));
  }
  return hash.update(await readFile(`${root}package.json`)).digest('hex');
}
