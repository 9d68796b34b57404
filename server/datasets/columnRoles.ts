/** Which column of the files plays which part: told from names and types, or named by the user. */
import { didYouMean, UserError } from '../errors.ts';
import { type Column, isMatrixTable } from './formats/format.ts';
import type { Strand } from './joinTables.ts';

/** See `ColumnsInput` in schema.graphql. */
export interface ColumnNames {
  readonly key?: string | null;
  readonly label?: string | null;
  /** A column of lists, or `prefix*`. */
  readonly vector?: string | null;
  readonly text?: string | null;
  readonly image?: string | null;
  readonly coordinates?: readonly string[] | null;
}

/** A column of the joined table: where its cells stand, and the name of the field that it would be. */
export interface ColumnPlace {
  readonly strand: number;
  /** Position in the row. */
  readonly cell: number;
  readonly name: string;
  readonly type: Column['type'];
  readonly dimension: number | null;
  readonly role: Column['role'] | null;
}

export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

export interface ColumnRoles {
  readonly key: ColumnPlace | null;
  readonly label: ColumnPlace | null;
  readonly text: ColumnPlace | null;
  readonly image: ColumnPlace | null;
  /** One column of lists, a matrix, or one column per number. */
  readonly vector: readonly ColumnPlace[];
  /** Of a matrix of pixels. */
  readonly pixels: Pixels | null;
  readonly coordinates: readonly ColumnPlace[];
  /** What else there is. */
  readonly fields: readonly ColumnPlace[];
  /** Vectors that no part is left for. */
  readonly ignored: readonly ColumnPlace[];
}

const FIELD_LIMIT = 1000;
const NAME_LIMIT = 200;

/** @throws UserError where a named column is not there, or no choice can be made */
export function assignColumns(strands: readonly Strand[], named: ColumnNames): ColumnRoles {
  const columns = placeColumns(strands);
  const byName = (name: string) =>
    columns.find((column) => column.name === name) ??
    columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  const require = (name: string, part: string): ColumnPlace => {
    const found = byName(name);
    if (found !== undefined) return found;
    const names = columns.map((column) => column.name);
    const some = names.slice(0, 20).map((other) => `"${shorten(other)}"`);
    const near = didYouMean(name, names) || ` There is ${some.join(', ')}${names.length > 20 ? ', …' : ''}.`;
    throw new UserError('BAD_USER_INPUT', `No column is called "${shorten(name)}", which was named as ${part}.${near}`);
  };
  const scalar = ({ type }: ColumnPlace) => type !== 'vector' && type !== 'image';
  const choose = (given: string | null | undefined, part: string, defaults: readonly string[]): ColumnPlace | null => {
    if (given) return require(given, part);
    const found = defaults.map(byName).find((column) => column !== undefined && scalar(column));
    return found ?? null;
  };
  const withRole = (role: Column['role']) => columns.find((column) => column.role === role) ?? null;

  const vector = chooseVector(columns, named.vector ?? null, require);
  const rest = columns.filter((column) => !vector.includes(column));
  const free = (column: ColumnPlace | null) => (column !== null && rest.includes(column) ? column : null);

  const key = free(
    choose(named.key, 'key', []) ?? withRole('key') ?? choose(null, 'key', ['key', 'id', 'name', 'word']),
  );
  const text = free(choose(named.text, 'text', ['text', 'sentence', 'content']));
  const classes = named.label || withRole('label') ? null : classesOf(free(choose(null, 'label', ['label'])));
  const label = free(
    choose(named.label, 'label', []) ??
      withRole('label') ??
      choose(null, 'label', [...(classes === null ? ['label'] : []), 'title', 'name', 'word']) ??
      (text === null ? classes : null),
  );
  const image = named.image
    ? require(named.image, 'image')
    : (columns.find(({ type }) => type === 'image') ??
      rest.find((column) => column.type === 'text' && /^(image|file)$/i.test(column.name) && column.role !== 'key') ??
      null);
  const coordinates = chooseCoordinates(named.coordinates ?? null, rest, require);

  const pixels = pixelsOf(strands, vector);
  // Cells of text may be addresses, which are kept; paths and data URLs are not.
  const used = new Set([key, image?.type === 'text' ? null : image, ...coordinates]);
  const left = rest.filter((column) => !used.has(column));
  return {
    key,
    label,
    text,
    image,
    vector,
    pixels,
    coordinates,
    fields: nameFields(left.filter(scalar), label, classes),
    ignored: left.filter(({ type }) => type === 'vector'),
  };
}

function placeColumns(strands: readonly Strand[]): ColumnPlace[] {
  return strands.flatMap(([table], strand) =>
    table.columns.map((column, cell) => ({
      strand,
      cell,
      name: column.name,
      type: column.type,
      dimension: column.dimension ?? null,
      role: column.role ?? null,
    })),
  );
}

function chooseVector(
  columns: readonly ColumnPlace[],
  given: string | null,
  require: (name: string, part: string) => ColumnPlace,
): ColumnPlace[] {
  if (given?.endsWith('*')) {
    const prefix = given.slice(0, -1);
    const numbered = columns.filter(({ name, type }) => name.startsWith(prefix) && type === 'number');
    if (numbered.length === 0) {
      throw new UserError('BAD_USER_INPUT', `No column of numbers has a name that begins with "${shorten(prefix)}".`);
    }
    return numbered;
  }
  if (given !== null) {
    const found = require(given, 'vector');
    if (found.type === 'vector') return [found];
    throw new UserError(
      'BAD_USER_INPUT',
      `The column "${shorten(found.name)}", which was named as vector, holds ${found.type}; wanted: lists of numbers of one length. For one column per number name "prefix*".`,
    );
  }
  const lists = columns.filter(({ type }) => type === 'vector');
  const chosen =
    lists.length === 1 ? lists[0] : lists.find(({ name }) => ['vector', 'embedding'].includes(name.toLowerCase()));
  if (chosen === undefined && lists.length > 1) {
    const names = lists.map(({ name, dimension }) => `"${shorten(name)}" (${dimension} numbers)`).join(', ');
    throw new UserError('BAD_USER_INPUT', `There are several columns of vectors: ${names}. Name one as vector.`);
  }
  return chosen === undefined ? [] : [chosen];
}

function chooseCoordinates(
  given: readonly string[] | null,
  columns: readonly ColumnPlace[],
  require: (name: string, part: string) => ColumnPlace,
): ColumnPlace[] {
  if (given !== null) {
    if (given.length !== 2 && given.length !== 3) {
      throw new UserError('BAD_USER_INPUT', `A map has 2 or 3 coordinates; ${given.length} columns were named.`);
    }
    return given.map((name) => require(name, 'coordinate'));
  }
  const [x, y, z] = ['x', 'y', 'z'].map((letter) =>
    columns.find(({ name, type }) => name.toLowerCase() === letter && type === 'number'),
  );
  if (x === undefined || y === undefined) return [];
  return z === undefined ? [x, y] : [x, y, z];
}

function pixelsOf(strands: readonly Strand[], [vector]: readonly ColumnPlace[]): Pixels | null {
  const table = vector && strands[vector.strand]?.[0];
  if (table === undefined || !isMatrixTable(table)) return null;
  return table.matrix.pixels ?? null;
}

/** A column `label` of numbers or truth values tells classes, as data sets of texts and pictures have it, and names nothing. */
function classesOf(label: ColumnPlace | null): ColumnPlace | null {
  return label !== null && (label.type === 'number' || label.type === 'boolean') ? label : null;
}

/**
 * `key` and `label` mean the item's own in filters, so no field is called so. The label is kept as a field too, as
 * classes are to be counted and coloured, unless its column is called nothing but `label` and holds names.
 */
function nameFields(
  columns: readonly ColumnPlace[],
  label: ColumnPlace | null,
  classes: ColumnPlace | null,
): ColumnPlace[] {
  const fields: ColumnPlace[] = [];
  const taken = new Set(['key', 'label']);
  for (const column of columns) {
    if (column === label && column !== classes && column.name === 'label' && column.role !== 'label') continue;
    const isClass = column === classes || (column === label && column.name === 'label');
    const name = isClass ? 'class' : column.name || 'column';
    if (name.length > NAME_LIMIT || name.includes('\0')) {
      throw new UserError(
        'BAD_USER_INPUT',
        `A column has a name of ${name.length} characters, "${shorten(name)}"; names have at most ${NAME_LIMIT}, without U+0000.`,
      );
    }
    let unique = name.toWellFormed();
    for (let number = 2; taken.has(unique); number++) unique = `${name} ${number}`;
    taken.add(unique);
    fields.push({ ...column, name: unique, role: column === classes ? 'label' : column.role });
  }
  if (fields.length > FIELD_LIMIT) {
    throw new UserError(
      'BAD_USER_INPUT',
      `There are ${fields.length} columns; a data set has at most ${FIELD_LIMIT} fields. If they are the numbers of a vector, name them as vector: "prefix*".`,
    );
  }
  return fields;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
