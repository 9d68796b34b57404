/**
 * What sets clusters apart, told from the items: the words of their labels and texts, and the values of their categories.
 *
 * Words are weighted by c-TF-IDF (Grootendorst 2022, "BERTopic: Neural topic modeling with a class-based TF-IDF procedure",
 * section 3.3): all items of a cluster count as one document, and the weight of a word t in a cluster c is
 *     tf(t, c) log(1 + A / f(t)),
 * tf the share that t has among the words of c, f its frequency in all clusters, A the mean number of words of a cluster. A
 * word counts once for each item that has it. Words that are hardly more frequent in the cluster than outside, as "the" is
 * everywhere, are left out: so no list of such words is needed, whatever the language.
 */
import { decodeText } from '../database/copyBinary.ts';
import type { Queryable } from '../database/database.ts';
import type { Dataset } from '../datasets/datasets.ts';
import { type ItemColumn, readItemColumns } from '../datasets/itemColumns.ts';
import type { ClusterMeaning, ClusterTerm, ClusterTrait } from './clusterings.ts';

/** Examples in the name of a cluster that no words set apart. */
const EXAMPLES_IN_LABEL = 3;
/** Words that fewer of the cluster's items have do not name it: among bare words, two may begin alike by chance. */
const LEAST_TERM_SHARE = 0.05;
/** Longer labels are no words. */
const EXAMPLE_CHARACTERS = 40;

/** Items that are read, evenly spread over all: enough for the words of some hundred clusters. */
const ITEMS_READ = 20_000;
const TEXT_CHARACTERS = 2_000;
const TERMS = 10;
const TERMS_IN_LABEL = 3;
/** Terms of a label have at least this share of the first one's score. */
const LABEL_SHARE = 0.4;
const TRAITS = 5;
/** How much more frequent a value is to be in the cluster than outside. */
const EXCESS = 1.5;
/**
 * The same for a term, among words and not items: where some items have long texts and others a name alone, "of" is in most items of
 * every cluster of the former. Of the demo WordNet's 50 clusters by k-means 27 had "a", "of", "the", "that" or "or" among three words with 1.5.
 */
const TERM_EXCESS = 3;
/** Values that fewer than this share of the cluster's items have do not characterise it. */
const LEAST_SHARE = 0.2;
/** A term of one item alone is chance, unless the cluster is tiny. */
const ITEMS_PER_TERM = 2;

/** Clusters of one layer: by row, the number of its cluster or -1. */
export interface LabelledRows {
  readonly labels: Int32Array;
  readonly count: number;
  /** By cluster: its most typical rows, the best first. */
  readonly representatives: readonly Uint32Array[];
}

/** A cluster before it has a name. */
export type Unnamed = Omit<ClusterMeaning, 'label'> & {
  /** Items of it that were read. */
  readonly items: number;
};

/**
 * @param itemIds of the rows
 * @returns by layer, by cluster
 */
export async function meaningOfClusters(
  database: Queryable,
  dataset: Pick<Dataset, 'id' | 'fields'>,
  itemIds: Float64Array,
  layers: readonly LabelledRows[],
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (done: number) => void },
): Promise<ClusterMeaning[][]> {
  const fieldPlaces = [...dataset.fields.keys()];
  const texts: ItemColumn[] = ['label', ...fieldPlaces.filter((place) => dataset.fields[place]?.type === 'TEXT')];
  const categories = fieldPlaces.filter((place) => dataset.fields[place]?.type === 'CATEGORY');
  const columns = [...texts, ...categories];

  const read = Math.min(itemIds.length, ITEMS_READ);
  const rows = Uint32Array.from({ length: read }, (_, i) => Math.floor((i * itemIds.length) / read));
  const tallies = layers.map(({ count }) => new Tally(count, categories.length));
  const ids = Float64Array.from(rows, (row) => itemIds[row] ?? 0);
  for await (const { index, values } of readItemColumns(database, dataset, ids, columns)) {
    if (index % 1024 === 0) {
      signal.throwIfAborted();
      onProgress(index / read);
    }
    const row = rows[index] ?? 0;
    const words = wordsOf(values.slice(0, texts.length).map((value) => (value === null ? '' : decodeText(value))));
    const own = values.slice(texts.length).map((value) => (value === null ? null : decodeText(value)));
    for (const [layer, tally] of tallies.entries()) tally.add(layers[layer]?.labels[row] ?? -1, words, own);
  }
  const names = categories.map((place) => dataset.fields[place]?.name ?? '');
  const named: ClusterMeaning[][] = [];
  for (const [layer, tally] of tallies.entries()) {
    const meanings = tally.meanings(names);
    const examples = await examplesOf(database, dataset, itemIds, meanings, layers[layer]?.representatives ?? []);
    named.push(distinctLabels(meanings, examples));
  }
  return named;
}

/** By cluster: the labels of its most typical items, where nothing else names it, or what names others as well. */
async function examplesOf(
  database: Queryable,
  dataset: Pick<Dataset, 'id' | 'fields'>,
  itemIds: Float64Array,
  meanings: readonly Unnamed[],
  representatives: readonly Uint32Array[],
): Promise<string[][]> {
  const names = meanings.map(namesOf);
  const isAlone = (name: string) => name !== '' && names.indexOf(name) === names.lastIndexOf(name);
  const rows = names.map((name, cluster) => (isAlone(name) ? [] : [...(representatives[cluster] ?? [])]));
  const owners = rows.flatMap((own, cluster) => own.map(() => cluster));
  const ids = Float64Array.from(rows.flat(), (row) => itemIds[row] ?? 0);
  const examples = meanings.map((): string[] => []);
  for await (const { index, values } of readItemColumns(database, dataset, ids, ['label'])) {
    const [label] = values;
    if (label) examples[owners[index] ?? -1]?.push(decodeText(label));
  }
  return examples;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/** The distinct words of an item, in lower case. */
export function wordsOf(texts: readonly string[]): Set<string> {
  const words = new Set<string>();
  // A label is often the beginning of a text, or all of it: then its words are there already.
  for (const text of new Set(texts)) {
    for (const { segment, isWordLike } of segmenter.segment(text.slice(0, TEXT_CHARACTERS))) {
      if (isWordLike === true) words.add(segment.toLowerCase());
    }
  }
  return words;
}

/** How many items of each cluster have each word and each value. Noise counts as outside of every cluster. */
class Tally {
  readonly #items: Uint32Array;
  #itemsInAll = 0;
  readonly #words: Map<string, number>[];
  readonly #wordsInAll = new Map<string, number>();
  readonly #values: Map<string, number>[][];
  readonly #valuesInAll: Map<string, number>[];

  constructor(clusters: number, fields: number) {
    const maps = () => Array.from({ length: fields }, () => new Map<string, number>());
    this.#items = new Uint32Array(clusters);
    this.#words = Array.from({ length: clusters }, () => new Map());
    this.#values = Array.from({ length: clusters }, maps);
    this.#valuesInAll = maps();
  }

  add(cluster: number, words: ReadonlySet<string>, values: readonly (string | null)[]): void {
    this.#itemsInAll++;
    if (cluster >= 0) this.#items[cluster] = (this.#items[cluster] ?? 0) + 1;
    for (const word of words) {
      increase(this.#wordsInAll, word);
      increase(this.#words[cluster], word);
    }
    for (const [field, value] of values.entries()) {
      if (value === null) continue;
      increase(this.#valuesInAll[field], value);
      increase(this.#values[cluster]?.[field], value);
    }
  }

  /** @param names of the fields */
  meanings(names: readonly string[]): Unnamed[] {
    return this.#words.map((_, cluster) => ({
      terms: this.#terms(cluster),
      traits: this.#traits(cluster, names),
      items: this.#items[cluster] ?? 0,
    }));
  }

  #terms(cluster: number): ClusterTerm[] {
    const own = this.#words[cluster] ?? new Map<string, number>();
    const items = this.#items[cluster] ?? 0;
    const wordsInAll = sum(this.#wordsInAll);
    const meanWords = wordsInAll / Math.max(1, this.#words.length);
    const ownWords = sum(own);
    const terms: ClusterTerm[] = [];
    for (const [term, count] of own) {
      const inAll = this.#wordsInAll.get(term) ?? count;
      if (count < Math.min(ITEMS_PER_TERM, items)) continue;
      const [share, shareElsewhere] = [count / ownWords, (inAll - count) / Math.max(1, wordsInAll - ownWords)];
      if (share <= TERM_EXCESS * shareElsewhere) continue;
      terms.push({ term, count, score: share * Math.log1p(meanWords / inAll) });
    }
    return terms.sort((a, b) => b.score - a.score || compare(a.term, b.term)).slice(0, TERMS);
  }

  #traits(cluster: number, names: readonly string[]): ClusterTrait[] {
    const traits: ClusterTrait[] = [];
    for (const [place, field] of names.entries()) {
      for (const [value, count] of this.#values[cluster]?.[place] ?? []) {
        const inAll = this.#valuesInAll[place]?.get(value) ?? count;
        const { share, shareElsewhere } = this.#shares(cluster, count, inAll);
        if (share >= LEAST_SHARE && this.#stands(cluster, count, inAll)) {
          traits.push({ field, value, share, shareElsewhere });
        }
      }
    }
    const gain = (trait: ClusterTrait) => trait.share - trait.shareElsewhere;
    return traits.sort((a, b) => gain(b) - gain(a) || compare(a.value, b.value)).slice(0, TRAITS);
  }

  #shares(cluster: number, count: number, inAll: number): { readonly share: number; readonly shareElsewhere: number } {
    const items = this.#items[cluster] ?? 0;
    const others = this.#itemsInAll - items;
    return { share: count / Math.max(1, items), shareElsewhere: (inAll - count) / Math.max(1, others) };
  }

  #stands(cluster: number, count: number, inAll: number): boolean {
    const { share, shareElsewhere } = this.#shares(cluster, count, inAll);
    return share > EXCESS * shareElsewhere;
  }
}

function increase(counts: Map<string, number> | undefined, key: string): void {
  counts?.set(key, (counts.get(key) ?? 0) + 1);
}

function sum(counts: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}

/** By code units, so that the order is the same everywhere. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The best terms, or else the best value, with the most typical items after it where several clusters are called so; or else these alone where
 * they are words, or else the number; each label once.
 *
 * @param examples by cluster: labels of its items, the most typical first
 */
export function distinctLabels(
  meanings: readonly Unnamed[],
  examples: readonly (readonly string[])[],
): ClusterMeaning[] {
  const names = meanings.map(namesOf);
  const taken = new Set<string>();
  return meanings.map((meaning, number) => {
    const name = names[number] ?? '';
    const words = [...new Set(examples[number])].filter(isWord).slice(0, EXAMPLES_IN_LABEL).join(', ');
    const isAlone = names.indexOf(name) === names.lastIndexOf(name);
    const told = (isAlone ? name || words : [name, words].filter(Boolean).join(': ')) || `Cluster ${number + 1}`;
    let label = told;
    for (let repeated = 2; taken.has(label); repeated++) label = `${told} (${repeated})`;
    taken.add(label);
    return { label, terms: meaning.terms, traits: meaning.traits };
  });
}

/** What sets a cluster apart, in few words; empty: nothing does. */
function namesOf({ terms, traits, items }: Unnamed): string {
  const frequent = terms.filter(({ count }) => count >= LEAST_TERM_SHARE * items);
  const best = frequent[0]?.score ?? 0;
  const words = frequent.filter(({ score }) => score >= LABEL_SHARE * best).slice(0, TERMS_IN_LABEL);
  return words.map(({ term }) => term).join(', ') || traits[0]?.value || '';
}

/** Not the number of something, as the names of files are. */
function isWord(label: string): boolean {
  return label.length <= EXAMPLE_CHARACTERS && /\p{L}/u.test(label) && !/\p{N}/u.test(label);
}
