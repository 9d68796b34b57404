/**
 * How much work makes a piece of the wanted length. Nothing is known of a card at first: a software driver does 10^9
 * multiply-adds a second, a large card more than 10^13. So the first piece is small, and each may be four times the one before
 * until the length is right.
 */
export class PieceSize {
  readonly #wantedMs: number;
  /** Work of the next piece. */
  work: number;
  /** Milliseconds per work, of the last piece that was too long: it counts half after seven others. */
  #slowest = 0;

  constructor(wantedMs: number) {
    this.#wantedMs = wantedMs;
    this.work = FIRST_PER_MS * wantedMs;
  }

  /** Takes what a piece has done and how long that took. */
  learn(done: number, milliseconds: number): void {
    // A piece that was short because the work ended says nothing of the size, unless it was long all the same.
    if (done < this.work / 2 && milliseconds <= this.#wantedMs) return;
    const rate = Math.max(milliseconds, LEAST_MS) / done;
    // A card that others use, or that lowers its clock, is slow now and then: pieces are to be short even then.
    this.#slowest *= FORGETTING;
    if (milliseconds > TOO_LONG * this.#wantedMs) this.#slowest = Math.max(rate, this.#slowest);
    const right = this.#wantedMs / Math.max(rate, this.#slowest);
    this.work = Math.max(1, Math.min(right, GROWTH * done));
  }
}

/** Multiply-adds: a tenth of what a software driver does. */
const FIRST_PER_MS = 1e5;
const GROWTH = 4;
/** .9^7 is about a half. */
const FORGETTING = 0.9;
/** Of the wanted length: what a clock or a neighbour adds now and then is not yet another speed. */
const TOO_LONG = 1.5;
/** Clocks of browsers go in steps of up to 0.1 ms. */
const LEAST_MS = 0.1;
