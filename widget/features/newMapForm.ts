/** The form for a new map: what it asks for, and what of that each method takes. */
import { html, nothing, type TemplateResult } from 'lit';

import type { EmbeddingSummary, Metric } from '../answers.ts';
import type { Client } from '../client.ts';
import { messageOf } from '../errors.ts';
import * as ask from '../laterQueries.ts';
import type { Names } from '../names.ts';
import { keepKeys } from '../panels/keys.ts';
import { metricNames } from '../panels/metricNames.ts';
import { renderSubmit } from '../panels/submit.ts';
import type { MapView } from './feature.ts';

/** A listener that gives the input to `take`, and shows what follows. */
type Changed = (take: (input: HTMLInputElement | HTMLSelectElement) => void) => (event: Event) => void;

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

export class NewMapForm {
  readonly #view: MapView;
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

  constructor(view: MapView) {
    this.#view = view;
  }

  /** @param isAsking whether it has been sent, and not yet been answered */
  render(names: Names, isAsking: boolean, error: unknown, onSubmit: () => void): TemplateResult {
    const numbers = optionsOf[this.#method]?.names ?? [];
    const submit = (event: Event) => {
      event.preventDefault();
      if (!isAsking) onSubmit();
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
          .value=${this.nameFor(names)}
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
      ${renderSubmit(isAsking ? 'Asking …' : 'Make the map', !isAsking)}
      ${error === null ? nothing : html`<p class="problem" role="alert">${messageOf(error)}</p>`}
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

  /** What the server is asked for. @throws Error where an end of an axis names no item */
  async input(client: Client, names: Names): Promise<object> {
    const taken = optionsOf[this.#method];
    const numbers = taken === null ? {} : Object.fromEntries(taken.names.map((key) => [key, this.#numberOf(key)]));
    const target = this.#takesTarget() && names.summary.fields.some((field) => field.name === this.#target);
    const given = {
      ...{ dataset: names.dataset, embedding: names.embedding, name: this.nameFor(names).trim() },
      ...{ method: this.#method, components: this.#components, seed: this.#seed },
      ...(this.#spherize && this.#method !== 'CUSTOM' ? { spherize: true } : {}),
      ...(this.#metric !== null && this.#takesMetric() && !this.#spherize ? { metric: this.#metric } : {}),
      ...(this.#fromHere && this.#mayStartHere(names) ? { startFrom: names.projection } : {}),
      ...(taken === null ? {} : { [taken.input]: target ? { ...numbers, target: { field: this.#target } } : numbers }),
      ...this.#filter(),
    };
    return this.#method === 'CUSTOM' ? { ...given, axes: await this.#targets(client, names) } : given;
  }

  /** The name was used: the next map gets another. */
  forgetName(): void {
    this.#name = null;
  }

  /** A name that is free, unless the user has given one: then a map of that name is replaced. */
  nameFor({ embeddingSummary }: Names): string {
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
}

function takesTexts({ accepts }: EmbeddingSummary): boolean {
  return accepts?.includes('TEXT') ?? false;
}

function methodOf(value: string): Method {
  return Object.keys(methods).find((method): method is Method => method === value) ?? 'UMAP';
}
