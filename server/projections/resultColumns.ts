/**
 * What has been found out about the items of a data set, by name: labels and probabilities of classifications, overlaps of
 * comparisons, and how far single points of maps can be trusted, as `quality:EMBEDDING:PROJECTION:MEASURE`. All of it
 * colours maps and stands in filters.
 */
import { pointMeasures } from '#kernels/pointQuality.ts';
import type { Queryable } from '../database/database.ts';
import type { Condition } from '../datasets/conditions.ts';
import type { Dataset } from '../datasets/datasets.ts';
import { compileFilter, type FilterInput, foreignNames, type ItemValues } from '../datasets/filters.ts';
import { type Embedding, listEmbeddings } from '../embeddings/embeddings.ts';
import { listToldColumns, type ToldColumn } from '../embeddings/itemColumns.ts';
import { listProjections, type Projection, readPoints } from './projections.ts';

/** The names of the measures of a map's points, in the order of `pointMeasures`. */
export function qualityFields(embedding: Pick<Embedding, 'name'>, projection: Pick<Projection, 'name'>): string[] {
  return pointMeasures.map((measure) => `quality:${embedding.name}:${projection.name}:${measure}`);
}

/** @param first the embedding whose results come first where several have one name; default: the first that was made */
export async function listResultColumns(
  database: Queryable,
  datasetId: number,
  first?: Pick<Embedding, 'id'>,
): Promise<ToldColumn[]> {
  const embeddings = await listEmbeddings(database, datasetId);
  const own = first ?? embeddings[0];
  const columns = own === undefined ? [] : await listToldColumns(database, own);
  for (const embedding of embeddings) {
    for (const projection of await listProjections(database, embedding.id)) {
      if (projection.measured) columns.push(...qualityColumns(embedding, projection));
    }
  }
  return columns;
}

function qualityColumns(embedding: Embedding, projection: Projection): ToldColumn[] {
  return qualityFields(embedding, projection).map((name, place) => ({
    name,
    type: 'NUMBER',
    version: `${projection.id}.${projection.version}`,
    read: (database) => readMeasure(database, projection, place),
  }));
}

/** The points of a map lie in chunks in a shuffled order; the items of what is found here ascend. */
async function readMeasure(database: Queryable, projection: Projection, place: number): Promise<ItemValues> {
  const points: { id: number; value: number }[] = [];
  for await (const { itemIds, measures } of readPoints(database, projection)) {
    for (const [i, id] of itemIds.entries()) {
      points.push({ id, value: measures?.[i * pointMeasures.length + place] ?? Number.NaN });
    }
  }
  points.sort((a, b) => a.id - b.id);
  return {
    itemIds: Float64Array.from(points, ({ id }) => id),
    values: Float32Array.from(points, ({ value }) => value),
    labels: null,
  };
}

export interface FilterOptions {
  /** The number of the first placeholder; the statement around has those below. */
  readonly firstParameter?: number;
  /** The embedding whose results come first where several have one name. */
  readonly embedding?: Pick<Embedding, 'id'>;
}

/**
 * A filter as `compileFilter` takes it, which may also name what has been found out about the items.
 * @throws UserError BAD_USER_INPUT where the filter makes no sense, LIMIT_EXCEEDED where it is too deep or too large
 */
export async function filterItems(
  database: Queryable,
  dataset: Dataset,
  filter: FilterInput,
  { firstParameter = 1, embedding }: FilterOptions = {},
): Promise<Condition> {
  const wanted = foreignNames(filter, dataset);
  if (wanted.length === 0) return compileFilter(filter, dataset, firstParameter);
  const columns = await listResultColumns(database, dataset.id, embedding);
  const values = new Map<string, ItemValues>();
  for (const name of wanted) {
    const column = columns.find((each) => each.name === name);
    if (column !== undefined) values.set(name, await column.read(database));
  }
  const names = columns.map(({ name }) => name);
  return compileFilter(filter, dataset, firstParameter, { names, values });
}
