import { html, nothing, type TemplateResult } from 'lit';

import type { SearchMode } from '../controllers/searchController.ts';
import { type ColorField, colorGroups, type Names } from '../names.ts';
import { icons } from './icons.ts';

interface BarOptions {
  readonly names: Names;
  /** The field that gives the colours; null: one colour. */
  readonly color: string | null;
  /** The field that gives the names. */
  readonly label: string;
  readonly search: {
    readonly text: string;
    readonly mode: SearchMode;
    field: string;
    readonly fields: readonly string[];
  };
  readonly onSearch: (text: string, when: 'now' | 'rested') => void;
  readonly onClearSearch: () => void;
  readonly onToggleRegex: () => void;
  /** Turns search by meaning on and off; null: the embedding takes no texts. */
  readonly onToggleMeaning: (() => void) | null;
  /** Takes a picture to search by; null: the embedding takes none. */
  readonly onPicture: ((file: File) => void) | null;
  readonly onMap: (embedding: string, projection: string) => void;
  readonly onColor: (field: string) => void;
  readonly onLabel: (field: string) => void;
}

/** Search, choice of map, of colour, of names. */
export function renderBar(options: BarOptions): TemplateResult {
  return html`<div class="bar" part="bar" role="group" aria-label="Search and choices">
    ${renderSearch(options)} ${renderMaps(options)} ${renderColors(options)} ${renderLabels(options)}
    <slot name="toolbar"></slot>
  </div>`;
}

function renderSearch({
  search,
  onSearch,
  onClearSearch,
  onToggleRegex,
  onToggleMeaning,
  onPicture,
}: BarOptions): TemplateResult {
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
      aria-label=${search.mode === 'meaning' ? 'Search by meaning' : `Search by ${search.field}`}
      placeholder=${placeholders[search.mode]}
      .value=${search.text}
      @input=${(event: Event) => typed(event, 'rested')}
      @keydown=${pressed}
    />
    ${
      search.mode === 'meaning'
        ? nothing
        : renderSelect('Search in', search.fields, search.field, (field) => {
            search.field = field;
          })
    }
    ${
      onToggleMeaning === null
        ? nothing
        : html`<button
            class="toggle"
            aria-pressed=${search.mode === 'meaning'}
            aria-label="By meaning"
            title="By meaning, and not by letters"
            @click=${onToggleMeaning}
          >
            ≈
          </button>`
    }
    ${onPicture === null ? nothing : renderPicture(onPicture)}
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

const placeholders = { text: 'Search', regex: 'Regular expression', meaning: 'Search by meaning' } as const;

/** A picture can be dropped on the map as well; this is for who cannot drop. */
function renderPicture(onPicture: (file: File) => void): TemplateResult {
  const chosen = (event: Event) => {
    if (!(event.currentTarget instanceof HTMLInputElement)) return;
    const [file] = event.currentTarget.files ?? [];
    event.currentTarget.value = '';
    if (file !== undefined) onPicture(file);
  };
  return html`<label class="toggle picture" title="Search by a picture; or drop one on the map">
    ${icons.picture}
    <input type="file" accept="image/*" aria-label="Search by a picture" @change=${chosen} />
  </label>`;
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

/** What stands for an item: on the map, beside the pointer, in lists. */
function renderLabels({ names, label, onLabel }: BarOptions): TemplateResult | typeof nothing {
  const fields = names.summary.fields.flatMap(({ name, type }) => (type === 'JSON' ? [] : name));
  if (fields.length === 0) return nothing;
  return html`<label class="field card choice">
    <span class="name">Label</span>
    ${renderSelect('Label by', ['label', 'key', ...fields], label, onLabel)}
  </label>`;
}

function renderSelect(
  name: string,
  fields: readonly string[],
  chosen: string,
  onChoose: (field: string) => void,
): TemplateResult {
  return html`<select
    aria-label=${name}
    @change=${({ currentTarget }: Event) => {
      if (currentTarget instanceof HTMLSelectElement) onChoose(currentTarget.value);
    }}
  >
    ${fields.map((field) => html`<option ?selected=${field === chosen}>${field}</option>`)}
  </select>`;
}

function renderColors({ names, color, onColor }: BarOptions): TemplateResult | typeof nothing {
  const groups = colorGroups(names);
  if (groups.length === 0) return nothing;
  const option = ({ name, title }: ColorField) =>
    html`<option value=${name} ?selected=${name === color}>${title}</option>`;
  const choose = (event: Event) => {
    if (event.currentTarget instanceof HTMLSelectElement) onColor(event.currentTarget.value);
  };
  return html`<label class="field card choice">
    <span class="name">Color</span>
    <select aria-label="Color by" @change=${choose}>
      <option value="none" ?selected=${color === null}>One color</option>
      ${groups.map(({ title, fields }) =>
        groups.length === 1 ? fields.map(option) : html`<optgroup label=${title}>${fields.map(option)}</optgroup>`,
      )}
    </select>
  </label>`;
}
