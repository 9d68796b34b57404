/** From cells to the JSON of an item's fields, and from all of them to the types of the fields. */
import type { Field, FieldType } from './datasets.ts';
import type { Cell } from './formats/format.ts';
import { isNumberText } from './formats/numberText.ts';

/** A field has at most this many values, each twice on the average, to be a CATEGORY. */
const CATEGORY_VALUES = 256;
const CATEGORY_LENGTH = 100;
/** Where so few words stand among so many times as many numbers, they are a slip, or a mark for what is missing. */
const ODD_WORDS = 10;
const NUMBERS_PER_ODD_WORD = 20;
/** Postgres' parser of JSON goes down by recursion. */
const DEPTH_LIMIT = 100;

/** Why a cell cannot be kept. */
export class UnfitValue extends Error {}

/** What is known of the values of one field. */
export class FieldValues {
  readonly name: string;
  readonly #before: FieldType | null;
  readonly #quotedName: string;
  #counts = { NUMBER: 0, BOOLEAN: 0, DATE: 0, TEXT: 0, JSON: 0 };
  #distinct: Set<string> | null = new Set();
  /** Texts that are numbers, until there are too many others to be odd. */
  #numberTexts = 0;
  #otherTexts = 0;
  #firstOther = '';

  /** @param before the type of the field in the data set that the values go into, where it has one */
  constructor(name: string, before: FieldType | null) {
    this.name = name;
    this.#before = before;
    this.#quotedName = JSON.stringify(name);
  }

  /** `"name":value` as JSON text; '' where there is no value. @throws UnfitValue */
  add(cell: Cell): string {
    if (cell === null || cell === undefined || cell === '') return '';
    const value = this.#toJson(cell);
    return value === null ? '' : `${this.#quotedName}:${value}`;
  }

  #toJson(cell: Exclude<Cell, null>): string | null {
    switch (typeof cell) {
      case 'string': {
        if (cell.includes('\0')) {
          throw new UnfitValue(`the field "${this.name}" holds the character U+0000, which cannot be stored`);
        }
        this.#counts.TEXT++;
        if (this.#otherTexts <= ODD_WORDS) {
          if (isNumberText(cell.trim())) this.#numberTexts++;
          else if (this.#otherTexts++ === 0) this.#firstOther = cell;
        }
        if (this.#distinct !== null) {
          if (cell.length <= CATEGORY_LENGTH) this.#distinct.add(cell);
          if (cell.length > CATEGORY_LENGTH || this.#distinct.size > CATEGORY_VALUES) this.#distinct = null;
        }
        return JSON.stringify(cell.toWellFormed());
      }
      case 'number':
        if (!Number.isFinite(cell)) return null;
        this.#counts.NUMBER++;
        return String(cell);
      case 'boolean':
        this.#counts.BOOLEAN++;
        return String(cell);
    }
    if (cell instanceof Date) {
      if (Number.isNaN(cell.getTime())) return null;
      this.#counts.DATE++;
      return JSON.stringify(cell);
    }
    if (cell instanceof Uint8Array || cell instanceof Float32Array) return null; // pictures and vectors are no fields
    const depth = depthOf(cell);
    if (depth > DEPTH_LIMIT) {
      throw new UnfitValue(`the field "${this.name}" is nested deeper than ${DEPTH_LIMIT} levels`);
    }
    const text = JSON.stringify(cell, (_key, part: unknown) => (typeof part === 'string' ? part.toWellFormed() : part));
    if (text.includes('\\u0000')) {
      throw new UnfitValue(`the field "${this.name}" holds the character U+0000, which cannot be stored`);
    }
    this.#counts.JSON++;
    return text;
  }

  /** The type that all values have. Null: there was no value. */
  get type(): FieldType | null {
    const { NUMBER, BOOLEAN, DATE, TEXT, JSON: json } = this.#counts;
    const told: FieldType[] = [];
    if (NUMBER > 0) told.push('NUMBER');
    if (BOOLEAN > 0) told.push('BOOLEAN');
    if (DATE > 0) told.push('DATE');
    if (TEXT > 0) told.push(this.#distinct !== null && this.#distinct.size * 2 <= TEXT ? 'CATEGORY' : 'TEXT');
    if (json > 0) told.push('JSON');
    if (this.#before !== null) told.push(this.#before);
    return told.reduce<FieldType | null>((type, other) => (type === null ? other : widen(type, other)), null);
  }

  /** Why a field of numbers became one of texts; null: it did not. */
  get oddWord(): string | null {
    const numbers = this.#counts.NUMBER + this.#numberTexts;
    const odd = this.#otherTexts;
    if (odd === 0 || odd > ODD_WORDS || numbers < NUMBERS_PER_ODD_WORD * odd || this.type === 'JSON') return null;
    const word = this.#firstOther.length > 60 ? `${this.#firstOther.slice(0, 60)}…` : this.#firstOther;
    return `The field "${this.name}" holds texts: ${numbers} of its values are numbers, but ${odd === 1 ? `"${word}" is` : `${odd}, the first "${word}", are`} not. Leave such cells empty to have numbers.`;
  }

  /** Whether numbers, truth values or dates stand among texts, so that they have to be turned into texts too. */
  get isMixed(): boolean {
    const { NUMBER, BOOLEAN } = this.#counts;
    const kept = this.#before;
    const stored = NUMBER > 0 || BOOLEAN > 0 || kept === 'NUMBER' || kept === 'BOOLEAN';
    return stored && (this.type === 'TEXT' || this.type === 'CATEGORY');
  }
}

/** The narrowest type that holds the values of both. */
export function widen(a: FieldType, b: FieldType): FieldType {
  if (a === b) return a;
  return a === 'JSON' || b === 'JSON' ? 'JSON' : 'TEXT';
}

/** The fields that a data set has after an import: those it had, then the new ones. */
export function mergeFields(before: readonly Field[], values: readonly FieldValues[]): Field[] {
  const told = new Map(values.map(({ name, type }) => [name, type]));
  const kept = before.map(({ name, type }) => ({ name, type: told.get(name) ?? type }));
  const names = new Set(before.map(({ name }) => name));
  const added = values
    .filter(({ name }) => !names.has(name))
    .flatMap(({ name, type }) => (type === null ? [] : [{ name, type }]));
  return [...kept, ...added];
}

function depthOf(cell: unknown): number {
  let depth = 0;
  let level: unknown[] = [cell];
  while (level.length > 0 && depth <= DEPTH_LIMIT + 1) {
    depth++;
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null
        ? Object.values(value).filter((part) => typeof part === 'object')
        : [],
    );
  }
  return depth;
}
