/** The legend: whether it is open, and what its parts do to the points. */
import type { nothing, TemplateResult } from 'lit';

import type { LoadedMap } from '../loadMap.ts';
import { isOfClusters, type Names, titleOf } from '../names.ts';
import { renderLegend } from '../panels/legend.ts';
import type { FilterController } from './filterController.ts';
import type { MoreController } from './moreController.ts';

export class LegendController {
  readonly #filter: FilterController;
  readonly #more: MoreController;
  /** Whether the user wants it open; null: it is where there is room. */
  #open: boolean | null = null;

  constructor(filter: FilterController, more: MoreController) {
    this.#filter = filter;
    this.#more = more;
  }

  /** Whether it opens and closes with the room that there is. */
  get followsRoom(): boolean {
    return this.#open === null;
  }

  /** @param colors of the slots @param roomy whether there is room for it to be open unasked */
  render(
    { colorBy, coloring: { legend } }: LoadedMap,
    { summary }: Names,
    colors: readonly string[],
    roomy: boolean,
  ): TemplateResult | typeof nothing {
    const filter = this.#filter;
    const isOpen = () => this.#open ?? roomy;
    return renderLegend({
      field: colorBy === null ? null : titleOf(colorBy, summary),
      legend,
      renderScale: legend.kind === 'number' ? this.#more.now?.renderScale : undefined,
      colors,
      none: colorBy !== null && isOfClusters(colorBy, summary) ? 'in no group' : 'no value',
      hidden: filter.slots,
      open: isOpen(),
      onToggle: (wanted) => {
        if (wanted !== isOpen()) this.#open = wanted;
      },
      onSlot: (slot, only) => (only ? filter.showOnly(slot) : filter.toggle(slot)),
      onRange: (least, largest) => filter.showRange(least, largest),
      onShowAll: () => filter.showAll(),
    });
  }
}
