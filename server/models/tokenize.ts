/** Texts become tokens, as the model's own tokenizer.json says, cut to what the model takes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Tokenizer } from '@huggingface/tokenizers';

export interface Tokens {
  readonly ids: readonly number[];
  /** Tokens that the text had more than the model takes; 0 where nothing was cut. */
  readonly cut: number;
}

export interface ModelTokenizer {
  readonly padId: number;
  encode(text: string): Tokens;
}

export interface TokenizerOptions {
  /** Special tokens included. */
  readonly maxTokens: number;
  /** A table of vectors: no special tokens, and unknown words are left out (Model2Vec). */
  readonly isStatic: boolean;
}

/**
 * So many characters per token are looked at, at most: the rest of a very long text would be cut anyway. No vocabulary that
 * is known has more than a few tokens of over 20 characters; a token of spaces may be longer, and a text of them says nothing.
 */
const CHARACTERS_PER_TOKEN = 64;
/** A word without end, such as base64, costs byte-pair encoders the square of its length. */
const LONGEST_WORD = 4096;

/** @param folder with tokenizer.json. @throws Error where the file cannot be read */
export function openTokenizer(folder: string, { maxTokens, isStatic }: TokenizerOptions): ModelTokenizer {
  const definition: unknown = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8'));
  const config: unknown = readConfig(folder);
  if (!isRecord(definition) || !isRecord(config)) throw new Error('tokenizer.json holds no object');
  const tokenizer = new Tokenizer(definition, config);
  const special = !isStatic && config['add_special_tokens'] !== false;
  const { before, after } = special ? specialTokens(tokenizer) : { before: [], after: [] };
  const room = Math.max(1, maxTokens - before.length - after.length);
  const unknown = isStatic ? unknownId(tokenizer, definition) : null;
  return {
    padId: padIdOf(tokenizer, definition, config),
    encode(text) {
      const looked = shortened(text, maxTokens * CHARACTERS_PER_TOKEN);
      const all: readonly number[] = tokenizer.encode(looked, { add_special_tokens: false }).ids;
      const known = unknown === null ? all : all.filter((id) => id !== unknown);
      const more = Math.max(0, known.length - room);
      // Of what was not looked at, at least one token is missing.
      const cut = more > 0 || looked.length < text.length ? Math.max(1, more) : 0;
      return { ids: [...before, ...known.slice(0, room), ...after], cut };
    },
  };
}

/** What the tokenizer puts before and after a text. */
function specialTokens(tokenizer: Tokenizer): { before: number[]; after: number[] } {
  const plain: number[] = tokenizer.encode('a', { add_special_tokens: false }).ids;
  const whole: number[] = tokenizer.encode('a').ids;
  const from = whole.findIndex((_, i) => plain.every((id, j) => whole[i + j] === id));
  if (from < 0) throw new Error('the tokenizer changes a text where it adds special tokens');
  return { before: whole.slice(0, from), after: whole.slice(from + plain.length) };
}

/** The beginning of a text, with no half of a character at its end and no word without end. */
function shortened(text: string, length: number): string {
  const beginning = text.length <= length ? text : text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
  if (beginning.length <= LONGEST_WORD) return beginning;
  return beginning.replace(/\S{4097,}/g, (word) => word.slice(0, LONGEST_WORD).replace(/[\ud800-\udbff]$/, ''));
}

function padIdOf(tokenizer: Tokenizer, definition: Record, config: Record): number {
  const padding = definition['padding'];
  if (isRecord(padding) && typeof padding['pad_id'] === 'number') return padding['pad_id'];
  const token = config['pad_token'];
  const content = isRecord(token) ? token['content'] : token;
  return (typeof content === 'string' ? tokenizer.token_to_id(content) : undefined) ?? 0;
}

function unknownId(tokenizer: Tokenizer, definition: Record): number | null {
  const model = definition['model'];
  const token = isRecord(model) ? model['unk_token'] : null;
  return typeof token === 'string' ? (tokenizer.token_to_id(token) ?? null) : null;
}

function readConfig(folder: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, 'tokenizer_config.json'), 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}

type Record = Readonly<{ [name: string]: unknown }>;

function isRecord(value: unknown): value is Record {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
