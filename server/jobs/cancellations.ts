/**
 * What the threads of this process tell each other about jobs that are to stop. The database tells it, too; but a
 * PGlite that is busy with a job's statement cannot, until somebody stops that statement.
 */
import { BroadcastChannel } from 'node:worker_threads';

export type Cancellation =
  | { readonly jobId: string; readonly wish: 'CANCEL' | 'PAUSE' }
  | { readonly datasetId: number; readonly wish: 'CANCEL' };

const CHANNEL = 'embedding-map: cancelled jobs';

/** Tells all threads of this process. */
export function tellThreads(cancellation: Cancellation): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(cancellation);
  channel.close();
}

/** The listening side. It remembers, because a job may be cancelled before its worker has heard that it has it. */
export class Cancellations {
  readonly #channel = new BroadcastChannel(CHANNEL);
  #heard: Cancellation[] = [];
  #receive: (cancellation: Cancellation) => void = () => {};

  constructor() {
    this.#channel.onmessage = (event) => {
      const { data } = event as { readonly data: Cancellation };
      this.#heard.push(data);
      this.#receive(data);
    };
  }

  /** Forgets what was heard: to be called before a job is claimed. */
  forget(): void {
    this.#heard = [];
  }

  /** Hands over what was heard since, and what will be. @returns what ends it */
  receive(receive: (cancellation: Cancellation) => void): () => void {
    this.#heard.forEach(receive);
    this.#receive = receive;
    return () => {
      this.#receive = () => {};
    };
  }

  close(): void {
    this.#channel.close();
  }
}
