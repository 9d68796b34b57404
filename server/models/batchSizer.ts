/**
 * How much goes into a model at once, found by measuring: the size doubles as long as that makes it faster by a twentieth.
 * Small models are fastest with many, large ones with few; and what a table of vectors likes best is memory enough.
 */

/** Runs per size: the first pays for memory that is asked for and code that is warmed. */
const RUNS = 2;
const WORTHWHILE = 1.05;
/** Sizes in a row that are no faster before the search ends: one alone may have met another program's busy moment. */
const PATIENCE = 2;

export class BatchSizer {
  readonly #most: number;
  #size: number;
  #growing = true;
  #runs = 0;
  #fastest = 0;
  #best: { readonly size: number; readonly rate: number } | null = null;
  #worse = 0;

  /** @param first the size to begin with, @param most the largest */
  constructor(first: number, most: number) {
    this.#size = Math.min(first, most);
    this.#most = most;
  }

  /** How much to take next. */
  get size(): number {
    return this.#size;
  }

  /** Tells how long a run took. Runs of less than three quarters of the size say nothing, and are passed over. */
  record(done: number, milliseconds: number): void {
    if (!this.#growing || done < 0.75 * this.#size) return;
    this.#fastest = Math.max(this.#fastest, done / Math.max(milliseconds, 1e-3));
    this.#runs++;
    if (this.#runs < RUNS) return;
    const rate = this.#fastest;
    this.#runs = 0;
    this.#fastest = 0;
    if (this.#best === null || rate > this.#best.rate * WORTHWHILE) {
      this.#best = { size: this.#size, rate };
      this.#worse = 0;
    } else this.#worse++;
    if (this.#worse === PATIENCE || this.#size === this.#most) {
      this.#growing = false;
      this.#size = this.#best.size;
    } else this.#size = Math.min(2 * this.#size, this.#most);
  }
}
