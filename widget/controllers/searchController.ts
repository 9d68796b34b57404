import type { ReactiveController, ReactiveControllerHost } from 'lit';

import type { Matches, Neighbors } from '../answers.ts';
import type { Client } from '../client.ts';
import type { MapNames } from '../loadMap.ts';

/** Typing rests this long before the server is asked. */
const REST_MS = 250;

/** By letters of the label or a field, by a regular expression over it, or by what the model of the embedding makes of the text. */
export type SearchMode = 'text' | 'regex' | 'meaning';

export interface SearchResult {
  readonly text: string;
  readonly matches: Matches;
  /** How near each is and how it was found; null where letters were looked at. */
  readonly nearest: Neighbors | null;
}

/** How many items a search by meaning asks for: all have some nearness. */
const NEAREST = 30;

/** Search for items, on the server. */
export class SearchController implements ReactiveController {
  text = '';
  mode: SearchMode = 'text';
  /** What is looked at by letters: `label`, `key` or a field. */
  field = 'label';
  /** The picture that was looked for, as a data URL; null: a text. */
  picture: string | null = null;
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
  look(client: Client, names: MapNames, text: string, when: 'now' | 'rested'): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.text = text;
    this.picture = null;
    if (text.trim() === '') {
      this.clear();
      return;
    }
    this.pending = true;
    const { mode, field } = this;
    const find = async (signal: AbortSignal): Promise<SearchResult> => {
      if (mode === 'meaning') return toResult(text, await client.meaning(names, { text }, NEAREST, signal));
      return { text, matches: await client.search(names.dataset, field, text, mode, signal), nearest: null };
    };
    this.#timer = setTimeout(() => void this.#ask(find), when === 'now' ? 0 : REST_MS);
    this.#host.requestUpdate();
  }

  /** Looks for what is like a picture, given as a data URL. */
  lookPicture(client: Client, names: MapNames, url: string): void {
    this.hostDisconnected();
    this.text = '';
    this.picture = url;
    this.pending = true;
    void this.#ask(async (signal) => toResult('', await client.meaning(names, { image: { url } }, NEAREST, signal)));
    this.#host.requestUpdate();
  }

  clear(): void {
    this.hostDisconnected();
    this.text = '';
    this.picture = null;
    this.result = null;
    this.error = null;
    this.#onChange();
  }

  async #ask(find: (signal: AbortSignal) => Promise<SearchResult>): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const result = await find(abort.signal);
      if (abort.signal.aborted) return;
      this.result = result;
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

function toResult(text: string, nearest: Neighbors): SearchResult {
  return { text, matches: { totalCount: nearest.neighbors.length, items: nearest.neighbors }, nearest };
}
