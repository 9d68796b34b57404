/** What leads from one entity to another: paths, the shortest first. */
import type { Parameter, Queryable, Row } from '../database/database.ts';
import type { Dataset } from '../datasets/datasets.ts';
import type { Relation } from './graphs.ts';
import { checkHops, type Direction } from './neighborhood.ts';

/** A step of a path: a relation, followed from its head to its tail or back. */
export interface Step {
  readonly relationId: number;
  /** Where the step leads. */
  readonly itemId: number;
  readonly forward: boolean;
}

export interface Path {
  readonly datasetId: number;
  /** Where it begins. */
  readonly itemId: number;
  readonly steps: readonly Step[];
}

export interface PathOptions {
  /** Most steps, 1 to 4. */
  readonly length: number;
  readonly direction: Direction;
  /** Followed alone; all when null. */
  readonly relations: readonly Relation[] | null;
  readonly first: number;
  /** A triple that no path goes by: the one that is to be explained. */
  readonly without?: { readonly headId: number; readonly relationId: number; readonly tailId: number } | null;
}

/**
 * Paths from one entity to another that meet no entity twice, so that a circle ends them: shortest first, then by what
 * they pass. The walk goes on breadth first only where the goal can still be reached: how far from the goal an entity is
 * is known up to half of the length. It goes no further than to the length at which there are enough: in a dense graph a step
 * more is a hundred times the work, and all that it finds comes later.
 */
export async function findPaths(
  database: Queryable,
  dataset: Pick<Dataset, 'id'>,
  from: number,
  to: number,
  options: PathOptions,
): Promise<Path[]> {
  checkHops('length', options.length);
  if (from === to) return [];
  for (let length = 1; length < options.length; length++) {
    const paths = await walk(database, dataset, from, to, { ...options, length });
    if (paths.length >= options.first) return paths;
  }
  return await walk(database, dataset, from, to, options);
}

async function walk(
  database: Queryable,
  { id: datasetId }: Pick<Dataset, 'id'>,
  from: number,
  to: number,
  { length, direction, relations, first, without = null }: PathOptions,
): Promise<Path[]> {
  const parameters: Parameter[] = [datasetId, from, to, length, first];
  const allowed =
    relations === null ? '' : `and relation_id = any ($${parameters.push(relations.map(({ id }) => id))}::int[])`;
  const left =
    without === null
      ? ''
      : `and (relation_id, head, tail) <> ($${parameters.push(without.relationId)}::int, $${parameters.push(without.headId)}::bigint, $${parameters.push(without.tailId)}::bigint)`;
  const where = `where dataset_id = $1::int ${allowed} ${left}`;
  const forward = `select relation_id, tail as other, true as forward from triples ${where} and head = at.id`;
  const backward = `select relation_id, head as other, false as forward from triples ${where} and tail = at.id`;
  const steps = { OUT: forward, IN: backward, BOTH: `${forward} union all ${backward}` }[direction];
  const stepsBack = { OUT: backward, IN: forward, BOTH: `${forward} union all ${backward}` }[direction];
  const rows = await database.query<{ items: number[]; relations: number[]; forwards: boolean[] } & Row>(
    `with recursive near (id, distance) as (
       select $3::bigint, 0
       union
       select step.other, at.distance + 1 from near at cross join lateral (${stepsBack}) step where at.distance < $4::int / 2
     ), goal as (
       select id, min(distance) as distance from near group by id
     ), walked (id, items, relations, forwards) as (
       select $2::bigint, array[$2::bigint], array[]::int[], array[]::boolean[]
       union all
       select step.other, at.items || step.other, at.relations || step.relation_id, at.forwards || step.forward
         from walked at cross join lateral (${steps}) step left join goal on goal.id = step.other
        where cardinality(at.relations) < $4::int and at.id <> $3::bigint and step.other <> all (at.items)
          -- As many steps are left as the goal is away, or more than is known of.
          and coalesce(goal.distance, $4::int / 2 + 1) <= $4::int - cardinality(at.relations) - 1
     )
     select items[2:] as items, relations, forwards from walked where id = $3::bigint
      order by cardinality(relations), relations, items, forwards desc limit $5::int`,
    parameters,
  );
  return rows.map(({ items, relations: passed, forwards }) => ({
    datasetId,
    itemId: from,
    steps: items.map((itemId, i) => ({ itemId, relationId: passed[i] ?? 0, forward: forwards[i] ?? true })),
  }));
}
