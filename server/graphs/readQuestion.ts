/** Questions in words: "what is a kind of dog?" names a relation and one end of it, and asks for the other. */
import { UserError } from '../errors.ts';
import type { Relation } from './graphs.ts';
import type { Side } from './predictLinks.ts';

export interface ReadQuestion {
  readonly relation: Relation;
  /** The end that is asked for. */
  readonly side: Side;
  /** What stands at the other end, as the question has it. */
  readonly name: string;
}

const MOST_CHARACTERS = 1000;
const UNKNOWN =
  '(?:what|which|who|whom|where|something|someone|anything|_+|\\?)(?: (?:thing|things|entity|entities|one|ones|else))?';
const isUnknown = new RegExp(`^${UNKNOWN}$`, 'iu');
/** What a label without a verb has before it in a sentence: "who is a sibling of Anna?" */
const COPULA = '(?:is|are|was|were)(?: (?:an?|the))?';
const isUnknownWithCopula = new RegExp(`^${UNKNOWN} ${COPULA}$`, 'iu');
const endsInCopula = new RegExp(` ${COPULA}$`, 'iu');

/**
 * Reads `WHAT relation NAME?`, `NAME relation WHAT?`, of a label such as "is a kind of" `WHAT is NAME a kind of?`, and of one such as
 * "sibling of" `WHO is a sibling of NAME?`. The relation is written as its label or its key, bars for spaces, `worksFor` as "works for"; of two
 * that fit, the longer is meant.
 * @throws UserError BAD_USER_INPUT that shows how to ask
 */
export function readQuestion(question: string, relations: readonly Relation[]): ReadQuestion {
  const text = question
    .replace(/[?!.\s]+$/u, '')
    .replace(/\s+/gu, ' ')
    .trim();
  if (text.length <= MOST_CHARACTERS) {
    const phrases = relations
      .flatMap((relation) => phrasesOf(relation).map((phrase) => ({ relation, phrase })))
      .sort((a, b) => b.phrase.length - a.phrase.length);
    for (const { relation, phrase } of phrases) {
      const found = readAs(text, phrase);
      // "is" stands in "is a kind of", too: what has the longer one does not mean the shorter.
      if (found === 'nothing') break;
      if (found !== null) return { relation, ...found };
    }
  }
  const [first] = relations.toSorted((a, b) => b.trainCount - a.trainCount);
  const words = first === undefined ? 'is a kind of' : (phrasesOf(first)[0] ?? first.key);
  const shown = relations.slice(0, 10).map((relation) => `"${phrasesOf(relation)[0] ?? relation.key}"`);
  throw new UserError(
    'BAD_USER_INPUT',
    `"${text.slice(0, 100)}" is not understood. Ask "what ${words} NAME?" or "NAME ${words} what?", with one of the relations ${shown.join(', ')}${relations.length > 10 ? ', …' : ''}.`,
  );
}

/** How a relation is written: its label, then its key in words. */
function phrasesOf({ key, label }: Relation): string[] {
  const plain = (text: string) => text.replace(/[_\s]+/gu, ' ').trim();
  const apart = (text: string) => text.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2');
  return [...new Set([label, key, apart(label), apart(key)].map(plain))].filter((phrase) => phrase !== '');
}

/** Null: the question says something else. Nothing: it has the relation, but not one end of it. */
function readAs(text: string, phrase: string): { side: Side; name: string } | 'nothing' | null {
  const whole = new RegExp(`^(.*?)(?:^|[ _])${written(phrase)}(?: |$)(.*)$`, 'iu').exec(text);
  if (whole !== null) {
    const [left, right] = [bare(whole[1] ?? ''), bare(whole[2] ?? '')];
    const [leftIsUnknown, rightIsAsked] = [left, right].map((end) => end === '' || isUnknown.test(end));
    const leftIsAsked = leftIsUnknown || isUnknownWithCopula.test(left);
    if (leftIsAsked === rightIsAsked) return 'nothing';
    return leftIsAsked ? { side: 'HEAD', name: right } : { side: 'TAIL', name: bare(left.replace(endsInCopula, '')) };
  }
  const verb = /^(is|are|was|were|has|have|can|does) (.+)$/iu.exec(phrase);
  if (verb === null) return null;
  const turned = new RegExp(`^${UNKNOWN} ${verb[1]} (.+) ${written(verb[2] ?? '')}$`, 'iu').exec(text);
  const name = bare(turned?.[1] ?? '');
  return name === '' ? null : { side: 'TAIL', name };
}

/** A phrase as a pattern: a bar may stand for a space, as in keys. */
function written(phrase: string): string {
  return escaped(phrase).replaceAll(' ', '[ _]+');
}

/** Without the quotes or stars that a name may stand in. */
function bare(text: string): string {
  return text
    .trim()
    .replace(/^(["'*“‘«]+)(.*?)(["'*”’»]+)$/u, '$2')
    .trim();
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
