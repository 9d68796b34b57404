import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { addJob } from '../../../server/jobs/jobs.ts';
import { encodeId } from '../../../server/resolvers/ids.ts';
import { makeGraph, type TripleText } from '../../helpers/graphs.ts';
import { allJobs, onEveryServer, type TestServer } from '../../helpers/server.ts';

const towns = Array.from({ length: 24 }, (_, i): TripleText[] => {
  const [here, there] = [`town-${i}`, `town-${(i + 1) % 24}`];
  return [
    [here, 'next', there],
    [there, 'before', here, i % 4 === 0 ? 'VALIDATION' : i % 4 === 1 ? 'TEST' : 'TRAIN'],
  ];
}).flat();

const settings = `{
  model: ROTE, dimension: 8, objective: NEGATIVE_SAMPLING, loss: SOFTMAX, negatives: 12, shared: 8, epochs: 30, batch: 16,
  optimizer: ADAM, rate: 0.05, regularizer: NONE, distribution: NORMAL, scale: 0.3, validateEvery: 10
}`;

const summary = `count
  realistic { meanRank meanReciprocalRank hitsAt1 hitsAt3 hitsAt10 }
  optimistic { meanReciprocalRank } pessimistic { meanReciprocalRank }
  adjusted { meanRankIndex meanReciprocalRank hitsAt1 hitsAt3 hitsAt10 zMeanRank zMeanReciprocalRank zHitsAt10 }`;

onEveryServer((_engine, start) => {
  let server: TestServer;
  before(async () => {
    server = await start({ WORKERS: '1' });
    await makeGraph(server.database, 'towns', towns);
  });

  test('a graph model is trained, evaluated and read through GraphQL', async () => {
    const asked = await server.data(`mutation {
      trainGraph(input: { dataset: "towns", name: "rote", settings: ${settings}, seed: 3 }) { job { id kind training { epoch } } }
    }`);
    assert.equal(asked.trainGraph.job.kind, 'TRAIN_GRAPH');
    assert.equal(asked.trainGraph.job.training, null);
    await allJobs(server);
    const { job, dataset } = await server.data(
      `query ($id: ID!) {
        job(id: $id) { warnings result { dataset { slug } embedding { name } graphModel { name } } }
        dataset(slug: "towns") {
          graphModels { name }
          graphModel(name: "rote") {
            id name kind preset settings seed bestEpoch validationMeanReciprocalRank milliseconds stale
            dataset { slug } embedding { name itemCount dimension metric }
            curve { epoch loss meanReciprocalRank rate } trials { epochs }
            calibration { slope offset chosenNegatives }
            answerCalibration { slope offset byRelation { relation tails heads } }
            evaluations {
              split milliseconds device stale both { ${summary} } tails { ${summary} } heads { ${summary} }
              byRelation { relation ranks { count } } byKind { kind ranks { count } } byFrequency { least most ranks { count } }
              classification {
                count accuracy balancedAccuracy precision recall f1 correlation averagePrecision chosenNegatives
              }
              calibration { brier logLoss calibrationError reliability { probability share count } }
              answerCalibration { brier calibrationError reliability { probability share count } }
              ranks { url mediaType }
            }
          }
        }
      }`,
      { id: asked.trainGraph.job.id },
    );
    assert.deepEqual(job.warnings, []);
    assert.deepEqual(job.result, {
      dataset: { slug: 'towns' },
      embedding: { name: 'rote' },
      graphModel: { name: 'rote' },
    });
    assert.deepEqual(dataset.graphModels, [{ name: 'rote' }]);
    const model = dataset.graphModel;
    assert.equal(model.kind, 'ROTE');
    assert.deepEqual(model.embedding, { name: 'rote', itemCount: 24, dimension: 8, metric: 'EUCLIDEAN' });
    assert.equal(model.settings.negatives, 12);
    assert.equal(model.curve.length, 30);
    assert.equal(model.curve[0].meanReciprocalRank, null);
    assert.equal(model.validationMeanReciprocalRank, model.curve[model.bestEpoch - 1].meanReciprocalRank);
    assert.equal(model.stale, false);
    assert.equal(model.calibration.chosenNegatives, false);
    const { slope, offset, byRelation } = model.answerCalibration;
    assert.deepEqual(
      byRelation.map(({ relation }: { relation: string }) => relation),
      ['next', 'before'],
    );
    const before = byRelation[1];

    const [evaluation] = model.evaluations;
    assert.equal(evaluation.split, 'TEST');
    assert.equal(evaluation.both.count, 12);
    assert.equal(evaluation.heads.count + evaluation.tails.count, 12);
    assert.deepEqual(evaluation.byRelation, [{ relation: 'before', ranks: { count: 12 } }]);
    assert.deepEqual(evaluation.byKind, [{ kind: 'ONE_TO_ONE', ranks: { count: 12 } }]);
    assert.ok(evaluation.both.realistic.meanReciprocalRank > 0.3);
    assert.equal(evaluation.classification.count, 12);
    assert.ok(evaluation.calibration.brier < 0.25);
    const answered = await server.data(
      '{ dataset(slug: "towns") { graphModel(name: "rote") { predictLinks(head: "town-3", relation: "before", first: 3) { edges { score probability } } } } }',
    );
    for (const { score, probability } of answered.dataset.graphModel.predictLinks.edges) {
      const told = 1 / (1 + Math.exp(-(slope * score + offset + before.tails)));
      assert.ok(Math.abs(probability - told) < 1e-9, `${probability} is not ${told}`);
    }
    assert.ok(evaluation.answerCalibration.brier < 0.25);
    const shown = evaluation.answerCalibration.reliability;
    // Of each of the 12 questions of the test the first ten answers.
    assert.equal(
      shown.reduce((sum: number, { count }: { count: number }) => sum + count, 0),
      120,
    );

    const file = await server.fetch(evaluation.ranks.url);
    assert.equal(file.status, 200);
    assert.match(file.headers.get('content-disposition') ?? '', /filename="towns-rote-test\.tsv"/);
    assert.equal((await file.text()).trimEnd().split('\n').length, 13);
    const { node } = await server.data('query ($id: ID!) { node(id: $id) { id ... on GraphModel { name } } }', {
      id: model.id,
    });
    assert.deepEqual(node, { id: model.id, name: 'rote' });
  });

  test('nearest entities are asked of its embedding as of any other', async () => {
    const { dataset } = await server.data(
      '{ dataset(slug: "towns") { embedding(name: "rote") { nearest(to: { item: "town-3" }, first: 3) { nodes { key } } } } }',
    );
    assert.equal(dataset.embedding.nearest.nodes.length, 3);
  });

  test('a training that runs tells its curve and how long it may take', async () => {
    const input = { datasetId: 1, name: 'x', preset: null, settings: [{}], seed: 1, evaluate: false };
    const job = await addJob(server.database, { kind: 'TRAIN_GRAPH', input, reserved: true });
    const progress = {
      ...{ trial: 1, epoch: 1, epochs: 10, milliseconds: 500, millisecondsLeft: 2000, bestTrial: 0 },
      trials: [{ settings: { rate: 0.1 }, epochs: 10, mrr: 0.25, milliseconds: 900 }],
    };
    const { database, data } = server;
    await database.query('update jobs set checkpoint = $2::jsonb where id = $1::uuid', [
      job.id,
      JSON.stringify(progress),
    ]);
    // What has come since the checkpoint counts; of a third epoch the loss is still to come; the first settings are another curve.
    await database.query(
      `insert into job_points (job_id, curve, at, value)
       select $1::uuid, curve, at, value from (values
         ('loss', 1, 9), ('rate', 1, 9), ('loss of trial 2', 1, 2), ('loss of trial 2', 2, 1),
         ('validation MRR of trial 2', 2, 0.5), ('rate of trial 2', 1, 0.1), ('rate of trial 2', 3, 0.01)
       ) as points (curve, at, value)`,
      [job.id],
    );
    const found = await data(
      `query ($id: ID!) { job(id: $id) { training {
        trial epoch epochs millisecondsLeft curve { epoch loss meanReciprocalRank rate } trials { settings meanReciprocalRank }
      } } }`,
      { id: encodeId(['Job', job.id]) },
    );
    assert.deepEqual(found.job.training, {
      ...{ trial: 2, epoch: 2, epochs: 10, millisecondsLeft: 2000 },
      trials: [{ settings: { rate: 0.1 }, meanReciprocalRank: 0.25 }],
      curve: [
        { epoch: 1, loss: 2, meanReciprocalRank: null, rate: 0.1 },
        { epoch: 2, loss: 1, meanReciprocalRank: 0.5, rate: 0.1 },
      ],
    });
    await database.query('delete from jobs where id = $1::uuid', [job.id]);
  });

  test("presets are listed with what they were measured to reach, and for a graph of one's own those to start with", async () => {
    const list = async (slug: string) => {
      const { graphPresets } = await server.data(
        `{ graphPresets(dataset: "${slug}") { name description dataset settings expectedMeanReciprocalRank expectedSeconds hardware } }`,
      );
      return graphPresets;
    };
    const [measured, ...starts] = await list('umls');
    assert.deepEqual([measured.dataset, measured.settings.model], ['umls', 'COMPLEX']);
    assert.ok(measured.expectedMeanReciprocalRank > 0);
    assert.ok(starts.length > 0 && starts.every(({ dataset }: { dataset: string | null }) => dataset === null));
    assert.deepEqual(await list('my-own'), starts);
    const { graphPresets: all } = await server.data('{ graphPresets { name } }');
    assert.ok(all.length > starts.length + 1);
  });

  const refusals: readonly (readonly [input: string, code: string, message: RegExp])[] = [
    [
      'name: "x", preset: "umls-complex-n2"',
      'NOT_FOUND',
      /no preset "umls-complex-n2". Did you mean "umls-complex-n3"/,
    ],
    ['name: "x", settings: { dimension: 7 }', 'BAD_USER_INPUT', /takes its numbers in pairs.*got 7/],
    [
      'name: "x", settings: { rateSteps: [{ epoch: 9, factor: 0.5 }, { epoch: 3, factor: 0.5 }] }',
      'BAD_USER_INPUT',
      /by rising epochs, got 3 after 9/,
    ],
    ['name: "x", settings: { epochs: 0 }', 'BAD_USER_INPUT', /Epochs: a whole number from 1/],
    [
      'name: "x", settings: { negatives: 5 }',
      'BAD_USER_INPUT',
      /negatives is a setting of NEGATIVE_SAMPLING, but the objective is ONE_VS_ALL/,
    ],
    [
      'name: "x", settings: { objective: K_VS_ALL, loss: MARGIN }',
      'BAD_USER_INPUT',
      /SOFTMAX and LOGISTIC, not MARGIN/,
    ],
    ['name: "x", settings: { model: ROTATE, relationWeight: 1 }', 'BAD_USER_INPUT', /linear in them; ROTATE is not/],
    ['name: " "', 'BAD_USER_INPUT', /1 to 200 characters/],
    [
      `name: "x", search: [${Array.from({ length: 21 }, () => '{ rate: 0.1 }').join()}]`,
      'LIMIT_EXCEEDED',
      /at most 20 settings, got 21/,
    ],
  ];
  for (const [input, code, message] of refusals) {
    test(`refused before a job is made: ${input.slice(0, 60)}`, async () => {
      const { errors } = await server.ask(
        `mutation { trainGraph(input: { dataset: "towns", ${input} }) { job { id } } }`,
      );
      assert.equal(errors[0]?.extensions.code, code);
      assert.match(errors[0]?.message ?? '', message);
    });
  }

  test('a model that is not there is told by its neighbours in spelling', async () => {
    const { errors } = await server.ask(
      'mutation { evaluateGraph(input: { dataset: "towns", model: "rota" }) { job { id } } }',
    );
    assert.match(errors[0]?.message ?? '', /no graph model "rota". Did you mean "rote"\?/);
    const ranks = await server.fetch('/ranks/99/test/abc.tsv');
    assert.equal(ranks.status, 404);
    assert.equal((await server.fetch('/ranks/x/test/abc.tsv')).status, 404);
  });

  test('a model is removed with its embedding', async () => {
    const { removeGraphModel } = await server.data(
      'mutation { removeGraphModel(input: { dataset: "towns", model: "rote" }) { removedId } }',
    );
    const { dataset, node } = await server.data(
      'query ($id: ID!) { node(id: $id) { id } dataset(slug: "towns") { graphModel(name: "rote") { id } embeddings { name } } }',
      { id: removeGraphModel.removedId },
    );
    assert.equal(node, null);
    assert.deepEqual(dataset, { graphModel: null, embeddings: [] });
  });
});
