/** Items found by their labels, on the server: a list of them, and they stand out on the map. */
import { html, nothing, type TemplateResult } from 'lit';

import { SearchController } from '../controllers/searchController.ts';
import { messageOf } from '../errors.ts';
import type { LoadedMap } from '../loadMap.ts';
import { describeMatches, type Line, renderPanelHeader } from '../panels/results.ts';
import type { Feature, MapView } from './feature.ts';

export class SearchFeature implements Feature {
  readonly label = 'Search results';
  readonly #view: MapView;
  readonly #search: SearchController;
  /** Of what was found, the points that are on the map, ascending. */
  #indices: Uint32Array = new Uint32Array();

  constructor(view: MapView) {
    this.#view = view;
    this.#search = new SearchController(view, () => this.#changed());
  }

  get text(): string {
    return this.#search.text;
  }

  get mode(): 'text' | 'regex' {
    return this.#search.mode;
  }

  toggleMode(): void {
    this.#search.mode = this.#search.mode === 'regex' ? 'text' : 'regex';
    this.look(this.#search.text, 'now');
    this.#view.requestUpdate();
  }

  /** Looks for a text, at once or when typing has rested. */
  look(text: string, when: 'now' | 'rested'): void {
    const { map } = this.#view;
    if (map === null) return;
    if (text.trim() !== '') this.#view.open(this);
    this.#search.look(map.client, map.names.dataset, text, when);
  }

  renderPanel(): TemplateResult | null {
    const { result, error, pending, text } = this.#search;
    const found = result?.matches.items ?? [];
    const lines = found
      .slice(0, this.#view.listed)
      .map((match): Line => ({ ...match, image: this.#view.items.image(match.image) }));
    const subtitle = pending
      ? 'Searching …'
      : result === null
        ? messageOf(error)
        : describeMatches(result.matches, this.#indices.length);
    return html`${renderPanelHeader(`“${text}”`, subtitle, this.#view.close)}
      ${lines.length === 0 ? nothing : this.#view.renderLines(lines, found.length)}`;
  }

  emphasis(): Uint32Array | null {
    return this.#indices.length === 0 ? null : this.#indices;
  }

  closed(): void {
    this.clear();
  }

  clear(): void {
    this.#search.clear();
  }

  loaded({ sameItems }: LoadedMap): void {
    if (!sameItems) this.#search.clear();
  }

  #changed(): void {
    const { result, error } = this.#search;
    if (result === null) {
      this.#indices = new Uint32Array();
      if (error === null) this.#view.shut(this);
      else this.#view.announce(messageOf(error) ?? '');
    } else {
      void this.#view.indicesOf(result.matches.items.map(({ key }) => key)).then((indices) => {
        if (this.#search.result !== result) return;
        this.#indices = Uint32Array.from(indices).sort();
        this.#view.announce(describeMatches(result.matches, indices.length));
        this.#view.refresh();
      });
    }
    this.#view.refresh();
  }
}
