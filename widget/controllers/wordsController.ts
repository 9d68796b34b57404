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

  showHint(text: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.hint = '';
      this.#host.requestUpdate();
    }, HINT_MS);
    if (this.hint === text) return;
    this.hint = text;
    this.#host.requestUpdate();
  }
}
