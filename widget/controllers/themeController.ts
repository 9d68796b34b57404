import type { ReactiveController, ReactiveControllerHost } from 'lit';

import type { Theme } from '../colors.ts';

interface ThemeHost extends ReactiveControllerHost {
  /** `light` or `dark`; anything else: as the system has it. */
  readonly theme: string | null;
}

/** Light or dark, and whether things may move: what the element says, or else the system. */
export class ThemeController implements ReactiveController {
  readonly #host: ThemeHost;
  readonly #queries = new Map<'dark' | 'still', MediaQueryList>();
  readonly #changed = () => this.#host.requestUpdate();

  constructor(host: ThemeHost) {
    this.#host = host;
    host.addController(this);
  }

  get theme(): Theme {
    const { theme } = this.#host;
    if (theme === 'dark' || theme === 'light') return theme;
    return this.#queries.get('dark')?.matches ? 'dark' : 'light';
  }

  /** How long a movement takes; 0 where the system asks for less motion. */
  milliseconds(wanted: number): number {
    return this.#queries.get('still')?.matches ? 0 : wanted;
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
