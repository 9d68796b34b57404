import type { ReactiveControllerHost } from 'lit';

import { type Coloring, NUMBER_STEPS } from '../colors.ts';
import type { Hidden } from '../picking.ts';

const none: ReadonlySet<number> = new Set();

/** Which slots of the legend are hidden, and so which points. Begins anew with each coloring. */
export class FilterController {
  slots: ReadonlySet<number> = none;
  /** 1 for each hidden point; null: all are shown. */
  hidden: Hidden = null;
  /** How many points are hidden. */
  count = 0;
  readonly #host: ReactiveControllerHost;
  #coloring: Coloring | null = null;
  #only: Uint32Array | null = null;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
  }

  /** Whose slots are meant. Of another coloring nothing is hidden. */
  use(coloring: Coloring): void {
    if (coloring === this.#coloring) return;
    this.#coloring = coloring;
    this.showAll();
  }

  /** Whether a few points are shown alone. */
  get isolates(): boolean {
    return this.#only !== null;
  }

  /** Shows these points alone, of those that the legend shows; null: all of these. */
  isolate(only: Uint32Array | null): void {
    if (only === this.#only) return;
    this.#only = only;
    this.#hide(this.slots);
  }

  /** Hides a category, or shows it again. */
  toggle(slot: number): void {
    const slots = new Set(this.slots);
    if (!slots.delete(slot)) slots.add(slot);
    this.#hide(slots);
  }

  /** Hides all categories but one. */
  showOnly(slot: number): void {
    const { legend } = this.#coloring ?? {};
    if (legend?.kind !== 'category') return;
    this.#hide(new Set(legend.entries.flatMap((_, other) => (other === slot ? [] : [other]))));
  }

  /** Shows numbers whose step is from `least` to `largest` alone, or all where these are the ends of the scale. */
  showRange(least: number, largest: number): void {
    const all = least <= 0 && largest >= NUMBER_STEPS - 1;
    const outside = Array.from({ length: NUMBER_STEPS + 1 }, (_, step) => step);
    this.#hide(all ? none : new Set(outside.filter((step) => step < least || step > largest)));
  }

  showAll(): void {
    this.#hide(none);
  }

  #hide(slots: ReadonlySet<number>): void {
    this.slots = slots;
    this.count = 0;
    this.hidden = null;
    if ((slots.size > 0 || this.#only !== null) && this.#coloring !== null) {
      const bySlot = Uint8Array.from({ length: 256 }, (_, slot) => (slots.has(slot) ? 1 : 0));
      let hidden = this.#coloring.slots.map((slot) => bySlot[slot] ?? 0);
      if (this.#only !== null) {
        const alone = new Uint8Array(hidden.length).fill(1);
        for (const index of this.#only) alone[index] = hidden[index] ?? 1;
        hidden = alone;
      }
      for (const flag of hidden) this.count += flag;
      this.hidden = hidden;
    }
    this.#host.requestUpdate();
  }
}
