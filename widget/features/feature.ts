/**
 * What a map can do besides being shown. A feature has a panel of its own, marks above the points, points that stand out; the
 * element knows the list of them and nothing of what they do. Another feature is another file here and a line in `index.ts` beside it.
 */
import type { ReactiveControllerHost, TemplateResult } from 'lit';
import type { Client } from '../client.ts';
import type { Theme } from '../colors.ts';
import type { ItemsController } from '../controllers/itemsController.ts';
import type { MoreController } from '../controllers/moreController.ts';
import type { StageController } from '../controllers/stageController.ts';
import type { PlacedLabel } from '../labels.ts';
import type { LoadedMap } from '../loadMap.ts';
import type { Names } from '../names.ts';
import type { Line } from '../panels/results.ts';
import type { Hidden } from '../picking.ts';
import type { Points } from '../points.ts';
import type { Shape } from '../renderer/overlay.ts';

export interface Feature {
  /** What its panel is, said to those who cannot see it. */
  readonly label: string;
  /** The content of its panel, header included; null: it has nothing to show. */
  renderPanel(map: LoadedMap, names: Names): TemplateResult | null;
  /** Points that stand out while its panel is open, ascending; null: all alike. */
  emphasis?(): Uint32Array | null;
  /** What it draws above the points, whether its panel is open or not. */
  shapes?(colors: MarkColors): readonly Shape[];
  /** A button beside the map. */
  renderTool?(map: LoadedMap, names: Names): TemplateResult | null;
  /** What its button does where it has no panel. */
  start?(): void;
  /** A point was chosen while its panel is open. True: it is taken; otherwise its neighbours are asked for. */
  chosen?(map: LoadedMap, index: number): boolean;
  /** Its panel was closed by the user: what it showed is done with. */
  closed?(): void;
  /** The pointer, or the keyboard, is on another point; -1: on none. */
  hovered?(map: LoadedMap, index: number): void;
  /** Everything is to be as it was at first. */
  clear?(): void;
  /** Its panel is about the map and not about items of it: it stays open whichever map and whichever point is shown. */
  readonly ofMap?: boolean;
  /** Another map has been loaded; `map.sameItems` tells whether point i is what it was. */
  loaded?(map: LoadedMap): void;
}

/** Colours of marks, of the theme that is shown. */
export interface MarkColors {
  readonly ink: string;
  readonly accent: string;
  readonly ground: string;
  /** Family of the letters. */
  readonly font: string;
}

/** How far a map in the making is. */
export interface MakingState {
  /** In words. */
  readonly stage: string | null;
  /** 0 to 1; null while it cannot be told. */
  readonly progress: number | null;
  /** Steps done, and how many there are; 0 while there are none. */
  readonly step: number;
  readonly steps: number;
}

/** The map as features know it. */
export interface MapView extends ReactiveControllerHost {
  /** Where events are fired. */
  readonly target: EventTarget;
  /** Whom the map asks; null: nobody yet. */
  readonly client: Client | null;
  readonly map: LoadedMap | null;
  readonly names: Names | null;
  readonly items: ItemsController;
  readonly stage: StageController;
  readonly more: MoreController;
  /** Points that the legend has hidden. */
  readonly hidden: Hidden;
  /** Shows these points alone, ascending; null: all that the legend shows. */
  isolate(indices: Uint32Array | null): void;
  /** Whether some points are shown alone. */
  readonly isolates: boolean;
  /** Which colours are shown. */
  readonly theme: Theme;
  /** Only the map is shown: no panels. */
  readonly compact: boolean;
  /** The clustering whose labels are wanted, or `none`; null: whichever suits the map. */
  readonly clusters: string | null;
  /** Whether names or pictures stand at the points. */
  readonly captions: boolean;
  toggleCaptions(): void;
  /** The labels of groups that are on the screen. */
  readonly labels: readonly PlacedLabel[];
  /** Points that stand out, ascending; null: all alike. */
  readonly emphasis: Uint32Array | null;
  /** How many neighbours a click asks for. */
  neighborCount: number;
  /** By what neighbours are near; null: by the embedding's own metric. */
  metric: string | null;
  /** The point that was chosen by click or keyboard; -1: none. */
  readonly current: number;
  /** The points that are selected, ascending. */
  readonly selected: Uint32Array;
  labelOf(index: number): string;
  /** The points of these keys that are on the map. */
  indicesOf(keys: readonly string[]): Promise<readonly number[]>;
  /** Where a point is, in CSS pixels from the top left of the map. */
  placeOf(index: number): { readonly x: number; readonly y: number } | null;
  /** Chooses a point as a click on it does; -1: none is chosen any more. */
  choose(index: number): void;
  /** What a list of items does with its lines. */
  readonly lineActions: {
    readonly onChoose: (key: string) => void;
    readonly onHover: (key: string | null) => void;
  };
  /** The first lines of a list, and a button for more. */
  renderLines(lines: Iterable<Line>, total: number): TemplateResult;
  /** Of a list, how many lines are shown now. */
  readonly listed: number;
  isOpen(feature: Feature): boolean;
  /** Shows the panel of a feature, in place of another. */
  open(feature: Feature): void;
  /** As the button of a feature does: opens its panel and goes into it, or closes it. */
  toggle(feature: Feature): void;
  /** Closes the panel without a word to its feature. */
  shut(feature: Feature): void;
  /** As the button in its header: the panel goes, and what it showed is done with. */
  readonly close: () => void;
  /** Shows another map of the data set. */
  showMap(embedding: string, projection: string): void;
  /** Asks the server again what there is, and colours by a field that has just been made; null: as before. */
  colorAnew(field: string | null): void;
  /** Asks the server again what there is; resolves when that is known. */
  reload(): Promise<void>;
  /** Shows the map that the job makes on its way, in place of the one that was there before. */
  follow(job: string): void;
  /** The points of the map in the making have moved. Resolves when they can be drawn. */
  move(points: Points): Promise<void>;
  /** How far the map in the making is, and what is being done; null: none is shown. */
  tellMaking(making: MakingState | null): void;
  /** What stands out or is drawn has changed. */
  refresh(): void;
  /** Says something to those who cannot see the map. */
  announce(text: string): void;
  /** Shows a few words for a moment. */
  hint(text: string): void;
  /** Tells the page of an error. */
  fail(error: unknown): void;
  /** How long a movement takes; 0 where less motion is asked for. */
  milliseconds(wanted: number): number;
}
