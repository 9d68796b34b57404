/** Takes a staged graph (stagedGraph.ts) over into its data set: relations and triples, after its items are there. */
import { stagingName } from '../datasets/staging.ts';
import { numberOf, SLICE_ROWS, slices, type Turns } from './turns.ts';

/** Edges that go over at once: see `SLICE_ROWS`. */
const SLICE_TRIPLES = 50_000;

/** A relation as it is to be kept; what is null stays as it was, where the relation is there already. */
export interface NewRelation {
  readonly key: string;
  /** Its label where nothing gives it one. */
  readonly name: string;
  readonly label: string | null;
  readonly description: string | null;
  /** Whether it is added where it is not there. */
  readonly used: boolean;
}

/**
 * Puts the edges into the data set, after its items. The data set must be locked or be the import's own.
 * @param isNew whether the data set has no triples yet
 * @returns how many triples were added, and how many were there already and stay as they were
 */
export async function applyStagedGraph(
  turns: Turns,
  jobId: string,
  { datasetId, isNew }: { readonly datasetId: number; readonly isNew: boolean },
  relations: readonly NewRelation[],
): Promise<{ added: number; known: number; lost: number }> {
  const name = stagingName(jobId);
  const used = relations.filter((relation) => relation.used);
  await turns.write(
    `insert into relations (dataset_id, key, label, description)
     select $1::int, key, label, description
       from unnest($2::text[], $3::text[], $4::text[]) as given (key, label, description)
     on conflict (dataset_id, key) do nothing`,
    [
      datasetId,
      used.map(({ key }) => key),
      used.map(({ name: own, label }) => label ?? own),
      used.map(({ description }) => description),
    ],
  );
  const named = relations.filter(({ label, description }) => label !== null || description !== null);
  await turns.write(
    `update relations set label = coalesce(given.label, relations.label), description = coalesce(given.description, relations.description)
       from unnest($2::text[], $3::text[], $4::text[]) as given (key, label, description)
      where dataset_id = $1::int and relations.key = given.key`,
    [
      datasetId,
      named.map(({ key }) => key),
      named.map(({ label }) => label),
      named.map(({ description }) => description),
    ],
  );
  // What has become of the places: an item each, unless an entity could not be kept.
  const places = await numberOf(turns, `select max(place) as number from ${name}_entities`);
  await turns.write(
    `drop table if exists ${name}_places; create table ${name}_places (place bigint not null, id bigint not null)`,
  );
  for (const [from, to] of slices(places + 1, SLICE_ROWS)) {
    await turns.write(
      `insert into ${name}_places
       select place, items.id from ${name}_entities entities
         join items on items.dataset_id = ${Math.trunc(datasetId)} and items.key = entities.key
        where place >= $1::bigint and place < $2::bigint`,
      [from, to],
    );
  }
  await turns.write(`create index on ${name}_places (place)`);
  await turns.ask(`analyze ${name}_places`);
  const edges = `
       from ${name}_edges edges
       join ${name}_relations staged on staged.id = edges.relation
       join relations on relations.dataset_id = $1::int and relations.key = staged.key
       join ${name}_places heads on heads.place = edges.head
       join ${name}_places tails on tails.place = edges.tail`;
  let kept = 0;
  let added = 0;
  for (const part of await partsOfEdges(turns, name, places)) {
    const here = `edges.relation = any ($2::int[]) and edges.head >= $3::bigint and edges.head < $4::bigint`;
    const parameters = [datasetId, part.relations, part.from, part.to];
    // No two edges are equal, so in a new data set none of them can be there: a third less work than looking.
    const [found] = await turns.write<{ added: number }>(
      `with added as (
         insert into triples (dataset_id, relation_id, head, tail, split)
         select $1::int, relations.id, heads.id, tails.id, edges.split ${edges} where holds and ${here}
          order by relations.id, heads.id, tails.id
         ${isNew ? '' : 'on conflict (dataset_id, relation_id, head, tail) do nothing'} returning 1
       ) select count(*) as added from added`,
      parameters,
    );
    added += found?.added ?? 0;
    if (!isNew) {
      kept += await numberOf(turns, `select count(*) as number ${edges} where holds and ${here}`, parameters);
    }
  }
  if (isNew) kept = added;
  const all = await numberOf(turns, `select count(*) as number from ${name}_edges where holds`);
  await turns.write(
    `insert into false_triples (dataset_id, relation_id, head, tail, split)
     select $1::int, relations.id, heads.id, tails.id, edges.split ${edges} where not holds and edges.split <> 'TRAIN'
     on conflict (dataset_id, relation_id, head, tail) do nothing`,
    [datasetId],
  );
  return { added, known: kept - added, lost: all - kept };
}

/** Edges of these staged relations, whose heads have places in [from, to). */
interface PartOfEdges {
  readonly relations: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** Parts of about as many edges: small relations together, large ones in ranges of their heads; in the order of the primary key. */
async function partsOfEdges(turns: Turns, name: string, places: number): Promise<PartOfEdges[]> {
  const counts = await turns.ask<{ relation: number; count: number }>(
    `select relation, count(*) as count from ${name}_edges where holds group by relation order by relation`,
  );
  const parts: PartOfEdges[] = [];
  let together: number[] = [];
  let size = 0;
  const all = { from: 0, to: places + 1 };
  for (const { relation, count } of counts) {
    if (size + count > SLICE_TRIPLES && together.length > 0) {
      parts.push({ relations: together, ...all });
      together = [];
      size = 0;
    }
    if (count <= SLICE_TRIPLES) {
      together.push(relation);
      size += count;
      continue;
    }
    const heads = Math.ceil((places + 1) / Math.ceil(count / SLICE_TRIPLES));
    for (const [from, to] of slices(places + 1, heads)) parts.push({ relations: [relation], from, to });
  }
  if (together.length > 0) parts.push({ relations: together, ...all });
  return parts;
}
