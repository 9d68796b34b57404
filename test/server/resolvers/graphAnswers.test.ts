import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { makeGraph, type TripleText } from '../../helpers/graphs.ts';
import { allJobs, onEveryServer, type TestServer } from '../../helpers/server.ts';

const COUNT = 24;

/** Towns along a round way. That `town-6` is next after `town-5` is not said, but its inverse is. */
const towns = Array.from({ length: COUNT }, (_, i): TripleText[] => {
  const [here, there] = [`town-${i}`, `town-${(i + 1) % COUNT}`];
  const next: TripleText[] = i === 5 ? [] : [[here, 'next', there]];
  return [...next, [there, 'before', here, i % 4 === 0 ? 'VALIDATION' : i % 4 === 2 ? 'TEST' : 'TRAIN']];
}).flat();

const labels = Object.fromEntries(
  Array.from({ length: COUNT }, (_, i) => [`town-${i}`, i < 2 ? 'Old Town' : `Town ${i}`]),
);

const settings = `{
  model: ROTE, dimension: 8, objective: NEGATIVE_SAMPLING, loss: SOFTMAX, negatives: 12, shared: 8, epochs: 60, batch: 16,
  optimizer: ADAM, rate: 0.05, regularizer: NONE, distribution: NORMAL, scale: 0.3, validateEvery: 20
}`;

onEveryServer((_engine, start) => {
  let server: TestServer;
  before(async () => {
    server = await start({ WORKERS: '1' });
    await makeGraph(server.database, 'towns', towns, labels);
    await server.database.query(
      `update items set fields = '{"types": "town; port"}' where key in ('town-6', 'town-9')`,
    );
    await server.data(
      `mutation { trainGraph(input: { dataset: "towns", name: "rote", settings: ${settings}, seed: 3, evaluate: false }) { job { id } } }`,
    );
    await allJobs(server);
  });

  const ask = async (fields: string) =>
    (await server.data(`{ dataset(slug: "towns") { graphModel(name: "rote") { ${fields} } } }`)).dataset.graphModel;

  test('a missing link is predicted by name, with its probability and its reason; known ones are left out', async () => {
    const { predictLinks } = await ask(`predictLinks(head: "town 5", relation: "next", first: 3) {
      given { key } otherMeanings { key } relation { key }
      edges { rank score probability known node { key } why { paths { from { key } steps { relation { key } forward to { key } } } triples { similarity tail { key } } } }
      milliseconds
    }`);
    assert.deepEqual(
      [predictLinks.given.key, predictLinks.otherMeanings, predictLinks.relation.key],
      ['town-5', [], 'next'],
    );
    const [first] = predictLinks.edges;
    assert.equal(first.node.key, 'town-6');
    assert.deepEqual([first.rank, first.known], [1, null]);
    assert.ok(first.probability > 0 && first.probability < 1);
    assert.deepEqual(first.why.paths[0], {
      from: { key: 'town-5' },
      steps: [{ relation: { key: 'before' }, forward: false, to: { key: 'town-6' } }],
    });
    const scores = predictLinks.edges.map(({ score }: { score: number }) => score);
    assert.deepEqual(
      scores,
      scores.toSorted((a: number, b: number) => b - a),
    );
    const known = await ask('predictLinks(head: "town-8", relation: "next", first: 30) { edges { node { key } } }');
    assert.ok(known.predictLinks.edges.every(({ node }: { node: { key: string } }) => node.key !== 'town-9'));
    const marked = await ask(
      'predictLinks(head: "town-8", relation: "next", first: 1, known: true) { edges { known node { key } } }',
    );
    assert.deepEqual(marked.predictLinks.edges, [{ known: 'TRAIN', node: { key: 'town-9' } }]);
  });

  test('all answers of a page can be explained in one request: together they are one search', async () => {
    const edges = `edges { few: why(first: 1) { paths { steps { to { key } } } triples { similarity } }
      why(first: 3) { paths { steps { to { key } } } triples { similarity tail { key } } } }`;
    const { predictLinks, others } = await ask(
      `predictLinks(head: "town-5", relation: "next", first: 40) { ${edges} }
       others: predictLinks(head: "town-8", relation: "next", first: 40) { ${edges} }`,
    );
    assert.ok(predictLinks.edges.length + others.edges.length > 30, 'more answers than a request has searches');
    for (const { few, why } of predictLinks.edges) {
      assert.deepEqual(few.paths, why.paths.slice(0, 1));
      assert.ok(why.paths.length <= 3 && why.triples.length <= 3);
    }
    const { score } = await ask(
      'score(head: "town-5", relation: "next", tail: "town-6") { why(first: 3) { paths { steps { to { key } } } triples { similarity tail { key } } } }',
    );
    assert.deepEqual(predictLinks.edges[0].why, score.why);
  });

  test('heads are asked for as well, and answers can be restricted by type and by filter', async () => {
    const heads = await ask('predictLinks(tail: "town-6", relation: "next", first: 1) { edges { node { key } } }');
    assert.equal(heads.predictLinks.edges[0].node.key, 'town-5');
    const ports = await ask(
      'predictLinks(head: "town-20", relation: "next", first: 9, types: ["port"]) { edges { node { key } } }',
    );
    assert.deepEqual(ports.predictLinks.edges.map(({ node }: { node: { key: string } }) => node.key).sort(), [
      'town-6',
      'town-9',
    ]);
    const one = await ask(
      'predictLinks(head: "town-20", relation: "next", first: 9, types: ["port"], filter: { field: "key", ne: "town-9" }) { edges { node { key } } }',
    );
    assert.deepEqual(one.predictLinks.edges, [{ node: { key: 'town-6' } }]);
  });

  test('of several entities of one label the others are told', async () => {
    const { predictLinks } = await ask(
      'predictLinks(head: "old town", relation: "next", first: 1) { given { key } otherMeanings { key } }',
    );
    assert.deepEqual([predictLinks.given.key, predictLinks.otherMeanings], ['town-0', [{ key: 'town-1' }]]);
  });

  test('relations between two entities are ranked, and a triple is scored with its ranks and its reason', async () => {
    const { predictRelations, score } = await ask(`
      predictRelations(head: "town-8", tail: "town-9") { rank score probability known relation { key } }
      score(head: "town-5", relation: "next", tail: "town-6") { tailRank headRank score probability known why { triples { similarity } } }`);
    assert.deepEqual(
      predictRelations.map(({ rank, known, relation }: { rank: number; known: string; relation: { key: string } }) => [
        rank,
        known,
        relation.key,
      ]),
      [
        [1, 'TRAIN', 'next'],
        [2, null, 'before'],
      ],
    );
    assert.deepEqual([score.tailRank, score.headRank, score.known], [1, 1, null]);
  });

  test('what is missing and what surprises is found by relation', async () => {
    const { missing, surprising } = await ask(`
      missing(relation: "next", first: 3) { complete triples { head { key } tail { key } known probability } }
      surprising(relation: "next", first: 50) { complete triples { score known head { key } } }`);
    assert.equal(missing.complete, true);
    assert.ok(missing.triples.every(({ known }: { known: string | null }) => known === null));
    assert.equal(surprising.triples.length, COUNT - 1);
    const scores = surprising.triples.map(({ score }: { score: number }) => score);
    assert.deepEqual(
      scores,
      scores.toSorted((a: number, b: number) => a - b),
    );
  });

  test('a new entity is placed by its triples with all else held fixed, and asked about at once', async () => {
    const { newEntity } =
      await ask(`newEntity(triples: [{ is: HEAD, relation: "next", other: "town-12" }, { is: TAIL, relation: "next", other: "town-10" }]) {
      vector loss nearest(first: 1) { rank distance node { key } } predictLinks(relation: "next", first: 2) { rank probability node { key } }
    }`);
    // What lies between town-10 and town-12 is where town-11 is.
    assert.equal(newEntity.nearest[0].node.key, 'town-11');
    assert.ok(newEntity.predictLinks.every(({ node }: { node: { key: string } }) => node.key !== 'town-12'));
  });

  test('an entity that came after the training is placed by the triples that the graph has of it', async () => {
    await server.database.query(
      `insert into items (dataset_id, id, key, label) select dataset_id, 900, 'late', 'Late' from items where key = 'town-0'`,
    );
    await server.database.query(
      `insert into triples select dataset_id, id, 900, (select id from items where key = 'town-15'), 'TRAIN' from relations where key = 'before'`,
    );
    const { predictLinks } = await ask(
      'predictLinks(head: "late", relation: "before", first: 3, known: true) { edges { known node { key } } }',
    );
    assert.equal(predictLinks.edges[0].node.key, 'town-15');
    assert.equal(predictLinks.edges[0].known, 'TRAIN');
  });

  test('entities alike in name and near in the model are paired', async () => {
    const { duplicates } = await ask(
      'duplicates(leastVectors: -1, leastNames: 1) { node { key } other { key } names vectors sharedTriples }',
    );
    assert.deepEqual(
      duplicates.map(({ node, other, names }: { node: { key: string }; other: { key: string }; names: number }) => [
        node.key,
        other.key,
        names,
      ]),
      [['town-0', 'town-1', 1]],
    );
  });

  const wrong: readonly (readonly [fields: string, message: RegExp])[] = [
    [
      'predictLinks(relation: "next") { milliseconds }',
      /Give the head or the tail of the triple; the other is asked for\. None came/,
    ],
    ['predictLinks(head: "town-1", tail: "town-2", relation: "next") { milliseconds }', /Both came/],
    ['predictLinks(head: "twon-7", relation: "next") { milliseconds }', /has no entity "twon-7"\. Did you mean /],
    ['predictLinks(head: "town-7", relation: "nxt") { milliseconds }', /has no relation "nxt"\. Did you mean "next"/],
    ['predictLinks(head: "town-7", relation: "next", first: 0) { milliseconds }', /"first" is 0; wanted: 1 to 1000/],
    ['newEntity(triples: []) { loss }', /1 to 100, or by a description; there are 0 and no description/],
  ];
  for (const [fields, message] of wrong) {
    test(`${fields} is answered with a sentence`, async () => {
      const { errors } = await server.ask(`{ dataset(slug: "towns") { graphModel(name: "rote") { ${fields} } } }`);
      assert.match(errors[0]?.message ?? '', message);
      assert.notEqual(errors[0]?.extensions.code, 'INTERNAL_SERVER_ERROR');
    });
  }
});
