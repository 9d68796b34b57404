/** Two embeddings of one data set: how alike the company of each item is, and whose differs most. */
import { html, nothing, type TemplateResult } from 'lit';

import type { ComparisonSummary } from '../answers.ts';
import type { Client } from '../client.ts';
import { JobController } from '../controllers/jobController.ts';
import { TaskController } from '../controllers/taskController.ts';
import type { ChangedItem } from '../laterQueries.ts';
import * as ask from '../laterQueries.ts';
import type { LoadedMap } from '../loadMap.ts';
import type { Names } from '../names.ts';
import { icons } from '../panels/icons.ts';
import { type Line, renderPanelHeader } from '../panels/results.ts';
import { renderSubmit } from '../panels/submit.ts';
import type { Feature, MapView } from './feature.ts';
import { renderPanelTool } from './panelTool.ts';

const CHANGED = 50;

export class CompareFeature implements Feature {
  readonly label = 'Compare embeddings';
  readonly #view: MapView;
  readonly #changed: TaskController<readonly [Client, string, string, string, string], readonly ChangedItem[]>;
  readonly #job: JobController;
  #other: string | null = null;
  #indices: Uint32Array = new Uint32Array();

  constructor(view: MapView) {
    this.#view = view;
    this.#job = new JobController(view);
    this.#changed = new TaskController(view, {
      arguments: () => {
        const { map, names } = view;
        const comparison = names === null ? null : this.#comparison(names);
        if (map === null || comparison === null || !view.isOpen(this)) return null;
        const { dataset, embedding } = map.names;
        return [map.client, dataset, embedding, comparison.column, String(comparison.meanOverlap)];
      },
      run: ([client, dataset, embedding, column], signal) =>
        ask.changed(client, { dataset, embedding }, column, CHANGED, signal),
      onComplete: (items) => {
        void view.indicesOf(items.map(({ key }) => key)).then((indices) => {
          this.#indices = Uint32Array.from(indices).sort();
          view.refresh();
        });
      },
      onError: (error) => view.fail(error),
    });
  }

  renderTool(_map: LoadedMap, { summary }: Names): TemplateResult | null {
    if (summary.embeddings.length < 2) return null;
    return renderPanelTool(this.#view, this, icons.compare);
  }

  renderPanel(_map: LoadedMap, names: Names): TemplateResult | null {
    const others = names.summary.embeddings.filter(({ name }) => name !== names.embedding);
    const comparison = this.#comparison(names);
    const about =
      comparison === null
        ? 'Whose neighbours are the same in both, and whose are not?'
        : `${Math.round(100 * comparison.meanOverlap)} % of ${comparison.neighbors} neighbours are the same in both. Those whose company differs most:`;
    const items = this.#changed.value ?? [];
    const lines = items.slice(0, this.#view.listed).map(
      (item): Line => ({
        ...item,
        note: `${Math.round(100 * item.overlap)} %`,
        image: this.#view.items.image(item.image),
      }),
    );
    const other = this.#chosen(names);
    const submit = (event: Event) => {
      event.preventDefault();
      if (this.#job.doing === null) void this.#compare(names);
    };
    return html`${renderPanelHeader(`${names.embedding} and …`, about, this.#view.close)}
      <form class="form top" @submit=${submit}>
        <select
          aria-label="The other embedding"
          @change=${(event: Event) => {
            if (event.currentTarget instanceof HTMLSelectElement) this.#other = event.currentTarget.value;
            this.#indices = new Uint32Array();
            this.#view.refresh();
          }}
        >
          ${others.map(({ name }) => html`<option value=${name} ?selected=${name === other}>${name}</option>`)}
        </select>
        ${renderSubmit(this.#job.doing ?? (comparison === null ? 'Compare' : 'Compare anew'), this.#job.doing === null)}
        ${
          comparison === null
            ? nothing
            : html`<button type="button" class="row link" @click=${() => this.#view.colorAnew(comparison.column)}>Color the map by it</button>`
        }
        ${this.#job.renderError()}
      </form>
      ${lines.length === 0 ? nothing : this.#view.renderLines(lines, items.length)}`;
  }

  emphasis(): Uint32Array | null {
    return this.#indices.length === 0 ? null : this.#indices;
  }

  closed(): void {
    this.#indices = new Uint32Array();
  }

  clear(): void {
    this.closed();
  }

  loaded({ sameItems }: LoadedMap): void {
    if (!sameItems) this.closed();
  }

  #chosen({ summary, embedding }: Names): string | null {
    const others = summary.embeddings.filter(({ name }) => name !== embedding);
    return (others.find(({ name }) => name === this.#other) ?? others[0])?.name ?? null;
  }

  /** The comparison with the other embedding, on whichever side it stands. */
  #comparison(names: Names): ComparisonSummary | null {
    const other = this.#chosen(names);
    const pair = [names.embedding, other];
    const found = names.embeddingSummary.comparisons?.find(
      (each) => pair.includes(each.embedding.name) && pair.includes(each.other.name),
    );
    return found ?? null;
  }

  async #compare(names: Names): Promise<void> {
    const { map } = this.#view;
    const other = this.#chosen(names);
    if (map === null || other === null) return;
    const { dataset, embedding } = map.names;
    const begin = () => ask.compareEmbeddings(map.client, { dataset, embedding, other });
    if (await this.#job.carry(map.client, 'Asking …', begin)) this.#view.colorAnew(null);
  }
}
