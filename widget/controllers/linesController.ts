/** Lists of items in panels: the first lines and more where that is wished, under the names that their points have. */
import { html, nothing, type ReactiveControllerHost, type TemplateResult } from 'lit';

import type { LoadedMap } from '../loadMap.ts';
import { type Line, type LineActions, renderLines } from '../panels/results.ts';

interface LinesHost extends ReactiveControllerHost {
  readonly renderRoot: Element | ShadowRoot | DocumentFragment;
  readonly map: LoadedMap | null;
  readonly labelBy: string | null;
}

interface LinesOptions extends LineActions {
  readonly labelOf: (index: number) => string;
}

/** Lines of a list before "Show more", and how many more it shows. */
const STEP = 100;

export class LinesController {
  /** How many lines are shown now. */
  listed = STEP;
  readonly #host: LinesHost;
  readonly #options: LinesOptions;
  /** The point of each key, once it was asked for. */
  #known: ReadonlyMap<string, number> | null = null;

  constructor(host: LinesHost, options: LinesOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** Another list begins: its first lines are shown. */
  begin(): void {
    this.listed = STEP;
  }

  /** The map has other items. */
  forget(): void {
    this.#known = null;
  }

  /** The points of these keys; those that are not on the map are left out. */
  async indicesOf(keys: readonly string[]): Promise<readonly number[]> {
    this.#known = (await this.#host.map?.indexOf()) ?? null;
    return keys.flatMap((key) => this.#known?.get(key) ?? []);
  }

  /** The lines, of which `total` could be shown, and a button for more. */
  render(lines: Iterable<Line>, total: number): TemplateResult {
    const left = total - this.listed;
    return html`<div class="body">
      ${renderLines(this.#named([...lines]), this.#options)}
      ${left <= 0 ? nothing : html`<button class="row link" @click=${() => void this.#showMore()}>Show more (${left.toLocaleString()} left)</button>`}
    </div>`;
  }

  async #showMore(): Promise<void> {
    const shown = this.listed;
    this.listed += STEP;
    this.#host.requestUpdate();
    await this.#host.updateComplete;
    this.#host.renderRoot.querySelectorAll<HTMLElement>('.panel .rows .row')[shown]?.focus();
  }

  /** Lines bear the names that the points do, where these were chosen and are here. */
  #named(lines: readonly Line[]): readonly Line[] {
    if (this.#host.map === null || this.#host.labelBy === null) return lines;
    return lines.map((line) => {
      const index = this.#known?.get(line.key);
      return index === undefined ? line : { ...line, label: this.#options.labelOf(index) };
    });
  }
}
