/**
 * Maps in the making, with what is measured as they are made, and a form for a new one. What the form asks for begins where the
 * present map is, where the method can, and is shown on its way.
 */
import { html, nothing, type TemplateResult } from 'lit';

import { movingMethods } from '#kernels/perturb.ts';
import type { EmbeddingSummary, Metric, OpenJob } from '../answers.ts';
import type { Client } from '../client.ts';
import { JobController } from '../controllers/jobController.ts';
import { MakingController } from '../controllers/makingController.ts';
import { TaskController } from '../controllers/taskController.ts';
import { messageOf } from '../errors.ts';
import * as ask from '../laterQueries.ts';
import type { LoadedMap } from '../loadMap.ts';
import type { Names } from '../names.ts';
import { type Curve, renderCurve } from '../panels/curve.ts';
import { icons } from '../panels/icons.ts';
import { metricNames } from '../panels/info.ts';
import { keepKeys } from '../panels/keys.ts';
import { renderPanelHeader } from '../panels/results.ts';
import type { Feature, MapView } from './feature.ts';
import { renderPanelTool } from './panelTool.ts';

/** Held against the schema by a test. */
export const mapsDocuments = {
  jobs: `query MapJobs($dataset: String!) {
  dataset(slug: $dataset) {
    jobs {
      id kind state stage progress map { embedding name method components }
      curves { name points { at value } }
    }
  }
}`,
  project: `mutation MapProject($input: ProjectEmbeddingInput!) { projectEmbedding(input: $input) { job { id } } }`,
  cancel: `mutation MapCancel($job: ID!) { cancelJob(id: $job) { job { id } } }`,
  pause: `mutation MapPause($job: ID!) { pauseJob(id: $job) { job { id } } }`,
  perturb: `mutation MapPerturb($job: ID!) { perturbProjection(job: $job) { job { id } } }`,
  resume: `mutation MapResume($job: ID!) { resumeJob(id: $job) { job { id } } }`,
} as const;

/** What can be done with a map in the making. */
type Change = 'pause' | 'resume' | 'cancel' | 'perturb';

interface WatchedJob extends OpenJob {
  readonly curves: readonly Curve[];
}

/** A listener that gives the input to `take`, and shows what follows. */
type Changed = (take: (input: HTMLInputElement | HTMLSelectElement) => void) => (event: Event) => void;

const LOOK_MS = 1000;
/** Keys that the server takes in one filter. */
const MOST_SELECTED = 1000;

const methods = {
  UMAP: 'UMAP',
  TSNE: 't-SNE',
  PACMAP: 'PaCMAP',
  LOCALMAP: 'LocalMAP',
  PCA: 'PCA',
  CUSTOM: 'Axes of your own',
} as const;
type Method = keyof typeof methods;

/** What a number of the form is: what larger does, and from where to where it goes. */
interface Option {
  readonly title: string;
  readonly hint: string;
  readonly least: number;
  readonly most: number;
  readonly step: number;
  readonly usual: number;
}

const options: Readonly<Record<string, Option>> = {
  neighbors: {
    ...{ title: 'Neighbours', hint: 'More show the whole, fewer the detail' },
    ...{ least: 2, most: 200, step: 1, usual: 15 },
  },
  minDist: {
    ...{ title: 'Least distance', hint: 'Larger spreads groups out' },
    ...{ least: 0, most: 1, step: 0.05, usual: 0.1 },
  },
  perplexity: {
    ...{ title: 'Perplexity', hint: 'How many neighbours count' },
    ...{ least: 2, most: 100, step: 1, usual: 30 },
  },
};

/** Under which name the schema takes which of them. */
const optionsOf: Readonly<Record<Method, { readonly input: string; readonly names: readonly string[] } | null>> = {
  UMAP: { input: 'umap', names: ['neighbors', 'minDist'] },
  TSNE: { input: 'tsne', names: ['perplexity'] },
  PACMAP: { input: 'pacmap', names: ['neighbors'] },
  LOCALMAP: { input: 'pacmap', names: ['neighbors'] },
  PCA: null,
  CUSTOM: null,
};
const metrics: readonly Metric[] = ['COSINE', 'EUCLIDEAN', 'INNER_PRODUCT'];
const axisNames = ['x', 'y', 'z'] as const;

export class MapsFeature implements Feature {
  readonly label = 'New map';
  readonly ofMap = true;
  readonly #view: MapView;
  readonly #looking: TaskController<readonly [Client, string, number], readonly WatchedJob[]>;
  /** Raised each second while the panel is open. */
  #look = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #method: Method = 'UMAP';
  #components: 2 | 3 = 2;
  #seed = 42;
  #fromHere = true;
  #onlySelected = false;
  #spherize = false;
  /** By which items are near; null: by the embedding's own. */
  #metric: Metric | null = null;
  #name: string | null = null;
  /** What each axis leads from and to. */
  #axes: readonly { readonly from: string; readonly to: string }[] = axisNames.map(() => ({ from: '', to: '' }));
  /** The field that draws items together; empty: none. */
  #target = '';
  #numbers: ReadonlyMap<string, number> = new Map();
  #asking = false;
  #error: unknown = null;

  constructor(view: MapView) {
    this.#view = view;
    new MakingController(view);
    view.addController({ hostDisconnected: () => clearTimeout(this.#timer) });
    this.#looking = new TaskController(view, {
      arguments: () => {
        const { client, names } = view;
        return client === null || names === null || !view.isOpen(this) ? null : [client, names.dataset, this.#look];
      },
      run: ([client, dataset], signal) => this.#ask(client, dataset, signal),
      onComplete: (jobs) => this.#looked(jobs),
      onError: () => this.#looked(null), // the next look may find the server again
    });
  }

  renderTool(_map: LoadedMap, { summary }: Names): TemplateResult | null {
    const making = (summary.jobs ?? []).some(({ map }) => map !== null);
    if (summary.mayChange !== true && !making) return null;
    return renderPanelTool(this.#view, this, icons.maps);
  }

  renderPanel(_map: LoadedMap, names: Names): TemplateResult {
    const jobs = this.#looking.value ?? [];
    const mayChange = names.summary.mayChange === true;
    const mayStop = mayChange || this.#view.client?.making !== undefined;
    // An embedding that is made together with its map has no vectors yet.
    const hasVectors = names.embeddingSummary.dimension > 0;
    const about = mayChange && hasVectors ? `Of ${names.embedding}; it is shown on its way.` : 'Maps in the making';
    return html`${renderPanelHeader(this.label, about, this.#view.close)}
      <div class="body">
        ${jobs.map((job) => this.#renderJob(job, mayStop))}
        ${mayChange && hasVectors ? this.#renderForm(names) : nothing}
      </div>`;
  }

  closed(): void {
    clearTimeout(this.#timer);
  }

  #renderJob({ id, kind, state, stage, progress, map, curves }: WatchedJob, mayChange: boolean): TemplateResult {
    const name = map === null ? '' : `${map.embedding} · ${map.name}`;
    const doing = state === 'QUEUED' ? 'Waiting for a worker' : state === 'PAUSED' ? 'Paused' : (stage ?? 'Beginning');
    const change = (title: string, mutation: Change, hint = '') =>
      html`<button type="button" class="link" title=${hint} @click=${() => void this.#change(id, mutation)}>${title}</button>`;
    const moves =
      state === 'RUNNING' && kind === 'PROJECT_EMBEDDING' && map !== null && movingMethods.includes(map.method);
    return html`<section class="job form top" aria-label="In the making: ${name}">
      <strong>${name}</strong>
      <progress max="1" value=${progress ?? nothing} aria-label=${doing}></progress>
      <p>${doing}${progress === null ? '' : ` · ${Math.round(100 * progress)} %`}</p>
      ${lastOf(curves).map(renderCurve)}
      ${
        mayChange
          ? html`<div class="actions">
              ${state === 'PAUSED' ? change('Go on', 'resume') : change('Pause', 'pause')}
              ${moves ? change('Perturb', 'perturb', 'Pushes the points: do they fall back into the same shape?') : nothing}
              ${change('Cancel', 'cancel')}
            </div>`
          : nothing
      }
    </section>`;
  }

  #renderForm(names: Names): TemplateResult {
    const numbers = optionsOf[this.#method]?.names ?? [];
    const submit = (event: Event) => {
      event.preventDefault();
      void this.#make(names);
    };
    const changed: Changed = (take) => (event) => {
      const input = event.currentTarget;
      if (input instanceof HTMLInputElement || input instanceof HTMLSelectElement) take(input);
      this.#view.requestUpdate();
    };
    return html`<form class="form" @submit=${submit} @keydown=${keepKeys}>
      <div class="pair">
      <label>
        Method
        <select
          @change=${changed(({ value }) => {
            this.#method = methodOf(value);
          })}
        >
          ${Object.entries(methods).map(
            ([method, title]) => html`<option value=${method} ?selected=${method === this.#method}>${title}</option>`,
          )}
        </select>
      </label>
      <label>
        Dimensions
        <select
          @change=${changed(({ value }) => {
            this.#components = value === '3' ? 3 : 2;
          })}
        >
          ${[2, 3].map((count) => html`<option value=${count} ?selected=${count === this.#components}>${count}</option>`)}
        </select>
      </label>
      ${numbers.map((name) => this.#renderNumber(name, changed))}
      </div>
      ${this.#takesMetric() ? this.#renderMetric(names, changed) : nothing}
      ${this.#method === 'CUSTOM' ? this.#renderAxes(names, changed) : nothing}
      ${this.#takesTarget() ? this.#renderTarget(names, changed) : nothing}
      <div class="pair">
      ${
        this.#method === 'CUSTOM'
          ? nothing
          : html`<label>
              Seed
              <input
                type="number"
                min="0"
                max="2147483647"
                step="1"
                .value=${String(this.#seed)}
                @input=${changed(({ value }) => {
                  this.#seed = Number(value);
                })}
              />
            </label>`
      }
      <label>
        Name
        <input
          type="text"
          required
          .value=${this.#nameFor(names)}
          @input=${changed(({ value }) => {
            this.#name = value;
          })}
        />
      </label>
      </div>
      ${
        this.#method === 'CUSTOM'
          ? nothing
          : html`<label class="check" title="Without what all have in common and without lengths: only directions around the mean count">
              <input
                type="checkbox"
                .checked=${this.#spherize}
                @change=${changed((input) => {
                  this.#spherize = input instanceof HTMLInputElement && input.checked;
                })}
              />
              Spherize: center, then length 1
            </label>`
      }
      ${
        this.#mayStartHere(names)
          ? html`<label class="check">
              <input
                type="checkbox"
                .checked=${this.#fromHere}
                @change=${changed((input) => {
                  this.#fromHere = input instanceof HTMLInputElement && input.checked;
                })}
              />
              Begin where the points are now
            </label>`
          : nothing
      }
      ${
        this.#maySelect()
          ? html`<label class="check">
              <input
                type="checkbox"
                .checked=${this.#onlySelected}
                @change=${changed((input) => {
                  this.#onlySelected = input instanceof HTMLInputElement && input.checked;
                })}
              />
              Only the ${this.#view.selected.length.toLocaleString()} selected items
            </label>`
          : nothing
      }
      <button type="submit" class="primary" ?disabled=${this.#asking}>${this.#asking ? 'Asking …' : 'Make the map'}</button>
      ${this.#error === null ? nothing : html`<p class="problem" role="alert">${messageOf(this.#error)}</p>`}
    </form>`;
  }

  /** Each axis leads from one item, or text where the model takes texts, to another. */
  #renderAxes({ embeddingSummary }: Names, changed: Changed): TemplateResult {
    const what = takesTexts(embeddingSummary) ? 'a text' : 'an item';
    const end = (axis: number, which: 'from' | 'to') => html`<input
      type="text"
      required
      aria-label="${axisNames[axis]} ${which}"
      placeholder="${which} ${what}"
      .value=${this.#axes[axis]?.[which] ?? ''}
      @input=${changed(({ value }) => {
        this.#axes = this.#axes.map((each, i) => (i === axis ? { ...each, [which]: value } : each));
      })}
    />`;
    return html`${axisNames.slice(0, this.#components).map(
      (name, axis) => html`<div class="axis" role="group" aria-label="Axis ${name}">
        <strong>${name}</strong>${end(axis, 'from')}<span aria-hidden="true">→</span>${end(axis, 'to')}
      </div>`,
    )}`;
  }

  #renderMetric({ embeddingSummary: { metric: own } }: Names, changed: Changed): TemplateResult {
    const hint = this.#spherize ? 'On the sphere distances are Euclidean' : 'By which items are near';
    const wanted = this.#spherize ? 'EUCLIDEAN' : (this.#metric ?? own);
    return html`<label title=${hint}>
      Near by
      <select
        ?disabled=${this.#spherize}
        @change=${changed(({ value }) => {
          this.#metric = metrics.find((metric) => metric === value && metric !== own) ?? null;
        })}
      >
        ${metrics.map(
          (metric) =>
            html`<option value=${metric} .selected=${metric === wanted}>
              ${metricNames[metric]}${metric === own ? ', as the embedding' : ''}
            </option>`,
        )}
      </select>
    </label>`;
  }

  #renderTarget({ summary }: Names, changed: Changed): TemplateResult | typeof nothing {
    const fields = summary.fields.filter(({ type }) => type !== 'TEXT' && type !== 'JSON');
    if (fields.length === 0) return nothing;
    const field = fields.find(({ name }) => name === this.#target)?.name ?? '';
    return html`<label title="Items of one value, or of near numbers, are drawn together">
      Draw alike together
      <select
        @change=${changed(({ value }) => {
          this.#target = value;
        })}
      >
        <option value="" ?selected=${field === ''}>by the vectors alone</option>
        ${fields.map(({ name }) => html`<option value=${name} ?selected=${name === field}>by ${name}, too</option>`)}
      </select>
    </label>`;
  }

  #renderNumber(name: string, changed: Changed): TemplateResult | typeof nothing {
    const option = options[name];
    if (option === undefined) return nothing;
    const { title, hint, least, most, step, usual } = option;
    return html`<label title=${hint}>
      ${title}
      <input
        type="number"
        min=${least}
        max=${most}
        step=${step}
        .value=${String(this.#numbers.get(name) ?? usual)}
        @input=${changed(({ value }) => {
          this.#numbers = new Map([...this.#numbers, [name, Number(value)]]);
        })}
      />
    </label>`;
  }

  /** A name that is free, unless the user has given one: then a map of that name is replaced. */
  #nameFor({ embeddingSummary }: Names): string {
    if (this.#name !== null) return this.#name;
    const method = this.#method === 'CUSTOM' ? 'axes' : methods[this.#method].toLowerCase();
    const plain = `${method}-${this.#components}d`;
    const taken = new Set(embeddingSummary.projections.map(({ name }) => name));
    for (let number = 2, name = plain; ; number++) {
      if (!taken.has(name)) return name;
      name = `${plain}-${number}`;
    }
  }

  /** Places of PCA and along axes are given by the vectors; and only a map of as many dimensions that is made can be begun from. */
  #mayStartHere({ projectionSummary: { components, isNew } }: Names): boolean {
    return this.#method !== 'PCA' && this.#method !== 'CUSTOM' && components === this.#components && isNew !== true;
  }

  /** By PCA and along axes the vectors give the places, whatever is near. */
  #takesMetric(): boolean {
    return this.#method !== 'PCA' && this.#method !== 'CUSTOM';
  }

  #takesTarget(): boolean {
    return this.#method === 'UMAP' || this.#method === 'TSNE';
  }

  #maySelect(): boolean {
    const { length } = this.#view.selected;
    return length > 1 && length <= MOST_SELECTED;
  }

  /** The items that the map is to have; absent: all. */
  #filter(): { readonly filter?: { readonly field: string; readonly in: readonly string[] } } {
    const { map, selected } = this.#view;
    if (map === null || !this.#onlySelected || !this.#maySelect()) return {};
    return { filter: { field: 'key', in: Array.from(selected, (index) => map.points.key(index)) } };
  }

  async #ask(client: Client, dataset: string, signal: AbortSignal): Promise<readonly WatchedJob[]> {
    if (client.making !== undefined) return client.making.map((job) => ({ ...job, curves: [] }));
    interface Answer {
      dataset: { jobs: WatchedJob[] } | null;
    }
    const answer = await client.ask<Answer>(mapsDocuments.jobs, { dataset }, signal);
    return (answer.dataset?.jobs ?? []).filter(({ map }) => map !== null);
  }

  /** A map that has come or gone since is told to all. */
  #looked(jobs: readonly WatchedJob[] | null): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#look++;
      this.#view.requestUpdate();
    }, LOOK_MS);
    const known = (this.#view.names?.summary.jobs ?? []).filter(({ map }) => map !== null);
    const ids = (all: readonly OpenJob[]) => JSON.stringify(all.map(({ id }) => id).sort());
    if (jobs !== null && ids(jobs) !== ids(known)) void this.#view.reload();
    this.#view.requestUpdate();
  }

  async #make(names: Names): Promise<void> {
    const { client } = this.#view;
    if (client === null || this.#asking) return;
    const before = { embedding: names.embedding, projection: names.projection };
    const name = this.#nameFor(names).trim();
    const taken = optionsOf[this.#method];
    const numbers = taken === null ? {} : Object.fromEntries(taken.names.map((key) => [key, this.#numberOf(key)]));
    const target = this.#takesTarget() && names.summary.fields.some((field) => field.name === this.#target);
    const given = {
      ...{ dataset: names.dataset, embedding: names.embedding, name },
      ...{ method: this.#method, components: this.#components, seed: this.#seed },
      ...(this.#spherize && this.#method !== 'CUSTOM' ? { spherize: true } : {}),
      ...(this.#metric !== null && this.#takesMetric() && !this.#spherize ? { metric: this.#metric } : {}),
      ...(this.#fromHere && this.#mayStartHere(names) ? { startFrom: names.projection } : {}),
      ...(taken === null ? {} : { [taken.input]: target ? { ...numbers, target: { field: this.#target } } : numbers }),
      ...this.#filter(),
    };
    interface Answer {
      projectEmbedding: { job: { id: string } };
    }
    this.#asking = true;
    this.#error = null;
    let begun = false;
    // One of its own for each map: the next may be asked for while this one is made.
    const job = new JobController(this.#view);
    const ended = await job.carry(client, 'Asking …', async (signal) => {
      const input = this.#method === 'CUSTOM' ? { ...given, axes: await this.#targets(client, names) } : given;
      const { projectEmbedding } = await client.ask<Answer>(mapsDocuments.project, { input }, signal);
      this.#name = null;
      // The map is known to be in the making before it is asked for.
      await this.#view.reload();
      this.#view.showMap(names.embedding, name);
      this.#look++;
      this.#asking = false;
      begun = true;
      return projectEmbedding.job.id;
    });
    this.#asking = false;
    this.#view.removeController(job);
    if (ended) this.#view.announce('The new map is ready');
    if (job.error !== null) {
      this.#error = job.error;
      // It has come to nothing: the map that was there before is shown again.
      if (begun) this.#view.showMap(before.embedding, before.projection);
    }
    if (ended || job.error !== null) await this.#view.reload();
    this.#view.requestUpdate();
  }

  /** What the axes lead from and to, as the schema takes it. @throws Error where no item is called so */
  async #targets(client: Client, { dataset, embeddingSummary }: Names): Promise<object[]> {
    const find = async (text: string): Promise<object> => {
      if (takesTexts(embeddingSummary)) return { text };
      const key = await ask.keyOf(client, dataset, text);
      if (key === null) throw new Error(`There is no item “${text}”. Write a label or a key as it is.`);
      return { item: key };
    };
    const axes = this.#axes.slice(0, this.#components);
    return await Promise.all(
      axes.map(async ({ from, to }) => ({
        ...{ from: [await find(from.trim())], to: [await find(to.trim())] },
        label: `${from.trim()} → ${to.trim()}`,
      })),
    );
  }

  #numberOf(name: string): number {
    return this.#numbers.get(name) ?? options[name]?.usual ?? 0;
  }

  async #change(job: string, mutation: Change): Promise<void> {
    const { client } = this.#view;
    try {
      if (client?.making === undefined) await client?.ask(mapsDocuments[mutation], { job });
      else if (mutation === 'cancel') client.cancel?.();
      else if (mutation === 'perturb') await client.perturb?.();
      else client.pause?.(mutation === 'pause');
      if (mutation === 'perturb') this.#view.announce('The points are pushed');
    } catch (error) {
      this.#error = error;
    }
    this.#look++;
    this.#view.requestUpdate();
  }
}

/** What was measured of the last settings that are tried, where several are, but for the rate, which was given. */
function lastOf(curves: readonly Curve[]): readonly Curve[] {
  const trialOf = ({ name }: Curve) => Number(/ of trial (\d+)$/.exec(name)?.[1] ?? 1);
  const last = Math.max(...curves.map(trialOf));
  return curves.filter((curve) => trialOf(curve) === last && !curve.name.startsWith('rate'));
}

function takesTexts({ accepts }: EmbeddingSummary): boolean {
  return accepts?.includes('TEXT') ?? false;
}

function methodOf(value: string): Method {
  return Object.keys(methods).find((method): method is Method => method === value) ?? 'UMAP';
}
