import type { ReactiveController, ReactiveControllerHost } from 'lit';

export type TaskStatus = 'initial' | 'pending' | 'complete' | 'error';

interface TaskOptions<Arguments extends readonly unknown[], Value> {
  /** What the work depends on, compared one by one; null: nothing is to be done. */
  readonly arguments: () => Arguments | null;
  /** The work. Its signal is aborted when the arguments change or the element leaves the page. */
  readonly run: (given: Arguments, signal: AbortSignal) => Promise<Value>;
  readonly onStart?: () => void;
  readonly onComplete?: (value: Value) => void;
  readonly onError?: (error: unknown) => void;
}

/** Work that follows from properties: done anew when they change, stopped when it is no longer wanted. */
export class TaskController<const Arguments extends readonly unknown[], Value> implements ReactiveController {
  status: TaskStatus = 'initial';
  /** The last value. It stays while the next is on its way, and goes when there are no arguments. */
  value: Value | null = null;
  error: unknown = null;
  readonly #host: ReactiveControllerHost;
  readonly #options: TaskOptions<Arguments, Value>;
  #given: Arguments | null = null;
  #abort: AbortController | null = null;

  constructor(host: ReactiveControllerHost, options: TaskOptions<Arguments, Value>) {
    this.#host = host;
    this.#options = options;
    host.addController(this);
  }

  hostUpdate(): void {
    const wanted = this.#options.arguments();
    if (wanted === null) {
      if (this.#given === null) return;
      this.hostDisconnected();
      this.value = null;
      this.status = 'initial';
      return;
    }
    const given = this.#given;
    if (given?.every((argument, i) => Object.is(argument, wanted[i]))) return;
    this.#start(wanted);
  }

  hostDisconnected(): void {
    this.#abort?.abort();
    this.#abort = null;
    this.#given = null;
  }

  /** Does the work again with the same arguments. */
  retry(): void {
    if (this.#given !== null) this.#start(this.#given);
    this.#host.requestUpdate();
  }

  #start(given: Arguments): void {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#given = given;
    this.status = 'pending';
    this.error = null;
    // Not within the update that noticed the change: listeners may set properties, which would ask for another.
    queueMicrotask(() => {
      if (abort.signal.aborted) return;
      this.#options.onStart?.();
      void this.#finish(given, abort.signal);
    });
  }

  async #finish(given: Arguments, signal: AbortSignal): Promise<void> {
    try {
      const value = await this.#options.run(given, signal);
      if (signal.aborted) return;
      this.value = value;
      this.status = 'complete';
      this.#options.onComplete?.(value);
    } catch (error) {
      if (signal.aborted) return;
      this.error = error;
      this.status = 'error';
      this.#options.onError?.(error);
    }
    this.#host.requestUpdate();
  }
}
