/** The points as they are to be drawn: of which map, in which colours, which of them hidden and which standing out. */
import { slotColors } from '../colors.ts';
import type { LoadedMap } from '../loadMap.ts';
import type { FilterController } from './filterController.ts';
import type { LoadController } from './loadController.ts';
import type { PanelController } from './panelController.ts';
import type { StageScene } from './stageController.ts';
import type { ThemeController } from './themeController.ts';

interface SceneHost {
  readonly palette: readonly string[];
}

interface SceneParts {
  readonly load: LoadController;
  readonly filter: FilterController;
  readonly panel: PanelController;
  readonly system: ThemeController;
}

/** From one map to another. */
const TRANSITION_MS = 900;
const GROUNDS = { light: '#fafaf8', dark: '#14171c' } as const;

export class SceneController {
  readonly #host: SceneHost;
  readonly #parts: SceneParts;
  #scene: StageScene | null = null;
  #colors: { readonly key: readonly unknown[]; readonly colors: readonly string[] } = { key: [], colors: [] };

  constructor(host: SceneHost, parts: SceneParts) {
    this.#host = host;
    this.#parts = parts;
  }

  /** Colours of the slots of the legend, the same list while none has changed. */
  colorsOf({ coloring: { legend } }: LoadedMap): readonly string[] {
    const { theme } = this.#parts.system;
    const { palette } = this.#host;
    const key = [legend, theme, palette];
    if (!key.every((part, i) => part === this.#colors.key[i])) {
      this.#colors = { key, colors: slotColors(legend, theme, palette) };
    }
    return this.#colors.colors;
  }

  /** What is to be drawn now, the same object while nothing in it has changed; null: nothing. */
  make(): StageScene | null {
    this.#scene = this.#next();
    return this.#scene;
  }

  /** Nothing is drawn any more. */
  forget(): void {
    this.#scene = null;
  }

  #next(): StageScene | null {
    const { load, filter, panel, system } = this.#parts;
    const { map } = load;
    if (map === null || map.points.count === 0 || load.expected === null) return null;
    const scene: StageScene = {
      points: map.points,
      from: map.movedFrom,
      transitionMs: system.milliseconds(TRANSITION_MS),
      coloring: map.coloring,
      colors: this.colorsOf(map),
      hidden: filter.hidden,
      emphasis: panel.emphasis,
      ground: GROUNDS[system.theme],
    };
    const before = this.#scene;
    const same =
      before !== null && Object.entries(scene).every(([name, value]) => before[name as keyof StageScene] === value);
    return same ? before : scene;
  }
}
