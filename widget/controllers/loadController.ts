/** What is loaded: the data set, the map that the names mean, and the state that the page is told. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

import type { DatasetSummary } from '../answers.ts';
import { type Client, ClientError } from '../client.ts';
import { errorOf, messageOf } from '../errors.ts';
import { fire, type StateDetail } from '../events.ts';
import type { MakingState } from '../features/feature.ts';
import { type LoadedMap, loadMap, MapIsMade } from '../loadMap.ts';
import { colorField, type Names, resolveNames, withMapsInTheMaking } from '../names.ts';
import { createPicker } from '../picking.ts';
import { type Points, textAt } from '../points.ts';
import type { ClientController } from './clientController.ts';
import { NewsController, newsOf } from './newsController.ts';
import { TaskController } from './taskController.ts';

/** The element: what its attributes say. */
export interface LoadHost extends ReactiveControllerHost, HTMLElement {
  readonly embedding: string | null;
  readonly projection: string | null;
  readonly colorBy: string | null;
  readonly labelBy: string | null;
}

interface LoadOptions {
  readonly onDataset: (client: Client, summary: DatasetSummary) => void;
  readonly onMap: (map: LoadedMap) => void;
  /** Whether the map is in sight. */
  readonly isSeen: () => boolean;
}

export class LoadController implements ReactiveController {
  /** How far the map in the making is; null: none is shown. */
  making: MakingState | null = null;
  readonly #host: LoadHost;
  readonly #whom: ClientController;
  readonly #datasetTask: TaskController<readonly [Client, string, number], DatasetSummary>;
  readonly #mapTask: TaskController<readonly unknown[], LoadedMap>;
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

  constructor(host: LoadHost, whom: ClientController, { onDataset, onMap, isSeen }: LoadOptions) {
    this.#host = host;
    this.#whom = whom;
    host.addController(this);
    this.#datasetTask = new TaskController(host, {
      arguments: () =>
        whom.client === null || !whom.dataset ? null : ([whom.client, whom.dataset, this.#generation] as const),
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
        if (whom.client !== null) onDataset(whom.client, summary);
      },
      onError: (error) => {
        this.#known ??= ''; // whatever comes of a server that did not answer is news
        this.#asked();
        this.tellError(error);
      },
    });
    new NewsController(host, {
      about: () => {
        const { client, dataset, page } = whom;
        return client !== null && dataset && page === null && isSeen() ? { client, dataset } : null;
      },
      known: () => this.#known,
      onNews: () => void this.reload(),
    });
    this.#mapTask = new TaskController(host, {
      arguments: () => this.#mapArguments(),
      run: async (_, signal) => {
        const names = this.names;
        if (names instanceof Error) throw names;
        if (whom.client === null || names === null) throw new Error('There is nothing to load.');
        const columns = { label: host.labelBy ?? 'label', color: colorField(names.summary, host.colorBy, names) };
        const onProgress = (stage: 'fetching' | 'reading', share: number | null) => {
          this.#progress = { stage, share };
          host.requestUpdate();
        };
        const wanted = { ...names, job: this.#jobOf(names) };
        try {
          return await loadMap(whom.client, wanted, columns, this.#mapTask.value, onProgress, signal);
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

  /** The map that is loaded, or null. */
  get map(): LoadedMap | null {
    return this.#mapTask.value;
  }

  /** The embedding and map that are meant; null while that is not known or there is none; an error where a name is wrong. */
  get names(): Names | Error | null {
    const summary = this.#datasetTask.value;
    if (summary === null || summary.slug !== this.#whom.dataset) return null;
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

  /** The name of a point, by the field that is chosen; empty: there is no map. */
  labelOf(index: number): string {
    const points = this.map?.points;
    if (points === undefined) return '';
    return textAt(points, this.#host.labelBy ?? 'label', index) ?? textAt(points, 'label', index) ?? points.key(index);
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
    return names?.projectionSummary.components ?? (this.#whom.dataset ? 2 : null);
  }

  /** Whether the points on the canvas are still on their way to the map that is loaded. */
  get isMoving(): boolean {
    return this.#shown !== null && this.#shown !== this.map?.points.x && this.map?.names.job === null;
  }

  hostUpdated(): void {
    this.#tellState();
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

  /** How far the map in the making is; null: none is shown. */
  tellMaking(making: MakingState | null): void {
    this.making = making;
    const { names } = this;
    if (names !== null && !(names instanceof Error) && making !== null) {
      const { dataset, embedding, projection } = names;
      fire(this.#host, 'map-progress', { dataset, embedding, projection, ...making });
    }
    this.#host.requestUpdate();
  }

  /** Another map may be drawn although the last could not. */
  forgive(): void {
    this.#failure = null;
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
      this.#whom.client,
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
