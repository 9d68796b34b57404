/**
 * A corpus as numbers: words are numbered by their frequency, sentences stand one after the other.
 *
 * V words. tokens: Uint32Array, the numbers of the words, END after each sentence. counts: Float64Array (V), descending.
 */

/** Between sentences. */
export const END = 0xffffffff;

/** A longer sentence is cut: words so far apart are in no window, and pieces of work are cut between sentences. */
const LONGEST_SENTENCE = 10_000;
/** Distinct words that can be told apart while they are counted: a Map takes 2^24 entries. */
export const MOST_WORDS = 16_000_000;

export interface Corpus {
  /** Word i, the most frequent first; of the same frequency, the one that came first. */
  readonly words: readonly string[];
  /** How often word i occurs. */
  readonly counts: Float64Array;
  readonly tokens: Uint32Array;
  /** Words in `tokens`, without ends. */
  readonly wordCount: number;
  /** Words that came in, rare ones included. */
  readonly wordsRead: number;
}

/** Takes sentences, and gives them back as numbers. */
export class CorpusBuilder {
  readonly #numbers = new Map<string, number>();
  readonly #counts: number[] = [];
  #tokens = new Uint32Array(1 << 16);
  #length = 0;
  #wordsRead = 0;

  get wordsRead(): number {
    return this.#wordsRead;
  }

  /** @throws RangeError beyond 16,000,000 different words, or beyond the memory there is */
  add(sentence: readonly string[]): void {
    for (let from = 0; from < sentence.length; from += LONGEST_SENTENCE) {
      const part = sentence.slice(from, from + LONGEST_SENTENCE);
      this.#reserve(part.length + 1);
      for (const word of part) this.#tokens[this.#length++] = this.#numberOf(word);
      this.#tokens[this.#length++] = END;
      this.#wordsRead += part.length;
    }
  }

  /** @param minCount words that occur less often are left out, as if they were not there */
  finish(minCount: number): Corpus {
    const before = [...this.#numbers.keys()];
    const order = before
      .map((_, number) => number)
      .filter((number) => (this.#counts[number] ?? 0) >= minCount)
      .sort((a, b) => (this.#counts[b] ?? 0) - (this.#counts[a] ?? 0) || a - b);
    const numbers = new Uint32Array(before.length).fill(END);
    order.forEach((old, number) => {
      numbers[old] = number;
    });
    const tokens = new Uint32Array(this.#length);
    let length = 0;
    let wordCount = 0;
    for (let i = 0; i < this.#length; i++) {
      const token = this.#tokens[i] ?? END;
      if (token === END) {
        if (length > 0 && tokens[length - 1] !== END) tokens[length++] = END;
        continue;
      }
      const number = numbers[token] ?? END;
      if (number === END) continue;
      tokens[length++] = number;
      wordCount++;
    }
    return {
      words: order.map((old) => before[old] ?? ''),
      counts: Float64Array.from(order, (old) => this.#counts[old] ?? 0),
      tokens: tokens.slice(0, length),
      wordCount,
      wordsRead: this.#wordsRead,
    };
  }

  #numberOf(word: string): number {
    const number = this.#numbers.get(word);
    if (number !== undefined) {
      this.#counts[number] = (this.#counts[number] ?? 0) + 1;
      return number;
    }
    if (this.#counts.length === MOST_WORDS) {
      throw new RangeError(`There are more than ${MOST_WORDS} different words. Give less text, or cleaner text.`);
    }
    this.#numbers.set(word, this.#counts.length);
    return this.#counts.push(1) - 1;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#tokens.length) return;
    const larger = new Uint32Array(Math.max(this.#length + more, 2 * this.#tokens.length));
    larger.set(this.#tokens.subarray(0, this.#length));
    this.#tokens = larger;
  }
}

/** A longer run of letters is no word: a text without blanks, or what a program has written. */
const LONGEST_WORD = 100;

/**
 * The words of a text: runs of letters, digits and signs upon letters, with apostrophes and hyphens inside, up to 100 characters.
 * Half a surrogate pair is no letter, and so parts words like a space.
 */
export function wordsOf(text: string, { lowerCase = true }: { readonly lowerCase?: boolean } = {}): string[] {
  const words = (lowerCase ? text.toLowerCase() : text).match(wordPattern) ?? [];
  return words.filter((word) => word.length <= LONGEST_WORD);
}

const wordPattern = /[\p{L}\p{M}\p{N}]+(?:['’_-][\p{L}\p{M}\p{N}]+)*/gu;
