/**
 * Names that are nearly the same among many: sorted, what is spelled alike stands close together, so that each is compared
 * with its neighbours alone (the sorted neighbourhood method, Hernandez and Stolfo 1995); sorted a second time by their
 * ends, a slip at the beginning parts them no more.
 */
import { piecesOf } from './names.ts';

/** Two names, by their numbers, `first` < `second`, and the share of pieces that they have in common (Dice), 0 to 1. */
export interface NamePair {
  readonly first: number;
  readonly second: number;
  readonly similarity: number;
}

/** Neighbours that a name is compared with, in either order. */
const WINDOW = 8;

/** The pairs of names whose similarity is at least `least`, the most similar first. Empty names pair with none. */
export function pairNamesakes(names: readonly string[], least: number): NamePair[] {
  const plain = names.map((name) =>
    name
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ''),
  );
  const reversed = plain.map((name) => Array.from(name).reverse().join(''));
  const pieces = names.map(piecesOf);
  const pairs = new Map<string, NamePair>();
  for (const keys of [plain, reversed]) {
    const order = Array.from(keys.keys())
      .filter((name) => keys[name] !== '')
      .sort((a, b) => compare(keys[a] ?? '', keys[b] ?? '') || a - b);
    for (const [i, name] of order.entries()) {
      for (const other of order.slice(i + 1, i + 1 + WINDOW)) {
        const similarity = similarityOf(pieces[name] ?? [], pieces[other] ?? []);
        const [first, second] = name < other ? [name, other] : [other, name];
        if (similarity >= least) pairs.set(`${first} ${second}`, { first, second, similarity });
      }
    }
  }
  return [...pairs.values()].sort((a, b) => b.similarity - a.similarity || a.first - b.first || a.second - b.second);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function similarityOf(a: readonly number[], b: readonly number[]): number {
  if (a.length + b.length === 0) return 0;
  const others = new Set(b);
  let shared = 0;
  for (const piece of a) if (others.has(piece)) shared++;
  return (2 * shared) / (a.length + b.length);
}
