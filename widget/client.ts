/** What the map asks of the server. The only file that fetches. */
import type {
  ClusteringDetail,
  DatasetNews,
  DatasetSummary,
  Item,
  ItemSummary,
  Matches,
  Neighbors,
  OpenJob,
  PointsFile,
  PointsInTheMaking,
  SumMethod,
  SumTerm,
  Watching,
} from './answers.ts';
import type { MapNames } from './loadMap.ts';
import { decodePoints, type Points } from './points.ts';
import { documents } from './queries.ts';

/** Why an answer did not come. `code` is the server's, or `UNREACHABLE`, or `HTTP_` and the status. */
export class ClientError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClientError';
    this.code = code;
  }
}

/** Maps of more than three components are there to find groups in. */
export const withMapsToSee = <Dataset extends DatasetNews>(summary: Dataset): Dataset => ({
  ...summary,
  embeddings: summary.embeddings.map((embedding) => ({
    ...embedding,
    projections: embedding.projections.filter(({ components }) => components <= 3),
  })),
});

/** Whom a map asks: a server, or whoever answers as one. */
export type Client = Pick<HttpClient, keyof HttpClient> & {
  /** Tells of a map in the making, where no socket does. */
  readonly watch?: (job: string, watching: Watching, signal: AbortSignal) => void;
  /** Where the points of that map are: null while it has none. */
  readonly pointsInTheMaking?: () => Promise<PointsInTheMaking>;
  /** What is made where no server is, and how it is changed. */
  readonly making?: readonly OpenJob[];
  readonly pause?: (paused: boolean) => void;
  readonly perturb?: (share?: number) => Promise<void>;
  readonly cancel?: () => void;
  /** Items by key, where no server is to be asked. */
  readonly items?: (keys: readonly string[]) => Promise<readonly Item[]>;
  /** Where vectors would lie on a map, as its coordinates, where no server is to be asked. */
  readonly place?: (names: MapNames, rows: readonly Float32Array[]) => Promise<readonly (readonly number[])[]>;
};

/** Of an embedding, in its data set. */
interface EmbeddingNames {
  readonly dataset: string;
  readonly embedding: string;
}

/** One server, as one page may ask it. */
export class HttpClient {
  /** Address of the GraphQL endpoint. */
  readonly endpoint: string;
  readonly #token: string | null;

  constructor(endpoint: string, token: string | null = null) {
    this.endpoint = endpoint;
    this.#token = token;
  }

  /** Whether what it fetches needs a header that an `img` cannot send. */
  get needsToken(): boolean {
    return this.#token !== null;
  }

  /** One data set with its embeddings and maps, or null. */
  async dataset(slug: string, signal?: AbortSignal): Promise<DatasetSummary | null> {
    const { dataset, server } = await this.ask<{ dataset: DatasetSummary | null; server: { mayChange: boolean } }>(
      documents.dataset,
      { dataset: slug },
      signal,
    );
    return dataset === null ? null : { ...withMapsToSee(dataset), ...server };
  }

  /** What there is of a data set now; null: there is none. */
  async news(slug: string): Promise<DatasetNews | null> {
    const { dataset } = await this.ask<{ dataset: DatasetNews | null }>(documents.news, { dataset: slug });
    return dataset === null ? null : withMapsToSee(dataset);
  }

  /** Where the points of a map are. @throws ClientError NOT_FOUND */
  async points(
    names: { readonly dataset: string; readonly embedding: string; readonly projection: string },
    columns: readonly string[],
    signal?: AbortSignal,
  ): Promise<PointsFile> {
    interface Answer {
      dataset: { embedding: { projection: { points: PointsFile } | null } | null } | null;
    }
    const answer = await this.ask<Answer>(documents.points, { ...names, columns }, signal);
    const file = answer.dataset?.embedding?.projection?.points;
    if (!file)
      throw new ClientError(
        'NOT_FOUND',
        `There is no map "${names.projection}" of "${names.embedding}" in "${names.dataset}".`,
      );
    return file;
  }

  /** The points of a file. `onProgress` is told the share that has come, and null when they are being read. */
  async readPoints(
    { url }: PointsFile,
    onProgress: (stage: 'fetching' | 'reading', share: number | null) => void,
    signal?: AbortSignal,
  ): Promise<Points> {
    const bytes = await this.bytes(url, (share) => onProgress('fetching', share), signal);
    onProgress('reading', null);
    return await decodePoints(bytes, signal);
  }

  /** A clustering with its layers and where they lie on a map; null where there is none of that name. */
  async clustering(
    dataset: string,
    clustering: string,
    projection: string,
    signal?: AbortSignal,
  ): Promise<ClusteringDetail | null> {
    const answer = await this.ask<{ dataset: { clustering: ClusteringDetail | null } | null }>(
      documents.clustering,
      { dataset, clustering, projection },
      signal,
    );
    return answer.dataset?.clustering ?? null;
  }

  /** One item with its fields and the address of its thumbnail, or null. `size`: longest edge in pixels */
  async item(dataset: string, key: string, size: number, signal?: AbortSignal): Promise<Item | null> {
    const answer = await this.ask<{ dataset: { item: Item | null } | null }>(
      documents.item,
      { dataset, key, size },
      signal,
    );
    return answer.dataset?.item ?? null;
  }

  /** The items nearest to an item, by the server. @param metric null: the embedding's own */
  async nearest(
    names: EmbeddingNames,
    key: string,
    first: number,
    metric: string | null,
    signal?: AbortSignal,
  ): Promise<Neighbors> {
    return await this.#nearest(names, { to: { item: key }, first, metric }, signal);
  }

  /**
   * The items nearest to a text or a picture, by the model of the embedding, or to a sum.
   * @param combine how the terms of a sum are put together
   */
  async meaning(
    names: EmbeddingNames,
    to: { readonly text: string } | { readonly image: { readonly url: string } } | { readonly sum: readonly SumTerm[] },
    first: number,
    signal?: AbortSignal,
    combine: SumMethod = 'ADD',
  ): Promise<Neighbors> {
    return await this.#nearest(names, { to, first, combine }, signal);
  }

  async #nearest({ dataset, embedding }: EmbeddingNames, question: object, signal?: AbortSignal): Promise<Neighbors> {
    interface Answer {
      dataset: {
        embedding: {
          nearest: {
            edges: { rank: number; distance: number; similarity: number; node: ItemSummary }[];
            search: Neighbors['search'];
          };
        } | null;
      } | null;
    }
    const answer = await this.ask<Answer>(documents.nearest, { dataset, embedding, ...question }, signal);
    const nearest = answer.dataset?.embedding?.nearest;
    if (!nearest) throw new ClientError('NOT_FOUND', `There is no embedding "${embedding}" in "${dataset}".`);
    return { neighbors: nearest.edges.map(({ node, ...edge }) => ({ ...edge, ...node })), search: nearest.search };
  }

  /** Items whose label, or another field, contains a text or matches a regular expression (Postgres syntax), the first 1000. */
  async search(
    dataset: string,
    field: string,
    text: string,
    mode: 'text' | 'regex',
    signal?: AbortSignal,
  ): Promise<Matches> {
    const filter = { field, [mode === 'regex' ? 'matches' : 'contains']: text };
    interface Answer {
      dataset: { items: { totalCount: number | string; nodes: ItemSummary[] } } | null;
    }
    const answer = await this.ask<Answer>(documents.search, { dataset, first: 1000, filter }, signal);
    return { totalCount: Number(answer.dataset?.items.totalCount ?? 0), items: answer.dataset?.items.nodes ?? [] };
  }

  /** Bytes at an address from an answer. `onProgress` is told the share that has come, or null where it cannot be told. */
  async bytes(
    url: string,
    onProgress?: (share: number | null) => void,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const response = await this.send(this.resolve(url), { headers: this.headers(), ...(signal ? { signal } : {}) });
    // Compressed answers tell the compressed length, while what is read is not: no share can be told then.
    const length = response.headers.has('content-encoding')
      ? null
      : Number(response.headers.get('content-length')) || null;
    const reader = response.body?.getReader();
    if (!reader) return new Uint8Array(await response.arrayBuffer());
    const parts: Uint8Array[] = [];
    let size = 0;
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      parts.push(read.value);
      size += read.value.byteLength;
      onProgress?.(length === null ? null : Math.min(1, size / length));
    }
    const all = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.byteLength;
    }
    return all;
  }

  /** What an `img` may show: the address itself, or with a token, which an `img` cannot send, an object URL of our own server's. */
  async image(url: string, signal?: AbortSignal): Promise<string> {
    if (this.#token === null || !this.isOwn(url)) return this.resolve(url);
    return URL.createObjectURL(new Blob([await this.bytes(url, undefined, signal)]));
  }

  /** The absolute address of one that an answer gave. */
  resolve(url: string): string {
    return new URL(url, this.endpoint).href;
  }

  /** Whether an address is the server's, and not of somebody who must not see the token. */
  isOwn(url: string): boolean {
    return new URL(url, this.endpoint).origin === new URL(this.endpoint).origin;
  }

  /** The headers that say who asks. */
  headers(): Record<string, string> {
    return this.#token === null ? {} : { authorization: `Bearer ${this.#token}` };
  }

  /** Any question. @throws ClientError */
  async ask<Data>(query: string, variables: Record<string, unknown>, signal?: AbortSignal): Promise<Data> {
    const response = await this.send(
      this.endpoint,
      {
        method: 'POST',
        headers: {
          ...this.headers(),
          'content-type': 'application/json',
          accept: 'application/graphql-response+json, application/json',
        },
        body: JSON.stringify({ query, variables }),
        ...(signal ? { signal } : {}),
      },
      true,
    );
    interface Answer {
      data?: Data | null;
      errors?: { message: string; extensions?: { code?: string } }[];
    }
    let answer: Answer;
    try {
      answer = await response.json();
    } catch (cause) {
      signal?.throwIfAborted();
      throw new ClientError(
        `HTTP_${response.status}`,
        `${this.endpoint} answered ${response.status} and no GraphQL. Is this the address of an embedding-map server?`,
        { cause },
      );
    }
    const [error] = answer.errors ?? [];
    if (error) throw new ClientError(error.extensions?.code ?? 'INTERNAL_SERVER_ERROR', error.message);
    if (!answer.data)
      throw new ClientError(
        `HTTP_${response.status}`,
        `${this.endpoint} answered without data. Is this the address of an embedding-map server?`,
      );
    return answer.data;
  }

  /** Any request. @param errorsAreAnswers whether what is no success is handed back as it is @throws ClientError */
  async send(address: string, init: RequestInit, errorsAreAnswers = false): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(address, init);
    } catch (cause) {
      init.signal?.throwIfAborted();
      throw new ClientError(
        'UNREACHABLE',
        `${new URL(address).origin} could not be reached. Is the server running, and does it allow this page (CORS_ORIGINS)?`,
        { cause },
      );
    }
    if (!response.ok && !errorsAreAnswers) {
      throw new ClientError(`HTTP_${response.status}`, await sentenceOf(response));
    }
    return response;
  }
}

/** The server's own sentence where it gave one. */
async function sentenceOf(response: Response): Promise<string> {
  const fallback = `${response.url} answered ${response.status} ${response.statusText}.`;
  const text = await response.text().catch(() => '');
  try {
    const { message, error }: { message?: unknown; error?: { message?: unknown } } = JSON.parse(text);
    if (typeof message === 'string') return message;
    if (typeof error?.message === 'string') return error.message;
  } catch {}
  return fallback;
}
