/**
 * The element on many points: how long the page is held at a time, by seconds of the processor, so that it can be told on a busy
 * machine. The server is none of ours: it answers the same bytes at once, so that what is measured is the page.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Dictionary, Int32, makeVector, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import type { Browser, Page } from 'playwright-core';

import { createRandom } from '#kernels/random.ts';
import { buildWidget } from '../../widget/build.ts';
import { startBrowser } from '../helpers/browser.ts';
import type { Figure } from './figures.ts';

const COUNTS = [100_000, 1_000_000];
const PROMISED = 100_000;
const GROUPS = 12;
/** What is read beside keys and coordinates, at first and for the other colour. */
const COLUMNS = ['label', 'group', 'value'];

export async function elementBench(report: (figure: Figure) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'embedding-map-bench-'));
  await buildWidget(folder);
  const browser = await startBrowser();
  try {
    for (const count of COUNTS) {
      const { origin, close } = await serve(folder, count);
      const { seconds, longest } = await measure(browser, origin, count);
      close();
      const figure = { bench: 'element', engine: null, raw: null } as const;
      const what = `${count.toLocaleString('en')} points`;
      report({
        ...{ ...figure, what: `${what}: longest task after they have come, by the processor`, value: longest },
        ...{ unit: 'ms', target: count > PROMISED ? null : { atMost: 50 } },
      });
      report({ ...figure, what: `${what}: from the name to the screen`, value: seconds, unit: 's', target: null });
    }
  } finally {
    await browser.close();
    await rm(folder, { recursive: true });
  }
}

/** Loads the map, moves the pointer over it, zooms, colours it by another field, puts names on it and zooms again. */
async function measure(
  browser: Browser,
  origin: string,
  count: number,
): Promise<{ readonly seconds: number; readonly longest: number }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(180_000);
  await page.goto(origin);
  await page.waitForFunction('customElements.get("embedding-map") !== undefined');
  await browser.startTracing(page, { categories: ['toplevel', 'blink.user_timing'] });
  const began = performance.now();
  await set(page, 'dataset', 'large');
  await page.waitForFunction('window.ready === true');
  const seconds = (performance.now() - began) / 1000;
  await page.mouse.move(640, 400);
  await page.mouse.move(700, 430, { steps: 8 });
  await page.mouse.wheel(0, -400);
  await set(page, 'color-by', 'value');
  await page.locator('embedding-map .ramp').waitFor();
  await set(page, 'captions', '');
  await page.waitForTimeout(1000);
  await page.mouse.wheel(0, 300);
  await page.waitForTimeout(1000);
  interface TraceEvent {
    readonly name: string;
    readonly pid: number;
    readonly tid: number;
    readonly ts: number;
    /** Microseconds in which the thread ran. */
    readonly tdur?: number;
  }
  const { traceEvents }: { traceEvents: TraceEvent[] } = JSON.parse((await browser.stopTracing()).toString());
  const arrival = traceEvents.find(({ name }) => name === 'points-arrived');
  if (arrival === undefined) throw new Error('The trace has no arrival of the points.');
  const tasks = traceEvents.filter(
    ({ name, pid, tid, ts }) => /RunTask$/.test(name) && pid === arrival.pid && tid === arrival.tid && ts > arrival.ts,
  );
  const shown = await page.evaluate('document.querySelector("embedding-map").map.points.count');
  if (shown !== count) throw new Error(`The map has ${shown} points; wanted: ${count}.`);
  await context.close();
  return { seconds, longest: Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000 };
}

async function set(page: Page, name: string, value: string): Promise<void> {
  await page
    .locator('embedding-map')
    .evaluate((element, [of, to]) => element.setAttribute(of, to), [name, value] as const);
}

/** A server of one map. */
async function serve(folder: string, count: number): Promise<{ readonly origin: string; readonly close: () => void }> {
  const fileOf = filesOf(count);
  const projections = [{ name: 'given', method: 'GIVEN', components: 2, version: 1, stale: false, quality: null }];
  const embeddings = [{ name: 'given', dimension: 2, metric: 'EUCLIDEAN', itemCount: count, model: null, projections }];
  const fields = [
    { name: 'group', type: 'CATEGORY' },
    { name: 'value', type: 'NUMBER' },
  ];
  const dataset = { slug: 'large', title: 'Large', kind: 'TEXT', itemCount: count, fields, embeddings };
  const answers: Readonly<Record<string, (variables: { columns?: string[] }) => object>> = {
    MapDataset: () => ({ dataset: { ...dataset, clusterings: [], jobs: [] }, server: { mayChange: false } }),
    MapNews: () => ({ dataset: { embeddings, clusterings: [], jobs: [] } }),
    MapItem: () => ({ dataset: { item: null } }),
    MapPoints: ({ columns = [] }) => {
      const url = `/points?columns=${columns.join()}`;
      return { dataset: { embedding: { projection: { points: { count, url, mediaType: '', version: '1' } } } } };
    },
  };
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/points') {
      response.end(fileOf((searchParams.get('columns') ?? '').split(',')));
    } else if (pathname.endsWith('.js')) {
      response.setHeader('content-type', 'text/javascript');
      response.end(await readFile(join(folder, pathname)));
    } else if (pathname === '/graphql') {
      let body = '';
      for await (const part of request) body += part;
      const { query, variables }: { query: string; variables: object } = JSON.parse(body);
      const data = answers[/query (\w+)/.exec(query)?.[1] ?? '']?.(variables) ?? null;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ data }));
    } else {
      response.setHeader('content-type', 'text/html');
      response.end(pageOf);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port }: Pick<AddressInfo, 'port'> = Object.assign({ port: 0 }, server.address());
  return {
    origin: `http://127.0.0.1:${port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** It marks in the trace when the last byte of the points has been read. */
const pageOf = `<!doctype html><style>body { margin: 0 } embedding-map { height: 100vh }</style><script>
addEventListener('state-change', ({ detail }) => { if (detail.state === 'ready') window.ready = true });
const original = window.fetch;
window.fetch = async (...given) => {
  const response = await original(...given);
  if (!response.url.includes('/points')) return response;
  const { readable, writable } = new TransformStream({ flush() { performance.mark('points-arrived') } });
  void response.body.pipeTo(writable);
  return new Response(readable, response);
};
</script><script type="module" src="/embedding-map.js"></script><embedding-map></embedding-map>`;

/** Points in groups on a circle, as Arrow files of some columns that are made once. */
function filesOf(count: number): (columns: readonly string[]) => Uint8Array {
  const random = createRandom(1);
  const coordinates = (of: (group: number) => number) =>
    makeVector(Float32Array.from({ length: count }, (_, i) => 5 * of(i % GROUPS) + random.normal()));
  const texts = (of: (i: number) => string) =>
    vectorFromArray(
      Array.from({ length: count }, (_, i) => of(i)),
      new Utf8(),
    );
  const groups = Array.from({ length: count }, (_, i) => `group ${i % GROUPS}`);
  const all = {
    key: texts((i) => `p${i}`),
    x: coordinates(Math.cos),
    y: coordinates(Math.sin),
    label: texts((i) => `Point ${i}`),
    group: vectorFromArray(groups, new Dictionary(new Utf8(), new Int32())),
    value: makeVector(Float64Array.from({ length: count }, () => random.normal())),
  };
  const made = new Map<string, Uint8Array>();
  return (columns) => {
    const name = columns.join();
    const wanted = Object.entries(all).filter(([key]) => !COLUMNS.includes(key) || columns.includes(key));
    const file = made.get(name) ?? tableToIPC(new Table(Object.fromEntries(wanted)), 'stream');
    made.set(name, file);
    return file;
  };
}
