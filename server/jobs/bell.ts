/** Wakes one who waits: rung by notifications, with a time after which one looks by oneself. */
export class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Forgets what has rung so far. */
  mute(): void {
    this.#rung = false;
  }

  /** Waits until it rings (or has rung since it was muted), `longestMs` have passed, or `signal` is aborted. */
  async heard(longestMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#rung || signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(wake, longestMs);
      signal?.addEventListener('abort', wake);
      this.#wake = wake;
    });
  }
}
