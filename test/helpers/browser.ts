/** A real browser for the tests: Chromium with a software GPU, from npm, so that it is the same everywhere. */
import { existsSync } from 'node:fs';
import { after, afterEach } from 'node:test';

import bundledChromium from '@sparticuz/chromium';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** WebGL by SwiftShader; everything else as a visitor has it. */
const FLAGS = [
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  '--disable-dev-shm-usage',
  '--font-render-hinting=none',
  '--hide-scrollbars',
];

/**
 * What is drawn by WebGL is put together with the rest of a page by plain code: shaders for that, too, on a processor in a card's
 * clothes took half of all the work of a test. Not for what is held to the clock: the page waits until its pixels have been read back.
 */
const PLAIN_PAGES = '--disable-gpu-compositing';

/** Starts the browser. `CHROMIUM` names another than the bundled one, which is for Linux on x64. */
export async function startBrowser(flags: readonly string[] = []): Promise<Browser> {
  const own = process.env['CHROMIUM'];
  const bundled = process.platform === 'linux' && process.arch === 'x64';
  const executablePath = own ?? (bundled ? await bundledChromium.executablePath() : chromium.executablePath());
  if (!existsSync(executablePath)) {
    throw new Error(
      `There is no browser at ${executablePath}. Run "npx playwright-core install chromium", or set CHROMIUM.`,
    );
  }
  return await chromium.launch({ executablePath, args: [...FLAGS, ...flags], headless: true });
}

export interface BrowserTest {
  /** A page of its own context, closed after the test. */
  newPage(options?: BrowserContextOptions): Promise<Page>;
  /** @throws Error where none has started */
  running(): Browser;
  /** Why the tests are skipped; false when the browser has started. */
  readonly skip: string | false;
}

/**
 * A browser for the tests of one file. Where none can start, the tests are skipped and say why; with CI=true that is
 * a failure.
 * @param flags beside the usual ones; none: a page is put together by the card, as a visitor has it
 */
export async function browserForTests(flags: readonly string[] = [PLAIN_PAGES]): Promise<BrowserTest> {
  let browser: Browser | null = null;
  let skip: string | false = false;
  try {
    browser = await startBrowser(flags);
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    const [reason = ''] = String(error instanceof Error ? error.message : error).split('\n');
    skip = `No browser: ${reason} On Debian it needs libnss3 and libnspr4.`;
    console.warn(skip);
  }
  const contexts: BrowserContext[] = [];
  // Maps that are no longer looked at would still be drawn.
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
  });
  after(async () => {
    await browser?.close();
  });
  const running = (): Browser => {
    if (browser === null) throw new Error('No browser has started.');
    return browser;
  };
  return {
    skip,
    running,
    async newPage(options) {
      const context = await running().newContext({ viewport: { width: 1280, height: 800 }, ...options });
      contexts.push(context);
      // What tests evaluate in the page may have been compiled by tsx, which marks functions with their names by this.
      await context.addInitScript({ content: 'globalThis.__name = (value) => value' });
      return await context.newPage();
    },
  };
}
