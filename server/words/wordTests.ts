/**
 * Files of tests for vectors of words, as they are given out:
 *   analogies   `a b c d` a line, `: section` before each section (Google: questions-words.txt) or without sections (MSR);
 *   similarity  two words and a score a line, between tabs, blanks, commas or semicolons, with or without a heading (WordSim-353,
 *               SimLex-999, MEN, RG-65 …). Of several numbers the first counts; words may carry a part of speech (`sun-n`).
 */
import type { Source } from '../datasets/formats/format.ts';
import { UserError } from '../errors.ts';
import { readTextLines } from './readSentences.ts';

export interface Analogy {
  readonly section: string;
  /** a is to b as c is to d. */
  readonly words: readonly [a: string, b: string, c: string, d: string];
}

export interface SimilarPair {
  readonly words: readonly [string, string];
  /** How alike people find them; larger is more alike. */
  readonly score: number;
}

export type WordTests =
  | { readonly kind: 'ANALOGIES'; readonly analogies: readonly Analogy[] }
  | { readonly kind: 'SIMILARITY'; readonly pairs: readonly SimilarPair[] };

/** @throws UserError naming the line that is neither */
export async function readWordTests(source: Source, signal: AbortSignal): Promise<WordTests> {
  const analogies: Analogy[] = [];
  const pairs: SimilarPair[] = [];
  let section = 'all';
  let mayBeHeading = true;
  for await (const { line, text } of readTextLines(source, signal)) {
    const trimmed = text.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    if (trimmed.startsWith(':')) {
      section = trimmed.slice(1).trim();
      mayBeHeading = false;
      continue;
    }
    const cells = cellsOf(trimmed);
    const [a = '', b = '', c = '', d = ''] = cells;
    const score = Number(cells.slice(2).find(isNumber) ?? Number.NaN);
    const fits = pairs.length > 0 ? 'pair' : analogies.length > 0 ? 'analogy' : null;
    if (fits !== 'analogy' && Number.isFinite(score)) pairs.push({ words: [a, b], score });
    else if (fits !== 'pair' && cells.length === 4) analogies.push({ section, words: [a, b, c, d] });
    else if (!mayBeHeading) throw neither(source.name, line, trimmed);
    mayBeHeading = false;
  }
  if (pairs.length > 0) return { kind: 'SIMILARITY', pairs: withoutTags(pairs) };
  if (analogies.length > 0) return { kind: 'ANALOGIES', analogies };
  throw new UserError(
    'BAD_USER_INPUT',
    `${source.name} has no tests. Wanted: lines of four words (analogies), or of two words and a number (similarity).`,
    { file: source.name },
  );
}

function isNumber(cell: string): boolean {
  return cell !== '' && Number.isFinite(Number(cell));
}

/** By what divides them: tabs, or else commas or semicolons, or else blanks. */
function cellsOf(line: string): string[] {
  const divider = line.includes('\t') ? /\t+/ : /[,;]/.test(line) ? /[,;]/ : / +/;
  return line.split(divider).map((cell) => cell.trim());
}

/** `sun` of `sun-n`, where every word has a part of speech, as in one form of MEN. */
function withoutTags(pairs: readonly SimilarPair[]): readonly SimilarPair[] {
  const tag = /-[nvja]$/;
  if (!pairs.every(({ words }) => words.every((word) => tag.test(word)))) return pairs;
  return pairs.map(({ words: [a, b], score }) => ({ words: [a.replace(tag, ''), b.replace(tag, '')], score }));
}

function neither(file: string, line: number, text: string): UserError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return new UserError(
    'BAD_USER_INPUT',
    `Line ${line} of ${file} is "${shown}"; wanted: four words (an analogy), or two words and a number (a similarity), as on the lines before.`,
    { file, line },
  );
}
