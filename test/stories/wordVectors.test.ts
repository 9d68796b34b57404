/** From a text to the answers that its words give. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import { createRandom } from '#kernels/random.ts';
import { allJobs, onEveryServer, type TestServer, upload } from '../helpers/server.ts';

/** Of each pair one is male and one female; both have to do with the same things. */
const pairs = [
  { words: ['man', 'woman'], things: ['house', 'work', 'street', 'bread'] },
  { words: ['king', 'queen'], things: ['crown', 'throne', 'castle', 'gold'] },
  { words: ['boy', 'girl'], things: ['school', 'toy', 'game', 'book'] },
  { words: ['monk', 'nun'], things: ['prayer', 'cloister', 'silence', 'candle'] },
  { words: ['actor', 'actress'], things: ['stage', 'film', 'mask', 'applause'] },
] as const;
const signs = [
  ['he', 'his', 'him', 'beard'],
  ['she', 'her', 'hers', 'dress'],
] as const;

/** Three thousand sentences such as `crown she gold king …`, in which a word stands among its things and the signs of its sex. */
function makeText(): string {
  const random = createRandom(4);
  const one = <T>(of: readonly T[]): T => {
    const drawn = of[random.below(of.length)];
    if (drawn === undefined) throw new Error('nothing to draw from');
    return drawn;
  };
  return Array.from({ length: 3000 }, () => {
    const { words, things } = one(pairs);
    const sex = random.below(2);
    return [one(things), one(signs[sex] ?? []), words[sex], one(things), one(signs[sex] ?? [])].join(' ');
  }).join('\n');
}

const tests = `: family
man woman king queen
king queen boy girl
monk nun actor actress
: strangers
man woman emperor empress
`;

const trainDocument = `mutation ($input: TrainWordVectorsInput!) { trainWordVectors(input: $input) { job { id kind } } }`;
const askDocument = `query ($analogy: Target!, $search: SearchOptions) {
  dataset(slug: "words") {
    embedding(name: "word2vec") {
      nearest(to: $analogy, first: 1, search: $search) {
        edges { similarity distance node { key } }
        search { exact complete }
      }
    }
  }
}`;
/** a is to b as c is to … */
const analogy = (a: string, b: string, c: string) => ({
  sum: [{ to: { item: b } }, { to: { item: a }, weight: -1 }, { to: { item: c } }],
});

onEveryServer((_engine, start) => {
  let server: TestServer;
  let jobId: string;

  before(async () => {
    server = await start({ WORKERS: '1' });
    const uploads = await upload(server, { 'story.txt': makeText() });
    const input = {
      ...{ dataset: 'words', texts: { uploads }, dimension: 16, window: 4, epochs: 15, learningRate: 0.05 },
      ...{ subsample: 0, projections: [{ name: 'pca-2d', method: 'PCA', components: 2 }] },
    };
    const { trainWordVectors } = await server.data(trainDocument, { input });
    assert.equal(trainWordVectors.job.kind, 'TRAIN_WORD_VECTORS');
    jobId = trainWordVectors.job.id;
    await allJobs(server);
  });

  test('the job tells how the loss fell, and what was made', async () => {
    const { job } = await server.data(
      `query ($id: ID!) { job(id: $id) {
        curves { name points { at value } }
        result { dataset { slug itemCount kind } embedding { name dimension model { name } } projection { name method count: points { count } } }
      } }`,
      { id: jobId },
    );
    const [{ name, points }] = job.curves;
    assert.equal(name, 'loss');
    assert.equal(points.at(-1).at, 15);
    assert.ok(points.at(-1).value < points[0].value);
    assert.deepEqual(job.result, {
      dataset: { slug: 'words', itemCount: 38, kind: 'TEXT' },
      embedding: { name: 'word2vec', dimension: 16, model: { name: 'word2vec (skip-gram)' } },
      projection: { name: 'pca-2d', method: 'PCA', count: { count: 38 } },
    });
  });

  test('man is to woman as king is to queen, by sums and by products', async () => {
    for (const combine of ['ADD', 'MULTIPLY']) {
      for (const [a, b, c, answer] of [
        ['man', 'woman', 'king', 'queen'],
        ['woman', 'man', 'nun', 'monk'],
        ['actor', 'actress', 'boy', 'girl'],
      ] as const) {
        const { dataset } = await server.data(askDocument, { analogy: analogy(a, b, c), search: { combine } });
        const { edges, search } = dataset.embedding.nearest;
        assert.equal(edges[0].node.key, answer, `${combine}: ${a} ${b} ${c}`);
        assert.deepEqual(search, { exact: true, complete: true });
      }
    }
  });

  test('products are what the formula says, and are refused where there is none', async () => {
    const search = { combine: 'MULTIPLY' };
    const to = analogy('man', 'woman', 'king');
    const { dataset } = await server.data(askDocument, { analogy: to, search });
    const [edge] = dataset.embedding.nearest.edges;
    const { dataset: asked } = await server.data(
      `{ dataset(slug: "words") { embedding(name: "word2vec") { similarities(pairs: [
        { a: { item: "queen" }, b: { item: "woman" } },
        { a: { item: "queen" }, b: { item: "man" } },
        { a: { item: "queen" }, b: { item: "king" } }
      ]) { similarity distance } } } }`,
    );
    const [b, a, c] = asked.embedding.similarities.map(
      ({ similarity }: { similarity: number }) => (1 + similarity) / 2,
    );
    assert.ok(Math.abs(edge.similarity - (b * c) / (a + 0.001)) < 1e-5);
    assert.ok(Math.abs(edge.distance + Math.log(edge.similarity)) < 1e-9);
    const { errors } = await server.ask(askDocument, { analogy: { item: 'king' }, search });
    assert.match(errors[0]?.message ?? '', /Only the terms of a `sum` can be multiplied/);
  });

  test('the odd one out is the one of another company', async () => {
    const ask = `query ($items: [String!]!) { dataset(slug: "words") { embedding(name: "word2vec") {
      oddOneOut(items: $items) { similarity node { key } } } } }`;
    const { dataset } = await server.data(ask, { items: ['crown', 'throne', 'candle', 'castle', 'gold'] });
    const found = dataset.embedding.oddOneOut;
    assert.equal(found[0].node.key, 'candle');
    assert.ok(found[0].similarity < found[1].similarity - 0.1);
    assert.equal(found.length, 5);
    const { errors } = await server.ask(ask, { items: ['crown', 'throne', 'crown'] });
    assert.match(errors[0]?.message ?? '', /There are 2 different items; wanted: 3 to 100/);
  });

  test('the ends of a direction tell what it is about', async () => {
    const ask = `query ($direction: VectorDirection!) { dataset(slug: "words") { embedding(name: "word2vec") {
      extremes(direction: $direction, first: 3) { highest { value node { key vector(embedding: "word2vec") } } lowest { value node { key } } } } } }`;
    const ends = async (direction: object) => (await server.data(ask, { direction })).dataset.embedding.extremes;
    const keys = (extremes: readonly { node: { key: string } }[]) => extremes.map(({ node }) => node.key);

    const bySex = await ends({ axis: { from: { item: 'he' }, to: { item: 'she' } } });
    const [male, female] = signs.map((words) => new Set<string>(words));
    assert.ok(
      keys(bySex.highest).every((key) => female?.has(key)),
      keys(bySex.highest).join(),
    );
    assert.ok(
      keys(bySex.lowest).every((key) => male?.has(key)),
      keys(bySex.lowest).join(),
    );

    const first = await ends({ dimension: 1 });
    const bytes = Buffer.from(first.highest[0].node.vector, 'base64');
    assert.ok(Math.abs(first.highest[0].value - bytes.readFloatLE(0)) < 1e-6);
    assert.ok(first.highest[0].value >= first.highest[1].value && first.lowest[0].value <= first.lowest[1].value);

    const { highest, lowest } = await ends({ component: 1 });
    assert.ok(highest[0].value > 0 && lowest[0].value < 0, 'the mean has been taken off');
    for (const [direction, message] of [
      [{ dimension: 0 }, /`dimension` is 0; wanted: 1 to 16/],
      [{ component: 17 }, /`component` is 17; wanted: 1 to 16/],
      [{ component: 11 }, /The component is 11; the first 10 can be asked for/],
      [{ axis: { from: { item: 'he' }, to: { item: 'he' } } }, /cancel out/],
    ] as const) {
      assert.match((await server.ask(ask, { direction })).errors[0]?.message ?? '', message);
    }
  });

  test('a file of tests is answered, and the answer is kept', async () => {
    const pairsFile = 'king\tcrown\t9\nking\tcandle\t1\nking\tstage\t0.9\nking\tzebra\t2\n';
    const [id, pairsId] = await upload(server, { 'tests.txt': tests, 'pairs.tsv': pairsFile });
    const evaluate = `mutation ($upload: ID!) {
      evaluateWordVectors(input: { dataset: "words", embedding: "word2vec", upload: $upload }) { job { id } } }`;
    await server.data(evaluate, { upload: id });
    await server.data(evaluate, { upload: pairsId });
    await allJobs(server);
    const { dataset } = await server.data(`{ dataset(slug: "words") { embedding(name: "word2vec") { evaluations {
      name kind words stale
      total { questions known accuracy accuracyMultiply correlation }
      sections { name questions known accuracy accuracyMultiply correlation }
    } } } }`);
    const [similarity, analogies] = dataset.embedding.evaluations;
    const all = { questions: 4, known: 3, accuracy: 1, accuracyMultiply: 1, correlation: null };
    assert.deepEqual(analogies, {
      ...{ name: 'tests.txt', kind: 'ANALOGIES', words: 38, stale: false, total: all },
      sections: [
        { ...all, name: 'family', questions: 3 },
        { ...all, name: 'strangers', questions: 1, known: 0, accuracy: null, accuracyMultiply: null },
      ],
    });
    assert.deepEqual([similarity.name, similarity.kind, similarity.total.known], ['pairs.tsv', 'SIMILARITY', 3]);
    assert.ok(similarity.total.correlation > 0.4);

    const [unknown] = await upload(server, { 'unknown.txt': 'x y z u\n' });
    const { evaluateWordVectors } = await server.data(evaluate, { upload: unknown });
    for (;;) {
      const { job } = await server.data(
        'query ($id: ID!) { job(id: $id) { state error { message } } }',
        evaluateWordVectors.job,
      );
      if (job.state === 'QUEUED' || job.state === 'RUNNING') continue;
      assert.equal(job.state, 'FAILED');
      assert.match(job.error.message, /Not one question of unknown\.txt has all its words among the 38/);
      break;
    }

    const remove = `mutation ($evaluation: String!) {
      removeWordEvaluation(input: { dataset: "words", embedding: "word2vec", evaluation: $evaluation }) { removedId } }`;
    const list = '{ dataset(slug: "words") { embedding(name: "word2vec") { evaluations { id name } } } }';
    const listed = async () => (await server.data(list)).dataset.embedding.evaluations;
    const [pairs] = await listed();
    const { removeWordEvaluation } = await server.data(remove, { evaluation: 'pairs.tsv' });
    assert.equal(removeWordEvaluation.removedId, pairs.id);
    assert.deepEqual(
      (await listed()).map(({ name }: { name: string }) => name),
      ['tests.txt'],
    );
    const { errors } = await server.ask(remove, { evaluation: 'test.txt' });
    assert.match(errors[0]?.message ?? '', /no evaluation by "test\.txt"\. Did you mean "tests\.txt"\?/);
    assert.equal(errors[0]?.extensions.code, 'NOT_FOUND');
  });

  describe('what cannot be', () => {
    for (const [input, message] of [
      [{ window: 0 }, /window is 0; wanted: a whole number from 1 to 100/],
      [{ texts: { uploads: [] } }, /There are no texts/],
      [{ texts: { dataset: { slug: 'nowhere' } } }, /There is no data set "nowhere"/],
      [{ dataset: 'words' }, /There is a data set "words" already/],
    ] as const) {
      test(`is refused at once: ${JSON.stringify(input)}`, async () => {
        const [id] = await upload(server, { 'a.txt': 'a b c' });
        const { errors } = await server.ask(trainDocument, {
          input: { dataset: 'others', texts: { uploads: [id] }, ...input },
        });
        assert.match(errors[0]?.message ?? '', message);
        assert.equal(errors[0]?.extensions.code === 'INTERNAL_SERVER_ERROR', false);
      });
    }
  });
});
