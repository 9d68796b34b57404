/** What is seen, as an object: told to the page when it has rested, and shown again, also where its map has not come yet. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

import { fire, type ViewState } from '../events.ts';

interface ViewStateHost extends ReactiveControllerHost, EventTarget {
  /** What is seen now. */
  readonly viewState: ViewState;
}

interface ViewStateOptions {
  /** Whether there is a map. */
  readonly isThere: () => boolean;
  /** Whether its points are where they will be. */
  readonly isAtRest: () => boolean;
  /** Shows what is chosen, selected and where the camera was. */
  readonly show: (view: Partial<ViewState>) => Promise<void>;
}

/** What is seen is told when it has been the same for so long. */
const RESTS_MS = 300;

export class ViewStateController implements ReactiveController {
  readonly #host: ViewStateHost;
  readonly #options: ViewStateOptions;
  /** What is to be seen as soon as the map is on the screen; null: nothing is waited for. */
  #wanted: Partial<ViewState> | null = null;
  /** What was told last, or was seen at first. */
  #told = '';
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: ViewStateHost, options: ViewStateOptions) {
    this.#host = host;
    this.#options = options;
    host.addController(this);
  }

  hostUpdated(): void {
    this.tell();
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
  }

  /** Shows this as soon as it can be shown. */
  want(view: Partial<ViewState>): void {
    this.#wanted = view;
    void this.#host.updateComplete.then(() => this.showWanted());
  }

  /** The map is on the screen, or was already: what was wanted of it is shown. */
  async showWanted(): Promise<void> {
    if (!this.#options.isAtRest()) return;
    const wanted = this.#wanted;
    this.#wanted = null;
    if (wanted !== null) await this.#options.show(wanted);
    this.tell();
  }

  /** Tells what is seen when it has been the same for a moment, and is not as at first. */
  tell(): void {
    this.#told ||= JSON.stringify(this.#host.viewState);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#options.isThere() || this.#wanted !== null) return;
      const { viewState } = this.#host;
      const told = JSON.stringify(viewState);
      if (told !== this.#told) fire(this.#host, 'view-change', viewState);
      this.#told = told;
    }, RESTS_MS);
  }
}
