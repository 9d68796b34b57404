/** `/`: every data set with its live map; `/#slug`: one of them, whole. Files dropped on the page are imported. */
import { html, nothing, render, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';

import type { DatasetSummary } from '../answers.ts';
import { HttpClient } from '../client.ts';
import type {} from '../embedding-map.ts';
import type { ViewState } from '../events.ts';
import { withMapsInTheMaking } from '../names.ts';
import { type ImportProgress, importFiles } from './importFiles.ts';
import { createLearnForm } from './learnForm.ts';
import { listDatasets, newestJobs } from './pagesQueries.ts';
import { createVectorsForm } from './vectorsForm.ts';
import { type Address, fromHash, toHash } from './viewAddress.ts';

const client = new HttpClient(new URL('/graphql', location.href).href);
const place = document.querySelector('#gallery');

let datasets: readonly DatasetSummary[] | null = null;
let failure: string | null = null;
let running: ImportProgress | null = null;
let address = fromHash(location.hash.slice(1));
const vectorsForm = createVectorsForm({ client, show, done: load });
const learnForm = createLearnForm({ client, show, done: load });
/** Which map each card shows, as `embedding/projection`. */
const chosen = new Map<string, string>();

async function load(): Promise<void> {
  try {
    datasets = (await listDatasets(client)).map(withMapsInTheMaking);
    failure = null;
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  show();
}

/** What jobs make is shown without a reload of the page. */
const LOOK_MS = 2000;
let seen: string | null = null;

async function look(): Promise<void> {
  if (!document.hidden) {
    const now = await newestJobs(client).then(JSON.stringify, () => seen); // the server is away: what is shown stays
    if (now !== seen && seen !== null) {
      await load();
      for (const map of document.querySelectorAll('embedding-map')) map.reload();
    }
    seen = now;
  }
  setTimeout(look, LOOK_MS);
}

function show(): void {
  if (place instanceof HTMLElement) render(page(), place);
}

function page(): TemplateResult {
  if (failure !== null) {
    return html`<div class="notice">
      <h2>The data sets could not be read</h2>
      <p class="quiet">${failure}</p>
      <button class="button" @click=${load}>Try again</button>
    </div>`;
  }
  if (datasets === null) return html`<p class="quiet">Loading …</p>`;
  const { dataset: slug } = address;
  if (slug !== '') return whole(address, datasets.find((dataset) => dataset.slug === slug) ?? null);
  if (datasets.length === 0) {
    return html`<section class="intro"><h1>Nothing is loaded yet</h1></section>
      ${dropZone(false)}`;
  }
  return html`<section class="intro">
      <h1>${datasets.length === 1 ? 'One data set' : `${datasets.length} data sets`}</h1>
      <p>Things become vectors, vectors become maps: what is alike lies near. Click a point to see what is truly nearest to it.</p>
    </section>
    <ul class="grid">
      ${datasets.map((dataset) => html`<li>${card(dataset)}</li>`)}
    </ul>
    ${dropZone(true)}`;
}

function card(dataset: DatasetSummary): TemplateResult {
  const maps = mapsOf(dataset);
  const first = maps.find(({ components }) => components === 2) ?? maps[0];
  const current = maps.find(({ id }) => id === chosen.get(dataset.slug)) ?? first;
  const choose = (event: Event) => {
    if (event.currentTarget instanceof HTMLSelectElement) chosen.set(dataset.slug, event.currentTarget.value);
    show();
  };
  return html`<article class="card">
    <header>
      <div>
        <h2><a href="#${dataset.slug}">${dataset.title}</a></h2>
        <p class="facts" title=${factsOf(dataset)}>${factsOf(dataset)}</p>
      </div>
      ${
        maps.length < 2
          ? nothing
          : html`<select aria-label="Map of ${dataset.title}" @change=${choose}>
              ${maps.map((map) => html`<option value=${map.id} ?selected=${map === current}>${map.title}</option>`)}
            </select>`
      }
    </header>
    ${
      current === undefined
        ? html`<div class="none"><p>${
            isUnlearnt(dataset)
              ? html`A graph gets its map by being learnt. <a href="#${dataset.slug}">Learn it</a>`
              : isBare(dataset)
                ? html`It has no vectors yet. <a href="#${dataset.slug}">Make them</a>`
                : 'It has no map yet.'
          }</p></div>`
        : html`<embedding-map
            compact
            cooperative
            dataset=${dataset.slug}
            embedding=${current.embedding}
            projection=${current.projection}
            @point-click=${() => {
              location.hash = dataset.slug;
            }}
          ></embedding-map>`
    }
  </article>`;
}

function whole({ dataset: slug, view }: Address, dataset: DatasetSummary | null): TemplateResult {
  // The address says what is seen, so that it can be kept and sent to others.
  const keep = ({ detail }: CustomEvent<ViewState>) =>
    history.replaceState(null, '', `#${toHash({ dataset: slug, view: detail })}`);
  return html`<section class="view">
    <div class="head">
      <a href="#" @click=${backToAll}>All maps</a>
      <h1>${dataset?.title ?? slug}</h1>
      <p class="quiet" title=${dataset === null ? nothing : factsOf(dataset)}>${dataset === null ? nothing : factsOf(dataset)}</p>
    </div>
    ${
      dataset !== null && isUnlearnt(dataset)
        ? learnForm.render(dataset)
        : isBare(dataset)
          ? vectorsForm.render(dataset)
          : keyed(
              address,
              html`<embedding-map dataset=${slug} .viewState=${view} @view-change=${keep}></embedding-map>`,
            )
    }
  </section>`;
}

/** Whether it has things and no vectors of them. A graph gets its vectors by being learnt. */
function isBare(dataset: DatasetSummary | null): dataset is DatasetSummary {
  if (dataset === null || dataset.kind === 'GRAPH' || Number(dataset.itemCount) === 0) return false;
  return dataset.embeddings.length === 0 || vectorsForm.busy === dataset.slug;
}

/** Whether it is a graph without vectors. */
function isUnlearnt({ kind, embeddings, itemCount }: DatasetSummary): boolean {
  return kind === 'GRAPH' && embeddings.length === 0 && Number(itemCount) > 0;
}

function backToAll(event: Event): void {
  event.preventDefault();
  history.pushState(null, '', location.pathname);
  readAddress();
}

/** Another address is another map; what a map tells of itself does not come here. */
function readAddress(): void {
  address = fromHash(location.hash.slice(1));
  show();
}

function dropZone(small: boolean): TemplateResult {
  const pick = (event: Event) => {
    if (event.currentTarget instanceof HTMLInputElement) void start([...(event.currentTarget.files ?? [])]);
  };
  return html`<section class="drop ${small ? 'small' : ''}">
    ${
      running === null
        ? html`<h2>${small ? 'Add your own' : 'Drop files here'}</h2>
          <p>
            ${small ? 'Drop files anywhere on this page: ' : ''}Vectors as .npy, CSV, TSV, JSON Lines, Parquet, Arrow, word2vec,
            GloVe or fvecs, with their metadata beside them; or a ZIP of images.
          </p>
          <input id="files" type="file" multiple @change=${pick} />
          <label for="files" class="button ${small ? '' : 'strong'}">Choose files</label>
          <p>From a shell: <code>npx embedding-map import vectors.npy metadata.tsv --dataset words</code></p>`
        : jobState(running)
    }
  </section>`;
}

function jobState(job: ImportProgress): TemplateResult {
  const again = () => {
    running = null;
    show();
  };
  return html`<div class="job" role="status">
    <strong>${job.title}</strong>
    ${
      job.state === 'failed'
        ? html`<p class="error">${job.message}</p>
          <div><button class="button" @click=${again}>Back</button></div>`
        : html`<progress aria-label="Import" max="1" value=${job.share ?? nothing}></progress>
          <p>${job.message}</p>`
    }
  </div>`;
}

async function start(files: readonly File[]): Promise<void> {
  if (files.length === 0 || running?.state === 'running') return;
  location.hash = '';
  const slug = await importFiles(client, files, (progress) => {
    running = progress;
    show();
  });
  if (slug === null) return;
  running = null;
  await load();
  location.hash = slug;
}

function mapsOf(dataset: DatasetSummary) {
  const several = dataset.embeddings.length > 1;
  return dataset.embeddings.flatMap((embedding) =>
    embedding.projections.map((projection) => ({
      id: `${embedding.name}/${projection.name}`,
      embedding: embedding.name,
      projection: projection.name,
      components: projection.components,
      title: `${several ? `${embedding.name} · ` : ''}${projection.name}${projection.components === 3 ? ' (3-D)' : ''}`,
    })),
  );
}

function factsOf(dataset: DatasetSummary): string {
  const count = `${Number(dataset.itemCount).toLocaleString()} items`;
  return [count, ...(dataset.licence === null ? [] : [dataset.licence])].join(' · ');
}

addEventListener('hashchange', readAddress);
addEventListener('popstate', readAddress);
addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dragging');
});
addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) document.body.classList.remove('dragging');
});
addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dragging');
  void start([...(event.dataTransfer?.files ?? [])]);
});
// What stands in the page until the script has come.
place?.replaceChildren();
void load().then(look);
