/** Items found on the server by their labels or a field, by meaning or by a picture: a list of them, and they stand out on the map. */
import { html, nothing, type TemplateResult } from 'lit';

import type { ItemSummary } from '../answers.ts';
import { SearchController, type SearchMode } from '../controllers/searchController.ts';
import { messageOf } from '../errors.ts';
import type { LoadedMap } from '../loadMap.ts';
import { describeMatches, describeSearch, type Line, renderPanelHeader } from '../panels/results.ts';
import type { Feature, MapView } from './feature.ts';

export class SearchFeature implements Feature {
  readonly label = 'Search results';
  readonly #view: MapView;
  readonly #search: SearchController;
  #chosen: SearchMode | null = null;
  #field = 'label';
  /** Of what was found, the points that are on the map, ascending. */
  #indices: Uint32Array = new Uint32Array();

  constructor(view: MapView) {
    this.#view = view;
    this.#search = new SearchController(view, () => this.#changed());
  }

  get text(): string {
    return this.#search.text;
  }

  /** By meaning where the embedding takes texts, unless something else was chosen. */
  get mode(): SearchMode {
    if (this.#chosen !== null && (this.#chosen !== 'meaning' || this.accepts('TEXT'))) return this.#chosen;
    return this.accepts('TEXT') ? 'meaning' : 'text';
  }

  /** What is looked at by letters. Another data set has other fields. */
  get field(): string {
    return this.fields.includes(this.#field) ? this.#field : 'label';
  }

  set field(field: string) {
    this.#field = field;
    this.look(this.#search.text, 'now');
    this.#view.requestUpdate();
  }

  /** What can be looked at. */
  get fields(): readonly string[] {
    const fields = this.#view.names?.summary.fields ?? [];
    return [
      'label',
      'key',
      ...fields.filter(({ type }) => type === 'TEXT' || type === 'CATEGORY').map(({ name }) => name),
    ];
  }

  /** Whether the embedding of the map can be asked with this. */
  accepts(modality: 'TEXT' | 'IMAGE'): boolean {
    return this.#view.names?.embeddingSummary.accepts?.includes(modality) ?? false;
  }

  /** Turns a mode on, or back to letters. */
  toggleMode(mode: 'regex' | 'meaning'): void {
    this.#chosen = this.mode === mode ? 'text' : mode;
    this.look(this.#search.text, 'now');
    this.#view.requestUpdate();
  }

  /** Looks for what is like a picture that the user has given. */
  async lookPicture(file: File): Promise<void> {
    const { map } = this.#view;
    if (map === null) return;
    if (!this.accepts('IMAGE')) {
      this.#view.hint('This map takes no pictures: its embedding was not made of them');
      return;
    }
    try {
      const more = await this.#view.more.want();
      if (more === null) return;
      const url = await more.toDataUrl(file);
      this.#view.open(this);
      this.#search.lookPicture(map.client, map.names, url);
    } catch {
      this.#view.hint('That is no picture that this browser can read');
    }
  }

  /** Looks for a text, at once or when typing has rested. */
  look(text: string, when: 'now' | 'rested'): void {
    const { map } = this.#view;
    if (map === null) return;
    if (text.trim() !== '') this.#view.open(this);
    this.#search.mode = this.mode;
    this.#search.field = this.field;
    this.#search.look(map.client, map.names, text, when);
  }

  renderPanel(): TemplateResult | null {
    const { result, error, pending, text, picture } = this.#search;
    const found: readonly (ItemSummary & { readonly rank?: number; readonly distance?: number })[] =
      result?.nearest?.neighbors ?? result?.matches.items ?? [];
    const lines = found
      .slice(0, this.#view.listed)
      .map((match): Line => ({ ...match, image: this.#view.items.image(match.image) }));
    const subtitle = pending
      ? 'Searching …'
      : result === null
        ? messageOf(error)
        : result.nearest === null
          ? describeMatches(result.matches, this.#indices.length)
          : describeSearch(result.nearest);
    return html`${renderPanelHeader(picture === null ? `“${text}”` : 'Like this picture', subtitle, this.#view.close)}
      ${picture === null ? nothing : html`<div class="about"><img src=${picture} alt="The picture that was given" /></div>`}
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
