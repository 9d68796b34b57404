/** Small graphs for tests of what is above the import. */
import type { Database } from '../../server/database/database.ts';
import { createDataset, type Dataset, publishDataset, requireDataset } from '../../server/datasets/datasets.ts';
import { appendItems } from '../../server/datasets/items.ts';
import { countTriples, type Split } from '../../server/graphs/graphs.ts';

export type TripleText = readonly [head: string, relation: string, tail: string, split?: Split];

/**
 * A data set with these triples, whose entities and relations are numbered in the order in which they are named.
 * @param labels by key, where they differ from it
 */
export async function makeGraph(
  database: Database,
  slug: string,
  triples: readonly TripleText[],
  labels: Readonly<Record<string, string>> = {},
): Promise<Dataset> {
  const keys = [...new Set(triples.flatMap(([head, , tail]) => [head, tail]))];
  await database.transaction(async (transaction) => {
    const details = { slug, title: slug, description: null, kind: 'GRAPH', licence: null, source: null } as const;
    const id = await createDataset(transaction, details, '00000000-0000-4000-8000-000000000001');
    await appendItems(transaction, id, 1, { keys, labels: keys.map((key) => labels[key] ?? key), fields: [] });
    await publishDataset(transaction, id, { fields: [], itemCount: keys.length });
    for (const key of new Set(triples.map(([, relation]) => relation))) {
      await transaction.query('insert into relations (dataset_id, key, label) values ($1::int, $2::text, $3::text)', [
        id,
        key,
        labels[key] ?? key,
      ]);
    }
    for (const [head, relation, tail, split = 'TRAIN'] of triples) {
      await transaction.query(
        `insert into triples (dataset_id, relation_id, head, tail, split)
         select $1::int, relations.id, $2::bigint, $3::bigint, $4::text from relations where dataset_id = $1::int and key = $5::text`,
        [id, keys.indexOf(head) + 1, keys.indexOf(tail) + 1, split, relation],
      );
    }
    await countTriples(transaction, id);
  });
  return requireDataset(database, slug);
}
