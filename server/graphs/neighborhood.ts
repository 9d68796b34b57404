/** What is around entities: the triples within some steps of them, in pages. */
import type { Parameter, Queryable, Row } from '../database/database.ts';
import type { Dataset } from '../datasets/datasets.ts';
import { UserError } from '../errors.ts';
import type { Relation, Split } from './graphs.ts';

/** Which way relations are followed: from head to tail, from tail to head, or both. */
export const directions = ['OUT', 'IN', 'BOTH'] as const;
export type Direction = (typeof directions)[number];

/** A triple by the ids of its parts. */
export interface Triple {
  readonly datasetId: number;
  readonly headId: number;
  readonly relationId: number;
  readonly tailId: number;
  readonly split: Split;
}

/** A triple with the number of steps after which it is met, from 1. */
export interface NearTriple extends Triple {
  readonly hop: number;
}

/** Where a page of triples ends. */
export interface TriplePlace {
  readonly hop: number;
  readonly relationId: number;
  readonly headId: number;
  readonly tailId: number;
}

export interface NeighborhoodOptions {
  /** Steps, 1 to 4. */
  readonly hops: number;
  readonly direction: Direction;
  /** Followed alone; all when null. */
  readonly relations: readonly Relation[] | null;
  readonly first: number;
  readonly after?: TriplePlace | null;
}

/** Steps from a hub of FB15k-237, which has 14,541 entities: all of them are within three. */
export const MOST_HOPS = 4;

/** @throws UserError BAD_USER_INPUT for a number of steps that is not to be had */
export function checkHops(name: string, hops: number, most = MOST_HOPS): void {
  if (Number.isInteger(hops) && hops >= 1 && hops <= most) return;
  throw new UserError('BAD_USER_INPUT', `"${name}" is ${hops}; wanted: 1 to ${most}.`);
}

/**
 * The triples within `hops` steps of the entities `itemIds`, nearest first, then by relation, head and tail. A triple is
 * met after one step more than the nearer of its ends; a circle is walked once.
 */
export async function findNeighborhood(
  database: Queryable,
  { id: datasetId }: Pick<Dataset, 'id'>,
  itemIds: readonly number[],
  { hops, direction, relations, first, after = null }: NeighborhoodOptions,
): Promise<{ triples: NearTriple[]; hasNextPage: boolean }> {
  checkHops('hops', hops);
  const parameters: Parameter[] = [datasetId, itemIds, hops, first + 1];
  const allowed =
    relations === null ? '' : `and relation_id = any ($${parameters.push(relations.map(({ id }) => id))}::int[])`;
  const place =
    after === null
      ? ''
      : `where (hop, relation_id, head, tail) > ($${parameters.push(after.hop)}::int, $${parameters.push(after.relationId)}::int,
                $${parameters.push(after.headId)}::bigint, $${parameters.push(after.tailId)}::bigint)`;
  const from = `select relation_id, head, tail, split, tail as other from triples where dataset_id = $1::int and head = at.id ${allowed}`;
  const to = `select relation_id, head, tail, split, head as other from triples where dataset_id = $1::int and tail = at.id ${allowed}`;
  const steps = { OUT: from, IN: to, BOTH: `${from} union all ${to}` }[direction];
  const rows = await database.query<NearTriple & Row>(
    `with recursive walked (id, hop) as (
       select id, 0 from unnest($2::bigint[]) as given (id)
       union
       select step.other, at.hop + 1 from walked at cross join lateral (${steps}) step where at.hop < $3::int - 1
     ), reached as (
       select id, min(hop) as hop from walked group by id
     ), met as (
       select relation_id, head, tail, split, min(at.hop) + 1 as hop
         from reached at cross join lateral (${steps}) step group by relation_id, head, tail, split
     )
     select $1::int as "datasetId", head as "headId", relation_id as "relationId", tail as "tailId", split, hop
       from met ${place} order by hop, relation_id, head, tail limit $4::int`,
    parameters,
  );
  return { triples: rows.slice(0, first), hasNextPage: rows.length > first };
}

export interface TripleFilter {
  readonly head?: number | null;
  readonly relation?: number | null;
  readonly tail?: number | null;
  readonly split?: Split | null;
}

/** A page of the triples of a graph, by relation, head and tail. */
export async function listTriples(
  database: Queryable,
  { id: datasetId }: Pick<Dataset, 'id'>,
  { head = null, relation = null, tail = null, split = null }: TripleFilter,
  { first, after = null }: { readonly first: number; readonly after?: TriplePlace | null },
): Promise<{ triples: Triple[]; hasNextPage: boolean }> {
  const parameters: Parameter[] = [datasetId, first + 1];
  const conditions = ['dataset_id = $1::int'];
  if (head !== null) conditions.push(`head = $${parameters.push(head)}::bigint`);
  if (tail !== null) conditions.push(`tail = $${parameters.push(tail)}::bigint`);
  if (relation !== null) conditions.push(`relation_id = $${parameters.push(relation)}::int`);
  if (split !== null) conditions.push(`split = $${parameters.push(split)}::text`);
  if (after !== null) {
    conditions.push(
      `(relation_id, head, tail) > ($${parameters.push(after.relationId)}::int, $${parameters.push(after.headId)}::bigint, $${parameters.push(after.tailId)}::bigint)`,
    );
  }
  const rows = await database.query<Triple & Row>(
    `select dataset_id as "datasetId", head as "headId", relation_id as "relationId", tail as "tailId", split
       from triples where ${conditions.join(' and ')} order by relation_id, head, tail limit $2::int`,
    parameters,
  );
  return { triples: rows.slice(0, first), hasNextPage: rows.length > first };
}

/**
 * Triples of a relation by head and tail: all, or `first` of them by chance. The chance is a hash of the triple and the seed, so
 * the same triples stay chosen from one question to the next, and no state is kept.
 */
export async function sampleTriples(
  database: Queryable,
  { id: datasetId }: Pick<Dataset, 'id'>,
  relationId: number,
  { first, seed }: { readonly first: number; readonly seed: number },
): Promise<Triple[]> {
  const rows = await database.query<Triple & Row>(
    `select dataset_id as "datasetId", head as "headId", relation_id as "relationId", tail as "tailId", split
       from triples where dataset_id = $1::int and relation_id = $2::int
       order by hashint8extended(head, hashint8extended(tail, $4::bigint)), head, tail limit $3::int`,
    [datasetId, relationId, first, seed],
  );
  return rows.sort((a, b) => a.headId - b.headId || a.tailId - b.tailId);
}
