import type { ReactiveController, ReactiveControllerHost } from 'lit';

import type { Neighbors } from '../answers.ts';
import type { Client } from '../client.ts';

/** The true nearest neighbours of one item, as the server knows them. */
export class NeighborsController implements ReactiveController {
  key: string | null = null;
  pending = false;
  result: Neighbors | null = null;
  error: unknown = null;
  readonly #onChange: () => void;
  #abort: AbortController | null = null;

  constructor(host: ReactiveControllerHost, onChange: () => void) {
    this.#onChange = onChange;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.#abort?.abort();
    this.pending = false;
  }

  async ask(
    client: Client,
    names: { readonly dataset: string; readonly embedding: string },
    key: string,
    first: number,
    metric: string | null,
  ): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.key = key;
    this.pending = true;
    this.result = null;
    this.error = null;
    this.#onChange();
    try {
      const result = await client.nearest(names, key, first, metric, abort.signal);
      if (abort.signal.aborted) return;
      this.result = result;
    } catch (error) {
      if (abort.signal.aborted) return;
      this.error = error;
    }
    this.pending = false;
    this.#onChange();
  }

  clear(): void {
    if (this.key === null) return;
    this.hostDisconnected();
    this.key = null;
    this.result = null;
    this.error = null;
    this.#onChange();
  }
}
