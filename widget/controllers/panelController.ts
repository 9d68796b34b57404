/** The panel: whose it is, how high it is on a narrow map, and where the focus goes when it comes and goes. */
import { html, nothing, type ReactiveControllerHost, type TemplateResult } from 'lit';
import { classMap } from 'lit/directives/class-map.js';

import type { Feature } from '../features/feature.ts';
import type { LoadedMap } from '../loadMap.ts';
import type { Names } from '../names.ts';

interface PanelHost extends ReactiveControllerHost {
  readonly renderRoot: Element | ShadowRoot | DocumentFragment;
}

interface PanelOptions {
  /** The part of the element that is the map: it has the focus when nothing else wants it. */
  readonly surface: () => HTMLElement | null;
  /** Another panel is open, or none. */
  readonly onChange: () => void;
  /** What it shows has changed, and what is drawn with it. */
  readonly onRefresh: () => void;
}

/** A shorter pull is a press. */
const PULL_PX = 12;

export class PanelController {
  /** Whose panel is open; null: none. */
  feature: Feature | null = null;
  /** Points that stand out, by what the panel shows, ascending; null: all alike. */
  emphasis: Uint32Array | null = null;
  readonly #host: PanelHost;
  readonly #options: PanelOptions;
  /** What had the focus before a panel was opened, and gets it back. */
  #opener: Element | null = null;
  /** Whether the panel of a narrow map was pulled up, and where the pull began. */
  #tall = false;
  #pulledFrom = 0;

  constructor(host: PanelHost, options: PanelOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** Shows the panel of a feature, in place of another; null: shows none, without a word to its feature. */
  open(feature: Feature | null): void {
    if (this.feature === null) this.#opener = this.#focused;
    this.feature = feature;
    this.#change();
  }

  /** As the button of a feature does: opens its panel and goes into it, or closes it. */
  async toggle(feature: Feature): Promise<void> {
    if (this.feature === feature) return this.close();
    this.open(feature);
    await this.#host.updateComplete;
    this.#giveFocus(null);
  }

  /** As the button in its header: what it showed is done with, and the focus goes back to where it was before. */
  close(): void {
    const closed = this.feature;
    this.feature = null;
    closed?.closed?.();
    this.#change();
    void this.#host.updateComplete.then(() => this.#giveFocus(this.#opener));
  }

  /** What stands out follows from what the panel shows. */
  refresh(): void {
    this.emphasis = this.feature?.emphasis?.() ?? null;
    this.#options.onRefresh();
    this.#host.requestUpdate();
  }

  /** What has the focus may go with an update, or be made anew: the focus does not fall out of the map with it. */
  keepFocus(update: () => void): void {
    const had = this.#focused;
    update();
    if (had !== null && !had.isConnected) this.#giveFocus(had);
  }

  render(map: LoadedMap, names: Names): TemplateResult | typeof nothing {
    const content = this.feature?.renderPanel(map, names) ?? null;
    if (this.feature === null || content === null) return nothing;
    return html`<aside
      class=${classMap({ panel: true, card: true, fits: true, tall: this.#tall })}
      part="panel"
      aria-label=${this.feature.label}
      tabindex="-1"
    >
      <button
        class="grip"
        aria-label="High panel"
        aria-pressed=${this.#tall}
        @pointerdown=${({ clientY }: MouseEvent) => {
          this.#pulledFrom = clientY;
        }}
        @click=${(event: MouseEvent) => this.#pull(event)}
      ></button>
      ${content}
    </aside>`;
  }

  /** On a narrow map the panel lies below, low at first: pulled up or pressed, its upper edge makes it high. */
  #pull({ clientY, detail }: MouseEvent): void {
    // A press of a key is at no place.
    const far = detail === 0 ? 0 : clientY - this.#pulledFrom;
    this.#tall = Math.abs(far) < PULL_PX ? !this.#tall : far < 0;
    this.#host.requestUpdate();
  }

  #change(): void {
    this.#options.onChange();
    this.refresh();
  }

  get #focused(): Element | null {
    const { renderRoot } = this.#host;
    return renderRoot instanceof ShadowRoot ? renderRoot.activeElement : null;
  }

  /** To what had it, or to what stands there under its name; otherwise to the panel, or else to the map. */
  #giveFocus(had: Element | null): void {
    const find = (selector: string) => this.#host.renderRoot.querySelector<HTMLElement>(selector);
    const name = had?.getAttribute('aria-label');
    const again =
      had?.isConnected && had instanceof HTMLElement ? had : name && find(`[aria-label=${JSON.stringify(name)}]`);
    const to = again || find('.panel') || this.#options.surface();
    to?.focus({ preventScroll: true });
  }
}
