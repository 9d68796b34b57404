import { html, nothing, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from 'lit';

import type { Client } from '../client.ts';
import { messageOf } from '../errors.ts';
import { finished } from '../jobs.ts';

/** A job that a panel starts: begun, waited for, told of, and let go when the element leaves the page. One at a time. */
export class JobController implements ReactiveController {
  /** What is being done, in words; null: nothing. */
  doing: string | null = null;
  /** Why the last one came to nothing; null: it has not, or was let go. */
  error: unknown = null;
  readonly #host: ReactiveControllerHost;
  #work: AbortController | null = null;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.#work?.abort();
    this.#work = null;
    this.doing = null;
  }

  /**
   * Begins a job, in place of the one before, and waits for its end.
   * @param first what is said until the server answers
   * @param begin asks the server for the job and answers its id
   * @returns whether it has succeeded; where not, `error` says why, unless it was let go
   */
  async carry(client: Client, first: string, begin: (signal: AbortSignal) => Promise<string>): Promise<boolean> {
    this.hostDisconnected();
    const work = new AbortController();
    this.#work = work;
    this.error = null;
    this.#say(first);
    try {
      const id = await begin(work.signal);
      await finished(client, id, ({ stage }) => this.#say(stage === null ? 'Waiting …' : `${stage} …`), work.signal);
    } catch (error) {
      if (work.signal.aborted) return false;
      this.error = error;
    }
    this.#say(null);
    return this.error === null;
  }

  renderError(): TemplateResult | typeof nothing {
    return this.error === null ? nothing : html`<p class="problem" role="alert">${messageOf(this.error)}</p>`;
  }

  #say(doing: string | null): void {
    this.doing = doing;
    this.#host.requestUpdate();
  }
}
