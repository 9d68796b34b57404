/** Zero-shot: labels that the user writes colour the map by what the embedding's model finds most like each item. */
import { html, type TemplateResult } from 'lit';

import { JobController } from '../controllers/jobController.ts';
import * as ask from '../laterQueries.ts';
import type { LoadedMap } from '../loadMap.ts';
import type { Names } from '../names.ts';
import { icons } from '../panels/icons.ts';
import { keepKeys } from '../panels/keys.ts';
import { renderPanelHeader } from '../panels/results.ts';
import { renderSubmit } from '../panels/submit.ts';
import type { Feature, MapView } from './feature.ts';
import { renderPanelTool } from './panelTool.ts';

/** What a caption of a picture begins with (Radford et al. 2021, 3.1.4); texts are compared with the label alone. */
const PICTURE_TEMPLATE = 'a photo of a {}.';

export class PromptsFeature implements Feature {
  readonly label = 'Color by prompts';
  readonly #view: MapView;
  readonly #job: JobController;
  #labels: string | null = null;
  #template: string | null = null;

  constructor(view: MapView) {
    this.#view = view;
    this.#job = new JobController(view);
  }

  renderTool(_map: LoadedMap, { embeddingSummary }: Names): TemplateResult | null {
    if (!embeddingSummary.accepts?.includes('TEXT')) return null;
    return renderPanelTool(this.#view, this, icons.prompts);
  }

  renderPanel(_map: LoadedMap, { summary, embeddingSummary }: Names): TemplateResult | null {
    if (!embeddingSummary.accepts?.includes('TEXT')) return null;
    const [before] = embeddingSummary.classifications ?? [];
    const labels = this.#labels ?? before?.labels.join('\n') ?? '';
    const template = this.#template ?? before?.templates[0] ?? (summary.kind === 'IMAGE' ? PICTURE_TEMPLATE : '{}');
    const submit = (event: Event) => {
      event.preventDefault();
      if (this.#job.doing === null) void this.#tell(linesOf(labels), template);
    };
    return html`${renderPanelHeader(this.label, 'Each item gets the label that its vector is most like.', this.#view.close)}
      <form class="body form" @submit=${submit} @keydown=${keepKeys}>
        <label>
          Labels, one a line
          <textarea
            rows="5"
            placeholder=${'food\nanimal\nplace'}
            .value=${labels}
            @input=${(event: Event) => {
              if (event.currentTarget instanceof HTMLTextAreaElement) this.#labels = event.currentTarget.value;
              this.#view.requestUpdate();
            }}
          ></textarea>
        </label>
        <label>
          Sentence, {} stands for the label
          <input
            type="text"
            .value=${template}
            @input=${(event: Event) => {
              if (event.currentTarget instanceof HTMLInputElement) this.#template = event.currentTarget.value;
              this.#view.requestUpdate();
            }}
          />
        </label>
        ${renderSubmit(this.#job.doing ?? 'Color the map', this.#job.doing === null && linesOf(labels).length > 1)}
        ${this.#job.renderError()}
      </form>`;
  }

  async #tell(labels: readonly string[], template: string): Promise<void> {
    const { map } = this.#view;
    if (map === null || labels.length < 2) return;
    const { client, names } = map;
    const { dataset, embedding } = names;
    const begin = () => ask.classifyItems(client, { dataset, embedding, labels, templates: [template] });
    if (!(await this.#job.carry(client, 'Asking …', begin))) return;
    this.#view.announce('The map is colored by your labels');
    this.#view.colorAnew('classification:zero-shot');
  }
}

function linesOf(text: string): string[] {
  return [
    ...new Set(
      text
        .split(/[\n,;]/)
        .map((line) => line.trim())
        .filter((line) => line !== ''),
    ),
  ];
}
