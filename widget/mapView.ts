/** What features see of the map, and may do with it: properties of the element and its controllers, and nothing else of them. */
import type { ReactiveControllerHost } from 'lit';

import type { ClientController } from './controllers/clientController.ts';
import type { FilterController } from './controllers/filterController.ts';
import type { ItemsController } from './controllers/itemsController.ts';
import type { LinesController } from './controllers/linesController.ts';
import type { LoadController } from './controllers/loadController.ts';
import type { MoreController } from './controllers/moreController.ts';
import type { PanelController } from './controllers/panelController.ts';
import type { PointController } from './controllers/pointController.ts';
import type { StageController } from './controllers/stageController.ts';
import type { ThemeController } from './controllers/themeController.ts';
import type { WordsController } from './controllers/wordsController.ts';
import { messageOf } from './errors.ts';
import type { MapView } from './features/feature.ts';
import type { PlacedLabel } from './labels.ts';
import type { LineActions } from './panels/results.ts';

interface ViewElement extends ReactiveControllerHost, EventTarget {
  readonly compact: boolean;
  readonly clusters: string | null;
  readonly labels: readonly PlacedLabel[];
  captions: boolean;
  neighborCount: number;
  metric: string | null;
  embedding: string | null;
  projection: string | null;
  colorBy: string | null;
}

interface ViewParts {
  readonly whom: ClientController;
  readonly load: LoadController;
  readonly stage: StageController;
  readonly items: ItemsController;
  readonly points: PointController;
  readonly filter: FilterController;
  readonly panel: PanelController;
  readonly lines: LinesController;
  readonly lineActions: LineActions;
  readonly system: ThemeController;
  readonly words: WordsController;
  readonly more: MoreController;
  /** Points that are selected, ascending. */
  readonly selected: () => Uint32Array;
  readonly choose: (index: number) => void;
}

export function createMapView(element: ViewElement, parts: ViewParts): MapView {
  const { whom, load, stage, items, points, filter, panel, lines, lineActions, system, words, more, selected, choose } =
    parts;
  return {
    addController: (controller) => element.addController(controller),
    removeController: (controller) => element.removeController(controller),
    requestUpdate: () => element.requestUpdate(),
    get updateComplete() {
      return element.updateComplete;
    },
    target: element,
    get client() {
      return whom.client;
    },
    get map() {
      return load.map;
    },
    get names() {
      const { names } = load;
      return names instanceof Error ? null : names;
    },
    items,
    stage,
    more,
    get hidden() {
      return filter.hidden;
    },
    isolate: (indices) => filter.isolate(indices),
    get isolates() {
      return filter.isolates;
    },
    get theme() {
      return system.theme;
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
      element.captions = !element.captions;
    },
    get labels() {
      return element.labels;
    },
    get emphasis() {
      return panel.emphasis;
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
      return points.current;
    },
    get selected() {
      return selected();
    },
    labelOf: (index) => load.labelOf(index),
    indicesOf: (keys) => lines.indicesOf(keys),
    placeOf: (index) => points.placeOf(index),
    choose,
    lineActions,
    renderLines: (some, total) => lines.render(some, total),
    get listed() {
      return lines.listed;
    },
    isOpen: (feature) => panel.feature === feature,
    open: (feature) => panel.open(feature),
    toggle: (feature) => void panel.toggle(feature),
    shut: (feature) => {
      if (panel.feature === feature) panel.open(null);
    },
    close: () => panel.close(),
    showMap: (embedding, projection) => {
      element.embedding = embedding;
      element.projection = projection;
    },
    colorAnew: (field) => {
      if (field === null) void load.reload();
      else {
        load.reloadColumn(field);
        element.colorBy = field;
      }
    },
    reload: () => load.reload(),
    follow: (job) => load.follow(job),
    move: (moved) => load.move(moved),
    tellMaking: (making) => {
      if (making !== null && load.making === null) words.announce('The map is being made');
      load.tellMaking(making);
    },
    refresh: () => panel.refresh(),
    announce: (text) => words.announce(text),
    hint: (text) => words.showHint(text),
    fail: (error) => {
      load.tellError(error);
      words.announce(messageOf(error) ?? '');
    },
    milliseconds: (wanted) => system.milliseconds(wanted),
  };
}
