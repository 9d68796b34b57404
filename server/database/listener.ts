/** A connection of its own that waits for notifications, made again whenever it is lost. */
import { setTimeout as wait } from 'node:timers/promises';

import { Client, type ClientConfig } from 'pg';

import { unavailable } from './databaseError.ts';
import { quoteChannel } from './values.ts';

const RECONNECT_FIRST_MS = 100;
const RECONNECT_MOST_MS = 5_000;

/** What is sent while the connection is down is not heard: whoever listens should look from time to time as well. */
export class Listener {
  readonly #config: ClientConfig;
  readonly #receivers = new Map<string, Set<(payload: string) => void>>();
  #client: Promise<Client> | null = null;
  #told: Promise<unknown> = Promise.resolve();
  readonly #closed = new AbortController();

  constructor(config: ClientConfig) {
    this.#config = config;
  }

  /** @returns a function that ends it. @throws UserError UNAVAILABLE when there is no connection to be had */
  async listen(channel: string, receive: (payload: string) => void): Promise<() => Promise<void>> {
    const name = quoteChannel(channel);
    const receivers = this.#receivers.get(channel) ?? new Set();
    this.#receivers.set(channel, receivers.add(receive));
    const end = async (): Promise<void> => {
      receivers.delete(receive);
      if (receivers.size > 0 || this.#receivers.get(channel) !== receivers) return;
      this.#receivers.delete(channel);
      await this.#tell(`unlisten ${name}`).catch(() => {}); // a lost connection listens to nothing
    };
    try {
      this.#client ??= this.#begin();
      await this.#tell(`listen ${name}`);
      return end;
    } catch (error) {
      await end();
      throw unavailable(error);
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#receivers.clear();
    const client = await this.#client?.catch(() => null);
    await client?.end();
  }

  /** One command after the other. */
  #tell(command: string): Promise<unknown> {
    const told = this.#told.then(async () => (await this.#client)?.query(command));
    this.#told = told.catch(() => {});
    return told;
  }

  #begin(): Promise<Client> {
    const connecting = this.#connect();
    connecting.catch(() => {
      this.#client = null;
    });
    return connecting;
  }

  /** A connection that listens to every channel there is somebody for. */
  async #connect(): Promise<Client> {
    const client = new Client(this.#config);
    client.on('notification', ({ channel, payload }) => {
      for (const receive of this.#receivers.get(channel) ?? []) receive(payload ?? '');
    });
    client.on('error', () => {}); // `end` follows
    try {
      await client.connect();
      for (const channel of this.#receivers.keys()) await client.query(`listen ${quoteChannel(channel)}`);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    client.on('end', () => {
      if (this.#closed.signal.aborted) return;
      this.#client = this.#reconnect();
      this.#client.catch(() => {}); // it gives up only when the database is closed
    });
    return client;
  }

  async #reconnect(): Promise<Client> {
    for (let delay = RECONNECT_FIRST_MS; ; delay = Math.min(2 * delay, RECONNECT_MOST_MS)) {
      await wait(delay, undefined, { signal: this.#closed.signal });
      try {
        return await this.#connect();
      } catch {
        // The server may be restarting: it is tried again for as long as the database is open.
      }
    }
  }
}
