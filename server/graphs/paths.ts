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

/** Between what paths are looked for. */
export interface PathEnds {
  readonly from: number;
  readonly to: number;
  /** A triple that no path goes by: the one that is to be explained. */
  readonly without?: { readonly headId: number; readonly relationId: number; readonly tailId: number };
}

export interface PathOptions {
  /** Most steps, 1 to 4. */
  readonly length: number;
  readonly direction: Direction;
  /** Followed alone; all when null. */
  readonly relations: readonly Relation[] | null;
  readonly first: number;
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
  const [found] = await findPathsOfAll(database, dataset, [{ from, to }], options);
  return found ?? [];
}

/** The same for each pair of ends, in their order, all pairs at once: a statement for each length. */
export async function findPathsOfAll(
  database: Queryable,
  dataset: Pick<Dataset, 'id'>,
  asked: readonly PathEnds[],
  options: PathOptions,
): Promise<Path[][]> {
  checkHops('length', options.length);
  const found: Path[][] = asked.map(() => []);
  for (let length = 1; length <= options.length; length++) {
    const left = [...asked.keys()].filter(
      (n) => asked[n]?.from !== asked[n]?.to && (found[n]?.length ?? 0) < options.first,
    );
    if (left.length === 0) break;
    const paths = await walk(
      database,
      dataset,
      left.flatMap((n) => asked[n] ?? []),
      { ...options, length },
    );
    for (const [i, n] of left.entries()) found[n] = paths[i] ?? [];
  }
  return found;
}

async function walk(
  database: Queryable,
  { id: datasetId }: Pick<Dataset, 'id'>,
  asked: readonly PathEnds[],
  { length, direction, relations, first }: PathOptions,
): Promise<Path[][]> {
  const parameters: Parameter[] = [
    datasetId,
    length,
    first,
    asked.map(({ from }) => from),
    asked.map(({ to }) => to),
    asked.map(({ without }) => without?.relationId ?? null),
    asked.map(({ without }) => without?.headId ?? null),
    asked.map(({ without }) => without?.tailId ?? null),
  ];
  const allowed =
    relations === null ? '' : `and relation_id = any ($${parameters.push(relations.map(({ id }) => id))}::int[])`;
  // Of a pair without a triple that is left out all three are null, and no row is equal to that.
  const where = `where dataset_id = $1::int ${allowed}
    and (relation_id, head, tail) is distinct from (asked.without_relation, asked.without_head, asked.without_tail)`;
  const forward = `select relation_id, tail as other, true as forward from triples ${where} and head = at.id`;
  const backward = `select relation_id, head as other, false as forward from triples ${where} and tail = at.id`;
  const steps = { OUT: forward, IN: backward, BOTH: `${forward} union all ${backward}` }[direction];
  const stepsBack = { OUT: backward, IN: forward, BOTH: `${forward} union all ${backward}` }[direction];
  const rows = await database.query<{ n: number; items: number[]; relations: number[]; forwards: boolean[] } & Row>(
    `with recursive asked as (
       select * from unnest($4::bigint[], $5::bigint[], $6::int[], $7::bigint[], $8::bigint[]) with ordinality
         as asked (origin, goal, without_relation, without_head, without_tail, n)
     ), near (n, id, distance) as (
       select n, goal, 0 from asked
       union
       select at.n, step.other, at.distance + 1
         from near at join asked on asked.n = at.n cross join lateral (${stepsBack}) step where at.distance < $2::int / 2
     ), goal as (
       select n, id, min(distance) as distance from near group by n, id
     ), walked (n, id, items, relations, forwards) as (
       select n, origin, array[origin], array[]::int[], array[]::boolean[] from asked
       union all
       select at.n, step.other, at.items || step.other, at.relations || step.relation_id, at.forwards || step.forward
         from walked at join asked on asked.n = at.n cross join lateral (${steps}) step
         left join goal on goal.n = at.n and goal.id = step.other
        where cardinality(at.relations) < $2::int and at.id <> asked.goal and step.other <> all (at.items)
          -- As many steps are left as the goal is away, or more than is known of.
          and coalesce(goal.distance, $2::int / 2 + 1) <= $2::int - cardinality(at.relations) - 1
     ), arrived as (
       select walked.n, items, relations, forwards,
              row_number() over (partition by walked.n
                                 order by cardinality(relations), relations, items, forwards desc) as place
         from walked join asked on asked.n = walked.n where id = asked.goal
     )
     select n, items[2:] as items, relations, forwards from arrived where place <= $3::int order by n, place`,
    parameters,
  );
  const paths: Path[][] = asked.map(() => []);
  for (const { n, items, relations: passed, forwards } of rows) {
    paths[n - 1]?.push({
      datasetId,
      itemId: asked[n - 1]?.from ?? 0,
      steps: items.map((itemId, i) => ({ itemId, relationId: passed[i] ?? 0, forward: forwards[i] ?? true })),
    });
  }
  return paths;
}
