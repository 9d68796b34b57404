/** The second file and its styles, as the element and its features have it. */
import type { ReactiveControllerHost } from 'lit';

import { loadMore, type More } from '../loadMore.ts';

interface MoreHost extends ReactiveControllerHost {
  readonly renderRoot: Element | ShadowRoot | DocumentFragment;
}

interface MoreOptions {
  /** Of the GraphQL server. */
  readonly endpoint: () => string;
  readonly onError: (error: unknown) => void;
}

export class MoreController {
  readonly #host: MoreHost;
  readonly #options: MoreOptions;
  #more: More | null = null;
  #failed = false;

  constructor(host: MoreHost, options: MoreOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** What has come, for a template: the host is updated when it has; null: not yet, and it is asked for. */
  get now(): More | null {
    if (this.#more === null && !this.#failed) void this.want();
    return this.#more;
  }

  /** Fetches it, once. @returns null where it is nowhere, which is told */
  async want(): Promise<More | null> {
    if (this.#more !== null) return this.#more;
    try {
      const more = await loadMore(this.#options.endpoint());
      if (this.#more === null) this.#take(more);
    } catch (error) {
      this.#failed = true;
      this.#options.onError(error);
    }
    return this.#more;
  }

  /** Where it could not be had, templates may ask for it again. */
  forgive(): void {
    this.#failed = false;
  }

  #take(more: More): void {
    this.#more = more;
    const { renderRoot } = this.#host;
    if (renderRoot instanceof ShadowRoot) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(more.moreStyles);
      renderRoot.adoptedStyleSheets.push(sheet);
    }
    this.#host.requestUpdate();
  }
}
