import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { probabilityOf } from '#kernels/kge/calibrate.ts';
import { scoreTails } from '#kernels/kge/score.ts';
import type { Database } from '../../../server/database/database.ts';
import type { Dataset } from '../../../server/datasets/datasets.ts';
import { createEmbedding, listEmbeddings } from '../../../server/embeddings/embeddings.ts';
import { evaluateGraph } from '../../../server/graphs/evaluateGraph.ts';
import { runGraphKernel, toKnowledgeGraph } from '../../../server/graphs/graphKernels.ts';
import {
  listEvaluations,
  loadGraphModel,
  removeGraphModel,
  requireGraphModel,
  toJudgement,
} from '../../../server/graphs/graphModels.ts';
import { readTriples } from '../../../server/graphs/graphs.ts';
import { ranksFile } from '../../../server/graphs/ranksFile.ts';
import { type Settings, trainingOptions } from '../../../server/graphs/settings.ts';
import { type TrainGraphInput, type TrainingProgress, trainGraph } from '../../../server/graphs/trainGraph.ts';
import { curveOfTrial } from '../../../server/graphs/trainingCurve.ts';
import { addJob, findCheckpoint, findJob, listCurves } from '../../../server/jobs/jobs.ts';
import { workHere } from '../../../server/jobs/work.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeGraph, type TripleText } from '../../helpers/graphs.ts';
import { runTask, scratchDir } from '../../helpers/runTask.ts';

/** A ring of towns: what is next, and what was before; some of the latter are set aside. */
function towns(n: number): TripleText[] {
  const key = (i: number) => `town-${i % n}`;
  return Array.from({ length: n }, (_, i): TripleText[] => [
    [key(i), 'next', key(i + 1)],
    [key(i + 1), 'before', key(i), i % 5 === 0 ? 'VALIDATION' : i % 5 === 1 ? 'TEST' : 'TRAIN'],
  ]).flat();
}

const settings: Settings = {
  ...{ model: 'ROTATE', dimension: 12, epochs: 60, batch: 32, optimizer: 'ADAM', rate: 0.05, regularizer: 'NONE' },
  ...{ distribution: 'UNIFORM', scale: 0.5, validateEvery: 10 },
};

const text = (pieces: Iterable<string>) => [...pieces].join('');

onEveryDatabase((_engine, open) => {
  let database: Database;
  let dataset: Dataset;
  let dataDir: string;
  const scratch = scratchDir();
  before(async () => {
    dataDir = await scratch;
    database = await open();
    dataset = await makeGraph(database, 'towns', towns(30));
  });

  const input = (more: Partial<TrainGraphInput> = {}): TrainGraphInput => ({
    ...{
      datasetId: dataset.id,
      name: 'rotate',
      preset: null,
      settings: [settings],
      seed: 1,
      device: 'AUTO',
      evaluate: true,
    },
    ...more,
  });
  const run = (more: Partial<TrainGraphInput> = {}) =>
    runTask(database, 'TRAIN_GRAPH', trainGraph, input(more), { dataDir });

  test('a graph is trained, kept with an embedding of its entities, and evaluated', async () => {
    const { job } = await run();
    assert.equal(job.error, null);
    assert.equal(job.state, 'SUCCEEDED');
    const model = await requireGraphModel(database, dataset.id, 'rotate');
    assert.deepEqual(job.result, { dataset: dataset.id, embedding: model.embeddingId, graphModel: model.id });
    const [embedding] = await listEmbeddings(database, dataset.id);
    assert.equal(embedding?.name, 'rotate');
    assert.equal(embedding?.metric, 'EUCLIDEAN');
    assert.equal(embedding?.itemCount, 30);
    const [known] = await database.query<{ rows: number }>(
      "select reltuples as rows from pg_class where relname = 'vectors_default'",
    );
    assert.equal(known?.rows, 30, 'what is planned next knows how many vectors there are');
    assert.equal(model.curve.length, 60);
    assert.ok((model.curve.at(-1)?.loss ?? 9) < (model.curve[0]?.loss ?? 0));
    assert.equal(model.best?.epoch, model.curve.find(({ mrr }) => mrr === model.best?.mrr)?.epoch);
    assert.ok(!existsSync(join(dataDir, 'trainings', job.id)), 'nothing is left of its states');

    const [evaluation] = await listEvaluations(database, model.id);
    assert.equal(evaluation?.split, 'TEST');
    assert.equal(evaluation?.summary.both.realistic.count, 12);
    assert.ok((evaluation?.summary.both.realistic.meanReciprocalRank ?? 0) > 0.5);
  });

  test('a model of a thousand entities and more says which library multiplied its matrices', async () => {
    assert.equal((await requireGraphModel(database, dataset.id, 'rotate')).matrixLibrary, null);
    const large = await makeGraph(database, 'many-towns', towns(1100));
    const few: Settings = { ...settings, model: 'COMPLEX', dimension: 16, epochs: 1, batch: 1024 };
    const { job } = await run({ datasetId: large.id, name: 'complex', settings: [few], evaluate: false });
    assert.equal(job.error, null);
    const model = await requireGraphModel(database, large.id, 'complex');
    assert.match(model.matrixLibrary ?? '', /^onnxruntime \d/);
    assert.equal(model.device, 'CPU');
  });

  test('what is loaded scores as what was trained, with probabilities', async () => {
    const model = await requireGraphModel(database, dataset.id, 'rotate');
    const { parameters, entityIds, relationIds } = await loadGraphModel(database, model);
    const triples = await readTriples(database, dataset.id);
    assert.deepEqual(entityIds, triples.entityIds);
    assert.deepEqual(relationIds, [...triples.relationIds]);
    const next = triples.relationKeys.indexOf('next');
    const [from, to] = [triples.entityKeys.indexOf('town-3'), triples.entityKeys.indexOf('town-4')];
    const scores = scoreTails(parameters, from, next);
    assert.equal(scores.indexOf(scores.reduce((most, score) => Math.max(most, score))), to);
    assert.ok(model.judgement !== null);
    const { calibration } = toJudgement(model.judgement);
    const worst = scores.reduce((least, score) => Math.min(least, score));
    assert.ok(probabilityOf(calibration, scores[to] ?? 0) > probabilityOf(calibration, worst) + 0.3);
  });

  test('every rank can be read, triple by triple', async () => {
    const model = await requireGraphModel(database, dataset.id, 'rotate');
    const [evaluation] = await listEvaluations(database, model.id);
    const time = evaluation?.createdAt.getTime().toString(36) ?? '';
    const { name, pieces } = await ranksFile(database, model.id, 'TEST', time);
    assert.equal(name, 'towns-rotate-test.tsv');
    const [head, ...lines] = text(pieces).trimEnd().split('\n');
    assert.equal(head, 'head\trelation\ttail\tasked\trank\toptimistic\tpessimistic\tcandidates\tscore\tprobability');
    assert.equal(lines.length, 12);
    const ranks = lines.map((line) => Number(line.split('\t')[4]));
    const mrr = ranks.reduce((sum, rank) => sum + 1 / rank, 0) / 12;
    assert.ok(Math.abs(mrr - (evaluation?.summary.both.realistic.meanReciprocalRank ?? 0)) < 1e-12);
    assert.match(lines[0] ?? '', /^town-2\tbefore\ttown-1\ttail\t/);
    await assert.rejects(ranksFile(database, model.id, 'TEST', 'another'), { code: 'NOT_FOUND' });
    await assert.rejects(ranksFile(database, model.id, 'VALIDATION', time), { code: 'NOT_FOUND' });
  });

  test('the validation triples can be ranked as well', async () => {
    const { id } = await requireGraphModel(database, dataset.id, 'rotate');
    const { job } = await runTask(
      database,
      'EVALUATE_GRAPH',
      evaluateGraph,
      { graphModelId: id, split: 'VALIDATION', device: 'GPU' },
      { dataDir },
    );
    assert.equal(job.state, 'SUCCEEDED');
    const evaluations = await listEvaluations(database, id);
    assert.deepEqual(
      evaluations.map(({ split, device }) => [split, device]),
      [
        ['TEST', 'CPU'],
        ['VALIDATION', 'CPU'],
      ],
    );
    // The wish for a card reaches the work: RotatE is none of a card's models, which is said.
    assert.match(job.warnings.join(), /ROTATE is evaluated on the processor/);
    const found = evaluations.find(({ split }) => split === 'VALIDATION');
    assert.equal(found?.judgement, null);
    const model = await requireGraphModel(database, dataset.id, 'rotate');
    assert.ok(Math.abs((found?.summary.both.realistic.meanReciprocalRank ?? 0) - (model.best?.mrr ?? 1)) < 1e-9);
  });

  test('a training that was interrupted goes on where it was, and ends as one that was not', async () => {
    await run({ name: 'whole', evaluate: false });
    const added = await addJob(database, {
      kind: 'TRAIN_GRAPH',
      input: input({ name: 'resumed' }),
      datasetId: dataset.id,
    });
    const graph = toKnowledgeGraph(await readTriples(database, dataset.id));
    const slice = await runGraphKernel('train', {
      graph,
      options: trainingOptions(settings, 1),
      state: null,
      ...{ seconds: 0, device: 'CPU' },
    });
    assert.equal(slice.epoch, 1);
    await mkdir(join(dataDir, 'trainings', added.id), { recursive: true });
    await writeFile(join(dataDir, 'trainings', added.id, 'trial-0.bin'), new Uint8Array(slice.state));
    const checkpoint: TrainingProgress = {
      ...{
        trial: 0,
        trials: [],
        epoch: 1,
        epochs: 60,
        milliseconds: 1e6,
        millisecondsLeft: 1,
        bestTrial: null,
      },
    };
    await database.query('update jobs set checkpoint = $2::jsonb where id = $1::uuid', [
      added.id,
      JSON.stringify(checkpoint),
    ]);

    const resumed = input({ name: 'resumed', evaluate: false });
    const { job } = await runTask(database, 'TRAIN_GRAPH', trainGraph, resumed, { dataDir, jobId: added.id });
    assert.equal(job.state, 'SUCCEEDED');
    const [one, other] = await Promise.all(
      ['whole', 'resumed'].map(async (name) => {
        const model = await requireGraphModel(database, dataset.id, name);
        return { model, loaded: await loadGraphModel(database, model) };
      }),
    );
    assert.deepEqual(other?.loaded.parameters, one?.loaded.parameters);
    assert.deepEqual(other?.model.curve, one?.model.curve);
    assert.ok((other?.model.milliseconds ?? 0) >= 1e6, 'the time before counts');
  });

  test('the curve is current while a slice runs; one that goes on later has the same curve', async () => {
    const watched: Settings = { ...settings, dimension: 128, epochs: 1000, validateEvery: 40, patience: 0 };
    const given = input({ name: 'watched', settings: [watched], evaluate: false });
    const { id } = await addJob(database, { kind: 'TRAIN_GRAPH', input: given, datasetId: dataset.id });
    const attempt = (stop: AbortSignal) =>
      workHere(database, id, {
        ...{ worker: 'test', dataDir, log: { info() {}, warn() {}, error() {} }, stop },
        tasks: { TRAIN_GRAPH: (context) => trainGraph(context, given) },
      });
    const measured = async () => curveOfTrial(await listCurves(database, id), 0);
    const stop = new AbortController();
    const seen = new Map<number, Set<number>>();
    const watching = (async () => {
      // Two looks within one slice, after the first has been kept, see different epochs, all later than what was kept.
      for (;;) {
        const kept = Object((await findCheckpoint(database, id)) ?? { epoch: 0 }).epoch;
        const { epoch } = (await measured()).at(-1) ?? { epoch: 0 };
        if (kept > 0 && epoch > kept) seen.set(kept, (seen.get(kept) ?? new Set()).add(epoch));
        if ([...seen.values()].some(({ size }) => size > 1)) return stop.abort();
        if ((await findJob(database, id))?.finishedAt !== null) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    await Promise.all([attempt(stop.signal).catch(() => {}), watching]);
    assert.ok(stop.signal.aborted, 'it was over before it was seen to go on');
    const before = await measured();

    await database.query("insert into job_points (job_id, curve, at, value) values ($1::uuid, 'loss', 5000, 1)", [id]);
    const job = await attempt(new AbortController().signal);
    assert.deepEqual([job.state, job.attempts], ['SUCCEEDED', 2], job.error?.message);
    const model = await requireGraphModel(database, dataset.id, 'watched');
    assert.equal(model.curve.length, watched.epochs);
    assert.deepEqual(await measured(), model.curve);
    assert.deepEqual(before, model.curve.slice(0, before.length), 'it was trained and measured to the same bits again');
    const [loss] = await listCurves(database, id);
    assert.deepEqual([loss?.name, loss?.points.length], ['loss', watched.epochs]);
    await database.transaction((transaction) => removeGraphModel(transaction, model));
  });

  test('of several settings the best in validation is kept, and all are told', async () => {
    const { job } = await run({
      name: 'searched',
      settings: [{ ...settings, rate: 1e-6, epochs: 10 }, settings],
      evaluate: false,
    });
    assert.equal(job.state, 'SUCCEEDED');
    const model = await requireGraphModel(database, dataset.id, 'searched');
    assert.deepEqual(model.settings, settings);
    assert.equal(model.trials.length, 2);
    assert.ok((model.trials[1]?.mrr ?? 0) > (model.trials[0]?.mrr ?? 1));
    const curves = await listCurves(database, job.id);
    assert.deepEqual(
      curves.map(({ name, points }) => [name, points.length]),
      [
        ['loss', 10],
        ['loss of trial 2', 60],
        ['rate', 1],
        ['rate of trial 2', 1],
        ['validation MRR', 1],
        ['validation MRR of trial 2', 6],
      ],
    );
    assert.deepEqual(curveOfTrial(curves, 1), model.curve);
    assert.equal(model.best?.mrr, model.trials[1]?.mrr);
  });

  test('a model of the same name is replaced; an embedding that is none is not', async () => {
    const before = await requireGraphModel(database, dataset.id, 'rotate');
    await run({ seed: 2, evaluate: false });
    const after = await requireGraphModel(database, dataset.id, 'rotate');
    assert.equal(after.seed, 2);
    assert.notEqual(after.embeddingId, before.embeddingId);
    assert.equal((await listEmbeddings(database, dataset.id)).filter(({ name }) => name === 'rotate').length, 1);

    await createEmbedding(database, {
      ...{ datasetId: dataset.id, name: 'pictures', model: null, dimension: 2, metric: 'COSINE', partitioned: false },
    });
    const { job } = await run({ name: 'pictures' });
    assert.equal(job.error?.code, 'CONFLICT');
    assert.match(job.error?.message ?? '', /an embedding "pictures" that is not of a graph model/);
  });

  test('a removed model takes its embedding with it', async () => {
    const model = await requireGraphModel(database, dataset.id, 'searched');
    await database.transaction((transaction) => removeGraphModel(transaction, model));
    await assert.rejects(requireGraphModel(database, dataset.id, 'searched'), /There is resumed, rotate, whole/);
    assert.ok(!(await listEmbeddings(database, dataset.id)).some(({ name }) => name === 'searched'));
  });

  test('a graph that nothing can be learnt of, and one that has changed, are told so', async () => {
    const none = await makeGraph(database, 'all-aside', [['a', 'likes', 'b', 'TEST']]);
    const aside = await run({ datasetId: none.id });
    assert.equal(aside.job.error?.code, 'BAD_USER_INPUT');
    assert.match(aside.job.error?.message ?? '', /no training triples, only 1 set aside/);
    const alone = await makeGraph(database, 'alone', [['a', 'likes', 'a']]);
    assert.match((await run({ datasetId: alone.id })).job.error?.message ?? '', /one entity has nothing to tell apart/);

    // Without validation and test it is trained all the same, and says what is missing.
    const plain = await makeGraph(
      database,
      'plain',
      towns(8).map(([head, relation, tail]): TripleText => [head, relation, tail]),
    );
    const { job } = await run({ datasetId: plain.id });
    assert.equal(job.state, 'SUCCEEDED');
    assert.match(job.warnings.join(), /no validation triples/);
    const model = await requireGraphModel(database, plain.id, 'rotate');
    assert.equal(model.judgement, null);
    const evaluate = (split: 'TEST' | 'VALIDATION') =>
      runTask(
        database,
        'EVALUATE_GRAPH',
        evaluateGraph,
        { graphModelId: model.id, split, device: 'AUTO' },
        { dataDir },
      );
    assert.match((await evaluate('TEST')).job.error?.message ?? '', /no test triples/);

    await database.query("insert into items (dataset_id, id, key, label) values ($1::int, 1000, 'new', 'new')", [
      plain.id,
    ]);
    const changed = await evaluate('TEST');
    assert.equal(changed.job.error?.code, 'CONFLICT');
    assert.match(changed.job.error?.message ?? '', /trained on 8 entities.*Train it anew/);
  });

  test('a preset for another graph is a start, and says so', async () => {
    const { job } = await run({ name: 'preset', preset: 'umls-complex-n3', evaluate: false });
    assert.equal(job.state, 'SUCCEEDED');
    assert.match(job.warnings.join(), /"umls-complex-n3" was measured on "umls": on "towns" it is a start/);
  });
});
