import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { allJobs, onEveryServer, type TestServer, upload } from '../../helpers/server.ts';

const triples =
  'dog\tkind\tcanine\nwolf\tkind\tcanine\ncanine\tkind\tcarnivore\ndog\tchases\tcat\ncat\tkind\tcarnivore\n';

onEveryServer((_engine, start) => {
  let server: TestServer;
  before(async () => {
    server = await start({ WORKERS: '1' });
    const uploads = await upload(server, {
      'train.tsv': triples,
      'entities.tsv': 'dog\tDog\tbarks\n',
      'relations.tsv': 'kind\tis a kind of\n',
    });
    await server.data('mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }', {
      input: { dataset: 'animals', kind: 'GRAPH', uploads },
    });
    const other = await upload(server, { 'x.csv': 'id,x\na,1\n' });
    await server.data('mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }', {
      input: { dataset: 'plain', uploads: other, projections: [] },
    });
    await allJobs(server);
  });

  const ask = async (fields: string) =>
    (await server.data(`{ dataset(slug: "animals") { graph { ${fields} } } }`)).dataset.graph;

  test('a graph tells its counts and its relations with their kinds; a data set without one has none', async () => {
    assert.deepEqual(await ask('entityCount tripleCount trainCount validationCount testCount relationCount'), {
      ...{ entityCount: 5, tripleCount: 5, trainCount: 5, validationCount: 0, testCount: 0, relationCount: 2 },
    });
    assert.deepEqual((await ask('relations { key label kind tripleCount tailsPerHead headsPerTail }')).relations, [
      { key: 'kind', label: 'is a kind of', kind: 'MANY_TO_ONE', tripleCount: 4, tailsPerHead: 1, headsPerTail: 2 },
      { key: 'chases', label: 'chases', kind: 'ONE_TO_ONE', tripleCount: 1, tailsPerHead: 1, headsPerTail: 1 },
    ]);
    assert.deepEqual(await server.data('{ dataset(slug: "plain") { graph { relationCount } } }'), {
      dataset: { graph: null },
    });
  });

  test('what is around an entity comes by its name, in pages', async () => {
    const query = (after: string) =>
      `neighborhood(of: ["dog"], hops: 2, first: 3 ${after}) { edges { hop node { head { label } relation { label } tail { key } split } } pageInfo { hasNextPage endCursor } }`;
    const first = (await ask(query(''))).neighborhood;
    const second = (await ask(query(`, after: "${first.pageInfo.endCursor}"`))).neighborhood;
    assert.equal(first.edges.length + second.edges.length, 5);
    assert.deepEqual([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage], [true, false]);
    const shown = [...first.edges, ...second.edges].map(
      ({ hop, node }) => `${hop}: ${node.head.label} ${node.relation.label} ${node.tail.key}`,
    );
    assert.deepEqual(shown.slice(0, 2).sort(), ['1: Dog chases cat', '1: Dog is a kind of canine']);
  });

  test('paths, triples and entities are asked for by name', async () => {
    assert.deepEqual(
      (
        await ask(
          'paths(from: "Dog", to: "carnivore", length: 2) { from { key } steps { relation { key } forward to { key } } }',
        )
      ).paths,
      [
        {
          from: { key: 'dog' },
          steps: [
            { relation: { key: 'chases' }, forward: true, to: { key: 'cat' } },
            { relation: { key: 'kind' }, forward: true, to: { key: 'carnivore' } },
          ],
        },
        {
          from: { key: 'dog' },
          steps: [
            { relation: { key: 'kind' }, forward: true, to: { key: 'canine' } },
            { relation: { key: 'kind' }, forward: true, to: { key: 'carnivore' } },
          ],
        },
      ].sort((a, b) => (a.steps[0]?.to.key ?? '').localeCompare(b.steps[0]?.to.key ?? '')),
    );
    assert.equal((await ask('triples(relation: "is a kind of") { nodes { head { key } } }')).triples.nodes.length, 4);
    assert.deepEqual((await ask('entities(text: "canime") { node { key } by }')).entities, [
      { node: { key: 'canine' }, by: 'SPELLING' },
    ]);
  });

  const wrong: readonly (readonly [fields: string, message: RegExp])[] = [
    ['neighborhood(of: ["dgo"]) { nodes { split } }', /has no entity "dgo"/],
    ['neighborhood(of: []) { nodes { split } }', /"of" names 0 entities; wanted: 1 to 100/],
    ['neighborhood(of: ["dog"], hops: 9) { nodes { split } }', /"hops" is 9; wanted: 1 to 4/],
    [
      'neighborhood(of: ["dog"], relations: ["kindd"]) { nodes { split } }',
      /has no relation "kindd"\. Did you mean "kind"/,
    ],
    ['neighborhood(of: ["dog"], after: "abc") { nodes { split } }', /The cursor "abc" is not one of this list/],
    ['paths(from: "dog", to: "cat", length: 5) { steps { forward } }', /"length" is 5; wanted: 1 to 4/],
    ['triples(first: 0) { nodes { split } }', /"first" is 0; wanted: 1 to 1000/],
    ['entities(text: " ") { by }', /The name of an entity is empty/],
  ];
  for (const [fields, message] of wrong) {
    test(`${fields} is answered with a sentence`, async () => {
      const { errors } = await server.ask(`{ dataset(slug: "animals") { graph { ${fields} } } }`);
      assert.match(errors[0]?.message ?? '', message);
      assert.notEqual(errors[0]?.extensions.code, 'INTERNAL_SERVER_ERROR');
    });
  }

  test('a graph is split anew by one job, and what is no graph is not', async () => {
    const split =
      'mutation ($dataset: String!, $split: SplitInput!) { splitGraph(input: { dataset: $dataset, split: $split }) { job { id } } }';
    await server.data(split, { dataset: 'animals', split: { validation: 0.2, test: 0.2, seed: 1 } });
    await allJobs(server);
    const counts = await ask('trainCount validationCount testCount');
    assert.equal(counts.trainCount + counts.validationCount + counts.testCount, 5);
    assert.ok(counts.testCount >= 1);
    const refused = await server.ask(split, { dataset: 'plain', split: {} });
    assert.match(refused.errors[0]?.message ?? '', /The data set "plain" is no graph: its kind is /);
    const all = await server.ask(split, { dataset: 'animals', split: { validation: 0.5, test: 0.5 } });
    assert.match(all.errors[0]?.message ?? '', /wanted: 0 or more each, and less than 1 together/);
  });
});
