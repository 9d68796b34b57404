/** Numbers what waits in a staged graph (stagedGraph.ts): its entities, relations and edges. */
import { stagingName } from '../datasets/staging.ts';
import { numberOf, SLICE_ROWS, slices, type Turns } from './turns.ts';

/**
 * Numbers entities and relations in the order in which they are first named, and makes edges of the triples: after
 * this, `_entities` (place from 1, key), `_relations` and `_edges` are there, and `_said`: what is said of entities, by place.
 * Slice by slice: what is found in each range of the files is put together by ranges of a hash of the key.
 */
export async function arrangeStagedGraph(turns: Turns, jobId: string): Promise<void> {
  const name = stagingName(jobId);
  await turns.ask(`analyze ${name}_triples`);
  await turns.ask(`analyze ${name}_descriptions`);
  const end =
    1 +
    (await numberOf(
      turns,
      `select greatest((select max(number) from ${name}_triples), (select max(number) from ${name}_descriptions)) as number`,
    ));
  // A relation that is described, as RDF does, is no entity for that alone.
  for (const range of slices(end, SLICE_ROWS)) {
    await turns.write(
      `insert into ${name}_uses select relation, min(number) from ${name}_triples
        where number >= $1::bigint and number < $2::bigint group by relation`,
      range,
    );
    await turns.write(
      `insert into ${name}_mentions
       select key, min(mention), bool_or(in_triple)
         from (select head as key, 2 * number as mention, true as in_triple from ${name}_triples
                where number >= $1::bigint and number < $2::bigint
               union all
               select tail, 2 * number + 1, true from ${name}_triples where number >= $1::bigint and number < $2::bigint
               union all
               select key, 2 * number, false from ${name}_descriptions
                where not of_relation and number >= $1::bigint and number < $2::bigint) mentioned
        group by key`,
      range,
    );
  }
  await turns.write(
    `insert into ${name}_relations
     select row_number() over (order by min(number)), key from ${name}_uses group by key`,
  );
  await turns.ask(`analyze ${name}_relations`);
  const parts = Math.ceil((await numberOf(turns, `select count(*) as number from ${name}_mentions`)) / SLICE_ROWS);
  for (let part = 0; part < parts; part++) {
    await turns.write(
      `insert into ${name}_found
       select mentions.key, min(mention)
         from ${name}_mentions mentions left join ${name}_relations relations on relations.key = mentions.key
        where abs(hashtext(mentions.key)::bigint) % $1::bigint = $2::bigint
        group by mentions.key having bool_or(in_triple or relations.key is null)`,
      [parts, part],
    );
  }
  await turns.write(`create index on ${name}_found (mention)`);
  await turns.ask(`analyze ${name}_found`);
  let placed = 0;
  for (const [from, to] of slices(2 * end, 2 * SLICE_ROWS)) {
    const [added] = await turns.write<{ count: number }>(
      `with added as (
         insert into ${name}_entities
         select $1::bigint + row_number() over (order by mention), key, mention from ${name}_found
          where mention >= $2::bigint and mention < $3::bigint order by mention
         returning 1
       ) select count(*) as count from added`,
      [placed, from, to],
    );
    placed += added?.count ?? 0;
  }
  await turns.write(`alter table ${name}_entities add primary key (place)`);
  await turns.write(`create unique index on ${name}_entities (key)`);
  await turns.ask(`analyze ${name}_entities`);
  for (const range of slices(end, SLICE_ROWS)) {
    // In the order in which they will be read, as far as one slice goes: look-ups of one page then lie together.
    await turns.write(
      `insert into ${name}_said
       select place, number, line, properties from ${name}_descriptions descriptions
         join ${name}_entities entities on entities.key = descriptions.key
        where not of_relation and number >= $1::bigint and number < $2::bigint order by place, number`,
      range,
    );
    await turns.write(
      `insert into ${name}_edges
       select number, file, line, strict, holds, coalesce(split, 'TRAIN'), relations.id, heads.place, tails.place, number
         from ${name}_triples triples
         join ${name}_relations relations on relations.key = triples.relation
         join ${name}_entities heads on heads.key = triples.head
         join ${name}_entities tails on tails.key = triples.tail
        where number >= $1::bigint and number < $2::bigint order by number`,
      range,
    );
  }
  await turns.write(`create index on ${name}_said (place)`);
  await turns.write(`alter table ${name}_edges add primary key (number)`);
  await turns.ask(`analyze ${name}_said`);
  await turns.ask(`analyze ${name}_edges`);
  // Of equal triples the first is kept, those that hold before those that do not, and those to learn from before the rest.
  const count = await numberOf(turns, `select count(*) as number from ${name}_edges`);
  const shares = Math.ceil(count / SLICE_ROWS);
  for (let share = 0; share < shares; share++) {
    await turns.write(
      `update ${name}_edges edges set kept = firsts.kept
         from (select number,
                      first_value(number) over (
                        partition by relation, head, tail
                        order by not holds, array_position(array['TRAIN', 'VALIDATION', 'TEST'], split), number
                      ) as kept
                 from ${name}_edges where head % $1::bigint = $2::bigint) firsts
        where edges.number = firsts.number and firsts.kept <> edges.number`,
      [shares, share],
    );
  }
}
