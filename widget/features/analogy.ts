/**
 * Analogies: "man is to king as woman is to ?" is asked of the vectors, and the step is drawn from the one to the other and from
 * the third to the answer. Further questions with the same step stay beside it: where vectors have linear structure, and the
 * map shows it, the arrows are parallel.
 */
import { html, nothing, type TemplateResult } from 'lit';

import type { ItemSummary, Neighbor, Neighbors, SumMethod } from '../answers.ts';
import { messageOf } from '../errors.ts';
import type { LoadedMap } from '../loadMap.ts';
import type { Names } from '../names.ts';
import { icons } from '../panels/icons.ts';
import { keepKeys } from '../panels/keys.ts';
import { describeSearch, type Line, renderPanelHeader } from '../panels/results.ts';
import { renderSubmit } from '../panels/submit.ts';
import type { Shape } from '../renderer/overlay.ts';
import { bringAllIntoView } from './bringIntoView.ts';
import type { Feature, MapView, MarkColors } from './feature.ts';
import { hasNames } from './hasNames.ts';
import { renderPanelTool } from './panelTool.ts';

const ANSWERS = 10;
/** Steps that stay drawn beside the last. */
const MOST_STEPS = 12;

/** What is asked: `from` is to `to` as `third` is to the answer. */
const terms = ['from', 'to', 'third'] as const;
type Term = (typeof terms)[number];

/** An item by its key, and where it is on the map; -1: nowhere. */
interface Named {
  readonly key: string;
  readonly index: number;
}

interface Step {
  readonly from: Named;
  readonly to: Named;
}

export class AnalogyFeature implements Feature {
  readonly label = 'Analogies';
  readonly #view: MapView;
  #texts: Record<Term, string> = { from: '', to: '', third: '' };
  #combine: SumMethod = 'ADD';
  #answers: Neighbors | null = null;
  /** Whether each answer, by its key, is on the map, and where. */
  #places: ReadonlyMap<string, number> = new Map();
  /** The step that was asked for, and then each that was found to be like it. */
  #steps: readonly Step[] = [];
  #asking: AbortController | null = null;
  #error: unknown = null;

  constructor(view: MapView) {
    this.#view = view;
    view.addController({ hostDisconnected: () => this.#stop() });
  }

  renderTool(map: LoadedMap, names: Names): TemplateResult | null {
    if (!hasNames(map, names)) return null;
    return renderPanelTool(this.#view, this, icons.analogy);
  }

  renderPanel(map: LoadedMap, names: Names): TemplateResult | null {
    if (!hasNames(map, names)) return null;
    const submit = (event: Event) => {
      event.preventDefault();
      if (this.#asking === null) void this.#ask(map);
    };
    const answers = this.#answers?.neighbors ?? [];
    const about =
      this.#asking !== null
        ? 'Asking …'
        : this.#answers === null
          ? 'Type words, or click points'
          : describeSearch(this.#answers);
    return html`${renderPanelHeader(this.label, about, this.#view.close)}
      <form class="form top" @submit=${submit} @keydown=${keepKeys}>
        <div class="analogy">
          ${this.#renderTerm('from', 'man')} <span>is to</span> ${this.#renderTerm('to', 'king')}
          ${this.#renderTerm('third', 'woman')} <span>is to</span>
          <output>${answers[0]?.label ?? '?'}</output>
        </div>
        <label>
          Vectors are compared
          <select @change=${(event: Event) => this.#choose(map, event)}>
            <option value="ADD" ?selected=${this.#combine === 'ADD'}>as a sum (3CosAdd)</option>
            <option value="MULTIPLY" ?selected=${this.#combine === 'MULTIPLY'}>by products (3CosMul)</option>
          </select>
        </label>
        ${renderSubmit('Ask', this.#asking === null && this.#missing === null)}
        ${this.#error === null ? nothing : html`<p class="problem" role="alert">${messageOf(this.#error)}</p>`}
      </form>
      ${answers.length === 0 ? nothing : this.#view.renderLines(answers.map(toLine), answers.length)}`;
  }

  /** A point fills the first term that is empty, or else the third. */
  chosen(map: LoadedMap, index: number): boolean {
    const term = this.#missing ?? 'third';
    this.#texts = { ...this.#texts, [term]: this.#view.labelOf(index) };
    if (this.#missing === null) void this.#ask(map);
    this.#view.requestUpdate();
    return true;
  }

  emphasis(): Uint32Array | null {
    const all = this.#steps.flatMap(({ from, to }) => [from.index, to.index]).filter((index) => index >= 0);
    return all.length === 0 ? null : Uint32Array.from(new Set([...all, ...this.#places.values()])).sort();
  }

  shapes({ accent, ink, ground, font }: MarkColors): readonly Shape[] {
    const drawn = this.#steps.filter(({ from, to }) => from.index >= 0 && to.index >= 0);
    const arrows = drawn.map(
      ({ from, to }): Shape => ({
        kind: 'line',
        ...{ from: from.index, to: to.index, color: accent, width: 2, opacity: 0.9, arrow: true },
      }),
    );
    const named = new Set(drawn.flatMap(({ from, to }) => [from.index, to.index]));
    const words = [...named].flatMap((index): Shape[] => {
      const place = this.#view.placeOf(index);
      if (place === null) return [];
      const at = { x: place.x, y: place.y - 15 };
      return [
        { kind: 'text', text: this.#view.labelOf(index), ...at, color: ink, halo: ground, font: `600 13px ${font}` },
      ];
    });
    return [...arrows, ...words];
  }

  closed(): void {
    this.clear();
    this.#view.choose(-1);
  }

  clear(): void {
    this.#stop();
    this.#texts = { from: '', to: '', third: '' };
    this.#error = null;
    this.#forget();
  }

  loaded({ sameItems }: LoadedMap): void {
    if (!sameItems) this.clear();
  }

  #renderTerm(term: Term, example: string): TemplateResult {
    const names = { from: 'First word', to: 'What it is to', third: 'Another word' } as const;
    return html`<input
      type="text"
      aria-label=${names[term]}
      placeholder=${example}
      autocapitalize="none"
      .value=${this.#texts[term]}
      @input=${(event: Event) => {
        if (event.currentTarget instanceof HTMLInputElement) this.#texts[term] = event.currentTarget.value;
        this.#view.requestUpdate();
      }}
    />`;
  }

  /** The first term that is not given; null: all are. */
  get #missing(): Term | null {
    return terms.find((term) => this.#texts[term].trim() === '') ?? null;
  }

  #choose(map: LoadedMap, event: Event): void {
    if (!(event.currentTarget instanceof HTMLSelectElement)) return;
    this.#combine = event.currentTarget.value === 'MULTIPLY' ? 'MULTIPLY' : 'ADD';
    if (this.#answers !== null) void this.#ask(map);
  }

  async #ask(map: LoadedMap): Promise<void> {
    if (this.#missing !== null) return;
    this.#stop();
    const asking = new AbortController();
    const { signal } = asking;
    this.#asking = asking;
    this.#error = null;
    this.#view.requestUpdate();
    try {
      const [from, to, third] = await Promise.all(terms.map((term) => this.#find(map, this.#texts[term], signal)));
      if (from === undefined || to === undefined || third === undefined) return;
      const sum = [{ to: { item: to.key } }, { to: { item: from.key }, weight: -1 }, { to: { item: third.key } }];
      const answers = await map.client.meaning(map.names, { sum }, ANSWERS, signal, this.#combine);
      const indexOf = await map.indexOf();
      signal.throwIfAborted();
      this.#answers = answers;
      this.#places = new Map(
        answers.neighbors.flatMap(({ key }) => {
          const index = indexOf.get(key);
          return index === undefined ? [] : [[key, index] as const];
        }),
      );
      const [best] = answers.neighbors;
      this.#draw(
        { from, to },
        third,
        best === undefined ? null : { key: best.key, index: this.#places.get(best.key) ?? -1 },
      );
      this.#view.announce(best === undefined ? 'Nothing was found' : `${this.#texts.third} is to ${best.label}`);
    } catch (error) {
      if (signal.aborted) return;
      this.#error = error;
      this.#forget();
    }
    this.#asking = null;
    this.#view.refresh();
  }

  /** What was found stays, while the step that is asked for is the same. */
  #draw(step: Step, third: Named, answer: Named | null): void {
    const [asked, ...found] = this.#steps;
    const same = asked?.from.key === step.from.key && asked.to.key === step.to.key;
    const others = same ? found.filter(({ from }) => from.key !== third.key) : [];
    const next = answer === null ? [] : [{ from: third, to: answer }];
    this.#steps = [step, ...next, ...others].slice(0, MOST_STEPS);
    bringAllIntoView(
      this.#view,
      this.#steps.flatMap(({ from, to }) => [from.index, to.index]),
    );
  }

  /** The item of this key, as it is written or in lower case, or of this label. What there is not the server tells. */
  async #find({ client, names, indexOf }: LoadedMap, text: string, signal: AbortSignal): Promise<Named> {
    const known = await indexOf();
    const word = text.trim();
    for (const key of [word, word.toLowerCase()]) {
      const index = known.get(key);
      if (index !== undefined) return { key, index };
    }
    const { items } = await client.search(names.dataset, 'label', word, 'text', signal);
    const alike = ({ label }: ItemSummary) => label.toLowerCase() === word.toLowerCase();
    const key = items.find(alike)?.key ?? word;
    return { key, index: known.get(key) ?? -1 };
  }

  #stop(): void {
    this.#asking?.abort();
    this.#asking = null;
  }

  #forget(): void {
    this.#answers = null;
    this.#places = new Map();
    this.#steps = [];
  }
}

function toLine({ key, label, rank, similarity }: Neighbor): Line {
  return { key, label, rank, note: similarity.toFixed(3) };
}
