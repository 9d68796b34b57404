/**
 * What was told of items by a classification or a comparison, as columns of a map and subjects of filters: names, and values by item.
 * `classification:NAME` is the most probable label, `classification:NAME:LABEL` its probability, `comparison:A:B` an overlap.
 */
import type { Queryable } from '../database/database.ts';
import type { ItemValues } from '../datasets/filters.ts';
import { listClassifications, mostProbable, readProbabilities } from './classifications.ts';
import { listComparisons, readOverlaps } from './comparisons.ts';
import { type Embedding, findEmbeddingsById, listEmbeddings } from './embeddings.ts';

export function classificationColumn(name: string): string {
  return `classification:${name}`;
}

export function probabilityColumn(name: string, label: string): string {
  return `classification:${name}:${label}`;
}

export function comparisonColumn(embedding: string, other: string): string {
  return `comparison:${embedding}:${other}`;
}

/** A column that can be asked for. */
export interface ToldColumn {
  readonly name: string;
  readonly type: 'CATEGORY' | 'NUMBER';
  /** Changes with the values. */
  readonly version: string;
  read(database: Queryable): Promise<ItemValues>;
}

/**
 * The columns that there are for the items of an embedding: what was told by it, and by the other embeddings of its data set
 * under names that it has not given itself. So one embedding's map can be coloured by what another knows.
 */
export async function listToldColumns(database: Queryable, { id }: Pick<Embedding, 'id'>): Promise<ToldColumn[]> {
  const [own] = await findEmbeddingsById(database, [id]);
  if (!own) return [];
  const others = (await listEmbeddings(database, own.datasetId)).filter((each) => each.id !== id);
  const columns = new Map<string, ToldColumn>();
  for (const embedding of [own, ...others]) {
    for (const column of await columnsOf(database, embedding)) {
      if (!columns.has(column.name)) columns.set(column.name, column);
    }
  }
  return [...columns.values()];
}

async function columnsOf(database: Queryable, embedding: Pick<Embedding, 'id'>): Promise<ToldColumn[]> {
  const columns: ToldColumn[] = [];
  for (const classification of await listClassifications(database, embedding.id)) {
    const { id, name, labels, version } = classification;
    const k = labels.length;
    columns.push({
      name: classificationColumn(name),
      type: 'CATEGORY',
      version: `${id}.${version}`,
      async read(reading) {
        const { itemIds, values } = await readProbabilities(reading, classification);
        return { itemIds, values: Float32Array.from(mostProbable(values, k)), labels };
      },
    });
    for (const [place, label] of labels.entries()) {
      columns.push({
        name: probabilityColumn(name, label),
        type: 'NUMBER',
        version: `${id}.${version}`,
        async read(reading) {
          const { itemIds, values } = await readProbabilities(reading, classification);
          return { itemIds, values: Float32Array.from(itemIds, (_, i) => values[i * k + place] ?? 0), labels: null };
        },
      });
    }
  }
  for (const comparison of await listComparisons(database, embedding.id)) {
    const [one, other] = await findEmbeddingsById(database, [comparison.embeddingId, comparison.otherId]);
    if (!one || !other) continue;
    columns.push({
      name: comparisonColumn(one.name, other.name),
      type: 'NUMBER',
      version: `${comparison.id}.${comparison.version}`,
      async read(reading) {
        const { itemIds, overlaps } = await readOverlaps(reading, comparison);
        return { itemIds, values: overlaps, labels: null };
      },
    });
  }
  return columns;
}
