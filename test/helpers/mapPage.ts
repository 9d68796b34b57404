/** Pages with one `<embedding-map>`, and what tests ask of it. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';

import type { Page } from 'playwright-core';
import sharp from 'sharp';

/** Software rendering on a busy machine takes seconds where a graphics card takes milliseconds. */
export const PATIENCE_MS = 60_000;

export interface Site {
  readonly origin: string;
  /** Serves this page, and answers its address. */
  serve(html: string, headers?: Record<string, string>): string;
}

/** Another web site than the server's: any page, on an origin of its own. */
export async function startSite(): Promise<Site> {
  const pages = new Map<string, { readonly html: string; readonly headers: Record<string, string> }>();
  const server = createServer((request, response) => {
    const page = pages.get(request.url ?? '');
    response.writeHead(page === undefined ? 404 : 200, {
      'content-type': 'text/html; charset=utf-8',
      ...page?.headers,
    });
    response.end(page?.html ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port }: Pick<AddressInfo, 'port'> = Object.assign({ port: 0 }, server.address());
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    serve(html, headers = {}) {
      const path = `/${pages.size}`;
      pages.set(path, { html, headers });
      return origin + path;
    },
  };
}

/** A page with nothing but the element; the element's events are kept in `window.heard`. */
export function pageWithMap(server: string, attributes: string): string {
  return `<!doctype html>
<html lang="en"><title>A page</title>
<style>body { margin: 0 } embedding-map { height: 100vh }</style>
<script>
  window.heard = [];
  for (const name of ['point-hover', 'point-click', 'neighbors-change', 'selection-change', 'projection-change', 'state-change', 'map-progress', 'map-error']) {
    addEventListener(name, ({ detail }) => heard.push({ name, detail, at: performance.now() }));
  }
</script>
<script type="module" src="${server}/embedding-map.js"></script>
<main><embedding-map ${attributes}></embedding-map></main>
</html>`;
}

export interface Heard {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: each event has a detail of its own
  readonly detail: any;
  readonly at: number;
}

declare global {
  interface Window {
    heard: Heard[];
  }
}

/** Waits until an event has come for which `where` holds, a JavaScript expression over `detail`. Forgets it and those before. */
export async function heard(page: Page, name: string, where = 'true'): Promise<Heard> {
  const handle = await page.waitForFunction(
    ([wanted, condition]) => {
      const holds = new Function('detail', `return ${condition}`);
      const at = window.heard.findIndex((event) => event.name === wanted && holds(event.detail));
      if (at < 0) return null;
      const event = window.heard[at];
      window.heard.splice(0, at + 1);
      return event;
    },
    [name, where] as const,
    { timeout: PATIENCE_MS, polling: 50 },
  );
  const event = await handle.jsonValue();
  if (event === null || event === undefined) throw new Error(`No event "${name}" came.`);
  return event;
}

/** Waits until the map is on the screen. */
export async function ready(page: Page): Promise<void> {
  await heard(page, 'state-change', 'detail.state === "ready"');
}

/** Share of the pixels of the element that are not its ground, and how many colours they have. */
export async function inkOf(page: Page): Promise<{ readonly share: number; readonly colors: number }> {
  const png = await page.screenshot({ timeout: PATIENCE_MS });
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  // The middle, where there are neither panels nor tools.
  const ground = [0, 1, 2].map(
    (c) => data[(Math.floor(info.height * 0.15) * info.width + Math.floor(info.width / 2)) * 3 + c] ?? 0,
  );
  const colors = new Set<number>();
  let ink = 0;
  let all = 0;
  for (let y = Math.floor(info.height * 0.16); y < info.height * 0.86; y++) {
    for (let x = Math.floor(info.width * 0.25); x < info.width * 0.75; x++) {
      const at = (y * info.width + x) * 3;
      all++;
      if (ground.every((value, c) => Math.abs((data[at + c] ?? 0) - value) < 8)) continue;
      ink++;
      colors.add(((data[at] ?? 0) >> 5) * 64 + ((data[at + 1] ?? 0) >> 5) * 8 + ((data[at + 2] ?? 0) >> 5));
    }
  }
  return { share: ink / all, colors: colors.size };
}

/** Pixels above the points that are drawn on. */
export async function drawn(page: Page): Promise<number> {
  return await page.evaluate(() => {
    let count = 0;
    for (const canvas of document.querySelector('embedding-map')?.shadowRoot?.querySelectorAll('canvas') ?? []) {
      const context = canvas.width === 0 ? null : canvas.getContext('2d');
      const data = context?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      for (let at = 3; at < data.length; at += 4) if ((data[at] ?? 0) > 0) count++;
    }
    return count;
  });
}

/** Waits until more pixels than these are drawn on, and answers how many. */
export async function untilDrawn(page: Page, least: number): Promise<number> {
  for (const begun = Date.now(); Date.now() - begun < PATIENCE_MS; ) {
    const count = await drawn(page);
    if (count > least) return count;
    await page.waitForTimeout(100);
  }
  throw new Error(`not more than ${least} pixels are drawn`);
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** What a page must have and a page of a test has not. */
const OF_PAGES: readonly string[] = ['region', 'page-has-heading-one', 'landmark-one-main'];

/** What axe finds at fault in a page as it is, in words. */
export async function faultsOf(page: Page): Promise<string[]> {
  interface Axe {
    run(of: Document): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
  }
  await page.evaluate(axe);
  const { violations } = await page.evaluate(async () => {
    const { axe: loaded }: { axe?: Axe } = Object(globalThis);
    return loaded ? await loaded.run(document) : { violations: [{ id: 'axe did not load', nodes: [] }] };
  });
  return violations
    .filter(({ id }) => !OF_PAGES.includes(id))
    .map(({ id, nodes }) =>
      [id, ...nodes.map(({ html, failureSummary = '' }) => `${html.slice(0, 120)} ${failureSummary}`)].join('\n'),
    );
}
