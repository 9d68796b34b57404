import type { ReactiveController, ReactiveControllerHost } from 'lit';

import type { Theme } from '../colors.ts';

/** What the user has asked of the system: light or dark, and whether things may move. */
export class ThemeController implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #queries = new Map<'dark' | 'still', MediaQueryList>();
  readonly #changed = () => this.#host.requestUpdate();

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  get theme(): Theme {
    return this.#queries.get('dark')?.matches ? 'dark' : 'light';
  }

  /** Whether the system asks for less motion. */
  get still(): boolean {
    return this.#queries.get('still')?.matches ?? false;
  }

  hostConnected(): void {
    this.#queries.set('dark', matchMedia('(prefers-color-scheme: dark)'));
    this.#queries.set('still', matchMedia('(prefers-reduced-motion: reduce)'));
    for (const query of this.#queries.values()) query.addEventListener('change', this.#changed);
  }

  hostDisconnected(): void {
    for (const query of this.#queries.values()) query.removeEventListener('change', this.#changed);
  }
}
