/** Selected items get a value in a field: kept by the server, and the map is coloured by it. */
import { html, nothing, type TemplateResult } from 'lit';

import { messageOf } from '../errors.ts';
import * as ask from '../laterQueries.ts';
import type { LoadedMap } from '../loadMap.ts';
import type { Names } from '../names.ts';
import { icons } from '../panels/icons.ts';
import { keepKeys } from '../panels/keys.ts';
import { renderPanelHeader } from '../panels/results.ts';
import { textAt } from '../points.ts';
import type { Feature, MapView } from './feature.ts';

/** Names that an import would take for something else. */
const TAKEN = new Set(['key', 'label', 'x', 'y', 'z', 'vector', 'embedding', 'image', 'id']);

export class TagFeature implements Feature {
  readonly label = 'Tag the selected';
  readonly #view: MapView;
  #field = 'tag';
  #value = '';
  /** What is being done; null: nothing. */
  #doing: string | null = null;
  #error: unknown = null;
  #work: AbortController | null = null;

  constructor(view: MapView) {
    this.#view = view;
    view.addController({ hostDisconnected: () => this.#work?.abort() });
  }

  renderTool(_map: LoadedMap, { summary }: Names): TemplateResult | null {
    if (summary.mayChange !== true || this.#view.selected.length === 0) return null;
    const open = this.#view.isOpen(this);
    return html`<button
      aria-label=${this.label}
      title=${this.label}
      aria-pressed=${open}
      @click=${() => (open ? this.#view.close() : this.#view.open(this))}
    >
      ${icons.tag}
    </button>`;
  }

  renderPanel(map: LoadedMap): TemplateResult {
    const { length } = this.#view.selected;
    const about = `${length.toLocaleString()} selected ${length === 1 ? 'item gets' : 'items get'} this value.`;
    const submit = (event: Event) => {
      event.preventDefault();
      void this.#tag(map);
    };
    const input = (name: string, value: string, take: (value: string) => void) => html`<label>
      ${name}
      <input
        type="text"
        required
        .value=${value}
        @input=${(event: Event) => {
          if (event.currentTarget instanceof HTMLInputElement) take(event.currentTarget.value);
          this.#view.requestUpdate();
        }}
      />
    </label>`;
    return html`${renderPanelHeader(this.label, about, this.#view.close)}
      <form class="body form" @submit=${submit} @keydown=${keepKeys}>
        ${input('Value', this.#value, (value) => {
          this.#value = value;
        })}
        ${input('Field', this.#field, (value) => {
          this.#field = value;
        })}
        <button type="submit" class="primary" ?disabled=${this.#doing !== null || length === 0}>${this.#doing ?? 'Tag'}</button>
        ${this.#error === null ? nothing : html`<p class="problem" role="alert">${messageOf(this.#error)}</p>`}
      </form>`;
  }

  emphasis(): Uint32Array | null {
    return this.#view.selected.length === 0 ? null : this.#view.selected;
  }

  async #tag({ client, names, points }: LoadedMap): Promise<void> {
    const [field, value] = [this.#field.trim(), this.#value.trim()];
    this.#work?.abort();
    const work = new AbortController();
    this.#work = work;
    this.#error = null;
    this.#say('Sending …');
    try {
      if (TAKEN.has(field.toLowerCase())) throw new Error(`A field cannot be called “${field}”. Give it another name.`);
      const rows = Array.from(this.#view.selected, (index) => ({
        ...{ key: points.key(index), label: textAt(points, 'label', index) ?? points.key(index) },
        [field]: value,
      }));
      const lines = rows.map((row) => `${JSON.stringify(row)}\n`);
      const upload = await client.upload(new File(lines, 'tags.jsonl'), undefined, work.signal);
      const job = await ask.importFields(client, names.dataset, upload);
      await client.finished(job, (stage) => this.#say(stage === null ? 'Waiting …' : `${stage} …`), work.signal);
      this.#view.announce(`Tagged: ${value}`);
      this.#view.colorAnew(field);
    } catch (error) {
      if (work.signal.aborted) return;
      this.#error = error;
    }
    this.#say(null);
  }

  #say(doing: string | null): void {
    this.#doing = doing;
    this.#view.requestUpdate();
  }
}
