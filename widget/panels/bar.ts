import { html, nothing, type TemplateResult } from 'lit';

import { clusterFields, type Names, trustFields } from '../names.ts';
import { icons } from './icons.ts';

interface BarOptions {
  readonly names: Names;
  /** The field that gives the colours; null: one colour. */
  readonly color: string | null;
  readonly search: { readonly text: string; readonly mode: 'text' | 'regex' };
  readonly onSearch: (text: string, when: 'now' | 'rested') => void;
  readonly onClearSearch: () => void;
  readonly onToggleRegex: () => void;
  readonly onMap: (embedding: string, projection: string) => void;
  readonly onColor: (field: string) => void;
}

/** Search, choice of map, choice of colour. */
export function renderBar(options: BarOptions): TemplateResult {
  return html`<div class="bar" part="bar" role="group" aria-label="Search and choices">
    ${renderSearch(options)} ${renderMaps(options)} ${renderColors(options)}
    <slot name="toolbar"></slot>
  </div>`;
}

function renderSearch({ search, onSearch, onClearSearch, onToggleRegex }: BarOptions): TemplateResult {
  const typed = (event: Event, when: 'now' | 'rested') => {
    if (event.currentTarget instanceof HTMLInputElement) onSearch(event.currentTarget.value, when);
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === 'Enter') typed(event, 'now');
    // Keys belong to the text; Escape is the map's as soon as there is no text.
    if (event.key !== 'Escape' || search.text !== '') event.stopPropagation();
    if (event.key === 'Escape' && search.text !== '') onClearSearch();
  };
  return html`<div class="field card search" role="search">
    ${icons.search}
    <input
      type="search"
      aria-label="Search by label"
      placeholder=${search.mode === 'regex' ? 'Regular expression' : 'Search'}
      .value=${search.text}
      @input=${(event: Event) => typed(event, 'rested')}
      @keydown=${pressed}
    />
    <button
      class="toggle"
      aria-pressed=${search.mode === 'regex'}
      aria-label="Regular expression"
      title="Regular expression"
      @click=${onToggleRegex}
    >
      .*
    </button>
  </div>`;
}

function renderMaps({ names, onMap }: BarOptions): TemplateResult | typeof nothing {
  const { embeddings } = names.summary;
  const maps = embeddings.flatMap((embedding) =>
    embedding.projections.map((projection) => ({ embedding, projection })),
  );
  if (maps.length < 2) return nothing;
  const chosen = maps.findIndex(
    ({ embedding, projection }) => embedding.name === names.embedding && projection.name === names.projection,
  );
  const choose = (event: Event) => {
    if (!(event.currentTarget instanceof HTMLSelectElement)) return;
    const map = maps[event.currentTarget.selectedIndex];
    if (map !== undefined) onMap(map.embedding.name, map.projection.name);
  };
  return html`<label class="field card choice">
    <span class="name">Map</span>
    <select aria-label="Map" @change=${choose}>
      ${maps.map(
        ({ embedding, projection }, index) => html`<option ?selected=${index === chosen}>
          ${embeddings.length > 1 ? `${embedding.name} · ` : ''}${projection.name}${projection.components === 3 ? ' (3-D)' : ''}
        </option>`,
      )}
    </select>
  </label>`;
}

function renderColors({ names, color, onColor }: BarOptions): TemplateResult | typeof nothing {
  const fields = [
    ...names.summary.fields.filter(({ type }) => type !== 'JSON').map(({ name }) => ({ name, title: name })),
    ...clusterFields(names),
    ...trustFields(names),
  ];
  if (fields.length === 0) return nothing;
  const choose = (event: Event) => {
    if (event.currentTarget instanceof HTMLSelectElement) onColor(event.currentTarget.value);
  };
  return html`<label class="field card choice">
    <span class="name">Color</span>
    <select aria-label="Color by" @change=${choose}>
      <option value="none" ?selected=${color === null}>One color</option>
      ${fields.map(({ name, title }) => html`<option value=${name} ?selected=${name === color}>${title}</option>`)}
    </select>
  </label>`;
}
