/**
 * The graph of the items: relations that are chosen are drawn as arrows from heads to tails, many of them as bundles and of very
 * many a sample; a point under the pointer shows what is around it; a point that is chosen shows the same, further out step by
 * step, with what a model predicts for it dashed and with its probability.
 */
import { html, nothing, type TemplateResult } from 'lit';

import type { Client } from '../client.ts';
import { categoryColor } from '../colors.ts';
import { TaskController } from '../controllers/taskController.ts';
import { messageOf } from '../errors.ts';
import type { GraphSummary } from '../laterQueries.ts';
import * as ask from '../laterQueries.ts';
import type { LoadedMap } from '../loadMap.ts';
import type { Names } from '../names.ts';
import { icons } from '../panels/icons.ts';
import { renderPanelHeader } from '../panels/results.ts';
import type { Shape } from '../renderer/overlay.ts';
import { type Arrow, ArrowSource, arrange, type Drawing, MOST_OF_RELATIONS, predictArrows } from './arrows.ts';
import { bringIntoView } from './bringIntoView.ts';
import type { Feature, MapView } from './feature.ts';
import { renderPanelTool } from './panelTool.ts';

const MOST_HOPS = 3;
/** With more arrows than this words beside them would cover each other. */
const MOST_WORDS = 12;
/** The pointer rests this long on a point before what is around it is asked for. */
const REST_MS = 120;
/** Of other arrows while those around the pointer are shown. */
const FADED = 0.2;

interface Around extends Drawing {
  readonly index: number;
  readonly hops: number;
  /** Whether there are more triples than these. */
  readonly more: boolean;
}

const nothingDrawn: Drawing = { arrows: [], ways: [], opacity: 1 };

export class GraphFeature implements Feature {
  readonly label = 'Relations';
  readonly #view: MapView;
  readonly #task: TaskController<readonly [Client, string], GraphSummary | null>;
  /** The relations by key. */
  #known: ReadonlyMap<string, { readonly label: string; readonly place: number }> = new Map();
  /** A point that was chosen before the relations were known; -1: none. */
  #waiting = -1;
  /** The point under the pointer; -1: none is. */
  #pointed = -1;
  /** Those that are chosen. */
  #relations: readonly string[] = [];
  /** Around the point that is chosen; null: none is. */
  #around: Around | null = null;
  /** Around the point under the pointer. */
  #peek: Around | null = null;
  #ofRelations: Drawing = nothingDrawn;
  #asking = false;
  #abort: AbortController | null = null;
  #peeking: AbortController | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;
  readonly #arrows = new ArrowSource();

  constructor(view: MapView) {
    this.#view = view;
    view.addController({ hostDisconnected: () => this.#stop() });
    this.#task = new TaskController(view, {
      arguments: () => (view.map === null ? null : [view.map.client, view.map.names.dataset]),
      run: ([client, dataset], signal) => ask.graph(client, dataset, signal),
      onComplete: (graph) => {
        this.#known = new Map(graph?.relations.map(({ key, label }, place) => [key, { label, place }]));
        const waiting = this.#waiting;
        this.#waiting = -1;
        if (view.map !== null && view.isOpen(this)) {
          if (waiting >= 0) this.chosen(view.map, waiting);
          this.hovered(view.map, this.#pointed);
        }
        view.requestUpdate();
      },
      onError: (error) => view.fail(error),
    });
  }

  /** A point was chosen while the panel is open: what is around it is shown; of the same point again, one step further. */
  chosen(map: LoadedMap, index: number): boolean {
    if (this.#graph === null) {
      const { status } = this.#task;
      this.#waiting = index;
      return status === 'initial' || status === 'pending';
    }
    const again = this.#around?.index === index ? this.#around.hops : 0;
    if (again === 0) bringIntoView(this.#view, index);
    void this.#fetch(map, index, Math.min(MOST_HOPS, again + 1));
    return true;
  }

  /** The pointer is on a point; -1: on none. */
  hovered(map: LoadedMap, index: number): void {
    this.#pointed = index;
    clearTimeout(this.#rest);
    this.#peeking?.abort();
    if (index < 0 || this.#graph === null || !this.#view.isOpen(this) || index === this.#around?.index) {
      if (this.#peek === null) return;
      this.#peek = null;
      this.#view.refresh();
      return;
    }
    const peeking = new AbortController();
    this.#peeking = peeking;
    this.#rest = setTimeout(() => void this.#peekAt(map, index, peeking.signal), REST_MS);
  }

  renderTool(_map: LoadedMap, { summary }: Names): TemplateResult | null {
    if (summary.kind !== 'GRAPH') return null;
    return renderPanelTool(this.#view, this, icons.graph);
  }

  renderPanel(map: LoadedMap): TemplateResult | null {
    const graph = this.#graph;
    if (graph === null) return html`${renderPanelHeader(this.label, this.#waitsFor(), this.#view.close)}`;
    return html`${renderPanelHeader(this.label, this.#describe(graph), this.#view.close)}
      <div class="body">
        ${this.#around === null ? nothing : this.#renderAround(map, this.#around)}
        <ol class="rows">
          ${graph.relations.map(({ key, label, tripleCount }) => {
            const chosen = this.#relations.includes(key);
            const color = `--swatch:${chosen ? this.#colorOf(key) : 'transparent'}`;
            return html`<li>
              <button class="row" aria-pressed=${chosen} @click=${() => this.#toggle(map, key)}>
                <span class="swatch" style=${color}></span>
                <span class="text">${label}</span>
                <span class="distance">${tripleCount.toLocaleString()}</span>
              </button>
            </li>`;
          })}
        </ol>
      </div>`;
  }

  emphasis(): Uint32Array | null {
    const { arrows } = this.#peek ?? this.#around ?? this.#ofRelations;
    if (arrows.length === 0) return null;
    return Uint32Array.from(new Set(arrows.flatMap(({ from, to }) => [from, to]))).sort();
  }

  shapes(): readonly Shape[] {
    const base = this.#around ?? this.#ofRelations;
    if (this.#peek === null) return this.#draw(base, 1);
    return [...this.#draw(base, FADED), ...this.#draw(this.#peek, 1)];
  }

  closed(): void {
    this.clear();
    this.#view.choose(-1);
  }

  clear(): void {
    this.#stop();
    this.#relations = [];
    this.#waiting = -1;
    this.#ofRelations = nothingDrawn;
    this.#around = null;
    this.#peek = null;
  }

  loaded({ sameItems }: LoadedMap): void {
    this.#pointed = -1;
    if (sameItems) return;
    this.clear();
    this.#arrows.forget();
  }

  get #graph(): GraphSummary | null {
    return this.#task.status === 'complete' ? this.#task.value : null;
  }

  #stop(): void {
    clearTimeout(this.#rest);
    this.#abort?.abort();
    this.#peeking?.abort();
    this.#asking = false;
  }

  /** What is told while there are no relations to list. */
  #waitsFor(): string {
    const { status, error } = this.#task;
    if (status === 'error') return messageOf(error) ?? '';
    return status === 'complete' ? 'There are none' : 'Asking …';
  }

  #describe(graph: GraphSummary): string {
    if (this.#asking) return 'Asking …';
    if (this.#around !== null) {
      const { index, more, arrows, hops } = this.#around;
      const predicted = arrows.filter((arrow) => arrow.predicted).length;
      const steps = hops === 1 ? '' : ` in ${hops} steps`;
      const known = `${arrows.length - predicted}${more ? '+' : ''} around ${this.#view.labelOf(index)}${steps}`;
      return predicted === 0 ? known : `${known}, ${predicted} predicted`;
    }
    if (this.#relations.length === 0) return 'Choose relations, or a point';
    const all = graph.relations.filter(({ key }) => this.#relations.includes(key));
    const total = all.reduce((sum, { tripleCount }) => sum + tripleCount, 0);
    const drawn = this.#ofRelations.arrows.length;
    if (drawn === total) return `${total.toLocaleString()} drawn`;
    const chosen = total > MOST_OF_RELATIONS ? ', chosen by chance' : '';
    return `${drawn.toLocaleString()} of ${total.toLocaleString()} drawn${chosen}`;
  }

  #renderAround(map: LoadedMap, around: Around): TemplateResult {
    const { arrows, index, hops } = around;
    const { lineActions, listed } = this.#view;
    const label = (at: number) => this.#view.labelOf(at);
    const further = () => this.chosen(map, index);
    // What is predicted is news.
    const lines = [...arrows].sort((a, b) => Number(b.predicted ?? false) - Number(a.predicted ?? false));
    const row = ({ from, to, relation, predicted = false, probability = null, why = null }: Arrow) => {
      const other = map.points.key(from === index ? to : from);
      const name = this.#labelOf(relation);
      const text =
        from === index ? `${name} → ${label(to)}` : `${label(from)} → ${name}${to === index ? '' : ` → ${label(to)}`}`;
      return html`<li>
        <button
          class="row two-lines triple"
          title=${why === null ? text : `${text}, as ${why}`}
          @click=${() => lineActions.onChoose(other)}
          @pointerenter=${() => lineActions.onHover(other)}
          @pointerleave=${() => lineActions.onHover(null)}
          @focus=${() => lineActions.onHover(other)}
          @blur=${() => lineActions.onHover(null)}
        >
          <span class=${predicted ? 'swatch open' : 'swatch'} style="--swatch:${this.#colorOf(relation)}"></span>
          <span class="text">${text}${why === null ? nothing : html`<small>as ${why}</small>`}</span>
          ${predicted ? html`<span class="distance">${probability === null ? 'predicted' : percent(probability)}</span>` : nothing}
        </button>
      </li>`;
    };
    return html`<ol class="rows">
        ${lines.slice(0, listed).map(row)}
      </ol>
      ${hops >= MOST_HOPS || arrows.every(({ predicted }) => predicted) ? nothing : html`<button class="row link" @click=${further}>One step further</button>`}
      <h3>${this.#relations.length === 0 ? 'Choose a relation to see what is predicted by it' : 'Only by these relations'}</h3>`;
  }

  #draw({ arrows, ways, opacity }: Drawing, strength: number): Shape[] {
    const words = arrows.length <= MOST_WORDS && strength === 1;
    return arrows.map(({ from, to, relation, predicted = false, probability = null }, i): Shape => {
      const name = this.#labelOf(relation);
      const text = predicted ? `${name}?${probability === null ? '' : ` ${percent(probability)}`}` : name;
      return {
        kind: 'line',
        ...{
          from,
          to,
          color: this.#colorOf(relation),
          width: predicted ? 2 : 1.5,
          opacity: strength * (predicted ? 1 : opacity),
        },
        ...{ arrow: true, dashed: predicted, way: ways[i] ?? null },
        ...(words || (predicted && strength === 1) ? { text } : {}),
      };
    });
  }

  #labelOf(relation: string): string {
    return this.#known.get(relation)?.label ?? relation;
  }

  /** The colour of a relation is that of its place in the list, whichever others are drawn. */
  #colorOf(relation: string): string {
    return categoryColor(this.#known.get(relation)?.place ?? 0, this.#view.theme);
  }

  #toggle(map: LoadedMap, key: string): void {
    const chosen = this.#relations.includes(key);
    this.#relations = chosen ? this.#relations.filter((other) => other !== key) : [...this.#relations, key];
    void this.#fetch(map, this.#around?.index ?? -1, this.#around?.hops ?? 1);
  }

  async #fetch(map: LoadedMap, index: number, hops: number): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    clearTimeout(this.#rest);
    this.#peeking?.abort();
    this.#peek = null;
    this.#asking = true;
    this.#view.requestUpdate();
    try {
      const { signal } = abort;
      const relations = this.#relations;
      const models = this.#graph?.models ?? [];
      const found =
        index < 0
          ? await this.#arrows.ofRelations(map, relations, signal)
          : await this.#arrows.around(map, index, hops, relations, signal);
      const predicted = index < 0 ? [] : await predictArrows(map, index, relations, models, signal);
      if (abort.signal.aborted) return;
      const whole = arrange(map, [...found.arrows, ...predicted]);
      this.#around = index < 0 ? null : { ...whole, index, hops, more: found.more };
      if (index < 0) this.#ofRelations = whole;
      this.#asking = false;
      if (this.#graph !== null) this.#view.announce(this.#describe(this.#graph));
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#asking = false;
      this.#view.fail(error);
      this.#view.hint('The relations could not be read');
    }
    this.#view.refresh();
  }

  async #peekAt(map: LoadedMap, index: number, signal: AbortSignal): Promise<void> {
    try {
      const { arrows, more } = await this.#arrows.around(map, index, 1, this.#relations, signal);
      if (signal.aborted) return;
      this.#peek = { ...arrange(map, arrows), index, hops: 1, more };
      this.#view.refresh();
    } catch {
      // It was only looked at; a click tells what is wrong.
    }
  }
}

function percent(probability: number): string {
  return `${Math.round(100 * probability)} %`;
}
