import type { ReactiveController, ReactiveControllerHost } from 'lit';

import type { Client, Matches } from '../client.ts';

/** Typing rests this long before the server is asked. */
const REST_MS = 250;

export interface SearchResult {
  readonly text: string;
  readonly matches: Matches;
}

/** Search for items by label, on the server. */
export class SearchController implements ReactiveController {
  text = '';
  mode: 'text' | 'regex' = 'text';
  pending = false;
  result: SearchResult | null = null;
  error: unknown = null;
  readonly #host: ReactiveControllerHost;
  readonly #onChange: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort: AbortController | null = null;

  constructor(host: ReactiveControllerHost, onChange: () => void) {
    this.#host = host;
    this.#onChange = onChange;
    host.addController(this);
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.pending = false;
  }

  /** Looks for the text when typing has rested, or at once. An empty text clears. */
  look(client: Client, dataset: string, text: string, when: 'now' | 'rested'): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.text = text;
    if (text.trim() === '') {
      this.clear();
      return;
    }
    this.pending = true;
    this.#timer = setTimeout(() => void this.#ask(client, dataset, text), when === 'now' ? 0 : REST_MS);
    this.#host.requestUpdate();
  }

  clear(): void {
    this.hostDisconnected();
    this.text = '';
    this.result = null;
    this.error = null;
    this.#onChange();
  }

  async #ask(client: Client, dataset: string, text: string): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const matches = await client.search(dataset, text, this.mode, abort.signal);
      if (abort.signal.aborted) return;
      this.result = { text, matches };
      this.error = null;
    } catch (error) {
      if (abort.signal.aborted) return;
      this.result = null;
      this.error = error;
    }
    this.pending = false;
    this.#onChange();
  }
}
