import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';

import type { Database, Queryable } from '../../../server/database/database.ts';
import type { Dataset } from '../../../server/datasets/datasets.ts';
import { compileFilter } from '../../../server/datasets/filters.ts';
import { findItemsById } from '../../../server/datasets/items.ts';
import { findEntities, requireEntity } from '../../../server/graphs/findEntities.ts';
import { listRelations, requireRelations } from '../../../server/graphs/graphs.ts';
import { type Direction, findNeighborhood, listTriples, sampleTriples } from '../../../server/graphs/neighborhood.ts';
import { findPaths, findPathsOfAll } from '../../../server/graphs/paths.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeGraph, type TripleText } from '../../helpers/graphs.ts';

const kinds: readonly TripleText[] = [
  ['dog', 'kind', 'canine'],
  ['wolf', 'kind', 'canine'],
  ['canine', 'kind', 'carnivore'],
  ['cat', 'kind', 'feline'],
  ['feline', 'kind', 'carnivore'],
  ['carnivore', 'kind', 'animal'],
  ['animal', 'kind', 'carnivore'], // a circle of kinds
  ['dog', 'chases', 'cat'],
  ['dog', 'chases', 'dog'],
  ['wolf', 'eats', 'dog', 'TEST'],
];
const labels = { wolf: 'Canis lupus', feline: 'Dog', canine: 'Elephant-like dog' };

/** The keys of entities and relations that answers name by id. */
async function naming(database: Database, dataset: Pick<Dataset, 'id'>) {
  const items = await findItemsById(
    database,
    dataset.id,
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
  const relations = new Map((await listRelations(database, dataset.id)).map(({ id, key }) => [id, key]));
  return {
    entity: (id: number) => items[id - 1]?.key ?? '?',
    relation: (id: number) => relations.get(id) ?? '?',
    id: (key: string) => (items.findIndex((item) => item?.key === key) ?? -1) + 1,
  };
}

onEveryDatabase((_engine, open) => {
  let database: Database;
  let dataset: Dataset;
  let names: Awaited<ReturnType<typeof naming>>;
  before(async () => {
    database = await open();
    dataset = await makeGraph(database, 'kinds', kinds, labels);
    names = await naming(database, dataset);
  });

  const shown = ({ headId, relationId, tailId }: { headId: number; relationId: number; tailId: number }) =>
    [names.entity(headId), names.relation(relationId), names.entity(tailId)].join(' ');

  async function around(
    key: string,
    hops: number,
    direction: Direction = 'BOTH',
    relations: readonly string[] | null = null,
  ) {
    const { triples } = await findNeighborhood(database, dataset, [names.id(key)], {
      ...{ hops, direction, first: 100 },
      relations: relations === null ? null : await requireRelations(database, dataset, relations),
    });
    return triples.map((triple) => `${triple.hop}: ${shown(triple)}`).sort();
  }

  test('the triples around an entity are those it is head or tail of, each once', async () => {
    assert.deepEqual(await around('dog', 1), [
      '1: dog chases cat',
      '1: dog chases dog',
      '1: dog kind canine',
      '1: wolf eats dog',
    ]);
    assert.deepEqual(await around('dog', 1, 'OUT'), ['1: dog chases cat', '1: dog chases dog', '1: dog kind canine']);
    assert.deepEqual(await around('dog', 1, 'IN'), ['1: dog chases dog', '1: wolf eats dog']);
    assert.deepEqual(await around('dog', 1, 'BOTH', ['kind']), ['1: dog kind canine']);
  });

  test('further steps go on from what was met, and a circle is walked once', async () => {
    assert.deepEqual(await around('dog', 4, 'OUT', ['kind']), [
      '1: dog kind canine',
      '2: canine kind carnivore',
      '3: carnivore kind animal',
      '4: animal kind carnivore',
    ]);
    assert.equal((await around('dog', 4)).length, kinds.length);
  });

  test('a neighbourhood in pages of any size is the whole of it', async () => {
    const id = names.id('dog');
    const options = { hops: 3, direction: 'BOTH', relations: null } as const;
    const whole = (await findNeighborhood(database, dataset, [id], { ...options, first: 100 })).triples;
    for (const first of [1, 2, 3, 7]) {
      const paged: typeof whole = [];
      for (;;) {
        const page = await findNeighborhood(database, dataset, [id], {
          ...options,
          first,
          after: paged.at(-1) ?? null,
        });
        paged.push(...page.triples);
        if (!page.hasNextPage) break;
      }
      assert.deepEqual(paged, whole, `pages of ${first}`);
    }
  });

  test('triples are listed by relation, head and tail, and those that are asked for alone', async () => {
    const all: string[] = [];
    for (let after = null; ; ) {
      const page = await listTriples(database, dataset, {}, { first: 3, after });
      all.push(...page.triples.map(shown));
      const last = page.triples.at(-1);
      if (!page.hasNextPage || last === undefined) break;
      after = { ...last, hop: 0 };
    }
    assert.deepEqual(all.sort(), kinds.map(([head, relation, tail]) => `${head} ${relation} ${tail}`).sort());
    const tests = await listTriples(database, dataset, { split: 'TEST' }, { first: 10 });
    assert.deepEqual(tests.triples.map(shown), ['wolf eats dog']);
    const ofCat = await listTriples(database, dataset, { tail: names.id('cat') }, { first: 10 });
    assert.deepEqual(ofCat.triples.map(shown), ['dog chases cat']);
  });

  test('a sample of a relation is so many of its triples, the same ones for the same seed, each as likely as any other', async () => {
    const numbers = Array.from({ length: 40 }, (_, i): TripleText => [`n${i}`, 'divides', `n${(i * 7) % 40}`]);
    const many = await makeGraph(database, 'sampled', numbers);
    const [{ id } = { id: 0 }] = await listRelations(database, many.id);
    const sample = async (first: number, seed: number) =>
      (await sampleTriples(database, many, id, { first, seed })).map(({ headId, tailId }) => `${headId} ${tailId}`);
    const all = (await listTriples(database, many, {}, { first: 100 })).triples;
    const names = all.map(({ headId, tailId }) => `${headId} ${tailId}`);
    assert.deepEqual(await sample(100, 1), names, 'all where there are no more, in order');
    assert.deepEqual(await sample(8, 5), await sample(8, 5));
    const times = new Map(names.map((name) => [name, 0]));
    for (let seed = 0; seed < 200; seed++) {
      const chosen = await sample(8, seed);
      assert.equal(new Set(chosen).size, 8);
      for (const name of chosen) times.set(name, (times.get(name) ?? 0) + 1);
    }
    // Each is expected 40 times, with a deviation of 5.7: five of them either way.
    for (const [name, count] of times) assert.ok(count > 11 && count < 69, `${name} ${count} times`);
  });

  async function paths(
    from: string,
    to: string,
    length: number,
    options: { direction?: Direction; first?: number; without?: string } = {},
  ) {
    const [headId, relation, tailId] = options.without?.split(' ') ?? [];
    const [without] = relation === undefined ? [] : await requireRelations(database, dataset, [relation]);
    const left = without && { headId: names.id(headId ?? ''), relationId: without.id, tailId: names.id(tailId ?? '') };
    const [found = []] = await findPathsOfAll(
      database,
      dataset,
      [{ from: names.id(from), to: names.id(to), ...(left ? { without: left } : {}) }],
      { length, direction: options.direction ?? 'BOTH', relations: null, first: options.first ?? 100 },
    );
    return found.map(({ itemId, steps }) =>
      [
        names.entity(itemId),
        ...steps.map(
          ({ relationId, itemId, forward }) =>
            `${forward ? '' : '-'}${names.relation(relationId)} ${names.entity(itemId)}`,
        ),
      ].join(' '),
    );
  }

  test('paths are found shortest first, over relations either way, past circles', async () => {
    assert.deepEqual(await paths('dog', 'cat', 4), [
      'dog chases cat',
      'dog kind canine kind carnivore -kind feline -kind cat',
    ]);
    assert.deepEqual(await paths('dog', 'animal', 3), [
      'dog kind canine kind carnivore kind animal',
      'dog kind canine kind carnivore -kind animal',
    ]);
    assert.deepEqual(await paths('dog', 'animal', 3, { direction: 'OUT' }), [
      'dog kind canine kind carnivore kind animal',
    ]);
    assert.deepEqual(await paths('animal', 'dog', 4, { direction: 'OUT' }), []);
    assert.deepEqual(await paths('dog', 'cat', 2, { without: 'dog chases cat' }), []);
    assert.deepEqual(await paths('dog', 'dog', 2), []);
    assert.deepEqual(await paths('dog', 'cat', 4, { first: 1 }), ['dog chases cat']);
  });

  test('paths of many pairs at once are those of each alone, in a statement for each length at most', async () => {
    const pairs = ['dog', 'wolf', 'cat', 'carnivore', 'animal'].flatMap((from, _i, all) =>
      all.map((to) => ({ from: names.id(from), to: names.id(to) })),
    );
    for (const first of [1, 2, 100]) {
      const options = { length: 3, direction: 'BOTH', relations: null, first } as const;
      let statements = 0;
      const counting: Queryable = {
        query: (sql, parameters, queryOptions) => {
          statements++;
          return database.query(sql, parameters, queryOptions);
        },
        copyIn: () => Promise.reject(new Error('nothing is written')),
        copyOut: () => assert.fail('nothing is copied'),
      };
      const together = await findPathsOfAll(counting, dataset, pairs, options);
      assert.ok(statements <= 3, `${statements} statements`);
      const alone = [];
      for (const { from, to } of pairs) alone.push(await findPaths(database, dataset, from, to, options));
      assert.deepEqual(together, alone);
      assert.ok(together.some((paths) => paths.length > 0));
    }
  });

  test('paths are all the simple paths there are, as a walk by hand finds them', async () => {
    const nodes = 6;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(fc.nat(nodes - 1), fc.nat(1), fc.nat(nodes - 1)), {
          minLength: 1,
          maxLength: 14,
          selector: String,
        }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom<Direction>('OUT', 'IN', 'BOTH'),
        async (edges, length, direction) => {
          await database.query('delete from triples where dataset_id = 999');
          for (const [head, relation, tail] of edges) {
            await database.query("insert into triples values (999, $1::int, $2::bigint, $3::bigint, 'TRAIN')", [
              relation + 1,
              head + 1,
              tail + 1,
            ]);
          }
          const found = await findPaths(database, { id: 999 }, 1, 2, {
            length,
            direction,
            relations: null,
            first: 10_000,
          });
          const byHand: string[] = [];
          const walk = (at: number, passed: number[], text: string): void => {
            if (at === 1) byHand.push(text);
            if (at === 1 || passed.length > length) return;
            for (const [head, relation, tail] of edges) {
              for (const [start, end, forward] of [
                [head, tail, true],
                [tail, head, false],
              ] as const) {
                if (start !== at || passed.includes(end)) continue;
                if (direction === (forward ? 'IN' : 'OUT')) continue;
                walk(end, [...passed, end], `${text} ${forward}${relation + 1}>${end + 1}`);
              }
            }
          };
          walk(0, [0], '');
          const told = found.map(({ steps }) =>
            steps.map((step) => ` ${step.forward}${step.relationId}>${step.itemId}`).join(''),
          );
          assert.deepEqual(told.sort(), byHand.sort());
          const lengths = found.map(({ steps }) => steps.length);
          assert.deepEqual(
            lengths,
            lengths.toSorted((a, b) => a - b),
          );
        },
      ),
      { seed: 3, numRuns: 40 },
    );
  });

  test('an entity is found by key, by label, by its words and by its spelling, in that order', async () => {
    const found = async (text: string) =>
      (await findEntities(database, dataset, text, 10)).map(({ itemId, by }) => `${by} ${names.entity(itemId)}`);
    assert.deepEqual(await found('dog'), ['KEY dog', 'LABEL feline', 'TEXT canine']);
    assert.deepEqual(await found('CANIS LUPUS'), ['LABEL wolf']);
    assert.deepEqual(await found('lupus'), ['TEXT wolf']);
    assert.deepEqual(await found('elephamt like dog'), ['SPELLING canine']);
    assert.deepEqual(await found('karnivore'), ['SPELLING carnivore']);
    assert.deepEqual(await found('zzz'), []);
  });

  test('a filter restricts what is found', async () => {
    const condition = compileFilter({ field: 'key', ne: 'dog' }, dataset, 4);
    const found = await findEntities(database, dataset, 'dgo', 10, condition);
    assert.ok(found.every(({ itemId }) => names.entity(itemId) !== 'dog'));
    assert.deepEqual(
      (await findEntities(database, dataset, 'dog', 10, condition)).map(({ by }) => by),
      ['LABEL', 'TEXT'],
    );
  });

  test('of several entities with one label the most connected is meant, and the others are told', async () => {
    const twins = await makeGraph(
      database,
      'twins',
      [
        ['a', 'r', 'b'],
        ['b', 'r', 'c'],
        ['a', 'r', 'c'],
      ],
      { a: 'Same', c: 'Same', b: 'same' },
    );
    const ids = await naming(database, twins);
    const { itemId, others } = await requireEntity(database, twins, 'same');
    assert.deepEqual([itemId, ...others].map(ids.entity), ['a', 'b', 'c']); // two triples each: the first of them
  });

  test('an entity that is not there is answered with what is spelled alike', async () => {
    await assert.rejects(requireEntity(database, dataset, 'carnivor'), {
      code: 'NOT_FOUND',
      message: 'The data set "kinds" has no entity "carnivor". Did you mean "carnivore"?',
    });
    await assert.rejects(requireEntity(database, dataset, '  '), { message: /is empty/ });
    await assert.rejects(requireEntity(database, dataset, 'x'.repeat(2000)), { message: /has 2000 characters/ });
  });
});
