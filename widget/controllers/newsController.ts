/**
 * Maps that begin, end or go after the page was opened, whoever makes them: what there is is asked for again and again while the map
 * is looked at, in a question that is cheap to answer.
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

import type { DatasetNews } from '../answers.ts';
import type { Client } from '../client.ts';

/** Before the first look; while there is nothing new, each is this much later than the one before, up to the last. */
const FIRST_LOOK_MS = 2000;
const LATER = 1.25;
const LAST_LOOK_MS = 30_000;

interface NewsOptions {
  /** Whom to ask about which data set; null: nobody, for now. */
  readonly about: () => { readonly client: Client; readonly dataset: string } | null;
  /** What is known, as `newsOf` tells it; null: not yet anything. */
  readonly known: () => string | null;
  readonly onNews: () => void;
}

export class NewsController implements ReactiveController {
  readonly #options: NewsOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wait = FIRST_LOOK_MS;

  constructor(host: ReactiveControllerHost, options: NewsOptions) {
    this.#options = options;
    host.addController(this);
  }

  hostConnected(): void {
    this.#wait = FIRST_LOOK_MS;
    this.#lookLater();
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => void this.#look(), this.#wait);
    this.#wait = Math.min(LAST_LOOK_MS, LATER * this.#wait);
  }

  async #look(): Promise<void> {
    const timer = this.#timer;
    const about = document.hidden ? null : this.#options.about();
    const known = this.#options.known();
    if (about !== null && known !== null) {
      // While the server is away there is no news.
      const found = await about.client.news(about.dataset).then(newsOf, () => known);
      // It may have been asked about another data set meanwhile, or anew.
      if (this.#timer === timer && known === this.#options.known() && found !== known) {
        this.#wait = FIRST_LOOK_MS;
        this.#options.onNews();
      }
    }
    if (this.#timer === timer) this.#lookLater();
  }
}

/** What there is of a data set, in a string that differs where something does. */
export function newsOf(dataset: DatasetNews | null): string {
  return JSON.stringify([
    dataset?.embeddings.map(({ name, projections }) => [
      name,
      projections.map((projection) => [projection.name, String(projection.version)]),
    ]),
    dataset?.clusterings.map(({ name, embedding }) => [name, embedding.name]),
    dataset?.jobs?.flatMap(({ id, map }) => (map === null ? [] : id)),
  ]);
}
