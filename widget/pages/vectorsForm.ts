/** What a data set without vectors needs: a model that makes them of its texts or pictures. Its map and the search by meaning follow. */
import { html, nothing, type TemplateResult } from 'lit';

import type { DatasetSummary } from '../answers.ts';
import type { Client } from '../client.ts';
import { errorOf } from '../errors.ts';
import { finished } from '../jobs.ts';
import { embedItems, fetchModel, listModels, type ModelSummary } from './pagesQueries.ts';

interface FormOptions {
  readonly client: Client;
  /** Something else is to be shown. */
  readonly show: () => void;
  /** There are vectors now. */
  readonly done: () => Promise<void>;
}

interface VectorsForm {
  /** Slug of the data set whose vectors are being made; null: of none. */
  readonly busy: string | null;
  render(dataset: DatasetSummary): TemplateResult;
}

/** A form for whichever data set it is given; it keeps what was chosen and what is being done. */
export function createVectorsForm({ client, show, done }: FormOptions): VectorsForm {
  let busy: string | null = null;
  let asked = false;
  let models: readonly ModelSummary[] | null = null;
  let mayChange = false;
  let chosen: string | null = null;
  let field = '';
  let doing: { readonly what: string; readonly share: number | null } | null = null;
  let problem: string | null = null;

  async function ask(): Promise<void> {
    try {
      ({ models, mayChange } = await listModels(client));
    } catch (error) {
      problem = errorOf(error).message;
    }
    show();
  }

  async function make(dataset: DatasetSummary, model: ModelSummary): Promise<void> {
    const tell = (what: string) => (job: { readonly stage: string | null; readonly progress: number | null }) => {
      doing = { what: job.stage ?? what, share: job.progress };
      show();
    };
    problem = null;
    busy = dataset.slug;
    try {
      tell('Asking')({ stage: null, progress: null });
      if (model.state === 'FETCHABLE')
        await finished(client, await fetchModel(client, model.name), tell('Fetching the model'));
      const job = await embedItems(client, dataset.slug, model.name, field === '' ? null : field);
      await finished(client, job, tell('Waiting for a worker'));
      busy = null;
      models = null; // one that was fetched is here now
      asked = false;
      await done();
    } catch (error) {
      problem = errorOf(error).message;
    }
    busy = null;
    doing = null;
    show();
  }

  function render(dataset: DatasetSummary): TemplateResult {
    if (!asked) {
      asked = true;
      void ask();
    }
    const modality = dataset.kind === 'IMAGE' ? 'IMAGE' : 'TEXT';
    const fitting = (models ?? [])
      .filter(({ state, modalities }) => (state === 'READY' || state === 'FETCHABLE') && modalities.includes(modality))
      .sort((a, b) => Number(b.state === 'READY') - Number(a.state === 'READY'));
    const model = fitting.find(({ name }) => name === chosen) ?? fitting[0];
    const texts = dataset.fields.filter(({ type }) => type === 'TEXT' || type === 'CATEGORY');
    const choose = (take: (value: string) => void) => (event: Event) => {
      if (event.currentTarget instanceof HTMLSelectElement) take(event.currentTarget.value);
      show();
    };
    const submit = (event: Event) => {
      event.preventDefault();
      if (model !== undefined && doing === null) void make(dataset, model);
    };
    return html`<section class="bare">
      <h2>It has no vectors yet</h2>
      <p>A model makes them of its ${modality === 'IMAGE' ? 'pictures' : 'texts'}; the map, and search by meaning, follow by themselves.</p>
      ${problem === null ? nothing : html`<p class="error" role="alert">${problem}</p>`}
      ${
        doing !== null
          ? html`<div class="job" role="status">
              <progress aria-label="Making vectors" max="1" value=${doing.share ?? nothing}></progress>
              <p>${doing.what}</p>
            </div>`
          : models === null
            ? nothing
            : !mayChange
              ? html`<p>Whoever may change something on this server can make them.</p>`
              : model === undefined
                ? html`<p>There is no such model here: put one into <code>MODELS_DIR</code>, or import vectors of your own.</p>`
                : html`<form class="choices" @submit=${submit}>
                    <label>
                      Model
                      <select
                        @change=${choose((value) => {
                          chosen = value;
                        })}
                      >
                        ${fitting.map(
                          (each) =>
                            html`<option value=${each.name} ?selected=${each === model}>${titleOf(each)}</option>`,
                        )}
                      </select>
                    </label>
                    ${
                      modality === 'IMAGE'
                        ? nothing
                        : html`<label>
                            Text
                            <select
                              @change=${choose((value) => {
                                field = value;
                              })}
                            >
                              <option value="" ?selected=${field === ''}>the usual</option>
                              ${['label', ...texts.map(({ name }) => name)].map(
                                (name) => html`<option ?selected=${name === field}>${name}</option>`,
                              )}
                            </select>
                          </label>`
                    }
                    <button class="button strong" type="submit">Make vectors</button>
                  </form>`
      }
      <p>From a program: the mutation <code>embedItems</code>. Vectors of your own come with the file, as a column or beside it.</p>
    </section>`;
  }

  return {
    get busy() {
      return busy;
    },
    render,
  };
}

function titleOf({ name, state, bytes }: ModelSummary): string {
  if (state === 'READY') return name;
  return bytes === null ? `${name} (to be fetched)` : `${name} (${Math.round(Number(bytes) / 1e6)} MB to fetch)`;
}
