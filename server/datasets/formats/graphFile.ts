/**
 * What every file of a graph gives: triples of entities by name, and what is said of entities and relations. As with
 * tables, a file is read in blocks, knows no database, and keeps out what it cannot use, with line and reason.
 */
import type { Cell, ReadOptions } from './format.ts';

export const splits = ['TRAIN', 'VALIDATION', 'TEST'] as const;

/** What a triple is for: to learn from, to choose settings by, or to measure the result. */
export type Split = (typeof splits)[number];

/** Two entities and the relation between them, by their keys. */
export interface TripleRecord {
  /** From 1; null where the format does not tell. */
  readonly line: number | null;
  readonly head: string;
  readonly relation: string;
  readonly tail: string;
  /** Where the file says so triple by triple. */
  readonly split?: Split;
}

/** What is said of one entity or relation. Several records may speak of the same. */
export interface Description {
  readonly line: number | null;
  readonly key: string;
  /** By name; `label`, `description` and `types` are what their names say. */
  readonly properties: Readonly<Record<string, readonly Property[]>>;
}

/** A value, with its language where it is a text in one (BCP 47, in lower case). */
export interface Property {
  readonly value: Cell;
  readonly language?: string;
}

/** Why something was left out. */
export interface Unfit {
  readonly line: number | null;
  readonly reason: string;
}

export interface GraphBlock {
  readonly triples: readonly TripleRecord[];
  readonly entities: readonly Description[];
  readonly relations: readonly Description[];
  readonly unfit: readonly Unfit[];
}

export interface GraphFile {
  /** The file, for messages. */
  readonly file: string;
  /** In a word or two a person knows: `TSV`, `Turtle`. */
  readonly format: string;
  /** Of all its triples, where its name tells: `train.tsv`. */
  readonly split: Split | null;
  /** False for triples that are known not to hold: `test_negatives.tsv`. */
  readonly holds: boolean;
  /** Whether a relation may also be an entity, as RDF has it. In a list of triples it is a slip: columns in another order. */
  readonly relationsAreEntities: boolean;
  /** What the user should know before anything is read. */
  readonly warnings: readonly string[];
  /** In the order of the file. @throws UserError naming file and line where it cannot be read on */
  blocks(options?: Pick<ReadOptions, 'signal'>): AsyncIterable<GraphBlock>;
}

const KEY_LIMIT_BYTES = 1000; // as the keys of items: an entry of a b-tree takes at most 2,700
/** As the texts of items. */
export const TEXT_LIMIT_BYTES = 256 << 10;

/** Why a text cannot be the key of an entity or a relation, as the end of a sentence that begins with `what`; or null. */
export function unfitKey(what: string, key: string): string | null {
  if (key === '') return `${what} is empty`;
  if (key.includes('\0')) return `${what} holds the character U+0000, which cannot be stored`;
  if (key.length > KEY_LIMIT_BYTES / 3 && Buffer.byteLength(key) > KEY_LIMIT_BYTES) {
    return `${what} "${key.slice(0, 60)}…" has ${Buffer.byteLength(key)} bytes; at most ${KEY_LIMIT_BYTES} are kept`;
  }
  return key.isWellFormed() ? null : `${what} holds half a surrogate pair, which is no character`;
}

/** Why a text cannot be kept as what is said of an entity, or null. */
export function unfitText(what: string, text: string): string | null {
  if (text.includes('\0')) return `${what} holds the character U+0000, which cannot be stored`;
  if (text.length > TEXT_LIMIT_BYTES / 3 && Buffer.byteLength(text) > TEXT_LIMIT_BYTES) {
    return `${what} has ${Buffer.byteLength(text)} bytes; at most ${TEXT_LIMIT_BYTES >> 10} KiB are kept`;
  }
  return null;
}
