/**
 * Names that are spelled nearly as a word is: by the three-letter pieces they share (n-gram string matching, Angell,
 * Freund and Willett 1983), so that a slip anywhere in the word, its first letter included, changes three pieces at most.
 *
 *     const index = indexNames(labels);
 *     similarNames(index, 'elefant', 5); // [{ name: 812, similarity: 0.43 }, …]
 */

/** n names. The pieces of name i; which names have a piece, in one list sorted by piece. */
export interface NameIndex {
  readonly count: number;
  /** Distinct pieces of each name (n). */
  readonly sizes: Uint8Array;
  /** postings[starts[p]] … postings[starts[p + 1] - 1] are the names, ascending, that have a piece whose hash is p. */
  readonly starts: Uint32Array;
  readonly postings: Uint32Array;
}

export interface SimilarName {
  /** Number of the name, from 0. */
  readonly name: number;
  /** Shared pieces among all pieces of both (Dice), 0 to 1; 1 for the same spelling. */
  readonly similarity: number;
}

/** Pieces are told apart by this many values of their hash; two of a name that fall together count as one. */
const HASHES = 1 << 16;
/** Pieces of a name that count: of a longer one, the beginning tells it. */
const MOST_PIECES = 64;

/** The index of names, as many as `names` gives. Case, accents and what is neither letter nor digit do not count. */
export function indexNames(names: readonly string[]): NameIndex {
  const sizes = new Uint8Array(names.length);
  const starts = new Uint32Array(HASHES + 1);
  for (const [i, name] of names.entries()) {
    const pieces = piecesOf(name);
    sizes[i] = pieces.length;
    for (const piece of pieces) starts[piece + 1] = (starts[piece + 1] ?? 0) + 1;
  }
  for (let piece = 0; piece < HASHES; piece++) starts[piece + 1] = (starts[piece + 1] ?? 0) + (starts[piece] ?? 0);
  const postings = new Uint32Array(starts[HASHES] ?? 0);
  const ends = starts.slice(0, HASHES);
  for (const [i, name] of names.entries()) {
    for (const piece of piecesOf(name)) {
      const at = ends[piece] ?? 0;
      postings[at] = i;
      ends[piece] = at + 1;
    }
  }
  return { count: names.length, sizes, starts, postings };
}

/** The names most similar to a text, most similar first, then in their order. @param least similarity that counts */
export function similarNames(index: NameIndex, text: string, first: number, least = 0.3): SimilarName[] {
  const pieces = piecesOf(text);
  const shared = new Uint8Array(index.count);
  const met: number[] = [];
  for (const piece of pieces) {
    for (let at = index.starts[piece] ?? 0; at < (index.starts[piece + 1] ?? 0); at++) {
      const name = index.postings[at] ?? 0;
      const before = shared[name] ?? 0;
      if (before === 0) met.push(name);
      shared[name] = before + 1;
    }
  }
  const found: SimilarName[] = [];
  for (const name of met) {
    const similarity = (2 * (shared[name] ?? 0)) / (pieces.length + (index.sizes[name] ?? 0));
    if (similarity >= least) found.push({ name, similarity });
  }
  return found.sort((a, b) => b.similarity - a.similarity || a.name - b.name).slice(0, first);
}

/** The hashes of the pieces of a name, each once: `dog` has `␣␣d`, `␣do`, `dog`, `og␣`. */
export function piecesOf(name: string): number[] {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  if (plain === '') return [];
  const pieces = new Set<number>();
  for (const word of plain.split(' ')) {
    const padded = `  ${word} `;
    for (let i = 0; i + 3 <= padded.length && pieces.size < MOST_PIECES; i++) {
      let hash = 0;
      for (let j = i; j < i + 3; j++) hash = (Math.imul(hash, 31_337) + padded.charCodeAt(j)) | 0;
      pieces.add((Math.imul(hash, 0x9e3779b1) >>> 16) % HASHES);
    }
  }
  return [...pieces];
}
