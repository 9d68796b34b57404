/** What a graph needs to get vectors: to be learnt by one of the presets. Its map is there as soon as the first of them are. */
import { html, nothing, type TemplateResult } from 'lit';

import type { DatasetSummary } from '../answers.ts';
import type { Client } from '../client.ts';
import { errorOf } from '../errors.ts';
import { finished } from '../jobs.ts';
import { listPresets, type PresetSummary, trainGraph } from './pagesQueries.ts';

interface FormOptions {
  readonly client: Client;
  /** Something else is to be shown. */
  readonly show: () => void;
  /** There is a map, or one in the making, now. */
  readonly done: () => Promise<void>;
}

interface Asked {
  readonly dataset: string;
  readonly presets: readonly PresetSummary[] | null;
  readonly mayChange: boolean;
}

/** Of more entities than this each question is not compared with all of them: it would take hours. */
const MANY_ENTITIES = 100_000;

/** A form for whichever graph it is given; it keeps what was chosen. */
export function createLearnForm({ client, show, done }: FormOptions): {
  render(dataset: DatasetSummary): TemplateResult;
} {
  let asked: Asked | null = null;
  let chosen: string | null = null;
  /** What is being done, of which data set; null: nothing. */
  let doing: { readonly dataset: string; readonly what: string; readonly share: number | null } | null = null;
  let problem: string | null = null;

  async function ask(dataset: string): Promise<void> {
    asked = { dataset, presets: null, mayChange: false };
    problem = null;
    try {
      asked = { dataset, ...(await listPresets(client, dataset)) };
    } catch (error) {
      problem = errorOf(error).message;
    }
    show();
  }

  async function learn(dataset: string, preset: string): Promise<void> {
    problem = null;
    doing = { dataset, what: 'Waiting for a worker', share: null };
    show();
    try {
      const job = await trainGraph(client, dataset, preset);
      await done();
      await finished(client, job, ({ stage, progress }) => {
        doing = { dataset, what: stage ?? 'Waiting for a worker', share: progress };
        show();
      });
      await done();
    } catch (error) {
      problem = errorOf(error).message;
    }
    doing = null;
    show();
  }

  function render({ slug, itemCount }: DatasetSummary): TemplateResult {
    if (asked?.dataset !== slug) void ask(slug);
    const presets = asked?.dataset === slug ? (asked.presets ?? []) : [];
    const usual = Number(itemCount) > MANY_ENTITIES ? presets.find(({ name }) => name === 'rote') : undefined;
    const measured = presets.find(({ dataset }) => dataset === slug);
    const preset = presets.find(({ name }) => name === chosen) ?? measured ?? usual ?? presets[0];
    const submit = (event: Event) => {
      event.preventDefault();
      if (preset !== undefined && doing === null) void learn(slug, preset.name);
    };
    const choose = ({ currentTarget }: Event) => {
      if (currentTarget instanceof HTMLSelectElement) chosen = currentTarget.value;
      show();
    };
    return html`<section class="bare">
      <h2>This graph has not been learnt yet</h2>
      <p>Learning gives its entities places on a map, and predicts what is not known yet. The map is shown while it is learnt.</p>
      ${problem === null ? nothing : html`<p class="error" role="alert">${problem}</p>`}
      ${
        doing?.dataset === slug
          ? html`<div class="job" role="status">
              <progress aria-label="Learning" max="1" value=${doing.share ?? nothing}></progress>
              <p>${doing.what}</p>
            </div>`
          : preset === undefined
            ? nothing
            : asked?.mayChange !== true
              ? html`<p>Whoever may change something on this server can have it learnt.</p>`
              : html`<form class="choices" @submit=${submit}>
                    <label>
                      How
                      <select @change=${choose}>
                        ${presets.map(({ name }) => html`<option value=${name} ?selected=${name === preset.name}>${name}</option>`)}
                      </select>
                    </label>
                    <button class="button strong" type="submit">Learn it</button>
                  </form>
                  <p>${preset.description}${timeOf(preset)}</p>`
      }
      <p>From a program, with settings of your own: the mutation <code>trainGraph</code>.</p>
    </section>`;
  }

  return { render };
}

function timeOf({ expectedSeconds }: PresetSummary): string {
  if (expectedSeconds === null) return '';
  const minutes = Math.round(expectedSeconds / 60);
  return minutes < 1
    ? ' It took less than a minute.'
    : ` It took ${minutes} minute${minutes === 1 ? '' : 's'} of two cores.`;
}
