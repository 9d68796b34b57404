import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import type { Database } from '../../../server/database/database.ts';
import { requireDataset } from '../../../server/datasets/datasets.ts';
import { removeDataset } from '../../../server/datasets/removeDataset.ts';
import {
  findRelation,
  listRelations,
  readTriples,
  relationKind,
  requireRelations,
} from '../../../server/graphs/graphs.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeGraph, type TripleText } from '../../helpers/graphs.ts';

const family: readonly TripleText[] = [
  ['anna', 'parent', 'ben'],
  ['anna', 'parent', 'cora'],
  ['dan', 'parent', 'ben'],
  ['dan', 'parent', 'cora', 'TEST'],
  ['anna', 'married', 'dan'],
  ['dan', 'married', 'anna', 'VALIDATION'],
  ['ben', 'lives in', 'rome'],
  ['cora', 'lives in', 'rome'],
];

onEveryDatabase((_engine, open) => {
  let database: Database;
  before(async () => {
    database = await open();
  });

  test('a graph is read as arrays: triples by the numbers of entities and relations, split by split', async () => {
    const { id } = await makeGraph(database, 'family', family);
    const graph = await readTriples(database, id);
    assert.deepEqual(graph.entityKeys, ['anna', 'ben', 'cora', 'dan', 'rome']);
    assert.deepEqual([...graph.entityIds], [1, 2, 3, 4, 5]);
    const named = (rows: Int32Array) =>
      Array.from({ length: rows.length / 3 }, (_, i) => {
        const [head = 0, relation = 0, tail = 0] = rows.subarray(3 * i);
        return [graph.entityKeys[head], graph.relationKeys[relation], graph.entityKeys[tail]].join(' ');
      });
    assert.deepEqual(named(graph.train), [
      'anna parent ben',
      'anna parent cora',
      'dan parent ben',
      'anna married dan',
      'ben lives in rome',
      'cora lives in rome',
    ]);
    assert.deepEqual(named(graph.validation), ['dan married anna']);
    assert.deepEqual(named(graph.test), ['dan parent cora']);
    assert.equal(graph.testFalse.length, 0);
  });

  test('a relation is of the kind that its triples in training make it', async () => {
    const { id } = await requireDataset(database, 'family');
    const kinds = Object.fromEntries(
      (await listRelations(database, id)).map((relation) => [relation.key, relationKind(relation)]),
    );
    // 3 triples with 2 heads and 2 tails are 1.5 either way, which is not above 1.5.
    assert.deepEqual(kinds, { 'lives in': 'MANY_TO_ONE', married: 'ONE_TO_ONE', parent: 'ONE_TO_ONE' });
    const parent = await findRelation(database, id, 'parent');
    assert.deepEqual([parent?.trainCount, parent?.validationCount, parent?.testCount], [3, 0, 1]);
  });

  test('a relation goes by its key or its label, and a slip is answered with what is near', async () => {
    const dataset = await requireDataset(database, 'family');
    const [found] = await requireRelations(database, dataset, ['LIVES IN']);
    assert.equal(found?.key, 'lives in');
    await assert.rejects(requireRelations(database, dataset, ['lives im']), {
      message: 'The data set "family" has no relation "lives im". Did you mean "lives in"?',
    });
  });

  test('with its data set a graph is gone', async () => {
    await makeGraph(database, 'gone', family);
    await removeDataset(database, 'gone');
    const [left] = await database.query(
      `select (select count(*) from triples where dataset_id not in (select id from datasets)) as triples,
              (select count(*) from relations where dataset_id not in (select id from datasets)) as relations`,
    );
    assert.deepEqual(left, { triples: 0, relations: 0 });
  });
});
