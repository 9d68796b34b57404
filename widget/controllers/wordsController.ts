import type { ReactiveController, ReactiveControllerHost } from 'lit';

const HINT_MS = 1400;

/** Words for a moment: what is announced to those who cannot see the map, and a hint on it. */
export class WordsController implements ReactiveController {
  announcement = '';
  /** Shown on the map; empty: nothing. */
  hint = '';
  readonly #host: ReactiveControllerHost;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
  }

  announce(text: string): void {
    this.announcement = text;
    this.#host.requestUpdate();
  }

  /** @param aloud whether it is announced, too: what has the focus is, without a word of ours */
  showHint(text: string, aloud = true): void {
    if (aloud) this.announcement = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.hint = '';
      this.#host.requestUpdate();
    }, HINT_MS);
    this.hint = text;
    this.#host.requestUpdate();
  }
}
