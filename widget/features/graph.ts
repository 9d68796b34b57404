/**
 * The graph of the items: relations that are chosen are drawn as arrows from heads to tails, and of a point that is chosen the
 * triples around it, further out step by step, with what a model predicts for it dashed and with its probability.
 */
import { html, nothing, type TemplateResult } from 'lit';

import type { Client, GraphSummary, PredictedLink, TriplePage } from '../client.ts';
import { TaskController } from '../controllers/taskController.ts';
import type { LoadedMap } from '../loadMap.ts';
import { icons } from '../panels/icons.ts';
import { renderPanelHeader } from '../panels/results.ts';
import type { Shape } from '../renderer/overlay.ts';
import type { Feature, MapView, MarkColors } from './feature.ts';

/** Of the palette those that are told from either ground. */
const COLORS = ['#3c72cb', '#be5a0a', '#107f7a', '#cd3976', '#9f51a4', '#859454', '#b5820c', '#6b8acf'];
/** Arrows of one relation, and around one point: more hide what is below, and are a sample anyway. */
const MOST_OF_RELATION = 300;
const MOST_AROUND = 200;
const MOST_HOPS = 3;
/** Predictions for each relation that is chosen. */
const PREDICTIONS = 5;
/** With more arrows than this words beside them would cover each other. */
const MOST_WORDS = 12;

interface Arrow {
  readonly from: number;
  readonly to: number;
  readonly relation: string;
  readonly probability?: number | null;
  readonly predicted?: boolean;
}

export class GraphFeature implements Feature {
  readonly label = 'Relations';
  readonly #view: MapView;
  readonly #task: TaskController<readonly [Client, string], GraphSummary | null>;
  #relations: readonly string[] = [];
  #hops = 1;
  /** Around the point that is chosen; null: none is. */
  #around: { readonly index: number; readonly more: boolean; readonly arrows: readonly Arrow[] } | null = null;
  #ofRelations: readonly Arrow[] = [];
  #abort: AbortController | null = null;

  constructor(view: MapView) {
    this.#view = view;
    this.#task = new TaskController(view, {
      arguments: () => (view.map === null ? null : [view.map.client, view.map.names.dataset]),
      run: ([client, dataset], signal) => client.graph(dataset, signal),
      onComplete: () => view.requestUpdate(),
      onError: (error) => view.fail(error),
    });
  }

  /** Whether a click on a point asks for what is around it in the graph. */
  get takesClicks(): boolean {
    return this.#graph !== null && this.#view.isOpen(this);
  }

  /** A point was chosen while the panel is open. */
  chosen(map: LoadedMap, index: number): void {
    this.#hops = 1;
    void this.#fetch(map, index);
  }

  renderTool(): TemplateResult | null {
    if (this.#graph === null) return null;
    const open = this.#view.isOpen(this);
    return html`<button
      aria-label=${this.label}
      title=${this.label}
      aria-pressed=${open}
      @click=${() => (open ? this.#view.close() : this.#view.open(this))}
    >
      ${icons.graph}
    </button>`;
  }

  renderPanel(map: LoadedMap): TemplateResult | null {
    const graph = this.#graph;
    if (graph === null) return null;
    const around = this.#around;
    const about = around === null ? 'Choose relations, or a point' : this.#describe(around);
    return html`${renderPanelHeader(this.label, about, this.#view.close)}
      <div class="body">
        ${
          around === null || this.#hops >= MOST_HOPS
            ? nothing
            : html`<button class="row" @click=${() => this.#further(map)}><span class="text">One step further</span></button>`
        }
        <ol class="rows">
          ${graph.relations.map(
            ({ key, label, tripleCount }) => html`<li>
              <button class="row" aria-pressed=${this.#relations.includes(key)} @click=${() => this.#toggle(map, key)}>
                <span class="text" style=${this.#relations.includes(key) ? `color: ${this.#colorOf(key)}` : ''}>${label}</span>
                <span class="distance">${tripleCount.toLocaleString()}</span>
              </button>
            </li>`,
          )}
        </ol>
      </div>`;
  }

  emphasis(): Uint32Array | null {
    const arrows = this.#arrows();
    if (arrows.length === 0) return null;
    return Uint32Array.from(new Set(arrows.flatMap(({ from, to }) => [from, to]))).sort();
  }

  shapes({ accent }: MarkColors): readonly Shape[] {
    const arrows = this.#arrows();
    const words = arrows.length <= MOST_WORDS;
    const labels = new Map(this.#graph?.relations.map(({ key, label }) => [key, label]));
    return arrows.map(({ from, to, relation, predicted = false, probability = null }): Shape => {
      const share = probability === null ? '' : ` ${Math.round(100 * probability)} %`;
      const text = predicted ? `${labels.get(relation) ?? relation}?${share}` : (labels.get(relation) ?? relation);
      return {
        kind: 'line',
        ...{
          from,
          to,
          color: predicted ? accent : this.#colorOf(relation),
          width: 1.5,
          arrow: true,
          dashed: predicted,
        },
        opacity: arrows.length > MOST_AROUND ? 0.45 : 0.85,
        ...(words || predicted ? { text } : {}),
      };
    });
  }

  closed(): void {
    this.clear();
    this.#view.choose(-1);
  }

  clear(): void {
    this.#abort?.abort();
    this.#relations = [];
    this.#ofRelations = [];
    this.#around = null;
  }

  loaded({ sameItems }: LoadedMap): void {
    if (!sameItems) this.clear();
  }

  get #graph(): GraphSummary | null {
    return this.#task.status === 'complete' ? this.#task.value : null;
  }

  #describe({ index, more, arrows }: { index: number; more: boolean; arrows: readonly Arrow[] }): string {
    const predicted = arrows.filter((arrow) => arrow.predicted).length;
    const known = `${arrows.length - predicted}${more ? '+' : ''} around ${this.#view.labelOf(index)}`;
    return predicted === 0 ? known : `${known}, ${predicted} predicted`;
  }

  #arrows(): readonly Arrow[] {
    return [...(this.#around === null ? this.#ofRelations : []), ...(this.#around?.arrows ?? [])];
  }

  /** The colour of a relation is that of its place in the list, whichever others are drawn. */
  #colorOf(relation: string): string {
    const place = this.#graph?.relations.findIndex(({ key }) => key === relation) ?? 0;
    return COLORS[Math.max(0, place) % COLORS.length] ?? '';
  }

  #toggle(map: LoadedMap, key: string): void {
    const chosen = this.#relations.includes(key);
    this.#relations = chosen ? this.#relations.filter((other) => other !== key) : [...this.#relations, key];
    void this.#fetch(map, this.#around?.index ?? -1);
  }

  #further(map: LoadedMap): void {
    this.#hops++;
    void this.#fetch(map, this.#around?.index ?? -1);
  }

  async #fetch(map: LoadedMap, index: number): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    const { client, names } = map;
    try {
      if (index < 0) {
        this.#around = null;
        const pages = await Promise.all(
          this.#relations.map((relation) => client.triples(names.dataset, relation, MOST_OF_RELATION, abort.signal)),
        );
        const arrows = await this.#place(map, pages);
        if (abort.signal.aborted) return;
        this.#ofRelations = arrows;
      } else {
        const key = map.points.key(index);
        const relations = this.#relations.length === 0 ? null : this.#relations;
        const page = await client.around(
          names.dataset,
          key,
          { hops: this.#hops, relations, first: MOST_AROUND },
          abort.signal,
        );
        const arrows = [...(await this.#place(map, [page])), ...(await this.#predict(map, index, abort.signal))];
        if (abort.signal.aborted) return;
        this.#around = { index, more: page.more, arrows };
        this.#view.announce(`${page.triples.length} relations around ${this.#view.labelOf(index)}`);
      }
    } catch (error) {
      if (!abort.signal.aborted) this.#view.fail(error);
    }
    if (!abort.signal.aborted) this.#view.refresh();
  }

  /** What the map's own model predicts for a point by the relations that are chosen. */
  async #predict(map: LoadedMap, index: number, signal: AbortSignal): Promise<Arrow[]> {
    const model = this.#graph?.models.find((name) => name === map.names.embedding) ?? this.#graph?.models[0];
    if (model === undefined) return [];
    const head = map.points.key(index);
    const answers = await Promise.all(
      this.#relations.map(async (relation): Promise<readonly (PredictedLink & { relation: string })[]> => {
        const links = await map.client.predictLinks(
          map.names.dataset,
          model,
          { head, relation, first: PREDICTIONS },
          signal,
        );
        return links.map((link) => ({ ...link, relation }));
      }),
    );
    const indexOf = await map.indexOf();
    return answers.flat().flatMap(({ key, relation, probability }): Arrow[] => {
      const to = indexOf.get(key);
      return to === undefined ? [] : [{ from: index, to, relation, probability, predicted: true }];
    });
  }

  /** The triples both of whose ends are on the map. */
  async #place(map: LoadedMap, pages: readonly TriplePage[]): Promise<Arrow[]> {
    const indexOf = await map.indexOf();
    return pages.flatMap(({ triples }) =>
      triples.flatMap(({ head, relation, tail }): Arrow[] => {
        const [from, to] = [indexOf.get(head), indexOf.get(tail)];
        return from === undefined || to === undefined || from === to ? [] : [{ from, to, relation }];
      }),
    );
  }
}
