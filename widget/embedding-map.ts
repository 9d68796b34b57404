/**
 * `<embedding-map>`: its attributes, its life, its template, and what a gesture means. What it does lies in the controllers and the
 * features, what it draws in the renderer. Attributes, events, parts and custom properties are listed in the README beside this file.
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { classMap } from 'lit/directives/class-map.js';
import { createRef, ref } from 'lit/directives/ref.js';
import { repeat } from 'lit/directives/repeat.js';

import { type Camera, orbit, pan, zoomAt } from './camera.ts';
import { ClientController } from './controllers/clientController.ts';
import { FilterController } from './controllers/filterController.ts';
import { GestureController } from './controllers/gestureController.ts';
import { ItemsController } from './controllers/itemsController.ts';
import { KeyController } from './controllers/keyController.ts';
import { LassoController } from './controllers/lassoController.ts';
import { LegendController } from './controllers/legendController.ts';
import { LinesController } from './controllers/linesController.ts';
import { LoadController } from './controllers/loadController.ts';
import { MoreController } from './controllers/moreController.ts';
import { PanelController } from './controllers/panelController.ts';
import { type Place, PointController } from './controllers/pointController.ts';
import { SceneController } from './controllers/sceneController.ts';
import { type Covered, StageController, type StageMarks, type StageScene } from './controllers/stageController.ts';
import { ThemeController } from './controllers/themeController.ts';
import { ViewStateController } from './controllers/viewStateController.ts';
import { WordsController } from './controllers/wordsController.ts';
import { errorOf } from './errors.ts';
import { fire, type PointDetail, type ViewState } from './events.ts';
import { createFeatures, type Features } from './features/index.ts';
import type { PlacedLabel } from './labels.ts';
import type { LoadedMap } from './loadMap.ts';
import { loadMore } from './loadMore.ts';
import { createMapView } from './mapView.ts';
import { colorField, type Names, titleOf } from './names.ts';
import { renderBar } from './panels/bar.ts';
import { renderEmpty, renderError, renderLoading, renderProgress, renderStatus } from './panels/states.ts';
import { renderTools } from './panels/tools.ts';
import { renderTooltip } from './panels/tooltip.ts';
import { coordinatesAt, textAt } from './points.ts';
import { BAR_PX, LOW_PX, NARROW_PX, PANEL_PX, SHEET_SHARE, TOOLS_PX } from './sizes.ts';
import { styles } from './styles.ts';
import type { PageMapOptions, PageVectors } from './vectors.ts';

const FLIGHT_MS = 420;
const ZOOM_STEP = 1.6;
/** Of a drag by the keyboard. */
const STEP_PX = 60;
/** Selected items that are part of what is seen. */
const MOST_KEPT = 1000;

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
  readonly #whom = new ClientController(this, {
    onVectors: () => this.#load.forgive(),
    onError: (error) => this.#load.fail(errorOf(error)),
  });
  readonly #load: LoadController = new LoadController(this, this.#whom, {
    onDataset: (client, { slug }) => this.#items.use(client, slug),
    onMap: (map) => this.#loaded(map),
    isSeen: () => this.#stage.isSeen,
  });
  readonly #more = new MoreController(this, {
    endpoint: () => this.#whom.endpoint,
    onError: (error) => {
      this.#load.tellError(error);
      this.#words.showHint('This could not be loaded');
    },
  });
  readonly #stage = new StageController(this, {
    container: () => this.#stageElement.value ?? null,
    marks: () => this.#marks(),
    expected: () => this.#load.expected,
    endpoint: () => this.#whom.endpoint,
    covered: () => this.#covered(),
    onFailure: (error) => this.#load.fail(error),
    onShown: (scene) => this.#shown(scene),
    onMove: () => this.#moved(),
  });
  readonly #panel = new PanelController(this, {
    surface: () => this.#layer.value ?? null,
    onChange: () => {
      this.#lines.begin();
      this.#more.forgive();
      this.#makeRoom();
    },
    onRefresh: () => this.#stage.requestFrame(),
  });
  readonly #legend = new LegendController(this.#filter, this.#more);
  readonly #points = new PointController({
    ...{ load: this.#load, stage: this.#stage, filter: this.#filter },
    onHover: (index) => this.#hovered(index),
  });
  readonly #scene = new SceneController(this, {
    ...{ load: this.#load, filter: this.#filter, panel: this.#panel, system: this.#system },
  });
  readonly #lasso = new LassoController(this, {
    select: (outline, add) => this.#features.selection.selectInside(outline, add),
    onDraw: () => this.#stage.requestFrame(),
    onTool: () => this.#points.hover(-1, null),
    hint: (text) => this.#words.showHint(text),
  });
  readonly #seen = new ViewStateController(this, {
    isThere: () => this.map !== null,
    // Of a map that is on its way the points are not yet where they will be.
    isAtRest: () => this.map !== null && !this.#load.isPending && !this.#load.isMoving,
    show: (view) => this.#showAgain(view),
  });
  readonly #lineActions = {
    onChoose: (key: string) => void this.#chooseFromList(key),
    onHover: (key: string | null) => void this.#hoverKey(key),
  };
  readonly #lines = new LinesController(this, {
    ...this.#lineActions,
    labelOf: (index) => this.#load.labelOf(index),
  });
  readonly #features: Features = createFeatures(
    createMapView(this, {
      ...{
        whom: this.#whom,
        load: this.#load,
        stage: this.#stage,
        items: this.#items,
        points: this.#points,
        filter: this.#filter,
      },
      ...{ panel: this.#panel, lines: this.#lines, lineActions: this.#lineActions },
      ...{ system: this.#system, words: this.#words, more: this.#more },
      selected: () => this.#features.selection.indices,
      choose: (index) => this.#choose(index),
    }),
  );
  readonly #gestures: GestureController;

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
        return map.#lasso.tool;
      },
      get cooperative() {
        return map.cooperative;
      },
      moveCamera: (camera) => this.#stage.moveCamera(camera),
      hover: (at) => {
        if (this.#lasso.tool !== 'lasso' && !this.#stage.moving) this.#points.hoverAt(at);
      },
      click: (at) => this.#clickAt(at),
      drawLasso: (outline, kind) => this.#lasso.draw(outline, kind),
      endLasso: (outline, add) => void this.#lasso.end(outline, add),
      cancelLasso: () => this.#lasso.drop(),
      refuseWheel: () => this.#words.showHint('Hold Ctrl and scroll to zoom'),
    });
    new KeyController(this, {
      surface: () => this.#layer.value ?? null,
      escape: () => this.#escape(),
      step: (right, down) => {
        const index = this.#points.step(right, down);
        if (index >= 0) this.#words.announce(this.#load.labelOf(index));
      },
      drag: (right, down) => {
        const move = map.map?.points.components === 3 ? orbit : pan;
        this.#stage.moveCamera(move(this.camera, this.#stage.size, -right * STEP_PX, -down * STEP_PX));
      },
      zoomIn: () => this.#zoom(ZOOM_STEP),
      zoomOut: () => this.#zoom(1 / ZOOM_STEP),
      fit: () => this.fit(),
      toggleLasso: () => this.#lasso.toggle(),
      choose: () => this.#choose(this.#points.meant),
      select: () => this.#features.selection.toggle(this.#points.meant),
      name: (text) => this.#words.showHint(text, false),
    });
  }

  /** The map that is loaded, or null. Points, columns and coordinates can be read from it. */
  get map(): LoadedMap | null {
    return this.#load.map;
  }

  /** The labels of groups that are on the screen: their texts and where their middles are, in CSS pixels. */
  get labels(): readonly PlacedLabel[] {
    return this.#features.clusters.labels(getComputedStyle(this.#stageElement.value ?? this).fontFamily);
  }

  /** What is seen, as an object that can be kept and shown again: also of a map that has not come yet. */
  get viewState(): ViewState {
    const { map } = this;
    const { current } = this.#points;
    const { indices } = this.#features.selection;
    const keyOf = (index: number) => map?.points.key(index) ?? '';
    return {
      ...{ embedding: this.embedding, projection: this.projection, colorBy: this.colorBy },
      ...{ captions: this.captions, camera: this.camera },
      chosen: current < 0 ? null : keyOf(current),
      selected: indices.length > MOST_KEPT ? [] : Array.from(indices, keyOf),
    };
  }

  set viewState(view: Partial<ViewState>) {
    const { embedding = null, projection = null, colorBy = null, captions = false } = view;
    Object.assign(this, { embedding, projection, colorBy, captions });
    this.#seen.want(view);
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
    this.#whom.page?.client?.cancel();
  }

  /** Lets the computation of the map of `vectors` rest; `resume` lets it go on, and it ends at the same coordinates. */
  pause(): void {
    this.#whom.page?.client?.pause(true);
  }

  resume(): void {
    this.#whom.page?.client?.pause(false);
  }

  /**
   * Pushes the points of the map of `vectors` while it is made, to see whether they fall back into the same shape.
   * @param share how far, of how far they are from their middle: above 0, at most 1; default 0.25
   */
  async perturb(share?: number): Promise<void> {
    await this.#whom.page?.client?.perturb(share);
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
    this.#stage.flyHome(this.#system.milliseconds(FLIGHT_MS));
  }

  /** Selects items by their keys. Those that are not on the map are left out. */
  async select(keys: readonly string[]): Promise<void> {
    this.#features.selection.set(Uint32Array.from(await this.#lines.indicesOf(keys)).sort());
  }

  /** Asks for the neighbours of an item and shows them, as a click on it does. */
  async showNeighbors(key: string): Promise<void> {
    const [index] = await this.#lines.indicesOf([key]);
    if (index !== undefined) this.#choose(index);
  }

  /** Where an item is, in CSS pixels from the top left of the map; null when it is not on the map. */
  async placeOf(key: string): Promise<Place | null> {
    const [index] = await this.#lines.indicesOf([key]);
    const place = index === undefined ? null : this.#points.placeOf(index);
    return place === null ? null : { x: place.x, y: place.y };
  }

  /** Back to the whole map with nothing chosen. */
  clear(): void {
    this.#gestures.cancel();
    for (const feature of this.#features.all) feature.clear?.();
    this.#points.current = -1;
    this.#panel.open(null);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#scene.forget();
    this.#stage.show(null);
  }

  override update(changed: PropertyValues<this>): void {
    this.#panel.keepFocus(() => super.update(changed));
  }

  override updated(_changed: PropertyValues<this>): void {
    const layer = this.#layer.value;
    if (layer) this.#gestures.attach(layer);
    const scene = this.#scene.make();
    this.#makeRoom();
    this.#stage.show(scene);
    this.#stage.requestFrame();
  }

  override render(): TemplateResult {
    const { map } = this;
    const { names } = this.#load;
    const whole = !this.compact && map !== null && !(names instanceof Error) && names !== null;
    const classes = {
      frame: true,
      [this.#system.theme]: true,
      compact: this.compact,
      cooperative: this.cooperative,
      'with-panel': this.#panel.feature !== null && whole,
    };
    return html`<div class=${classMap(classes)} part="frame" @dragover=${allowDrop} @drop=${(event: DragEvent) => this.#dropped(event)}>
      <div class="stage" part="stage" ${ref(this.#stageElement)}></div>
      <div
        class=${classMap({ layer: true, lasso: this.#lasso.tool === 'lasso', 'on-point': this.#points.hovered >= 0 })}
        role="application"
        aria-roledescription="map"
        aria-label=${this.#mapLabel()}
        aria-describedby="keys"
        tabindex=${map === null ? -1 : 0}
        ${ref(this.#layer)}
      ></div>
      <span id="keys" class="hidden-text">
        Arrow keys go from point to point, with Shift they move or turn the map. Enter shows nearest neighbours, S selects. Plus and
        minus zoom, 0 shows all. Escape clears.
      </span>
      ${this.#renderMessage(map)}
      ${whole ? this.#renderBar(names) : nothing}
      ${whole ? this.#renderTools(map, names) : nothing}
      ${whole ? this.#renderLegend(map, names) : nothing}
      ${whole ? this.#panel.render(map, names) : nothing}
      ${map === null || names === null || names instanceof Error ? nothing : renderStatus(names.projectionSummary, map.points.count, this.#filter.count, this.#load.making)}
      ${map === null ? nothing : this.#renderTooltip(map)}
      ${this.#words.hint === '' ? nothing : html`<div class="hint card" part="hint">${this.#words.hint}</div>`}
      <div class="hidden-text" role="status" aria-live="polite">${this.#words.announcement}</div>
    </div>`;
  }

  // Templates

  #renderMessage(map: LoadedMap | null): TemplateResult | typeof nothing {
    const { error, isPending, isBare, making } = this.#load;
    if (error !== null) return renderError(error, () => this.reload());
    if (isPending) {
      const progress = renderProgress(this.#load.share, 'Loading');
      return map === null ? html`${progress} ${renderLoading(this.#load.doing)}` : progress;
    }
    if (making !== null && map !== null) return renderProgress(making.progress, 'Making');
    if (map !== null && map.points.count > 0) return nothing;
    if (!this.datasetName && this.vectors === null) return renderEmpty('Its attribute “dataset” names none yet.');
    return renderEmpty(isBare ? 'The data set has no embedding yet.' : 'The embedding has no map yet, or no items.');
  }

  #renderBar(names: Names): TemplateResult {
    const { search } = this.#features;
    return renderBar({
      names,
      color: colorField(names.summary, this.colorBy, names),
      label: this.labelBy ?? 'label',
      search,
      onSearch: (text, when) => search.look(text, when),
      onClearSearch: () => search.clear(),
      onToggleRegex: () => search.toggleMode('regex'),
      onToggleMeaning: search.accepts('TEXT') ? () => search.toggleMode('meaning') : null,
      onPicture: search.accepts('IMAGE') ? (file) => void search.lookPicture(file) : null,
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
      lasso: this.#lasso.tool === 'lasso',
      // One that comes or goes does not become another: it may have the focus.
      more: repeat(
        this.#features.all,
        ({ label }) => label,
        (feature) => feature.renderTool?.(map, names) ?? nothing,
      ),
      onZoomIn: () => this.#zoom(ZOOM_STEP),
      onZoomOut: () => this.#zoom(1 / ZOOM_STEP),
      onFit: () => this.fit(),
      onLasso: () => this.#lasso.toggle(),
    });
  }

  #renderLegend(map: LoadedMap, names: Names): TemplateResult | typeof nothing {
    const { width, height } = this.#stage.size;
    return this.#legend.render(map, names, this.#scene.colorsOf(map), width >= NARROW_PX && height >= LOW_PX);
  }

  #renderTooltip(map: LoadedMap): TemplateResult | typeof nothing {
    const { hovered, tooltipAt } = this.#points;
    if (hovered < 0 || tooltipAt === null || this.#stage.moving) return nothing;
    const item = this.#items.get(map.points.key(hovered));
    const { names } = this.#load;
    const summary = names instanceof Error ? undefined : names?.summary;
    const value = map.colorBy === null ? null : textAt(map.points, map.colorBy, hovered);
    return renderTooltip({
      label: this.#load.labelOf(hovered),
      facts:
        map.colorBy === null || value === null ? [] : [[summary ? titleOf(map.colorBy, summary) : map.colorBy, value]],
      item,
      image: this.#items.image(item?.image ?? null),
      place: tooltipAt,
      size: this.#stage.size,
    });
  }

  #makeRoom(): void {
    this.#stage.makeRoom(this.#system.milliseconds(FLIGHT_MS));
  }

  /**
   * A panel about the map lies beside all of it. Those about items may lie upon it: nothing moves under a pointer that has just
   * chosen one. On a narrow map each lies below.
   */
  #covered(): Covered {
    const { width, height } = this.#stage.size;
    const { feature } = this.#panel;
    if (this.compact) return { top: 0, right: 0, bottom: 0 };
    if (width >= NARROW_PX) return { top: 0, right: feature?.ofMap ? PANEL_PX : 0, bottom: 0 };
    if (feature === null) return { top: 0, right: TOOLS_PX, bottom: 0 };
    return { top: BAR_PX, right: TOOLS_PX, bottom: height * SHEET_SHARE };
  }

  // What is shown

  #mapLabel(): string {
    const { names } = this.#load;
    const { map } = this;
    if (map === null || names === null || names instanceof Error) return 'Map';
    return `Map of ${names.summary.title}: ${map.points.count.toLocaleString()} points, ${names.projection}`;
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
      shapes: moving ? [] : this.#features.all.flatMap((feature) => feature.shapes?.(colors) ?? []),
      lasso: this.#lasso.outline,
      lassoKind: this.#lasso.kind,
    };
  }

  // What happens

  #loaded(map: LoadedMap): void {
    this.#points.hovered = -1;
    if (!map.sameItems) {
      this.#lines.forget();
      this.#points.current = -1;
      if (this.#panel.feature?.ofMap !== true) this.#panel.feature = null;
    }
    for (const feature of this.#features.all) feature.loaded?.(map);
    this.#filter.use(map.coloring);
    this.#panel.refresh();
    this.#words.announce(`${map.names.projection}: ${map.points.count.toLocaleString()} points`);
  }

  #shown(scene: StageScene): void {
    if (!this.#load.shown(scene.points.x)) return;
    this.#stage.requestFrame();
    this.#load.tellProjection();
    void this.#seen.showWanted();
  }

  async #showAgain({ camera, chosen, selected = [] }: Partial<ViewState>): Promise<void> {
    if (chosen) await this.showNeighbors(chosen);
    if (selected.length > 0) await this.select(selected);
    if (camera) this.camera = camera;
  }

  #moved(): void {
    this.#seen.tell();
    if (this.#points.hovered >= 0) this.#points.hover(-1, null);
    else if (!this.hasUpdated || this.#legend.followsRoom) this.requestUpdate();
  }

  #hovered(index: number): void {
    const { map } = this;
    if (map === null) return;
    this.#items.want(index < 0 ? null : map.points.key(index));
    for (const feature of this.#features.all) feature.hovered?.(map, index);
    fire(this, 'point-hover', index < 0 ? null : this.#detailOf(map, index));
    this.#stage.requestFrame();
    this.requestUpdate();
  }

  async #hoverKey(key: string | null): Promise<void> {
    const [index = -1] = key === null ? [] : await this.#lines.indicesOf([key]);
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
    if (this.#panel.feature?.chosen?.(map, index) !== true) this.#features.neighbors.ask(map, index);
  }

  /** The line that was chosen goes with its list: the focus stays in the panel instead of falling out of the map. */
  async #chooseFromList(key: string): Promise<void> {
    await this.showNeighbors(key);
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('.panel')?.focus({ preventScroll: true });
  }

  #dropped(event: DragEvent): void {
    const picture = [...(event.dataTransfer?.files ?? [])].find(({ type }) => type.startsWith('image/'));
    if (picture === undefined || this.compact) return;
    event.preventDefault();
    void this.#features.search.lookPicture(picture);
  }

  #detailOf(map: LoadedMap, index: number): PointDetail {
    const key = map.points.key(index);
    return { key, label: this.#load.labelOf(index), index, coordinates: coordinatesAt(map.points, index) };
  }

  #zoom(factor: number): void {
    const { width, height } = this.#stage.size;
    this.#stage.flyTo(
      zoomAt(this.camera, this.#stage.size, factor, width / 2, height / 2),
      this.#system.milliseconds(FLIGHT_MS / 2),
    );
  }

  /** One thing at a time: what is drawn, the tool, the panel, then what is chosen. @returns whether there was any */
  #escape(): boolean {
    const { current, hovered } = this.#points;
    if (this.#gestures.cancel()) return true;
    if (this.#lasso.tool === 'lasso') this.#lasso.toggle();
    else if (this.#panel.feature !== null) this.#panel.close();
    else if (current < 0 && hovered < 0 && this.#features.selection.indices.length === 0) return false;
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
