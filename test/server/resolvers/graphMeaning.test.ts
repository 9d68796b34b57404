import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { makeGraph, type TripleText } from '../../helpers/graphs.ts';
import { writeTextModel } from '../../helpers/models.ts';
import { scratchDir } from '../../helpers/runTask.ts';
import { allJobs, onEveryServer, type TestServer } from '../../helpers/server.ts';

/** Five things of each colour, which all lie on the colour's shelf. What they are called says nothing of their colour. */
const colours = ['red', 'green', 'blue'] as const;
const things = colours.flatMap((colour, c) =>
  ['', 'dark ', 'bright ', 'dark dark ', 'bright bright '].map((shade, i) => ({
    ...{
      key: `q${5 * c + i}`,
      label: `Thing ${'ABCDEFGHIJKLMNO'[5 * c + i]}`,
      description: `${shade}${colour}`,
      colour,
    },
  })),
);
const triples: TripleText[] = things.flatMap(({ key, colour }, i): TripleText[] => [
  [key, 'lies_on', `shelf of ${colour}`],
  [key, 'beside', things[5 * Math.floor(i / 5) + ((i + 1) % 5)]?.key ?? ''],
]);

const models = await scratchDir();
await writeTextModel(join(models, 'texts'));

onEveryServer((_engine, start) => {
  let server: TestServer;
  before(async () => {
    server = await start({ WORKERS: '1', MODELS_DIR: models });
    const labels = Object.fromEntries(things.map(({ key, label }) => [key, label]));
    const { id } = await makeGraph(server.database, 'things', triples, { ...labels, lies_on: 'lies on' });
    for (const { key, description } of things) {
      await server.database.query(
        `update items set fields = jsonb_build_object('description', $3::text) where dataset_id = $1::int and key = $2::text`,
        [id, key, description],
      );
    }
    await server.database.query(
      `update datasets set fields = '[{"name": "description", "type": "TEXT"}]' where id = $1::int`,
      [id],
    );
    await server.data(`mutation {
      trainGraph(input: { dataset: "things", name: "complex", seed: 2, settings: {
        model: COMPLEX, dimension: 16, epochs: 40, batch: 20, entityPenalty: 0.001 } }) { job { id } }
    }`);
    await allJobs(server);
  });

  const ask = async (fields: string) => (await server.data(`{ dataset(slug: "things") { ${fields} } }`)).dataset;

  test('without an embedding of texts a description places nothing, and says what is missing', async () => {
    const { errors } = await server.ask(
      '{ dataset(slug: "things") { graphModel(name: "complex") { newEntity(description: "red") { loss } } } }',
    );
    assert.match(
      errors[0]?.message ?? '',
      /"things" has no embedding of texts.*embedItems, of the field "description"/,
    );
    const { graph } = await ask('graph { entities(text: "something like blue red") { by } }');
    assert.ok(graph.entities.every(({ by }: { by: string }) => by !== 'MEANING'));
  });

  test('an entity is found by what its description means, after its names and words', async () => {
    await server.data(
      'mutation { embedItems(input: { dataset: "things", model: "texts", field: "description", name: "meanings" }) { job { id } } }',
    );
    await allJobs(server);
    const { graph } = await ask(
      'graph { entities(text: "such a bright blue thing that nobody names", first: 3) { by similarity node { key } } }',
    );
    assert.deepEqual(
      graph.entities.map(({ by, node }: { by: string; node: { key: string } }) => `${by} ${node.key}`),
      ['MEANING q12', 'MEANING q14', 'MEANING q10'],
    );
    assert.ok(graph.entities[0].similarity > 0.99);
    const filtered = await ask(
      'graph { entities(text: "such a bright blue thing that nobody names", first: 1, filter: { field: "description", in: ["red", "bright bright blue"] }) { by node { key } } }',
    );
    assert.deepEqual(filtered.graph.entities, [{ by: 'MEANING', node: { key: 'q14' } }]);
    const named = await ask('graph { entities(text: "thing k", first: 1) { by node { key } } }');
    assert.deepEqual(named.graph.entities, [{ by: 'LABEL', node: { key: 'q10' } }]);
  });

  test('a question in words takes names, slips and descriptions, and says what it took', async () => {
    const answered = async (question: string) => {
      const { graphModel } = await ask(
        `graphModel(name: "complex") { ask(question: ${JSON.stringify(question)}, first: 1, known: true) {
          given { key } otherMeanings { key } relation { key } edges { known node { key } why { triples { tail { key } } } } } }`,
      );
      return graphModel.ask;
    };
    const byName = await answered('Thing A lies on what?');
    assert.deepEqual([byName.given.key, byName.otherMeanings, byName.relation.key], ['q0', [], 'lies_on']);
    assert.deepEqual([byName.edges[0].known, byName.edges[0].node.key], ['TRAIN', 'shelf of red']);
    const misspelt = await answered('what lies on the shelv of green?');
    assert.equal(misspelt.given.key, 'shelf of green');
    assert.equal(misspelt.relation.key, 'lies_on');
    const described = await answered('something bright and of the kind blue lies on what');
    assert.deepEqual([described.given.key, described.edges[0].node.key], ['q12', 'shelf of blue']);
    assert.ok(described.otherMeanings.length > 0);
  });

  test('a question that names nothing is answered by how to ask', async () => {
    for (const [question, message] of [
      ['who are you?', /not understood. Ask "what lies on NAME\?"/],
      ['what lies on "\u0000"?', /U\+0000/],
    ] as const) {
      const { errors } = await server.ask(
        'query ($q: String!) { dataset(slug: "things") { graphModel(name: "complex") { ask(question: $q) { given { key } } } } }',
        { q: question },
      );
      assert.equal(errors[0]?.extensions.code, 'BAD_USER_INPUT');
      assert.match(errors[0]?.message ?? '', message);
    }
  });

  test('a new entity is placed by its description alone, among those described alike', async () => {
    const { graphModel } = await ask(`graphModel(name: "complex") { newEntity(description: "dark green") {
      loss describedAlike { similarity weight node { key } }
      nearest(first: 1) { node { key } } predictLinks(relation: "lies on", first: 1) { node { key } } } }`);
    const { loss, describedAlike, predictLinks } = graphModel.newEntity;
    assert.equal(loss, null);
    assert.equal(predictLinks[0].node.key, 'shelf of green');
    assert.equal(describedAlike[0].node.key, 'q6');
    const weights = describedAlike.map(({ weight }: { weight: number }) => weight);
    assert.ok(Math.abs(weights.reduce((sum: number, weight: number) => sum + weight, 0) - 1) < 1e-9);
    assert.deepEqual(
      weights,
      weights.toSorted((a: number, b: number) => b - a),
    );
  });

  test('with triples these decide, whatever the description says', async () => {
    const { graphModel } = await ask(`graphModel(name: "complex") {
      newEntity(description: "dark green", triples: [{ is: HEAD, relation: "beside", other: "q0" }, { is: TAIL, relation: "beside", other: "q1" }]) {
        loss predictLinks(relation: "lies on", first: 1) { node { key } } } }`);
    assert.ok(graphModel.newEntity.loss >= 0);
    assert.equal(graphModel.newEntity.predictLinks[0].node.key, 'shelf of red');
  });
});
