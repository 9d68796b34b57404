import type { ReactiveController, ReactiveControllerHost } from 'lit';

import type { Item } from '../answers.ts';
import type { Client } from '../client.ts';

/** The pointer must rest this long on a point before its item is asked for. */
const REST_MS = 90;
const CACHE_LIMIT = 400;
/** Longest edge of a tooltip's picture in device pixels: 72 CSS pixels on a screen of double density. */
const IMAGE_SIZE = 144;

/** Items by key, and their pictures, fetched when they are looked at and kept for a while. */
export class ItemsController implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #items = new Map<string, Item | null>();
  readonly #images = new Map<string, string | null>();
  #client: Client | null = null;
  #dataset = '';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort = new AbortController();

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.#forget();
  }

  /** Whose items are meant. What is known of others is forgotten. */
  use(client: Client, dataset: string): void {
    if (this.#client === client && this.#dataset === dataset) return;
    this.#forget();
    this.#client = client;
    this.#dataset = dataset;
  }

  get(key: string): Item | null {
    return this.#items.get(key) ?? null;
  }

  /** Asks for an item, at once or when the pointer has rested. The host is updated when it has come. */
  want(key: string | null, when: 'now' | 'rested' = 'rested'): void {
    clearTimeout(this.#timer);
    if (key === null || this.#items.has(key)) return;
    if (when === 'now') void this.#fetch(key);
    else this.#timer = setTimeout(() => void this.#fetch(key), REST_MS);
  }

  /** What an `img` may show for an address of an answer; null while it is fetched, undefined where there is none. */
  image(image: { readonly url: string } | null): string | null | undefined {
    if (image === null || this.#client === null) return undefined;
    const known = this.#images.get(image.url);
    if (known !== undefined) return known;
    if (!this.#client.needsToken || !this.#client.isOwn(image.url)) return this.#client.resolve(image.url);
    this.#images.set(image.url, null);
    void this.#fetchImage(image.url);
    return null;
  }

  async #fetch(key: string): Promise<void> {
    const { signal } = this.#abort;
    try {
      const item = (await this.#client?.item(this.#dataset, key, IMAGE_SIZE, signal)) ?? null;
      if (signal.aborted) return;
      if (this.#items.size >= CACHE_LIMIT) {
        const [oldest] = this.#items.keys();
        if (oldest !== undefined) this.#items.delete(oldest);
      }
      this.#items.set(key, item);
      this.#host.requestUpdate();
    } catch {
      // A tooltip without fields is still a tooltip; the next hover asks again.
    }
  }

  async #fetchImage(url: string): Promise<void> {
    const { signal } = this.#abort;
    try {
      const source = await this.#client?.image(url, signal);
      if (source === undefined) return;
      if (signal.aborted) URL.revokeObjectURL(source);
      else this.#images.set(url, source);
      this.#host.requestUpdate();
    } catch {
      this.#images.delete(url);
    }
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#abort = new AbortController();
    for (const source of this.#images.values()) if (source?.startsWith('blob:')) URL.revokeObjectURL(source);
    this.#images.clear();
    this.#items.clear();
    this.#client = null;
  }
}
