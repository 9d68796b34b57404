/**
 * Names that are nearly the same among many: sorted, what is spelled alike stands close together, so that each is compared
 * with its neighbours alone (the sorted neighbourhood method, Hernandez and Stolfo 1995); sorted a second time by their
 * ends, a slip at the beginning parts them no more.
 */
import { piecesOf } from './names.ts';

/** Pairs of names by their numbers, `first[i]` < `second[i]`, the most similar first. */
export interface NamePairs {
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  /** The share of pieces that the two have in common (Dice), 0 to 1. */
  readonly similarity: Float64Array;
}

/** Neighbours that a name is compared with, in either order. */
const WINDOW = 8;

/** The pairs of names whose similarity is at least `least`. Empty names pair with none. */
export function pairNamesakes(names: readonly string[], least: number): NamePairs {
  const pieces = names.map((name) => Uint16Array.from(piecesOf(name)).sort());
  const letters = names.map(lettersOf);
  const [first, second, similarity]: [number[], number[], number[]] = [[], [], []];
  const compare = (a: number, b: number) => {
    const [ofA, ofB] = [pieces[a] ?? NONE, pieces[b] ?? NONE];
    // Of a short and a long name no more than the short one's pieces are shared.
    if (2 * Math.min(ofA.length, ofB.length) < least * (ofA.length + ofB.length)) return;
    const shared = similarityOf(ofA, ofB);
    if (shared < least) return;
    first.push(Math.min(a, b));
    second.push(Math.max(a, b));
    similarity.push(shared);
  };

  const byBeginning = sorted(letters);
  forNeighbors(byBeginning, compare);
  const place = new Uint32Array(names.length);
  for (const [at, name] of byBeginning.entries()) place[name] = at;
  const areCompared = (a: number, b: number) => Math.abs((place[a] ?? 0) - (place[b] ?? 0)) <= WINDOW;
  forNeighbors(sorted(letters.map(reversed)), (a, b) => {
    if (!areCompared(a, b)) compare(a, b);
  });

  const order = Uint32Array.from(similarity.keys()).sort(
    (i, j) =>
      (similarity[j] ?? 0) - (similarity[i] ?? 0) ||
      (first[i] ?? 0) - (first[j] ?? 0) ||
      (second[i] ?? 0) - (second[j] ?? 0),
  );
  return {
    first: order.map((i) => first[i] ?? 0),
    second: order.map((i) => second[i] ?? 0),
    similarity: Float64Array.from(order, (i) => similarity[i] ?? 0),
  };
}

const NONE = new Uint16Array(0);

/** What two ways to write a name have in common: `Café (Paris)` is `cafeparis`. */
function lettersOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');
}

function reversed(text: string): string {
  return Array.from(text).reverse().join('');
}

/** Numbers of the texts that are not empty, in the order of their UTF-16, equal ones in their order. */
function sorted(texts: readonly string[]): Uint32Array {
  const order = Uint32Array.from(texts.keys()).filter((i) => texts[i] !== '');
  return order.sort((i, j) => {
    const [a, b] = [texts[i] ?? '', texts[j] ?? ''];
    return a < b ? -1 : a > b ? 1 : i - j;
  });
}

function forNeighbors(order: Uint32Array, visit: (a: number, b: number) => void): void {
  for (let i = 0; i < order.length; i++) {
    const end = Math.min(order.length, i + 1 + WINDOW);
    for (let j = i + 1; j < end; j++) visit(order[i] ?? 0, order[j] ?? 0);
  }
}

/** Dice's share of two ascending lists without repeats. */
function similarityOf(a: Uint16Array, b: Uint16Array): number {
  let [i, j, shared] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const [x, y] = [a[i] ?? 0, b[j] ?? 0];
    if (x === y) shared++;
    if (x <= y) i++;
    if (y <= x) j++;
  }
  return shared === 0 ? 0 : (2 * shared) / (a.length + b.length);
}
