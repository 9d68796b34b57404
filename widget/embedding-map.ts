/**
 * `<embedding-map>`: properties and a template. What it does lies in the controllers and the features, what it draws in the
 * renderer. Attributes, events, parts and custom properties are listed in the README beside this file.
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { classMap } from 'lit/directives/class-map.js';
import { createRef, ref } from 'lit/directives/ref.js';
import { repeat } from 'lit/directives/repeat.js';

import { type Camera, pan, zoomAt } from './camera.ts';
import { slotColors, type Theme } from './colors.ts';
import { FilterController } from './controllers/filterController.ts';
import { GestureController } from './controllers/gestureController.ts';
import { ItemsController } from './controllers/itemsController.ts';
import { KeyController } from './controllers/keyController.ts';
import { LoadController } from './controllers/loadController.ts';
import { PanelController } from './controllers/panelController.ts';
import { type Place, PointController } from './controllers/pointController.ts';
import { type Covered, StageController, type StageMarks, type StageScene } from './controllers/stageController.ts';
import { ThemeController } from './controllers/themeController.ts';
import { WordsController } from './controllers/wordsController.ts';
import { fire, type PointDetail, type ViewState } from './events.ts';
import { ClustersFeature } from './features/clusters.ts';
import type { Feature, MakingState, MapView } from './features/feature.ts';
import { hasNames } from './features/hasNames.ts';
import { LaterFeature } from './features/later.ts';
import { NeighborsFeature } from './features/neighbors.ts';
import { SearchFeature } from './features/search.ts';
import { SelectionFeature } from './features/selection.ts';
import type { PlacedLabel } from './labels.ts';
import { layersOf } from './layers.ts';
import type { LoadedMap } from './loadMap.ts';
import { loadMore, type More } from './loadMore.ts';
import { colorField, isOfClusters, type Names, titleOf } from './names.ts';
import { renderBar } from './panels/bar.ts';
import { icons } from './panels/icons.ts';
import { renderLegend } from './panels/legend.ts';
import { type Line, renderLines } from './panels/results.ts';
import { renderEmpty, renderError, renderLoading, renderProgress, renderStatus } from './panels/states.ts';
import { renderTools } from './panels/tools.ts';
import { renderTooltip } from './panels/tooltip.ts';
import { coordinatesAt, textAt } from './points.ts';
import { BAR_PX, LOW_PX, NARROW_PX, SHEET_SHARE, TOOLS_PX } from './sizes.ts';
import { styles } from './styles.ts';
import type { PageMapOptions, PageVectors } from './vectors.ts';

const TRANSITION_MS = 900;
const FLIGHT_MS = 420;
const ZOOM_STEP = 1.6;
const PAN_STEP_PX = 60;
/** Selected items that are part of what is seen. */
const MOST_KEPT = 1000;
/** What is seen is told when it has been the same for so long. */
const VIEW_RESTS_MS = 300;
/** Lines of a list before "Show more", and how many more it shows. */
const LIST_STEP = 100;

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
    clusters: { type: String, reflect: true },
    neighborCount: { type: Number, attribute: 'neighbor-count', reflect: true },
    metric: { type: String, reflect: true },
    captions: { type: Boolean, reflect: true },
    compact: { type: Boolean, reflect: true },
    cooperative: { type: Boolean, reflect: true },
    token: { attribute: false },
    vectors: { attribute: false },
    mapOptions: { attribute: false },
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
  /** Clustering whose labels are shown, or `none`. Default: the one of the map, or else the first of the embedding. */
  declare clusters: string | null;
  /** How many neighbours a click asks for, 1 to 100. Default: 10. */
  declare neighborCount: number;
  /** By what they are near: `COSINE`, `EUCLIDEAN` or `INNER_PRODUCT`. Default: the embedding's own. */
  declare metric: string | null;
  /** Whether names of the items, or pictures of those that have them, stand at the points where there is room. */
  declare captions: boolean;
  /** Only the map: no search, choices or panels; gestures, tooltips and events stay. */
  declare compact: boolean;
  /** Wheel and one finger scroll the page; Ctrl and wheel, or two fingers, move the map. */
  declare cooperative: boolean;
  /** Sent as `Authorization: Bearer …`. A property only, so that it does not stand in the page. */
  declare token: string | null;
  /** Vectors of the page, to be mapped in the page: nothing of them leaves it. In place of a data set. */
  declare vectors: PageVectors | null;
  /** How the map of `vectors` is made. A new object begins a new map. */
  declare mapOptions: PageMapOptions;
  /** Colours of the categories as `#rrggbb`, in place of our own. */
  declare palette: readonly string[];

  readonly #layer = createRef<HTMLElement>();
  readonly #stageElement = createRef<HTMLElement>();
  readonly #system = new ThemeController(this);
  readonly #items = new ItemsController(this);
  readonly #words = new WordsController(this);
  readonly #filter = new FilterController(this);
  readonly #load = new LoadController(this, {
    onDataset: (client, { slug }) => this.#items.use(client, slug),
    onMap: (map) => this.#loaded(map),
    isSeen: () => this.#stage.isSeen,
  });
  readonly #stage = new StageController(this, {
    container: () => this.#stageElement.value ?? null,
    marks: () => this.#marks(),
    expected: () => this.#load.expected,
    endpoint: () => this.#load.endpoint,
    covered: () => this.#covered(),
    onFailure: (error) => this.#load.fail(error),
    onShown: (scene) => this.#shown(scene),
    onMove: () => this.#moved(),
  });
  readonly #panel = new PanelController(this, {
    surface: () => this.#layer.value ?? null,
    onChange: () => this.#panelChanged(),
  });
  readonly #points: PointController;
  readonly #gestures: GestureController;

  readonly #view = this.#makeView();
  readonly #search = new SearchFeature(this.#view);
  readonly #neighbors = new NeighborsFeature(this.#view);
  readonly #selection = new SelectionFeature(this.#view);
  readonly #clusters = new ClustersFeature(this.#view);
  /** Everything that the map can do, in the order of its buttons. */
  readonly #features: readonly Feature[] = [
    new LaterFeature(this.#view, {
      ...{ name: 'graph', label: 'Relations', icon: icons.graph },
      applies: ({ summary }) => summary.kind === 'GRAPH',
    }),
    this.#clusters,
    new LaterFeature(this.#view, {
      ...{ name: 'analogy', label: 'Analogies', icon: icons.analogy },
      applies: (names, map) => this.vectors === null && hasNames(map, names),
    }),
    new LaterFeature(this.#view, {
      ...{ name: 'tag', label: 'Tag the selected', icon: icons.tag },
      applies: ({ summary }) => summary.mayChange === true && this.#selection.indices.length > 0,
    }),
    this.#search,
    this.#neighbors,
    this.#selection,
    new LaterFeature(this.#view, {
      ...{ name: 'prompts', label: 'Color by prompts', icon: icons.prompts },
      applies: ({ embeddingSummary }) => embeddingSummary.accepts?.includes('TEXT') ?? false,
    }),
    new LaterFeature(this.#view, {
      ...{ name: 'layers', label: 'Layers', icon: icons.layers },
      applies: (names) => layersOf(names).length > 1,
    }),
    new LaterFeature(this.#view, {
      ...{ name: 'compare', label: 'Compare embeddings', icon: icons.compare },
      applies: ({ summary }) => summary.embeddings.length > 1,
    }),
    new LaterFeature(this.#view, {
      ...{ name: 'maps', label: 'New map', icon: icons.maps },
      applies: ({ summary }) => summary.mayChange === true || (summary.jobs ?? []).some(({ map }) => map !== null),
      wanted: ({ projectionSummary }) => projectionSummary.making !== undefined,
    }),
    new LaterFeature(this.#view, {
      ...{ name: 'captions', label: 'Names and pictures', icon: icons.names },
      applies: (_, map) => map.points.count > 0,
      wanted: () => this.captions,
    }),
    new LaterFeature(this.#view, {
      ...{ name: 'info', label: 'About this map', icon: icons.info },
      applies: () => true,
    }),
  ];

  #more: More | null = null;
  #tool: 'move' | 'lasso' = 'move';
  #lasso: { readonly outline: readonly number[]; readonly kind: 'freehand' | 'rectangle' } | null = null;
  #listed = LIST_STEP;
  /** The point of each key, once it was asked for. */
  #known: ReadonlyMap<string, number> | null = null;
  #emphasis: Uint32Array | null = null;
  #scene: StageScene | null = null;
  #colors: { readonly key: readonly unknown[]; readonly colors: readonly string[] } = { key: [], colors: [] };
  #legendOpen: boolean | null = null;
  #making: MakingState | null = null;
  #adopted = '';
  /** What is to be seen of the map as soon as it is on the screen. */
  #wanted: Partial<ViewState> | null = null;
  #told = '';
  #telling: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.endpoint = null;
    this.datasetName = null;
    this.embedding = null;
    this.projection = null;
    this.colorBy = null;
    this.labelBy = null;
    this.theme = null;
    this.clusters = null;
    this.neighborCount = 10;
    this.metric = null;
    this.captions = false;
    this.compact = false;
    this.cooperative = false;
    this.token = null;
    this.vectors = null;
    this.mapOptions = {};
    this.palette = [];

    const map = this;
    this.#points = new PointController({
      get map() {
        return map.map;
      },
      get camera() {
        return map.#stage.camera;
      },
      get size() {
        return map.#stage.size;
      },
      get hidden() {
        return map.#filter.hidden;
      },
      hovered: (index) => this.#hovered(index),
    });
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
      hover: (at) => {
        if (this.#tool !== 'lasso' && !this.#stage.moving) this.#points.hoverAt(at);
      },
      click: (at) => this.#clickAt(at),
      drawLasso: (outline, kind) => this.#drawLasso({ outline, kind }),
      endLasso: (outline, add) => void this.#endLasso(outline, add),
      cancelLasso: () => this.#drawLasso(null),
      refuseWheel: () => this.#words.showHint('Hold Ctrl and scroll to zoom'),
    });
    new KeyController(this, {
      surface: () => this.#layer.value ?? null,
      escape: () => this.#escape(),
      step: (right, down) => {
        const index = this.#points.step(right, down);
        if (index >= 0 && this.map !== null) this.#words.announce(this.#labelOf(this.map, index));
      },
      pan: (right, down) =>
        this.#stage.moveCamera(pan(this.camera, this.#stage.size, -right * PAN_STEP_PX, -down * PAN_STEP_PX)),
      zoomIn: () => this.#zoom(ZOOM_STEP),
      zoomOut: () => this.#zoom(1 / ZOOM_STEP),
      fit: () => this.fit(),
      toggleLasso: () => this.#toggleLasso(),
      choose: () => {
        const { hovered, current } = this.#points;
        if (hovered >= 0 || current >= 0) this.#choose(hovered >= 0 ? hovered : current);
      },
    });
  }

  /** The map that is loaded, or null. Points, columns and coordinates can be read from it. */
  get map(): LoadedMap | null {
    return this.#load.map;
  }

  /** The labels of groups that are on the screen: their texts and where their middles are, in CSS pixels. */
  get labels(): readonly PlacedLabel[] {
    return this.#clusters.labels(getComputedStyle(this.#stageElement.value ?? this).fontFamily);
  }

  /** What is seen, as an object that can be kept and shown again: also of a map that has not come yet. */
  get viewState(): ViewState {
    const { map } = this;
    const { current } = this.#points;
    const keyOf = (index: number) => map?.points.key(index) ?? '';
    return {
      ...{ embedding: this.embedding, projection: this.projection, colorBy: this.colorBy },
      ...{ captions: this.captions, camera: this.camera },
      chosen: current < 0 ? null : keyOf(current),
      selected: this.#selection.indices.length > MOST_KEPT ? [] : Array.from(this.#selection.indices, keyOf),
    };
  }

  set viewState(view: Partial<ViewState>) {
    const { embedding = null, projection = null, colorBy = null, captions = false } = view;
    Object.assign(this, { embedding, projection, colorBy, captions });
    this.#wanted = view;
    void this.updateComplete.then(() => this.#showWanted());
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
    void this.#load.reload();
  }

  /** Stops the computation of the map of `vectors`: its points stay where they are. */
  cancel(): void {
    this.#load.cancel();
  }

  /** Lets the computation of the map of `vectors` rest; `resume` lets it go on, and it ends at the same coordinates. */
  pause(): void {
    this.#load.pause(true);
  }

  resume(): void {
    this.#load.pause(false);
  }

  /**
   * Pushes the points of the map of `vectors` while it is made, to see whether they fall back into the same shape.
   * @param share how far, of how far they are from their middle: above 0, at most 1; default 0.25
   */
  async perturb(share?: number): Promise<void> {
    await this.#load.perturb(share);
  }

  /** Where vectors would lie on the map, as its coordinates: of `vectors` computed here, otherwise by the server. */
  async place(rows: readonly (Float32Array | readonly number[])[]): Promise<readonly (readonly number[])[]> {
    const { map } = this;
    if (map === null) throw new Error('There is no map yet to place vectors on.');
    const { client, names } = map;
    const given = rows.map((row) => Float32Array.from(row));
    return client.place === undefined
      ? await (await loadMore(client.endpoint)).place(client, names, given)
      : await client.place(names, given);
  }

  /** Shows the whole map. */
  fit(): void {
    this.#stage.flyHome(this.#milliseconds(FLIGHT_MS));
  }

  /** Selects items by their keys. Those that are not on the map are left out. */
  async select(keys: readonly string[]): Promise<void> {
    this.#selection.set(Uint32Array.from(await this.#indicesOf(keys)).sort());
  }

  /** Asks for the neighbours of an item and shows them, as a click on it does. */
  async showNeighbors(key: string): Promise<void> {
    const [index] = await this.#indicesOf([key]);
    if (index !== undefined) this.#choose(index);
  }

  /** Where an item is, in CSS pixels from the top left of the map; null when it is not on the map. */
  async placeOf(key: string): Promise<Place | null> {
    const [index] = await this.#indicesOf([key]);
    const place = index === undefined ? null : this.#points.placeOf(index);
    return place === null ? null : { x: place.x, y: place.y };
  }

  /** Back to the whole map with nothing chosen. */
  clear(): void {
    this.#gestures.cancel();
    for (const feature of this.#features) feature.clear?.();
    this.#points.current = -1;
    this.#panel.open(null);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#telling);
    this.#scene = null;
    this.#stage.show(null);
  }

  override update(changed: PropertyValues<this>): void {
    this.#panel.keepFocus(() => super.update(changed));
  }

  override updated(_changed: PropertyValues<this>): void {
    const layer = this.#layer.value;
    if (layer) this.#gestures.attach(layer);
    this.#scene = this.#makeScene();
    this.#makeRoom();
    this.#stage.show(this.#scene);
    this.#stage.requestFrame();
    this.#tellView();
  }

  override render(): TemplateResult {
    const theme = this.#theme();
    const { map } = this;
    const { names } = this.#load;
    const whole = !this.compact && map !== null && !(names instanceof Error) && names !== null;
    const classes = {
      frame: true,
      [theme]: true,
      compact: this.compact,
      cooperative: this.cooperative,
      'with-panel': this.#panel.feature !== null && whole,
    };
    return html`<div class=${classMap(classes)} part="frame" @dragover=${allowDrop} @drop=${(event: DragEvent) => this.#dropped(event)}>
      <div class="stage" part="stage" ${ref(this.#stageElement)}></div>
      <div
        class=${classMap({ layer: true, lasso: this.#tool === 'lasso', 'on-point': this.#points.hovered >= 0 })}
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
      ${this.#renderMessage(map)}
      ${whole ? this.#renderBar(names) : nothing}
      ${whole ? this.#renderTools(map, names) : nothing}
      ${map === null ? nothing : this.#renderLegend(map)}
      ${whole ? this.#panel.render(map, names) : nothing}
      ${map === null || names === null || names instanceof Error ? nothing : renderStatus(names.projectionSummary, map.points.count, this.#filter.count, this.#making)}
      ${map === null ? nothing : this.#renderTooltip(map)}
      ${this.#words.hint === '' ? nothing : html`<div class="hint card" part="hint">${this.#words.hint}</div>`}
      <div class="hidden-text" role="status" aria-live="polite">${this.#words.announcement}</div>
    </div>`;
  }

  // Templates

  #renderMessage(map: LoadedMap | null): TemplateResult | typeof nothing {
    const { error, isPending, isBare } = this.#load;
    if (error !== null) return renderError(error, () => this.reload());
    if (isPending) {
      const progress = renderProgress(this.#load.share);
      return map === null ? html`${progress} ${renderLoading(this.#load.doing)}` : progress;
    }
    if (this.#making !== null && map !== null) return renderProgress(this.#making.progress);
    if (map !== null && map.points.count > 0) return nothing;
    if (!this.datasetName && this.vectors === null) return renderEmpty('Its attribute “dataset” names none yet.');
    return renderEmpty(isBare ? 'The data set has no embedding yet.' : 'The embedding has no map yet, or no items.');
  }

  #renderBar(names: Names): TemplateResult {
    return renderBar({
      names,
      color: colorField(names.summary, this.colorBy, names),
      label: this.labelBy ?? 'label',
      search: this.#search,
      onSearch: (text, when) => this.#search.look(text, when),
      onClearSearch: () => this.#search.clear(),
      onToggleRegex: () => this.#search.toggleMode('regex'),
      onToggleMeaning: this.#search.accepts('TEXT') ? () => this.#search.toggleMode('meaning') : null,
      onPicture: this.#search.accepts('IMAGE') ? (file) => void this.#search.lookPicture(file) : null,
      onMap: (embedding, projection) => {
        this.embedding = embedding;
        this.projection = projection;
      },
      onColor: (field) => {
        this.colorBy = field;
      },
      onLabel: (field) => {
        this.labelBy = field;
      },
    });
  }

  #renderTools(map: LoadedMap, names: Names): TemplateResult {
    return renderTools({
      lasso: this.#tool === 'lasso',
      // One that comes or goes does not become another: it may have the focus.
      more: repeat(
        this.#features,
        ({ label }) => label,
        (feature) => feature.renderTool?.(map, names) ?? nothing,
      ),
      onZoomIn: () => this.#zoom(ZOOM_STEP),
      onZoomOut: () => this.#zoom(1 / ZOOM_STEP),
      onFit: () => this.fit(),
      onLasso: () => this.#toggleLasso(),
    });
  }

  #renderLegend(map: LoadedMap): TemplateResult | typeof nothing {
    const { names } = this.#load;
    if (this.compact || names === null || names instanceof Error) return nothing;
    const { summary } = names;
    const { legend } = map.coloring;
    if (legend.kind === 'number') void this.#fetchMore(map.client.endpoint);
    const roomy = this.#stage.size.width >= NARROW_PX && this.#stage.size.height >= LOW_PX;
    return renderLegend({
      field: map.colorBy === null ? null : titleOf(map.colorBy, summary),
      legend,
      renderScale: this.#more?.renderScale,
      colors: this.#slotColors(map),
      none: map.colorBy !== null && isOfClusters(map.colorBy, summary) ? 'in no group' : 'no value',
      hidden: this.#filter.slots,
      open: this.#legendOpen ?? roomy,
      onToggle: (open) => {
        if (open !== (this.#legendOpen ?? roomy)) this.#legendOpen = open;
      },
      onSlot: (slot, only) => (only ? this.#filter.showOnly(slot) : this.#filter.toggle(slot)),
      onRange: (least, largest) => this.#filter.showRange(least, largest),
      onShowAll: () => this.#filter.showAll(),
    });
  }

  /** The second file, for what is drawn here and needs it. */
  async #fetchMore(endpoint: string): Promise<void> {
    if (this.#more !== null) return;
    try {
      const more = await loadMore(endpoint);
      if (this.#more !== null) return;
      this.#more = more;
      this.#adopt(more.moreStyles);
      this.requestUpdate();
    } catch (error) {
      this.#load.tellError(error);
    }
  }

  #renderLines(lines: Iterable<Line>, total: number): TemplateResult {
    const left = total - this.#listed;
    const more = async () => {
      const shown = this.#listed;
      this.#listed += LIST_STEP;
      this.requestUpdate();
      await this.updateComplete;
      this.renderRoot.querySelectorAll<HTMLElement>('.panel .rows .row')[shown]?.focus();
    };
    return html`<div class="body">
      ${renderLines(this.#labeled([...lines]), this.#view.lineActions)}
      ${left <= 0 ? nothing : html`<button class="row link" @click=${more}>Show more (${left.toLocaleString()} left)</button>`}
    </div>`;
  }

  /** Lines bear the names that the points do, where these were chosen and are here. */
  #labeled(lines: readonly Line[]): readonly Line[] {
    const { map, labelBy } = this;
    if (map === null || labelBy === null) return lines;
    return lines.map((line) => {
      const index = this.#known?.get(line.key);
      return index === undefined ? line : { ...line, label: this.#labelOf(map, index) };
    });
  }

  #renderTooltip(map: LoadedMap): TemplateResult | typeof nothing {
    const { hovered, tooltipAt } = this.#points;
    if (hovered < 0 || tooltipAt === null || this.#stage.moving) return nothing;
    const item = this.#items.get(map.points.key(hovered));
    const summary = this.#view.names?.summary;
    const value = map.colorBy === null ? null : textAt(map.points, map.colorBy, hovered);
    return renderTooltip({
      label: this.#labelOf(map, hovered),
      facts:
        map.colorBy === null || value === null ? [] : [[summary ? titleOf(map.colorBy, summary) : map.colorBy, value]],
      item,
      image: this.#items.image(item?.image ?? null),
      place: tooltipAt,
      size: this.#stage.size,
    });
  }

  #makeRoom(): void {
    this.#stage.makeRoom(this.#milliseconds(FLIGHT_MS));
  }

  /** A wide map has room beside its points; a narrow one has its panel below them. */
  #covered(): Covered {
    const { width, height } = this.#stage.size;
    if (this.compact || width >= NARROW_PX) return { top: 0, right: 0, bottom: 0 };
    if (this.#panel.feature === null) return { top: 0, right: TOOLS_PX, bottom: 0 };
    return { top: BAR_PX, right: TOOLS_PX, bottom: height * SHEET_SHARE };
  }

  // What is shown

  #theme(): Theme {
    return this.theme === 'dark' || this.theme === 'light' ? this.theme : this.#system.theme;
  }

  #milliseconds(wanted: number): number {
    return this.#system.still ? 0 : wanted;
  }

  #mapLabel(): string {
    const { names } = this.#load;
    const { map } = this;
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
    const { map } = this;
    if (map === null || map.points.count === 0 || this.#load.expected === null) return null;
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

  #marks(): StageMarks {
    const style = getComputedStyle(this.#stageElement.value ?? this);
    const colors = {
      ink: style.getPropertyValue('--ink').trim(),
      accent: style.getPropertyValue('--accent').trim(),
      ground: style.getPropertyValue('--ground').trim(),
      font: style.fontFamily,
    };
    const moving = this.#load.isMoving;
    return {
      ...colors,
      hovered: moving ? -1 : this.#points.hovered,
      current: moving ? -1 : this.#points.current,
      shapes: moving ? [] : this.#features.flatMap((feature) => feature.shapes?.(colors) ?? []),
      lasso: this.#lasso?.outline ?? [],
      lassoKind: this.#lasso?.kind ?? 'freehand',
    };
  }

  /** What features see of the map, and may do with it. */
  #makeView(): MapView {
    const element = this;
    return {
      addController: (controller) => this.addController(controller),
      removeController: (controller) => this.removeController(controller),
      requestUpdate: () => this.requestUpdate(),
      get updateComplete() {
        return element.updateComplete;
      },
      target: this,
      get client() {
        return element.#load.client;
      },
      get map() {
        return element.map;
      },
      get names() {
        const { names } = element.#load;
        return names instanceof Error ? null : names;
      },
      items: this.#items,
      stage: this.#stage,
      get hidden() {
        return element.#filter.hidden;
      },
      isolate: (indices) => this.#filter.isolate(indices),
      get isolates() {
        return element.#filter.isolates;
      },
      get theme() {
        return element.#theme();
      },
      get compact() {
        return element.compact;
      },
      get clusters() {
        return element.clusters;
      },
      get captions() {
        return element.captions;
      },
      toggleCaptions: () => {
        this.captions = !this.captions;
      },
      get labels() {
        return element.labels;
      },
      get emphasis() {
        return element.#emphasis;
      },
      get neighborCount() {
        return element.neighborCount;
      },
      set neighborCount(count) {
        element.neighborCount = count;
      },
      get metric() {
        return element.metric;
      },
      set metric(metric) {
        element.metric = metric;
      },
      get current() {
        return element.#points.current;
      },
      get selected() {
        return element.#selection.indices;
      },
      labelOf: (index) => (this.map === null ? '' : this.#labelOf(this.map, index)),
      indicesOf: (keys) => this.#indicesOf(keys),
      placeOf: (index) => this.#points.placeOf(index),
      choose: (index) => this.#choose(index),
      lineActions: {
        onChoose: (key) => void this.#chooseFromList(key),
        onHover: (key) => void this.#hoverKey(key),
      },
      renderLines: (lines, total) => this.#renderLines(lines, total),
      get listed() {
        return element.#listed;
      },
      isOpen: (feature) => this.#panel.feature === feature,
      open: (feature) => this.#panel.open(feature),
      toggle: (feature) => void this.#panel.toggle(feature),
      shut: (feature) => {
        if (this.#panel.feature === feature) this.#panel.open(null);
      },
      close: () => this.#panel.close(),
      showMap: (embedding, projection) => {
        this.embedding = embedding;
        this.projection = projection;
      },
      colorAnew: (field) => {
        if (field === null) void this.#load.reload();
        else {
          this.#load.reloadColumn(field);
          this.colorBy = field;
        }
      },
      reload: () => this.#load.reload(),
      follow: (job) => this.#load.follow(job),
      move: (points) => this.#load.move(points),
      tellMaking: (making) => this.#tellMaking(making),
      adopt: (styles) => this.#adopt(styles),
      refresh: () => this.#refresh(),
      announce: (text) => this.#words.announce(text),
      hint: (text) => this.#words.showHint(text),
      fail: (error) => this.#load.tellError(error),
      milliseconds: (wanted) => this.#milliseconds(wanted),
    };
  }

  // What happens

  #loaded(map: LoadedMap): void {
    this.#points.hovered = -1;
    if (!map.sameItems) {
      this.#known = null;
      this.#points.current = -1;
      if (this.#panel.feature?.ofMap !== true) this.#panel.feature = null;
    }
    for (const feature of this.#features) feature.loaded?.(map);
    this.#filter.use(map.coloring);
    this.#refresh();
    this.#words.announce(`${map.names.projection}: ${map.points.count.toLocaleString()} points`);
  }

  #adopt(styles: string): void {
    const { renderRoot } = this;
    if (this.#adopted === styles || !(renderRoot instanceof ShadowRoot)) return;
    this.#adopted = styles;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    renderRoot.adoptedStyleSheets.push(sheet);
  }

  #tellMaking(making: MakingState | null): void {
    this.#making = making;
    const names = this.#view.names;
    if (names !== null && making !== null) {
      const { dataset, embedding, projection } = names;
      fire(this, 'map-progress', { dataset, embedding, projection, ...making });
    }
    this.requestUpdate();
  }

  #shown(scene: StageScene): void {
    if (!this.#load.shown(scene.points.x)) return;
    this.#stage.requestFrame();
    this.#load.tellProjection();
    void this.#showWanted();
  }

  async #showWanted(): Promise<void> {
    const { map } = this;
    // Of a map that is on its way the points are not yet where they will be.
    if (map === null || this.#load.isPending || this.#load.isMoving) return;
    const { camera, chosen, selected = [] } = this.#wanted ?? {};
    this.#wanted = null;
    if (chosen) await this.showNeighbors(chosen);
    if (selected.length > 0) await this.select(selected);
    if (camera) this.camera = camera;
    this.#tellView();
  }

  /** Tells what is seen when it has been the same for a moment, and is not as at first. */
  #tellView(): void {
    this.#told ||= JSON.stringify(this.viewState);
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => {
      if (this.map === null || this.#wanted !== null) return;
      const { viewState } = this;
      const told = JSON.stringify(viewState);
      if (told !== this.#told) fire(this, 'view-change', viewState);
      this.#told = told;
    }, VIEW_RESTS_MS);
  }

  #moved(): void {
    this.#tellView();
    if (this.#points.hovered >= 0) this.#points.hover(-1, null);
    else if (!this.hasUpdated || this.#legendOpen === null) this.requestUpdate();
  }

  #hovered(index: number): void {
    const { map } = this;
    if (map === null) return;
    this.#items.want(index < 0 ? null : map.points.key(index));
    for (const feature of this.#features) feature.hovered?.(map, index);
    fire(this, 'point-hover', index < 0 ? null : this.#detailOf(map, index));
    this.#stage.requestFrame();
    this.requestUpdate();
  }

  async #hoverKey(key: string | null): Promise<void> {
    const [index = -1] = key === null ? [] : await this.#indicesOf([key]);
    this.#points.hover(index, null);
  }

  #clickAt(at: Place): void {
    const index = this.#points.at(at, globalThis.matchMedia('(pointer: coarse)').matches ? 'coarse' : 'fine');
    if (index >= 0) this.#choose(index);
    else if (this.#panel.feature !== null && this.#panel.feature.ofMap !== true) this.#panel.close();
  }

  /** A point is chosen: its neighbours are asked for, unless a listener wants to do something else. */
  #choose(index: number): void {
    const { map } = this;
    if (map === null) return;
    this.#points.current = index;
    this.#stage.requestFrame();
    if (index < 0) return;
    const detail = this.#detailOf(map, index);
    this.#words.announce(`Chosen: ${detail.label}`);
    const goOn = fire(this, 'point-click', detail, true);
    if (!goOn || this.compact) return;
    if (this.#panel.feature?.chosen?.(map, index) !== true) this.#neighbors.ask(map, index);
  }

  /** The line that was chosen goes with its list: the focus stays in the panel instead of falling out of the map. */
  async #chooseFromList(key: string): Promise<void> {
    await this.showNeighbors(key);
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('.panel')?.focus({ preventScroll: true });
  }

  async #indicesOf(keys: readonly string[]): Promise<readonly number[]> {
    this.#known = (await this.map?.indexOf()) ?? null;
    return keys.flatMap((key) => this.#known?.get(key) ?? []);
  }

  #dropped(event: DragEvent): void {
    const picture = [...(event.dataTransfer?.files ?? [])].find(({ type }) => type.startsWith('image/'));
    if (picture === undefined || this.compact) return;
    event.preventDefault();
    void this.#search.lookPicture(picture);
  }

  #toggleLasso(): void {
    this.#tool = this.#tool === 'lasso' ? 'move' : 'lasso';
    if (this.#tool === 'lasso') this.#words.showHint('Draw around the items');
    this.#points.hover(-1, null);
    this.requestUpdate();
  }

  #drawLasso(lasso: { readonly outline: readonly number[]; readonly kind: 'freehand' | 'rectangle' } | null): void {
    this.#lasso = lasso;
    this.#stage.requestFrame();
  }

  async #endLasso(outline: Float32Array, add: boolean): Promise<void> {
    const count = await this.#selection.selectInside(outline, add);
    this.#drawLasso(null);
    if (count === null) return;
    if (this.#tool === 'lasso') this.#toggleLasso();
    if (count === 0) this.#words.showHint('Nothing was inside');
  }

  /** Another panel is open, or none. */
  #panelChanged(): void {
    this.#listed = LIST_STEP;
    this.#makeRoom();
    this.#refresh();
  }

  /** What stands out follows from what the panel shows. */
  #refresh(): void {
    this.#emphasis = this.#panel.feature?.emphasis?.() ?? null;
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

  /** One thing at a time: what is drawn, the tool, the panel, then what is chosen. @returns whether there was any */
  #escape(): boolean {
    const { current, hovered } = this.#points;
    if (this.#gestures.cancel()) return true;
    if (this.#tool === 'lasso') this.#toggleLasso();
    else if (this.#panel.feature !== null) this.#panel.close();
    else if (current < 0 && hovered < 0 && this.#selection.indices.length === 0) return false;
    else {
      this.clear();
      this.#points.hover(-1, null);
    }
    return true;
  }
}

/** Files may be dropped; anything else is the page's. */
function allowDrop(event: DragEvent): void {
  if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
}

declare global {
  interface HTMLElementTagNameMap {
    'embedding-map': EmbeddingMap;
  }
}
