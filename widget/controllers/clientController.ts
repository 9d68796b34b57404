/** Whom the map asks, and about which data set: a server, or a worker that has the page's own vectors. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

import { type Client, ClientError, HttpClient } from '../client.ts';
import { addresses, loadMore } from '../loadMore.ts';
import type { PageClient } from '../more.ts';
import { PAGE_DATASET, type PageMapOptions, type PageVectors } from '../vectors.ts';

interface ClientHost extends ReactiveControllerHost {
  readonly endpoint: string | null;
  readonly token: string | null;
  readonly datasetName: string | null;
  readonly vectors: PageVectors | null;
  readonly mapOptions: PageMapOptions;
}

interface ClientOptions {
  /** Other vectors of the page are to be mapped. */
  readonly onVectors: () => void;
  readonly onError: (error: unknown) => void;
}

export class ClientController implements ReactiveController {
  /** null: before the first update, or while the worker is on its way. */
  client: Client | null = null;
  /** Of the page's own vectors; null: a server is asked. */
  page: { readonly vectors: PageVectors; readonly options: PageMapOptions; client: PageClient | null } | null = null;
  readonly #host: ClientHost;
  readonly #options: ClientOptions;
  #token: string | null = null;

  constructor(host: ClientHost, options: ClientOptions) {
    this.#host = host;
    this.#options = options;
    host.addController(this);
  }

  /** Slug of the data set; null or empty: none is named. */
  get dataset(): string | null {
    return this.page === null ? this.#host.datasetName : PAGE_DATASET;
  }

  /** Of the GraphQL server. */
  get endpoint(): string {
    return new URL(this.#host.endpoint ?? defaultEndpoint(), document.baseURI).href;
  }

  hostUpdate(): void {
    const { endpoint } = this;
    const { token, vectors, mapOptions } = this.#host;
    if (this.page !== null && (this.page.vectors !== vectors || this.page.options !== mapOptions)) this.#close();
    if (vectors !== null) {
      if (this.page === null) void this.#open(endpoint, vectors, mapOptions);
      return;
    }
    if (this.client?.endpoint === endpoint && this.#token === token) return;
    this.client = new HttpClient(endpoint, token);
    this.#token = token;
  }

  hostDisconnected(): void {
    this.#close();
  }

  async #open(endpoint: string, vectors: PageVectors, options: PageMapOptions): Promise<void> {
    const page = { vectors, options, client: null as PageClient | null };
    this.page = page;
    this.client = null;
    this.#options.onVectors();
    try {
      const { openPageClient } = await loadMore(endpoint);
      if (this.page !== page) return;
      const places = addresses('embedding-map-compute.js', endpoint);
      page.client = openPageClient({ HttpClient, ClientError }, endpoint, places, vectors, options);
      this.client = page.client;
      this.#host.requestUpdate();
    } catch (error) {
      if (this.page === page) this.#options.onError(error);
    }
  }

  #close(): void {
    this.page?.client?.close();
    if (this.page !== null) this.client = null;
    this.page = null;
  }
}

/** The server that the script came from; of a page's own bundle, the page's server. */
function defaultEndpoint(): string {
  const own = new URL('/graphql', import.meta.url);
  return own.protocol === 'http:' || own.protocol === 'https:' ? own.href : '/graphql';
}
