/**
 * What the widget's build gives: the element (/embedding-map.js) and the pages around it.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

import type { FastifyInstance } from 'fastify';

import { buildWidget } from '../../widget/build.ts';
import { hasCopy, takesEncoding } from './conditions.ts';

const root = new URL('../../', import.meta.url);
const outDir = fileURLToPath(new URL('dist/', root));

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.map': 'application/json; charset=utf-8',
};

/** Any page may load the element, and what the element loads. */
const elementFiles: ReadonlySet<string> = new Set([
  '/embedding-map.js',
  '/embedding-map-more.js',
  '/embedding-map-compute.js',
]);

/** Names under which a page is asked for. */
const pageAddress: Readonly<Record<string, string>> = { 'index.html': '/', 'embed.html': '/embed' };

const contentSecurityPolicy = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-eval'", // regl, with which maps are drawn, compiles its draw calls
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob: https:", // items may name pictures that lie elsewhere
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
].join('; ');

interface Page {
  readonly address: string;
  readonly mediaType: string;
  readonly etag: string;
  readonly bytes: Buffer;
}

/** Builds what is not up to date, and serves it from memory. */
export async function pageRoutes(app: FastifyInstance): Promise<void> {
  await buildWidget(outDir);
  const names = (await readdir(outDir)).filter((name) => mediaTypes[extname(name)] !== undefined);
  for (const page of await Promise.all(names.map(readPage))) addPage(app, page);
}

async function readPage(name: string): Promise<Page> {
  const bytes = await readFile(join(outDir, name));
  return {
    address: pageAddress[name] ?? `/${name}`,
    mediaType: mediaTypes[extname(name)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(bytes).digest('base64url')}"`,
    bytes,
  };
}

function addPage(app: FastifyInstance, { address, mediaType, etag, bytes }: Page): void {
  // Compressed for the first who asks: a quarter of a second for the element, which a start need not wait for.
  const packed = new Map<'br' | 'gzip', Promise<Buffer>>();
  const pack = (encoding: 'br' | 'gzip'): Promise<Buffer> => {
    const known = packed.get(encoding) ?? encoders[encoding](bytes);
    packed.set(encoding, known);
    return known;
  };
  app.get(address, { config: { anyOrigin: elementFiles.has(address) } }, async ({ headers }, reply) => {
    reply.headers({ etag, 'cache-control': 'no-cache', vary: 'Accept-Encoding' });
    if (mediaType.startsWith('text/html')) reply.header('content-security-policy', contentSecurityPolicy);
    if (hasCopy(headers['if-none-match'], etag)) return reply.code(304).send();
    reply.type(mediaType);
    const encoding = (['br', 'gzip'] as const).find((name) => takesEncoding(headers['accept-encoding'], name));
    if (encoding === undefined) return reply.send(bytes);
    return reply.header('content-encoding', encoding).send(await pack(encoding));
  });
}

const encoders = {
  br: (bytes: Buffer) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  gzip: (bytes: Buffer) => promisify(gzip)(bytes),
} as const;
