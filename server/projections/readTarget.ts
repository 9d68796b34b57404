/** What draws items together on a map by UMAP or t-SNE beside their vectors: a field of the data set, as the kernel takes it. */
import type { Target } from '#kernels/umap/target.ts';
import { decodeBoolean, decodeFloat8, decodeText } from '../database/copyBinary.ts';
import type { Queryable } from '../database/database.ts';
import type { Dataset, Field, FieldType } from '../datasets/datasets.ts';
import { readItemColumns } from '../datasets/itemColumns.ts';
import { didYouMean, UserError } from '../errors.ts';
import type { ProjectionMethod } from './projections.ts';

export interface TargetInput {
  /** Name of a field. */
  readonly field: string;
  /** How much it counts against the vectors, 0 to 1. */
  readonly weight: number;
}

export interface KnownTarget {
  readonly target: Target;
  /** Changes with the values. */
  readonly version: string;
}

/** What a value says: a category by its name, or a number. */
const readings: Partial<Readonly<Record<FieldType, (value: Uint8Array) => string | number>>> = {
  CATEGORY: decodeText,
  BOOLEAN: (value) => String(decodeBoolean(value)),
  NUMBER: decodeFloat8,
  DATE: (value) => Date.parse(decodeText(value)),
};

/** Where a target of a method is asked for. */
export function targetOption(method: ProjectionMethod): string {
  return method === 'TSNE' ? 'tsne.target' : 'umap.target';
}

/** The field of that name. @throws UserError BAD_USER_INPUT where there is none, or none that things are alike by */
export function requireTargetField(
  { fields }: Pick<Dataset, 'fields'>,
  { field: name }: TargetInput,
  method: ProjectionMethod,
): Field {
  const field = fields.find((each) => each.name === name);
  if (field === undefined) {
    const near = didYouMean(
      name,
      fields.map((each) => each.name),
    );
    throw new UserError('BAD_USER_INPUT', `There is no field "${name}" for ${targetOption(method)}.${near}`);
  }
  if (readings[field.type] === undefined) {
    const wanted = Object.keys(readings).join(', ');
    throw new UserError(
      'BAD_USER_INPUT',
      `The field "${name}" of ${targetOption(method)} is ${field.type}; wanted: ${wanted}.`,
    );
  }
  return field;
}

/**
 * The values of these items.
 * @throws UserError BAD_USER_INPUT where none of them has one, or as `requireTargetField`
 */
export async function readTarget(
  database: Queryable,
  dataset: Dataset,
  input: TargetInput,
  method: ProjectionMethod,
  ids: Float64Array,
): Promise<KnownTarget> {
  const field = requireTargetField(dataset, input, method);
  const read = readings[field.type];
  const categories = new Int32Array(ids.length).fill(-1);
  const numbers = new Float32Array(ids.length).fill(Number.NaN);
  const codes = new Map<string, number>();
  for await (const { index, values } of readItemColumns(database, dataset, ids, [dataset.fields.indexOf(field)])) {
    const [bytes] = values;
    if (!bytes || !read) continue;
    const value = read(bytes);
    if (typeof value === 'number') numbers[index] = value;
    else {
      const code = codes.get(value) ?? codes.size;
      codes.set(value, code);
      categories[index] = code;
    }
  }
  if (codes.size === 0 && numbers.every(Number.isNaN)) {
    throw new UserError(
      'BAD_USER_INPUT',
      `None of the items has a value in the field "${field.name}" of ${targetOption(method)}.`,
    );
  }
  return { target: codes.size > 0 ? { categories } : { numbers }, version: `${field.name}-${dataset.version}` };
}
