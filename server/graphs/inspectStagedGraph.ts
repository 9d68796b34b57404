/** What is to be known of a staged graph (stagedGraph.ts), once it is numbered: triples that cannot stay, and what may surprise. */
import { findCircle } from '#kernels/graph/circle.ts';
import type { Row } from '../database/database.ts';
import type { Split } from '../datasets/formats/graphFile.ts';
import { localName } from '../datasets/formats/rdf.ts';
import { stagingName } from '../datasets/staging.ts';
import type { Turns } from './turns.ts';

/** A triple that cannot stay: its relation is an entity, or it stands elsewhere for another purpose. */
export interface UnfitTriple {
  readonly number: number;
  readonly file: number;
  readonly line: number | null;
  readonly head: string;
  readonly relation: string;
  readonly tail: string;
  readonly split: Split;
  readonly holds: boolean;
  readonly why: 'ENTITY' | 'ELSEWHERE';
  /** Where the relation is an entity, or where the triple stands that is kept. */
  readonly other: {
    readonly file: number;
    readonly line: number | null;
    readonly split: Split;
    readonly holds: boolean;
  };
}

interface UnfitRow extends Row, Omit<UnfitTriple, 'why' | 'other'> {
  readonly isEntity: boolean;
  readonly otherFile: number;
  readonly otherLine: number | null;
  readonly otherSplit: Split | null;
  readonly otherHolds: boolean | null;
}

/** Takes the triples that cannot stay out of the edges. @returns those of them that come first, and how many there are */
export async function takeUnfitTriples(
  turns: Turns,
  jobId: string,
  limit: number,
): Promise<{ first: UnfitTriple[]; count: number }> {
  const name = stagingName(jobId);
  const unfit = `
    with named as (
      select relations.id, entities.mention / 2 as mention
        from ${name}_relations relations join ${name}_entities entities on entities.key = relations.key
    ), unfit as (
      select number, max(mention) as mention, max(kept) as kept
        from (select edges.number, named.mention, null::bigint as kept
                from ${name}_edges edges join named on named.id = edges.relation where edges.strict
              union all
              select edges.number, null, kept.number
                from ${name}_edges edges join ${name}_edges kept on kept.number = edges.kept
               where edges.kept <> edges.number and (kept.split, kept.holds) is distinct from (edges.split, edges.holds)) reasons
       group by number
    )`;
  const rows = await turns.ask<UnfitRow>(
    `${unfit}
     select unfit.number, triples.file, triples.line, triples.head, triples.relation, triples.tail,
            coalesce(triples.split, 'TRAIN') as split, triples.holds, unfit.mention is not null as "isEntity",
            coalesce(other.file, described.file) as "otherFile", coalesce(other.line, described.line) as "otherLine",
            coalesce(other.split, 'TRAIN') as "otherSplit", other.holds as "otherHolds"
       from unfit
       join ${name}_triples triples on triples.number = unfit.number
       left join ${name}_triples other on other.number = coalesce(unfit.mention, unfit.kept)
       left join ${name}_descriptions described on described.number = unfit.mention
      order by unfit.number limit $1::int`,
    [limit],
  );
  const gone = await turns.write(
    `${unfit} delete from ${name}_edges using unfit where ${name}_edges.number = unfit.number returning 1 as gone`,
  );
  return { first: rows.map(toUnfit), count: gone.length };
}

function toUnfit({ isEntity, otherFile, otherLine, otherSplit, otherHolds, ...row }: UnfitRow): UnfitTriple {
  const other = { file: otherFile, line: otherLine, split: otherSplit ?? 'TRAIN', holds: otherHolds ?? true };
  return { ...row, why: isEntity ? 'ENTITY' : 'ELSEWHERE', other };
}

/** Something that stays although it may surprise: how often it is met, and where first. */
export interface Notice {
  readonly count: number;
  readonly file: number;
  readonly line: number | null;
  readonly head: string;
  readonly relation: string;
  readonly tail: string;
}

export interface Notices {
  /** Triples that stood there before, for the same purpose; they count once. */
  readonly repeated: Notice | null;
  /** Triples from an entity to itself. */
  readonly loops: Notice | null;
  /** Entities in triples of VALIDATION and TEST that no triple of TRAIN names. */
  readonly unseenEntities: Notice | null;
  /** Relations that have no triple in TRAIN. */
  readonly unseenRelations: Notice | null;
  readonly entityCount: number;
  /** Triples that hold. */
  readonly tripleCount: number;
  /** Whether the files say which triples are for VALIDATION or TEST. */
  readonly isSplit: boolean;
}

/** Drops repetitions, and tells what else is to be known of the graph. */
export async function inspectStagedGraph(turns: Turns, jobId: string): Promise<Notices> {
  const name = stagingName(jobId);
  const notice = async (sql: string): Promise<Notice | null> => {
    const [found] = await turns.ask<Notice & Row>(
      `with met as (${sql})
       select met.count, triples.file, triples.line, triples.head, triples.relation, triples.tail
         from met join ${name}_triples triples on triples.number = met.first`,
    );
    return found ?? null;
  };
  const repeated = await notice(
    `select count(*) as count, min(number) as first from ${name}_edges where kept <> number`,
  );
  await turns.write(`delete from ${name}_edges where kept <> number`);
  const loops = await notice(
    `select count(*) as count, min(number) as first from ${name}_edges where head = tail and holds`,
  );
  const [counted] = await turns.ask<{ entities: number; triples: number; split: boolean }>(
    `select (select count(*) from ${name}_entities) as entities,
            (select count(*) from ${name}_edges where holds) as triples,
            exists (select from ${name}_edges where holds and split <> 'TRAIN') as split`,
  );
  const isSplit = counted?.split ?? false;
  // Where all are to learn from, none is unseen.
  const unseen = (sql: string) => (isSplit ? notice(sql) : null);
  const unseenEntities = await unseen(
    `select count(*) as count, min(first) as first
       from (select place, min(number) as first
               from (select head as place, number, split from ${name}_edges where holds
                     union all select tail, number, split from ${name}_edges where holds) ends
              group by place having bool_and(split <> 'TRAIN')) unseen`,
  );
  const unseenRelations = await unseen(
    `select count(*) as count, min(first) as first
       from (select min(number) as first from ${name}_edges where holds
              group by relation having bool_and(split <> 'TRAIN')) unseen`,
  );
  return {
    ...{ repeated, loops, unseenEntities, unseenRelations },
    entityCount: counted?.entities ?? 0,
    tripleCount: counted?.triples ?? 0,
    isSplit,
  };
}

/** A relation that leads back to where it began. */
export interface StagedCircle {
  readonly relation: string;
  /** The entities along it, the first once more at the end. */
  readonly entities: readonly string[];
  /** Of its first triple. */
  readonly file: number;
  readonly line: number | null;
}

/** Relations that lead from the narrow to the wide, however they are written: `_hypernym`, `rdfs:subClassOf`, `is a`. */
const HIERARCHIES = new Set(
  'hypernym instancehypernym subclassof subpropertyof broader isa isakindof kindof subtypeof partof'.split(' '),
);

/** Edges that are read at once. */
const RANGE_EDGES = 30_000;

/** Of each relation that is a hierarchy by its name, a circle where it has one. */
export async function findStagedCircles(turns: Turns, jobId: string): Promise<StagedCircle[]> {
  const name = stagingName(jobId);
  const relations = await turns.ask<{ id: number; key: string }>(`select id, key from ${name}_relations order by id`);
  const circles: StagedCircle[] = [];
  for (const { id, key } of relations) {
    const readEdges = (after: number) =>
      turns.ask<{ head: number; tail: number; number: number }>(
        `select head, tail, number from ${name}_edges where relation = $1::int and holds and number > $2::bigint
          order by number limit ${RANGE_EDGES}`,
        [id, after],
      );
    if (
      !HIERARCHIES.has(
        localName(key)
          .toLowerCase()
          .replace(/[^a-z]/g, ''),
      )
    )
      continue;
    const edges: { head: number; tail: number; number: number }[] = [];
    for (let range = await readEdges(-1); range.length > 0; range = await readEdges(edges.at(-1)?.number ?? 0)) {
      edges.push(...range);
    }
    const heads = Float64Array.from(edges, ({ head }) => head);
    const tails = Float64Array.from(edges, ({ tail }) => tail);
    const nodes = edges.reduce((most, { head, tail }) => Math.max(most, head + 1, tail + 1), 0);
    const around = findCircle(heads, tails, nodes).map((edge) => edges[edge]?.number ?? 0);
    if (around.length === 0) continue;
    const triples = await turns.ask<{ head: string; tail: string; file: number; line: number | null }>(
      `select head, tail, file, line from ${name}_triples where number = any ($1::bigint[])
        order by array_position($1::bigint[], number)`,
      [around],
    );
    const [first] = triples;
    if (first === undefined) continue;
    const entities = [...triples.map(({ head }) => head), first.head];
    circles.push({ relation: key, entities, file: first.file, line: first.line });
  }
  return circles;
}
