/** Selected items get a value in a field: kept by the server, and the map is coloured by it. */
import { html, type TemplateResult } from 'lit';

import { JobController } from '../controllers/jobController.ts';
import * as ask from '../laterQueries.ts';
import type { LoadedMap } from '../loadMap.ts';
import type { Names } from '../names.ts';
import { icons } from '../panels/icons.ts';
import { keepKeys } from '../panels/keys.ts';
import { renderPanelHeader } from '../panels/results.ts';
import { renderSubmit } from '../panels/submit.ts';
import { textAt } from '../points.ts';
import type { Feature, MapView } from './feature.ts';
import { renderPanelTool } from './panelTool.ts';

/** Names that an import would take for something else. */
const TAKEN = new Set(['key', 'label', 'x', 'y', 'z', 'vector', 'embedding', 'image', 'id']);

export class TagFeature implements Feature {
  readonly label = 'Tag the selected';
  readonly #view: MapView;
  readonly #job: JobController;
  #field = 'tag';
  #value = '';

  constructor(view: MapView) {
    this.#view = view;
    this.#job = new JobController(view);
  }

  renderTool(_map: LoadedMap, { summary }: Names): TemplateResult | null {
    if (summary.mayChange !== true || this.#view.selected.length === 0) return null;
    return renderPanelTool(this.#view, this, icons.tag);
  }

  renderPanel(map: LoadedMap): TemplateResult {
    const { length } = this.#view.selected;
    const about = `${length.toLocaleString()} selected ${length === 1 ? 'item gets' : 'items get'} this value.`;
    const submit = (event: Event) => {
      event.preventDefault();
      if (this.#job.doing === null && length > 0) void this.#tag(map);
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
        ${renderSubmit(this.#job.doing ?? 'Tag', this.#job.doing === null && length > 0)}
        ${this.#job.renderError()}
      </form>`;
  }

  emphasis(): Uint32Array | null {
    return this.#view.selected.length === 0 ? null : this.#view.selected;
  }

  async #tag({ client, names, points }: LoadedMap): Promise<void> {
    const [field, value] = [this.#field.trim(), this.#value.trim()];
    const ended = await this.#job.carry(client, 'Sending …', async (signal) => {
      if (TAKEN.has(field.toLowerCase())) throw new Error(`A field cannot be called “${field}”. Give it another name.`);
      const rows = Array.from(this.#view.selected, (index) => ({
        ...{ key: points.key(index), label: textAt(points, 'label', index) ?? points.key(index) },
        [field]: value,
      }));
      const lines = rows.map((row) => `${JSON.stringify(row)}\n`);
      const upload = await ask.upload(client, new File(lines, 'tags.jsonl'), signal);
      return await ask.importFields(client, names.dataset, upload);
    });
    if (!ended) return;
    this.#view.announce(`Tagged: ${value}`);
    this.#view.colorAnew(field);
  }
}
