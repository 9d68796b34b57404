/**
 * `<embedding-map>`: properties and a template. What it does lies in the controllers, what it draws in the renderer.
 * Attributes, events, parts and custom properties are listed in the README beside this file.
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { classMap } from 'lit/directives/class-map.js';
import { createRef, ref } from 'lit/directives/ref.js';

import { type Camera, pan, project, zoomAt, zoomToRectangle } from './camera.ts';
import { Client, ClientError, type DatasetSummary } from './client.ts';
import { slotColors, type Theme } from './colors.ts';
import { FilterController } from './controllers/filterController.ts';
import { GestureController } from './controllers/gestureController.ts';
import { ItemsController } from './controllers/itemsController.ts';
import { NeighborsController } from './controllers/neighborsController.ts';
import { SearchController } from './controllers/searchController.ts';
import { type Format, SelectionController } from './controllers/selectionController.ts';
import { StageController, type StageScene } from './controllers/stageController.ts';
import { TaskController } from './controllers/taskController.ts';
import { ThemeController } from './controllers/themeController.ts';
import { fire, type PointDetail, type StateDetail } from './events.ts';
import { type LoadedMap, loadMap } from './loadMap.ts';
import { colorField, type Names, resolveNames } from './names.ts';
import { renderBar } from './panels/bar.ts';
import { icons } from './panels/icons.ts';
import { renderInfo } from './panels/info.ts';
import { renderLegend } from './panels/legend.ts';
import {
  describeMatches,
  describeSearch,
  type Line,
  renderAbout,
  renderLines,
  renderPanelHeader,
} from './panels/results.ts';
import { renderEmpty, renderError, renderLoading, renderProgress, renderStatus } from './panels/states.ts';
import { renderTools } from './panels/tools.ts';
import { renderTooltip } from './panels/tooltip.ts';
import { pickPoint, pointsInPolygon, pointTowards } from './picking.ts';
import { coordinatesAt, textAt } from './points.ts';
import { styles } from './styles.ts';

/** How far from a point, in CSS pixels, the pointer still means it. */
const PICK_RADIUS_PX = { fine: 9, coarse: 18 } as const;
const TRANSITION_MS = 900;
const FLIGHT_MS = 420;
const ZOOM_STEP = 1.6;
const PAN_STEP_PX = 60;
/** Narrower maps have the panel below, as in the styles; wider ones beside, with the tools this wide. */
const NARROW_PX = 640;
const LOW_PX = 380;
const PANEL_PX = 390;
/** Lines of the selection in the list before "Show more", and how many more it shows. */
const LIST_STEP = 100;

type Panel = 'none' | 'neighbors' | 'search' | 'selection' | 'info';

export class EmbeddingMap extends LitElement {
  static override readonly styles = styles;
  static override readonly properties = {
    endpoint: { type: String, reflect: true },
    datasetName: { type: String, attribute: 'dataset', reflect: true },
    embedding: { type: String, reflect: true },
    projection: { type: String, reflect: true },
    colorBy: { type: String, attribute: 'color-by', reflect: true },
    labelBy: { type: String, attribute: 'label-by', reflect: true },
    theme: { type: String, reflect: true },
    neighborCount: { type: Number, attribute: 'neighbor-count', reflect: true },
    compact: { type: Boolean, reflect: true },
    cooperative: { type: Boolean, reflect: true },
    token: { attribute: false },
    palette: { attribute: false },
  };

  /** Address of the GraphQL endpoint. Default: `/graphql` of the server that this script came from. */
  declare endpoint: string | null;
  /** Slug of the data set. The attribute is `dataset`; that property means something else on every element. */
  declare datasetName: string | null;
  /** Name of the embedding. Default: the first that has a map. */
  declare embedding: string | null;
  /** Name of the map. Default: the first of two components, or the first. */
  declare projection: string | null;
  /** Field to colour by, or `none`. Default: the first of type CATEGORY. */
  declare colorBy: string | null;
  /** Field shown as the name of a point. Default: `label`. */
  declare labelBy: string | null;
  /** `light` or `dark`. Default: as the system has it. */
  declare theme: string | null;
  /** How many neighbours a click asks for, 1 to 100. Default: 10. */
  declare neighborCount: number;
  /** Only the map: no search, choices or panels; gestures, tooltips and events stay. */
  declare compact: boolean;
  /** Wheel and one finger scroll the page; Ctrl and wheel, or two fingers, move the map. */
  declare cooperative: boolean;
  /** Sent as `Authorization: Bearer …`. A property only, so that it does not stand in the page. */
  declare token: string | null;
  /** Colours of the categories as `#rrggbb`, in place of our own. */
  declare palette: readonly string[];

  readonly #layer = createRef<HTMLElement>();
  readonly #stageElement = createRef<HTMLElement>();
  readonly #system = new ThemeController(this);
  readonly #items = new ItemsController(this);
  readonly #neighbors = new NeighborsController(this, () => this.#neighborsChanged());
  readonly #filter = new FilterController(this);
  readonly #selection = new SelectionController(this, () => this.#selectionChanged());
  readonly #search = new SearchController(this, () => this.#searchChanged());
  readonly #stage = new StageController(this, {
    container: () => this.#stageElement.value ?? null,
    marks: () => this.#marks(),
    expected: () => this.#expected(),
    onFailure: (error) => this.#failed(error),
    onShown: (scene) => this.#shown(scene),
    onMove: () => this.#moved(),
  });
  readonly #gestures: GestureController;
  readonly #datasetTask: TaskController<readonly [Client, string, number], DatasetSummary>;
  readonly #mapTask: TaskController<readonly unknown[], LoadedMap>;

  #client: Client | null = null;
  /** Raised by `reload()`, so that the data set is asked for again. */
  #generation = 0;
  #tool: 'move' | 'lasso' = 'move';
  #panel: Panel = 'none';
  #hovered = -1;
  #hoverPlace: { readonly x: number; readonly y: number } | null = null;
  #current = -1;
  #neighborIndices: readonly number[] = [];
  #matchIndices: Uint32Array = new Uint32Array();
  #selecting: AbortController | null = null;
  #listed = LIST_STEP;
  #emphasis: Uint32Array | null = null;
  #lasso: { readonly outline: readonly number[]; readonly kind: 'freehand' | 'rectangle' } | null = null;
  #scene: StageScene | null = null;
  #shownPoints: Float32Array | null = null;
  #colors: { readonly key: readonly unknown[]; readonly colors: readonly string[] } = { key: [], colors: [] };
  #progress: { readonly stage: 'fetching' | 'reading'; readonly share: number | null } = {
    stage: 'fetching',
    share: null,
  };
  #failure: Error | null = null;
  #announcement = '';
  #hint = '';
  #hintTimer: ReturnType<typeof setTimeout> | undefined;
  #legendOpen: boolean | null = null;
  #lastState: StateDetail['state'] | null = null;

  constructor() {
    super();
    this.endpoint = null;
    this.datasetName = null;
    this.embedding = null;
    this.projection = null;
    this.colorBy = null;
    this.labelBy = null;
    this.theme = null;
    this.neighborCount = 10;
    this.compact = false;
    this.cooperative = false;
    this.token = null;
    this.palette = [];

    const map = this;
    this.#gestures = new GestureController(this, {
      get camera() {
        return map.#stage.camera;
      },
      get size() {
        return map.#stage.size;
      },
      get components() {
        return map.map?.points.components ?? 2;
      },
      get tool() {
        return map.#tool;
      },
      get cooperative() {
        return map.cooperative;
      },
      moveCamera: (camera) => this.#stage.moveCamera(camera),
      hover: (at) => this.#hoverAt(at),
      click: (at) => this.#clickAt(at),
      drawLasso: (outline, kind) => {
        this.#lasso = { outline, kind };
        this.#stage.requestFrame();
      },
      endLasso: (outline, add) => void this.#endLasso(outline, add),
      cancelLasso: () => {
        this.#lasso = null;
        this.#stage.requestFrame();
      },
      refuseWheel: () => this.#showHint('Hold Ctrl and scroll to zoom'),
    });
    this.#datasetTask = new TaskController(this, {
      arguments: () =>
        this.#client === null || !this.datasetName
          ? null
          : ([this.#client, this.datasetName, this.#generation] as const),
      run: async ([client, slug], signal) => {
        const summary = await client.dataset(slug, signal);
        if (summary === null) throw new ClientError('NOT_FOUND', `The server has no data set "${slug}".`);
        return summary;
      },
      onStart: () => this.#tellState(),
      onComplete: (summary) => {
        if (this.#client !== null) this.#items.use(this.#client, summary.slug);
      },
      onError: (error) => this.#tellError(error),
    });
    this.#mapTask = new TaskController(this, {
      arguments: () => this.#mapArguments(),
      run: async (_, signal) => {
        const names = this.#names();
        if (names instanceof Error) throw names;
        const client = this.#client;
        if (client === null || names === null) throw new Error('There is nothing to load.');
        const columns = { label: this.labelBy ?? 'label', color: colorField(names.summary, this.colorBy) };
        return await loadMap(
          client,
          names,
          columns,
          this.#mapTask.value,
          (stage, share) => this.#tellProgress(stage, share),
          signal,
        );
      },
      onStart: () => this.#tellState(),
      onComplete: (map) => this.#loaded(map),
      onError: (error) => this.#tellError(error),
    });
  }

  /** The map that is loaded, or null. Points, columns and coordinates can be read from it. */
  get map(): LoadedMap | null {
    return this.#mapTask.value;
  }

  /** The part of the world that is seen. */
  get camera(): Camera {
    return this.#stage.camera;
  }

  set camera(camera: Camera) {
    this.#stage.moveCamera(camera);
  }

  /** Asks the server for the data set again: for new maps, and after an error. */
  reload(): void {
    this.#generation++;
    this.#failure = null;
    if (this.#mapTask.status === 'error') this.#mapTask.retry();
    this.requestUpdate();
  }

  /** Shows the whole map. */
  fit(): void {
    this.#stage.flyHome(this.#milliseconds(FLIGHT_MS));
  }

  /** Selects items by their keys. Those that are not on the map are left out. */
  async select(keys: readonly string[]): Promise<void> {
    const map = this.map;
    if (map === null) return;
    const indexOf = await map.indexOf();
    this.#selection.set(Uint32Array.from(keys.flatMap((key) => indexOf.get(key) ?? [])).sort());
  }

  /** Asks for the neighbours of an item and shows them, as a click on it does. */
  async showNeighbors(key: string): Promise<void> {
    const index = (await this.map?.indexOf())?.get(key);
    if (index !== undefined) this.#choose(index);
  }

  /** Where an item is, in CSS pixels from the top left of the map; null when it is not on the map. */
  async placeOf(key: string): Promise<{ readonly x: number; readonly y: number } | null> {
    const map = this.map;
    const index = (await map?.indexOf())?.get(key);
    if (map === null || index === undefined) return null;
    const { x, y } = project(
      this.camera,
      this.#stage.size,
      map.points.x[index] ?? 0,
      map.points.y[index] ?? 0,
      map.points.z[index] ?? 0,
    );
    return { x, y };
  }

  /** Back to the whole map with nothing chosen. */
  clear(): void {
    this.#gestures.cancel();
    this.#search.clear();
    this.#neighbors.clear();
    this.#selection.set(new Uint32Array());
    this.#current = -1;
    this.#openPanel('none');
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('keydown', this.#onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener('keydown', this.#onKey);
    this.#selecting?.abort();
    clearTimeout(this.#hintTimer);
    this.#scene = null;
    this.#stage.show(null);
  }

  override willUpdate(): void {
    const endpoint = new URL(this.endpoint ?? defaultEndpoint(), document.baseURI).href;
    if (
      this.#client?.endpoint !== endpoint ||
      this.#client.needsToken !== (this.token !== null) ||
      this.#token !== this.token
    ) {
      this.#client = new Client(endpoint, this.token);
      this.#token = this.token;
    }
  }

  #token: string | null = null;

  override updated(_changed: PropertyValues<this>): void {
    const layer = this.#layer.value;
    if (layer) this.#gestures.attach(layer);
    this.#scene = this.#makeScene();
    this.#stage.show(this.#scene);
    this.#stage.requestFrame();
    this.#tellState();
  }

  override render(): TemplateResult {
    const theme = this.#theme();
    const map = this.map;
    const names = this.#names();
    const whole = !this.compact && map !== null && !(names instanceof Error) && names !== null;
    const classes = {
      frame: true,
      [theme]: true,
      compact: this.compact,
      cooperative: this.cooperative,
      'with-panel': this.#panel !== 'none' && whole,
    };
    return html`<div class=${classMap(classes)} part="frame">
      <div class="stage" part="stage" ${ref(this.#stageElement)}></div>
      <div
        class=${classMap({ layer: true, lasso: this.#tool === 'lasso', 'on-point': this.#hovered >= 0 })}
        role="application"
        aria-roledescription="map"
        aria-label=${this.#mapLabel()}
        aria-describedby="keys"
        tabindex=${map === null ? -1 : 0}
        ${ref(this.#layer)}
      ></div>
      <span id="keys" class="hidden-text">
        Arrow keys go from point to point, with Shift they move the map. Enter shows nearest neighbours. Plus and minus zoom,
        0 shows all. Escape clears.
      </span>
      ${this.#renderMessage(map, names)}
      ${whole ? this.#renderBar(names) : nothing}
      ${whole ? this.#renderTools() : nothing}
      ${map === null ? nothing : this.#renderLegend(map)}
      ${whole ? this.#renderPanel(map, names) : nothing}
      ${map === null || names === null || names instanceof Error ? nothing : renderStatus(names.projectionSummary, map.points.count, this.#filter.count)}
      ${map === null ? nothing : this.#renderTooltip(map)}
      ${this.#hint === '' ? nothing : html`<div class="hint card" part="hint">${this.#hint}</div>`}
      <div class="hidden-text" role="status" aria-live="polite">${this.#announcement}</div>
    </div>`;
  }

  // Templates

  #renderMessage(map: LoadedMap | null, names: Names | Error | null): TemplateResult | typeof nothing {
    const error = this.#error(names);
    if (error !== null) return renderError(error, () => this.reload());
    if (this.#isPending()) {
      const progress = renderProgress(this.#progress.share);
      return map === null ? html`${progress} ${renderLoading(this.#progressText())}` : progress;
    }
    if (map !== null && map.points.count > 0) return nothing;
    if (!this.datasetName) return renderEmpty('Its attribute “dataset” names none yet.');
    const bare = this.#datasetTask.value?.embeddings.length === 0;
    return renderEmpty(bare ? 'The data set has no embedding yet.' : 'The embedding has no map yet, or no items.');
  }

  #renderBar(names: Names): TemplateResult {
    return renderBar({
      names,
      color: colorField(names.summary, this.colorBy),
      search: this.#search,
      onSearch: (text, when) => this.#lookFor(text, when),
      onClearSearch: () => this.#search.clear(),
      onToggleRegex: () => {
        this.#search.mode = this.#search.mode === 'regex' ? 'text' : 'regex';
        this.#lookFor(this.#search.text, 'now');
        this.requestUpdate();
      },
      onMap: (embedding, projection) => {
        this.embedding = embedding;
        this.projection = projection;
      },
      onColor: (field) => {
        this.colorBy = field;
      },
    });
  }

  #renderTools(): TemplateResult {
    return renderTools({
      lasso: this.#tool === 'lasso',
      info: this.#panel === 'info',
      onZoomIn: () => this.#zoom(ZOOM_STEP),
      onZoomOut: () => this.#zoom(1 / ZOOM_STEP),
      onFit: () => this.fit(),
      onLasso: () => this.#toggleLasso(),
      onInfo: () => this.#openPanel(this.#panel === 'info' ? 'none' : 'info'),
    });
  }

  #renderLegend(map: LoadedMap): TemplateResult | typeof nothing {
    if (this.compact) return nothing;
    const roomy = this.#stage.size.width >= NARROW_PX && this.#stage.size.height >= LOW_PX;
    return renderLegend({
      field: map.colorBy,
      legend: map.coloring.legend,
      colors: this.#slotColors(map),
      hidden: this.#filter.slots,
      open: this.#legendOpen ?? roomy,
      onToggle: (open) => {
        if (open !== (this.#legendOpen ?? roomy)) this.#legendOpen = open;
      },
      onSlot: (slot, only) => (only ? this.#filter.showOnly(slot) : this.#filter.toggle(slot)),
      onShowAll: () => this.#filter.showAll(),
    });
  }

  #renderPanel(map: LoadedMap, names: Names): TemplateResult | typeof nothing {
    const close = () => this.#closePanel();
    const frame = (label: string, content: TemplateResult) =>
      html`<aside class="panel card fits" part="panel" aria-label=${label} tabindex="-1">${content}</aside>`;
    const actions = {
      onChoose: (key: string) => void this.#chooseFromList(key),
      onHover: (key: string | null) => void this.#hoverKey(key),
    };
    switch (this.#panel) {
      case 'none':
        return nothing;
      case 'info':
        return frame(
          'About this map',
          html`${renderPanelHeader(names.summary.title, names.summary.description, close)}
          ${renderInfo(names.summary, names.embeddingSummary, names.projectionSummary)}`,
        );
      case 'neighbors': {
        const { key, pending, result, error } = this.#neighbors;
        if (key === null) return nothing;
        const item = this.#items.get(key);
        const lines =
          result?.neighbors.map((neighbor): Line => ({ ...neighbor, image: this.#items.image(neighbor.image) })) ?? [];
        const subtitle = pending
          ? 'Asking for the nearest neighbours …'
          : result === null
            ? messageOf(error)
            : describeSearch(result);
        return frame(
          'Nearest neighbours',
          html`${renderPanelHeader(this.#current < 0 ? key : this.#labelOf(map, this.#current), subtitle, close)}
          ${renderAbout(item, this.#items.image(item?.image ?? null))}
          <div class="body">${renderLines(lines, actions)}</div>`,
        );
      }
      case 'search': {
        const { result, error, pending, text } = this.#search;
        const lines =
          result?.matches.items
            .slice(0, this.#listed)
            .map((match): Line => ({ ...match, image: this.#items.image(match.image) })) ?? [];
        const subtitle = pending
          ? 'Searching …'
          : result === null
            ? messageOf(error)
            : describeMatches(result.matches, this.#matchIndices.length);
        return frame(
          'Search results',
          html`${renderPanelHeader(`“${text}”`, subtitle, close)}
          ${lines.length === 0 ? nothing : html`<div class="body">${renderLines(lines, actions)}${this.#renderMore(result?.matches.items.length ?? 0)}</div>`}`,
        );
      }
      case 'selection': {
        const { indices, downloading } = this.#selection;
        const count = indices.length;
        const lines = Array.from(indices.subarray(0, this.#listed), (index): Line => {
          const key = map.points.key(index);
          return { key, label: this.#labelOf(map, index) };
        });
        const busy = downloading !== null;
        return frame(
          'Selected items',
          html`${renderPanelHeader(
            `${count.toLocaleString()} selected`,
            busy ? `Fetching fields: ${downloading.toLocaleString()} of ${count.toLocaleString()}` : null,
            close,
          )}
          <div class="actions">
            <button class="button" aria-disabled=${busy} @click=${() => void this.#download(map, 'csv')}>${icons.download} CSV</button>
            <button class="button" aria-disabled=${busy} @click=${() => void this.#download(map, 'json')}>${icons.download} JSON</button>
            <button class="button" @click=${() => this.#zoomToSelection()}>Zoom to</button>
          </div>
          <div class="body">${renderLines(lines, actions)}${this.#renderMore(count)}</div>`,
        );
      }
    }
  }

  #renderMore(total: number): TemplateResult | typeof nothing {
    if (total <= this.#listed) return nothing;
    const more = () => {
      this.#listed += LIST_STEP;
      this.requestUpdate();
    };
    return html`<button class="row link" @click=${more}>Show more (${(total - this.#listed).toLocaleString()} left)</button>`;
  }

  #renderTooltip(map: LoadedMap): TemplateResult | typeof nothing {
    const index = this.#hovered;
    const place = this.#hoverPlace;
    if (index < 0 || place === null || this.#stage.moving) return nothing;
    const item = this.#items.get(map.points.key(index));
    const value = map.colorBy === null ? null : textAt(map.points, map.colorBy, index);
    return renderTooltip({
      label: this.#labelOf(map, index),
      facts: map.colorBy === null || value === null ? [] : [[map.colorBy, value]],
      item,
      image: this.#items.image(item?.image ?? null),
      place,
      size: this.#stage.size,
    });
  }

  // What is shown

  #theme(): Theme {
    return this.theme === 'dark' || this.theme === 'light' ? this.theme : this.#system.theme;
  }

  #milliseconds(wanted: number): number {
    return this.#system.still ? 0 : wanted;
  }

  /** The embedding and map that are meant; null while that is not known or there is none. */
  #names(): Names | Error | null {
    const summary = this.#datasetTask.value;
    if (summary === null || summary.slug !== this.datasetName) return null;
    return resolveNames(summary, { embedding: this.embedding, projection: this.projection });
  }

  #mapArguments(): readonly unknown[] | null {
    const names = this.#names();
    if (names === null || names instanceof Error) return null;
    return [
      this.#client,
      names.dataset,
      names.embedding,
      names.projection,
      String(names.projectionSummary.version),
      this.labelBy,
      colorField(names.summary, this.colorBy),
    ];
  }

  #expected(): 2 | 3 | null {
    const names = this.#names();
    if (names instanceof Error || this.#failure !== null) return null;
    return names?.projectionSummary.components ?? (this.datasetName ? 2 : null);
  }

  #isPending(): boolean {
    return this.#datasetTask.status === 'pending' || this.#mapTask.status === 'pending';
  }

  #error(names: Names | Error | null): Error | null {
    const { status, error } = this.#datasetTask;
    if (this.#failure !== null) return this.#failure;
    if (status === 'pending') return null;
    if (status === 'error') return errorOf(error);
    if (names instanceof Error) return names;
    if (this.#mapTask.status === 'error') return errorOf(this.#mapTask.error);
    return null;
  }

  #mapLabel(): string {
    const names = this.#names();
    const map = this.map;
    if (map === null || names === null || names instanceof Error) return 'Map';
    return `Map of ${names.summary.title}: ${map.points.count.toLocaleString()} points, ${names.projection}`;
  }

  #labelOf(map: LoadedMap, index: number): string {
    const { points } = map;
    return textAt(points, this.labelBy ?? 'label', index) ?? textAt(points, 'label', index) ?? points.key(index);
  }

  #slotColors(map: LoadedMap): readonly string[] {
    const key = [map.coloring.legend, this.#theme(), this.palette];
    if (!key.every((part, i) => part === this.#colors.key[i])) {
      this.#colors = { key, colors: slotColors(map.coloring.legend, this.#theme(), this.palette) };
    }
    return this.#colors.colors;
  }

  /** The scene, the same object while nothing in it has changed. */
  #makeScene(): StageScene | null {
    const map = this.map;
    if (map === null || map.points.count === 0 || this.#failure !== null) return null;
    const scene: StageScene = {
      points: map.points,
      from: map.movedFrom,
      transitionMs: this.#milliseconds(TRANSITION_MS),
      coloring: map.coloring,
      colors: this.#slotColors(map),
      hidden: this.#filter.hidden,
      emphasis: this.#emphasis,
      ground: this.#theme() === 'dark' ? '#14171c' : '#fafaf8',
    };
    const before = this.#scene;
    const same =
      before !== null && Object.entries(scene).every(([name, value]) => before[name as keyof StageScene] === value);
    return same ? before : scene;
  }

  #marks() {
    const style = getComputedStyle(this.#stageElement.value ?? this);
    const moving = this.#shownPoints !== null && this.#shownPoints !== this.map?.points.x;
    return {
      hovered: moving ? -1 : this.#hovered,
      current: moving ? -1 : this.#current,
      neighbors: this.#panel === 'neighbors' ? this.#neighborIndices : [],
      lasso: this.#lasso?.outline ?? [],
      lassoKind: this.#lasso?.kind ?? 'freehand',
      ink: style.getPropertyValue('--ink').trim(),
      accent: style.getPropertyValue('--accent').trim(),
      ground: style.getPropertyValue('--ground').trim(),
    } as const;
  }

  // What happens

  #tellProgress(stage: 'fetching' | 'reading', share: number | null): void {
    this.#progress = { stage, share };
    this.requestUpdate();
  }

  #progressText(): string {
    if (this.#mapTask.status !== 'pending') return 'Loading …';
    return this.#progress.stage === 'reading' ? 'Reading the points …' : 'Fetching the points …';
  }

  #loaded(map: LoadedMap): void {
    this.#failure = null;
    this.#hovered = -1;
    if (!map.sameItems) {
      this.#neighbors.clear();
      this.#search.clear();
      this.#current = -1;
      this.#matchIndices = new Uint32Array();
      this.#selection.set(new Uint32Array());
      this.#panel = this.#panel === 'info' ? 'info' : 'none';
    } else if (this.#panel === 'neighbors' && this.#current >= 0 && this.#neighbors.key !== null) {
      this.#refreshEmphasis();
    }
    this.#filter.use(map.coloring);
    const count = map.points.count.toLocaleString();
    this.#announce(`${map.names.projection}: ${count} points`);
  }

  #shown(scene: StageScene): void {
    if (this.#shownPoints === scene.points.x) return;
    this.#shownPoints = scene.points.x;
    this.#stage.requestFrame();
    const map = this.map;
    if (map === null) return;
    const { dataset, embedding, projection } = map.names;
    fire(this, 'projection-change', { dataset, embedding, projection, components: map.points.components });
    this.#tellState();
  }

  #failed(error: Error): void {
    this.#failure = error;
    this.#tellError(error);
    this.requestUpdate();
  }

  #tellError(error: unknown): void {
    const code = error instanceof ClientError ? error.code : 'INTERNAL_ERROR';
    fire(this, 'map-error', { code, message: messageOf(error) ?? '' });
    this.#tellState();
  }

  #tellState(): void {
    const state =
      this.#error(this.#names()) !== null
        ? 'error'
        : this.#isPending()
          ? 'loading'
          : this.map === null
            ? 'empty'
            : 'ready';
    if (state === this.#lastState) return;
    if (state === 'ready' && this.map !== null && this.map.points.count > 0 && this.#shownPoints !== this.map.points.x)
      return;
    this.#lastState = state;
    fire(this, 'state-change', { state });
  }

  #announce(text: string): void {
    this.#announcement = text;
    this.requestUpdate();
  }

  #showHint(text: string): void {
    clearTimeout(this.#hintTimer);
    this.#hintTimer = setTimeout(() => {
      this.#hint = '';
      this.requestUpdate();
    }, 1400);
    if (this.#hint === text) return;
    this.#hint = text;
    this.requestUpdate();
  }

  #moved(): void {
    if (this.#hovered >= 0) this.#setHovered(-1, null);
    else if (!this.hasUpdated || this.#legendOpen === null) this.requestUpdate();
  }

  #setHovered(index: number, place: { readonly x: number; readonly y: number } | null): void {
    const map = this.map;
    if (map === null) return;
    if (index === this.#hovered) {
      if (place !== null && index >= 0) this.#hoverPlace = place;
      return;
    }
    this.#hovered = index;
    this.#hoverPlace = place;
    this.#items.want(index < 0 ? null : map.points.key(index));
    fire(this, 'point-hover', index < 0 ? null : this.#detailOf(map, index));
    this.#stage.requestFrame();
    this.requestUpdate();
  }

  #hoverAt(at: { readonly x: number; readonly y: number } | null): void {
    if (this.#tool === 'lasso' || this.#stage.moving) return;
    const index = at === null ? -1 : this.#pickAt(at, PICK_RADIUS_PX.fine);
    this.#setHovered(index, index < 0 ? null : this.#placeOfIndex(index));
  }

  async #hoverKey(key: string | null): Promise<void> {
    const index = key === null ? -1 : ((await this.map?.indexOf())?.get(key) ?? -1);
    this.#setHovered(index, null);
  }

  #pickAt(at: { readonly x: number; readonly y: number }, radius: number): number {
    const map = this.map;
    return map === null ? -1 : pickPoint(map.picker, this.camera, this.#stage.size, at, radius, this.#filter.hidden);
  }

  #placeOfIndex(index: number): { readonly x: number; readonly y: number } | null {
    const points = this.map?.points;
    if (points === undefined || index < 0) return null;
    return project(this.camera, this.#stage.size, points.x[index] ?? 0, points.y[index] ?? 0, points.z[index] ?? 0);
  }

  #clickAt(at: { readonly x: number; readonly y: number }): void {
    const coarse = globalThis.matchMedia('(pointer: coarse)').matches;
    const index = this.#pickAt(at, coarse ? PICK_RADIUS_PX.coarse : PICK_RADIUS_PX.fine);
    if (index >= 0) this.#choose(index);
    else if (this.#panel !== 'none' && this.#panel !== 'info') this.#closePanel();
  }

  /** A point is chosen: its neighbours are asked for, unless a listener wants to do something else. */
  #choose(index: number): void {
    const map = this.map;
    if (map === null) return;
    this.#current = index;
    const detail = this.#detailOf(map, index);
    this.#announce(`Chosen: ${detail.label}`);
    const goOn = fire(this, 'point-click', detail, true);
    this.#stage.requestFrame();
    if (!goOn || this.compact) return;
    this.#items.want(detail.key, 'now');
    this.#openPanel('neighbors');
    this.#bringIntoView(index);
    const count = Math.min(100, Math.max(1, Math.round(this.neighborCount) || 10));
    void this.#neighbors.ask(map.client, map.names, detail.key, count);
  }

  /** Moves the map when the panel would cover the point: beside it on a wide map, above it on a narrow one. */
  #bringIntoView(index: number): void {
    const place = this.#placeOfIndex(index);
    if (place === null) return;
    const { width, height } = this.#stage.size;
    const wide = width >= NARROW_PX;
    const free = { width: wide ? width - PANEL_PX : width, height: wide ? height : height * 0.46 };
    const margin = 24;
    const seen =
      place.x > margin && place.x < free.width - margin && place.y > margin && place.y < free.height - margin;
    if (seen) return;
    const moved = pan(this.camera, this.#stage.size, free.width / 2 - place.x, free.height / 2 - place.y);
    this.#stage.flyTo(moved, this.#milliseconds(FLIGHT_MS));
  }

  /** The line that was chosen goes with its list: the focus stays in the panel instead of falling out of the map. */
  async #chooseFromList(key: string): Promise<void> {
    await this.showNeighbors(key);
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('.panel')?.focus({ preventScroll: true });
  }

  #neighborsChanged(): void {
    const { key, result, error } = this.#neighbors;
    if (result !== null && key !== null) {
      void this.#indicesOf(result.neighbors.map((neighbor) => neighbor.key)).then((indices) => {
        if (this.#neighbors.result !== result) return;
        this.#neighborIndices = indices;
        this.#refreshEmphasis();
        const [nearest] = result.neighbors;
        this.#announce(
          `${result.neighbors.length} nearest neighbours${nearest ? `, the first is ${nearest.label}` : ''}`,
        );
        fire(this, 'neighbors-change', { key, ...result });
      });
    } else {
      const had = this.#neighborIndices.length > 0;
      this.#neighborIndices = [];
      if (key === null && had) fire(this, 'neighbors-change', null);
      if (error !== null) this.#tellError(error);
      this.#refreshEmphasis();
    }
    this.requestUpdate();
  }

  #searchChanged(): void {
    const { result, error } = this.#search;
    if (result === null) {
      this.#matchIndices = new Uint32Array();
      if (error === null && this.#panel === 'search') this.#openPanel('none');
      if (error !== null) this.#announce(messageOf(error) ?? '');
      this.#refreshEmphasis();
    } else {
      void this.#indicesOf(result.matches.items.map(({ key }) => key)).then((indices) => {
        if (this.#search.result !== result) return;
        this.#matchIndices = Uint32Array.from(indices).sort();
        this.#announce(describeMatches(result.matches, indices.length));
        this.#refreshEmphasis();
      });
    }
    this.requestUpdate();
  }

  async #indicesOf(keys: readonly string[]): Promise<readonly number[]> {
    const indexOf = await this.map?.indexOf();
    return keys.flatMap((key) => indexOf?.get(key) ?? []);
  }

  #lookFor(text: string, when: 'now' | 'rested'): void {
    const map = this.map;
    if (map === null) return;
    this.#listed = LIST_STEP;
    if (text.trim() !== '') this.#openPanel('search');
    this.#search.look(map.client, map.names.dataset, text, when);
  }

  #toggleLasso(): void {
    this.#tool = this.#tool === 'lasso' ? 'move' : 'lasso';
    if (this.#tool === 'lasso') this.#showHint('Draw around the items');
    this.#setHovered(-1, null);
    this.requestUpdate();
  }

  async #endLasso(outline: Float32Array, add: boolean): Promise<void> {
    this.#selecting?.abort();
    const selecting = new AbortController();
    this.#selecting = selecting;
    const map = this.map;
    if (map === null) return;
    const inside = await pointsInPolygon(
      map.picker,
      this.camera,
      this.#stage.size,
      outline,
      this.#filter.hidden,
      selecting.signal,
    );
    this.#lasso = null;
    if (selecting.signal.aborted || this.map?.points.x !== map.points.x) return;
    if (add) this.#selection.add(inside);
    else this.#selection.set(inside);
    if (this.#tool === 'lasso') this.#toggleLasso();
    if (inside.length === 0) this.#showHint('Nothing was inside');
  }

  #selectionChanged(): void {
    const { indices } = this.#selection;
    this.#listed = LIST_STEP;
    if (indices.length > 0) this.#openPanel('selection');
    else if (this.#panel === 'selection') this.#openPanel('none');
    this.#announce(`${indices.length.toLocaleString()} selected`);
    const map = this.map;
    fire(this, 'selection-change', { keys: map === null ? [] : Array.from(indices, (index) => map.points.key(index)) });
  }

  #zoomToSelection(): void {
    const places = Array.from(this.#selection.indices, (index) => this.#placeOfIndex(index)).filter(
      (place) => place !== null,
    );
    const [first] = places;
    if (first === undefined) return;
    const box = { left: first.x, right: first.x, top: first.y, bottom: first.y };
    for (const { x, y } of places) {
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x);
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y);
    }
    this.#stage.flyTo(zoomToRectangle(this.camera, this.#stage.size, box), this.#milliseconds(FLIGHT_MS));
  }

  async #download(map: LoadedMap, format: Format): Promise<void> {
    try {
      await this.#selection.download(map, format, (index) => this.#labelOf(map, index));
    } catch (error) {
      this.#tellError(error);
      this.#showHint(`The download failed. ${messageOf(error) ?? ''}`);
    }
  }

  #openPanel(panel: Panel): void {
    this.#panel = panel;
    this.#refreshEmphasis();
  }

  #closePanel(): void {
    const panel = this.#panel;
    this.#panel = 'none';
    if (panel === 'neighbors') {
      this.#neighbors.clear();
      this.#current = -1;
    } else if (panel === 'search') {
      this.#search.clear();
    } else if (panel === 'selection') {
      this.#selection.set(new Uint32Array());
    }
    this.#refreshEmphasis();
    this.#layer.value?.focus({ preventScroll: true });
  }

  /** What stands out follows from what the panel shows. */
  #refreshEmphasis(): void {
    const panel = this.#panel;
    let emphasis: Uint32Array | null = null;
    if (panel === 'neighbors' && this.#neighborIndices.length > 0)
      emphasis = Uint32Array.from([this.#current, ...this.#neighborIndices]).sort();
    else if (panel === 'search' && this.#matchIndices.length > 0) emphasis = this.#matchIndices;
    else if (panel === 'selection' && this.#selection.indices.length > 0) emphasis = this.#selection.indices;
    this.#emphasis = emphasis;
    this.#stage.requestFrame();
    this.requestUpdate();
  }

  #detailOf(map: LoadedMap, index: number): PointDetail {
    const key = map.points.key(index);
    return { key, label: this.#labelOf(map, index), index, coordinates: coordinatesAt(map.points, index) };
  }

  #zoom(factor: number): void {
    const { width, height } = this.#stage.size;
    this.#stage.flyTo(
      zoomAt(this.camera, this.#stage.size, factor, width / 2, height / 2),
      this.#milliseconds(FLIGHT_MS / 2),
    );
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      if (this.#gestures.cancel()) return;
      if (this.#tool === 'lasso') this.#toggleLasso();
      else if (this.#panel !== 'none') this.#closePanel();
      else this.clear();
      event.preventDefault();
      return;
    }
    if (event.composedPath()[0] !== this.#layer.value || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.#handleMapKey(event)) event.preventDefault();
  };

  #handleMapKey(event: KeyboardEvent): boolean {
    const map = this.map;
    if (map === null) return false;
    switch (event.key) {
      case 'ArrowLeft':
        return this.#step(map, -1, 0, event.shiftKey);
      case 'ArrowRight':
        return this.#step(map, 1, 0, event.shiftKey);
      case 'ArrowUp':
        return this.#step(map, 0, -1, event.shiftKey);
      case 'ArrowDown':
        return this.#step(map, 0, 1, event.shiftKey);
      case '+':
      case '=':
        this.#zoom(ZOOM_STEP);
        return true;
      case '-':
      case '_':
        this.#zoom(1 / ZOOM_STEP);
        return true;
      case '0':
        this.fit();
        return true;
      case 'l':
      case 'L':
        this.#toggleLasso();
        return true;
      case 'Enter':
      case ' ':
        if (this.#hovered >= 0 || this.#current >= 0) this.#choose(this.#hovered >= 0 ? this.#hovered : this.#current);
        return true;
      default:
        return false;
    }
  }

  /** An arrow key: from point to point; with Shift, the map itself. */
  #step(map: LoadedMap, right: number, down: number, shifted: boolean): boolean {
    const { size, camera } = this.#stage;
    if (shifted) {
      this.#stage.moveCamera(pan(camera, size, -right * PAN_STEP_PX, -down * PAN_STEP_PX));
      return true;
    }
    const from = this.#hovered >= 0 ? this.#hovered : this.#current;
    const middle = { x: size.width / 2, y: size.height / 2 };
    const next =
      from < 0
        ? this.#pickAt(middle, Math.max(size.width, size.height))
        : pointTowards(map.picker, camera, size, from, { x: right, y: down }, this.#filter.hidden);
    if (next < 0) return true;
    this.#setHovered(next, this.#placeOfIndex(next));
    this.#announce(this.#labelOf(map, next));
    return true;
  }
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function messageOf(error: unknown): string | null {
  if (error === null || error === undefined) return null;
  return error instanceof Error ? error.message : String(error);
}

/** The server that the script came from; of a page's own bundle, the page's server. */
function defaultEndpoint(): string {
  const own = new URL('/graphql', import.meta.url);
  return own.protocol === 'http:' || own.protocol === 'https:' ? own.href : '/graphql';
}

declare global {
  interface HTMLElementTagNameMap {
    'embedding-map': EmbeddingMap;
  }
}
