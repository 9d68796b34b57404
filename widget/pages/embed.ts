/** `/embed`: the lines that put a map into a page, and the map that they make. */
import { html, nothing, render, type TemplateResult } from 'lit';

import type { DatasetSummary } from '../answers.ts';
import { HttpClient } from '../client.ts';
import { listDatasets } from './pagesQueries.ts';

const client = new HttpClient(new URL('/graphql', location.href).href);
const place = document.querySelector('#embed');

let datasets: readonly DatasetSummary[] | null = null;
let failure: string | null = null;
let slug: string | null = new URLSearchParams(location.search).get('dataset');
/** Which map: its embedding and its name; null: the first. */
let chosen: { readonly embedding: string; readonly projection: string } | null = null;
let theme = 'auto';
let copied = false;

/** Ten lines, of which two would do. */
export function snippet(origin: string, attributes: readonly (readonly [string, string])[]): string {
  return `<!doctype html>
<title>My map</title>
<script type="module" src="${origin}/embedding-map.js"></script>

<embedding-map ${attributes.map(([name, value]) => `${name}="${value}"`).join(' ')}></embedding-map>

<script type="module">
  const map = document.querySelector('embedding-map');
  map.addEventListener('point-click', ({ detail }) => console.log(detail));
</script>
`;
}

async function load(): Promise<void> {
  try {
    datasets = await listDatasets(client);
    failure = null;
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  show();
}

function show(): void {
  if (place instanceof HTMLElement) render(page(), place);
}

function page(): TemplateResult {
  if (failure !== null)
    return html`<p class="error">${failure}</p><button class="button" @click=${load}>Try again</button>`;
  if (datasets === null) return html`<p class="quiet">Loading …</p>`;
  const dataset = datasets.find((one) => one.slug === slug) ?? datasets[0];
  if (dataset === undefined)
    return html`<p class="quiet">Nothing is loaded yet. <a href="/">Import something first.</a></p>`;
  const several = dataset.embeddings.length > 1;
  const maps = dataset.embeddings.flatMap(({ name: embedding, projections }) =>
    projections.map(({ name: projection }) => ({
      ...{ embedding, projection },
      title: several ? `${embedding} · ${projection}` : projection,
    })),
  );
  const isChosen = (map: { readonly embedding: string; readonly projection: string }) =>
    chosen?.embedding === map.embedding && chosen.projection === map.projection;
  const attributes: (readonly [string, string])[] = [
    ['dataset', dataset.slug],
    ...(chosen === null || !several ? [] : [['embedding', chosen.embedding] as const]),
    ...(chosen === null ? [] : [['projection', chosen.projection] as const]),
    ...(theme === 'auto' ? [] : [['theme', theme] as const]),
  ];
  const code = snippet(location.origin, attributes);
  const copy = async () => {
    await navigator.clipboard.writeText(code);
    copied = true;
    show();
    setTimeout(() => {
      copied = false;
      show();
    }, 1500);
  };
  return html`<div class="choices">
      <label>
        Data set
        <select @change=${changed((value) => {
          slug = value;
          chosen = null;
        })}>
          ${datasets.map((one) => html`<option value=${one.slug} ?selected=${one === dataset}>${one.title}</option>`)}
        </select>
      </label>
      <label>
        Map
        <select @change=${changed((value) => {
          chosen = maps[Number(value)] ?? null;
        })}>
          <option value="-1" ?selected=${chosen === null}>The first</option>
          ${maps.map((map, i) => html`<option value=${i} ?selected=${isChosen(map)}>${map.title}</option>`)}
        </select>
      </label>
      <label>
        Theme
        <select @change=${changed((value) => {
          theme = value;
        })}>
          ${['auto', 'light', 'dark'].map((one) => html`<option ?selected=${one === theme}>${one}</option>`)}
        </select>
      </label>
    </div>
    <div class="columns">
      <article class="card">
        <header>
          <div><h2>The lines</h2></div>
          <button class="button" @click=${copy}>${copied ? 'Copied' : 'Copy'}</button>
        </header>
        <pre tabindex="0" aria-label="Lines to copy"><code>${code}</code></pre>
      </article>
      <article class="card">
        <header><div><h2>What they show</h2></div></header>
        <embedding-map
          dataset=${dataset.slug}
          embedding=${chosen?.embedding ?? nothing}
          projection=${chosen?.projection ?? nothing}
          theme=${theme === 'auto' ? nothing : theme}></embedding-map>
      </article>
      <ul class="notes">
        <li>A page on another origin must be allowed by the server: <code>CORS_ORIGINS=https://your.site</code>.</li>
        <li>Other attributes: <code>color-by</code>, <code>label-by</code>, <code>clusters</code>, <code>neighbor-count</code>, <code>metric</code>, <code>captions</code>, <code>compact</code>, <code>cooperative</code>, <code>endpoint</code>.</li>
        <li>Events: <code>point-hover</code>, <code>point-click</code>, <code>neighbors-change</code>, <code>selection-change</code>, <code>projection-change</code>, <code>view-change</code>, <code>map-progress</code>, <code>state-change</code>, <code>map-error</code>.</li>
        <li>Its height is <code>--embedding-map-height</code>; colours and font are custom properties as well.</li>
      </ul>
    </div>`;
}

function changed(set: (value: string) => void) {
  return (event: Event) => {
    if (event.currentTarget instanceof HTMLSelectElement) set(event.currentTarget.value);
    show();
  };
}

// What stands in the page until the script has come.
place?.replaceChildren();
void load();
