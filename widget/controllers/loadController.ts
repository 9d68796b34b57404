/** What is loaded: the data set, the map that the names mean, and the state that the page is told. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

import type { DatasetSummary } from '../answers.ts';
import { type Client, ClientError, HttpClient } from '../client.ts';
import { errorOf, messageOf } from '../errors.ts';
import { fire, type StateDetail } from '../events.ts';
import { type LoadedMap, loadMap, MapIsMade } from '../loadMap.ts';
import { addresses, loadMore } from '../loadMore.ts';
import type { PageClient } from '../more.ts';
import { colorField, type Names, resolveNames, withMapsInTheMaking } from '../names.ts';
import { createPicker } from '../picking.ts';
import type { Points } from '../points.ts';
import { PAGE_DATASET, type PageMapOptions, type PageVectors } from '../vectors.ts';
import { NewsController, newsOf } from './newsController.ts';
import { TaskController } from './taskController.ts';

/** The element: what its attributes say. */
export interface LoadHost extends ReactiveControllerHost, HTMLElement {
  readonly endpoint: string | null;
  readonly token: string | null;
  readonly datasetName: string | null;
  readonly embedding: string | null;
  readonly projection: string | null;
  readonly colorBy: string | null;
  readonly labelBy: string | null;
  readonly vectors: PageVectors | null;
  readonly mapOptions: PageMapOptions;
}

interface LoadOptions {
  readonly onDataset: (client: Client, summary: DatasetSummary) => void;
  readonly onMap: (map: LoadedMap) => void;
  /** Whether the map is in sight. */
  readonly isSeen: () => boolean;
}

export class LoadController implements ReactiveController {
  readonly #host: LoadHost;
  readonly #datasetTask: TaskController<readonly [Client, string, number], DatasetSummary>;
  readonly #mapTask: TaskController<readonly unknown[], LoadedMap>;
  #client: Client | null = null;
  #token: string | null = null;
  /** Of the page's own vectors; null: a server is asked. */
  #page: { readonly vectors: PageVectors; readonly options: PageMapOptions; client: PageClient | null } | null = null;
  /** Raised by `reload()`, so that the data set is asked for again. */
  #generation = 0;
  #progress: { readonly stage: 'fetching' | 'reading'; readonly share: number | null } = {
    stage: 'fetching',
    share: null,
  };
  /** Why the map cannot be drawn, although it is loaded. */
  #failure: Error | null = null;
  /** x of the points that are on the canvas, their transition done. */
  #shown: Float32Array | null = null;
  #lastState: StateDetail['state'] | null = null;
  /** The job whose map is shown on its way, in place of the one that was there before. */
  #followed: string | null = null;
  #whenAsked: (() => void)[] = [];
  /** What there was when the data set was last asked for; null: that is not known, or being asked. */
  #known: string | null = null;

  constructor(host: LoadHost, { onDataset, onMap, isSeen }: LoadOptions) {
    this.#host = host;
    host.addController(this);
    this.#datasetTask = new TaskController(host, {
      arguments: () =>
        this.#client === null || !this.#dataset ? null : ([this.#client, this.#dataset, this.#generation] as const),
      run: async ([client, slug], signal) => {
        const summary = await client.dataset(slug, signal);
        signal.throwIfAborted();
        this.#known = newsOf(summary);
        if (summary === null) throw new ClientError('NOT_FOUND', `The server has no data set "${slug}".`);
        return withMapsInTheMaking(summary);
      },
      onStart: () => {
        this.#known = null;
        this.#tellState();
      },
      onComplete: (summary) => {
        this.#asked();
        if (this.#client !== null) onDataset(this.#client, summary);
      },
      onError: (error) => {
        this.#known ??= ''; // whatever comes of a server that did not answer is news
        this.#asked();
        this.tellError(error);
      },
    });
    new NewsController(host, {
      about: () => {
        const [client, dataset] = [this.#client, this.#dataset];
        return client !== null && dataset && this.#page === null && isSeen() ? { client, dataset } : null;
      },
      known: () => this.#known,
      onNews: () => void this.reload(),
    });
    this.#mapTask = new TaskController(host, {
      arguments: () => this.#mapArguments(),
      run: async (_, signal) => {
        const names = this.names;
        if (names instanceof Error) throw names;
        if (this.#client === null || names === null) throw new Error('There is nothing to load.');
        const columns = { label: host.labelBy ?? 'label', color: colorField(names.summary, host.colorBy, names) };
        const onProgress = (stage: 'fetching' | 'reading', share: number | null) => {
          this.#progress = { stage, share };
          host.requestUpdate();
        };
        const wanted = { ...names, job: this.#jobOf(names) };
        try {
          return await loadMap(this.#client, wanted, columns, this.#mapTask.value, onProgress, signal);
        } catch (error) {
          if (!(error instanceof MapIsMade)) throw error;
          void this.reload();
          // Until then the map that is there stays.
          return await new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        }
      },
      onStart: () => this.#tellState(),
      onComplete: (map) => {
        this.#failure = null;
        onMap(map);
      },
      onError: (error) => this.tellError(error),
    });
  }

  /** Whom the map asks; null before the first update. */
  get client(): Client | null {
    return this.#client;
  }

  /** The map that is loaded, or null. */
  get map(): LoadedMap | null {
    return this.#mapTask.value;
  }

  /** The embedding and map that are meant; null while that is not known or there is none; an error where a name is wrong. */
  get names(): Names | Error | null {
    const summary = this.#datasetTask.value;
    if (summary === null || summary.slug !== this.#dataset) return null;
    return resolveNames(summary, { embedding: this.#host.embedding, projection: this.#host.projection });
  }

  get isPending(): boolean {
    return this.#datasetTask.status === 'pending' || this.#mapTask.status === 'pending';
  }

  /** How much of the points has come, 0 to 1; null while that cannot be told. */
  get share(): number | null {
    return this.#progress.share;
  }

  /** What is being done, in words. */
  get doing(): string {
    if (this.#mapTask.status !== 'pending') return 'Loading …';
    if (this.#progress.stage === 'reading') return 'Reading the points …';
    const { names } = this;
    const isMade = names === null || names instanceof Error || this.#jobOf(names) === null;
    return isMade ? 'Fetching the points …' : 'The map is being computed …';
  }

  /** Whether the data set is known to have no embedding. */
  get isBare(): boolean {
    return this.#datasetTask.value?.embeddings.length === 0;
  }

  /** Why there is no map to see. */
  get error(): Error | null {
    const { status, error } = this.#datasetTask;
    if (this.#failure !== null) return this.#failure;
    if (status === 'pending') return null;
    if (status === 'error') return errorOf(error);
    const { names } = this;
    if (names instanceof Error) return names;
    if (this.#mapTask.status === 'error') return errorOf(this.#mapTask.error);
    return null;
  }

  /** The points of which map will be drawn; null while that is not known. */
  get expected(): 2 | 3 | null {
    const { names } = this;
    if (names instanceof Error || this.#failure !== null) return null;
    return names?.projectionSummary.components ?? (this.#dataset ? 2 : null);
  }

  /** Whether the points on the canvas are still on their way to the map that is loaded. */
  get isMoving(): boolean {
    return this.#shown !== null && this.#shown !== this.map?.points.x && this.map?.names.job === null;
  }

  /** Of the GraphQL server. */
  get endpoint(): string {
    return new URL(this.#host.endpoint ?? defaultEndpoint(), document.baseURI).href;
  }

  hostUpdate(): void {
    const { endpoint } = this;
    const { token, vectors, mapOptions } = this.#host;
    if (this.#page !== null && (this.#page.vectors !== vectors || this.#page.options !== mapOptions)) this.#closePage();
    if (vectors !== null) {
      if (this.#page === null) void this.#openPage(endpoint, vectors, mapOptions);
      return;
    }
    if (this.#client?.endpoint === endpoint && this.#token === token) return;
    this.#client = new HttpClient(endpoint, token);
    this.#token = token;
  }

  hostUpdated(): void {
    this.#tellState();
  }

  hostDisconnected(): void {
    this.#closePage();
  }

  /** Lets the making of the map of the page's own vectors rest, or go on. */
  pause(paused: boolean): void {
    this.#page?.client?.pause(paused);
  }

  /** Pushes its points. */
  async perturb(share?: number): Promise<void> {
    await this.#page?.client?.perturb(share);
  }

  /** Stops it where it is. */
  cancel(): void {
    this.#page?.client?.cancel();
  }

  get #dataset(): string | null {
    return this.#page === null ? this.#host.datasetName : PAGE_DATASET;
  }

  async #openPage(endpoint: string, vectors: PageVectors, options: PageMapOptions): Promise<void> {
    const page = { vectors, options, client: null as PageClient | null };
    this.#page = page;
    this.#client = null;
    this.#failure = null;
    try {
      const { openPageClient } = await loadMore(endpoint);
      if (this.#page !== page) return;
      const places = addresses('embedding-map-compute.js', endpoint);
      page.client = openPageClient({ HttpClient, ClientError }, endpoint, places, vectors, options);
      this.#client = page.client;
      this.#host.requestUpdate();
    } catch (error) {
      if (this.#page === page) this.fail(errorOf(error));
    }
  }

  #closePage(): void {
    this.#page?.client?.close();
    if (this.#page !== null) this.#client = null;
    this.#page = null;
  }

  /** Asks for the data set again; for the map, too, where it had failed. */
  reload(): Promise<void> {
    this.#generation++;
    this.#failure = null;
    if (this.#mapTask.status === 'error') this.#mapTask.retry();
    this.#host.requestUpdate();
    return new Promise((resolve) => this.#whenAsked.push(resolve));
  }

  /** Shows the map that the job makes on its way. */
  follow(job: string): void {
    this.#followed = job;
    this.#host.requestUpdate();
  }

  /** The points of the map in the making have moved. */
  async move(points: Points): Promise<void> {
    const map = this.#mapTask.value;
    if (map === null || map.names.job === null) return;
    const picker = await createPicker(points);
    // It may have been coloured meanwhile; another map has other points.
    const now = this.#mapTask.value;
    if (now?.names !== map.names || now.points.count !== points.count) return;
    this.#mapTask.value = {
      ...now,
      points: { ...points, columns: now.points.columns },
      picker,
      movedFrom: null,
      sameItems: true,
    };
    this.#host.requestUpdate();
  }

  /** Asks for the data set again, and for a column although one of that name is here: it was made anew. */
  reloadColumn(name: string): void {
    const map = this.#mapTask.value;
    if (map !== null) {
      const columns = new Map(map.points.columns);
      columns.delete(name);
      this.#mapTask.value = { ...map, colorBy: null, points: { ...map.points, columns } };
    }
    if (this.#host.colorBy === name) this.#mapTask.retry();
    void this.reload();
  }

  /** A scene with these points is on the canvas. @returns whether it is another than before */
  shown(x: Float32Array): boolean {
    if (this.#shown === x) return false;
    this.#shown = x;
    return true;
  }

  /** Tells the page that another map is on the screen. */
  tellProjection(): void {
    const { map } = this;
    if (map === null || map.names.job !== null) return;
    const { dataset, embedding, projection } = map.names;
    fire(this.#host, 'projection-change', { dataset, embedding, projection, components: map.points.components });
    this.#tellState();
  }

  /** The map cannot be drawn. */
  fail(error: Error): void {
    this.#failure = error;
    this.tellError(error);
    this.#host.requestUpdate();
  }

  tellError(error: unknown): void {
    const code = error instanceof ClientError ? error.code : 'INTERNAL_ERROR';
    fire(this.#host, 'map-error', { code, message: messageOf(error) ?? '' });
    this.#tellState();
  }

  #mapArguments(): readonly unknown[] | null {
    const { names } = this;
    if (names === null || names instanceof Error) return null;
    return [
      this.#client,
      names.dataset,
      names.embedding,
      names.projection,
      String(names.projectionSummary.version),
      this.#jobOf(names),
      this.#host.labelBy,
      colorField(names.summary, this.#host.colorBy, names),
    ];
  }

  /** The job whose map is shown on its way; null: the map that is made is. */
  #jobOf({ job, projectionSummary: { making } }: Names): string | null {
    return job ?? (making !== undefined && making === this.#followed ? making : null);
  }

  #asked(): void {
    const waiting = this.#whenAsked;
    this.#whenAsked = [];
    for (const resolve of waiting) resolve();
  }

  #tellState(): void {
    const { map } = this;
    const state = this.error !== null ? 'error' : this.isPending ? 'loading' : map === null ? 'empty' : 'ready';
    if (state === this.#lastState) return;
    if (
      state === 'ready' &&
      map !== null &&
      map.points.count > 0 &&
      map.names.job === null &&
      this.#shown !== map.points.x
    )
      return;
    this.#lastState = state;
    fire(this.#host, 'state-change', { state });
  }
}

/** The server that the script came from; of a page's own bundle, the page's server. */
function defaultEndpoint(): string {
  const own = new URL('/graphql', import.meta.url);
  return own.protocol === 'http:' || own.protocol === 'https:' ? own.href : '/graphql';
}
