/** What files say of an entity or a relation, from several places and in several languages, as a label and fields. */
import type { Cell } from './formats/format.ts';
import type { Description, Property } from './formats/graphFile.ts';
import { localName } from './formats/rdf.ts';

/** All that is said of one thing, by name, in the order of the files. */
export function mergeProperties(properties: readonly Description['properties'][]): Map<string, Property[]> {
  const merged = new Map<string, Property[]>();
  for (const part of properties) {
    for (const [name, values] of Object.entries(part)) merged.set(name, [...(merged.get(name) ?? []), ...values]);
  }
  return merged;
}

/**
 * The label and the fields of an entity. Of texts in several languages those in English are taken, otherwise those in
 * none, otherwise those in the first. `label` and `description` are one text, `types` one text with all of them; another
 * property with several values is a list.
 */
export function describeEntity(
  key: string,
  properties: ReadonlyMap<string, readonly Property[]>,
): { readonly label: string | null; readonly values: ReadonlyMap<string, Cell> } {
  const values = new Map<string, Cell>();
  for (const [name, given] of properties) {
    const distinct = [...new Map(inOneLanguage(given).map((value) => [JSON.stringify(value), value])).values()];
    const [first = null] = distinct;
    if (name === 'types') values.set(name, distinct.map(textOf).join(TYPES_DIVIDER));
    else if (name === 'label' || name === 'description') values.set(name, first === null ? null : textOf(first));
    else values.set(name, distinct.length > 1 ? distinct : first);
  }
  const label = values.get('label');
  if (typeof label === 'string') return { label, values };
  // A blank node has no name that means anything elsewhere: it is called by what it is.
  const types = values.get('types');
  return { label: key.startsWith('_:') && typeof types === 'string' ? types : labelOf(key), values };
}

/** Between the types of an entity that has several. */
export const TYPES_DIVIDER = '; ';

/** What an IRI is called where nothing names it: its local name. Null: another key is its own label. */
export function labelOf(key: string): string | null {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(key)) return null;
  const name = localName(key).replaceAll('_', ' ').trim();
  return name === '' ? null : name;
}

function inOneLanguage(properties: readonly Property[]): Cell[] {
  const tags = [...new Set(properties.map(({ language }) => language))];
  const english = tags.find((tag) => tag?.split('-')[0] === 'en');
  const chosen = english ?? (tags.includes(undefined) ? undefined : tags[0]);
  // A value without a language, such as a number, is for every language.
  const isChosen = ({ language, value }: Property) =>
    language === chosen || (language === undefined && typeof value !== 'string');
  return properties.filter(isChosen).map(({ value }) => value);
}

function textOf(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  return cell instanceof Date ? cell.toISOString() : String(cell);
}
