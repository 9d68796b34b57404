import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { requireGraphModel } from '../../../server/graphs/graphModels.ts';
import { gpuForTests } from '../../helpers/gpu.ts';
import { makeGraph, type TripleText } from '../../helpers/graphs.ts';
import { type TestServer, testServers } from '../../helpers/server.ts';

const gpu = await gpuForTests();
const start = testServers();
const N = 20;

const triples = Array.from({ length: N }, (_, i): TripleText[] => [
  [`town-${i}`, 'next', `town-${(i + 1) % N}`],
  [`town-${(i + 1) % N}`, 'before', `town-${i}`, i % 5 === 0 ? 'VALIDATION' : i % 5 === 1 ? 'TEST' : 'TRAIN'],
]).flat();

const settings = {
  ...{ model: 'COMPLEX', dimension: 8, epochs: 4, batch: 100, relationWeight: 0.5, scale: 0.3 },
  ...{ distribution: 'NORMAL', validateEvery: 2 },
};

describe('a graph model trained on the graphics card', { skip: gpu.skip }, async () => {
  if (gpu.skip !== false) return;
  const server = await start({ WORKERS: '1' });
  const dataset = await makeGraph(server.database, 'towns', triples);
  const device = async (name: string) => (await requireGraphModel(server.database, dataset.id, name)).device;

  test('says where it was trained, and learns what the processor learns', async () => {
    const job = await ended(server, await begin(server, 'card', 'GPU', settings));
    assert.equal(job.state, 'SUCCEEDED');
    assert.ok(
      job.warnings.every((warning: string) => /in software/.test(warning)),
      `${job.warnings}`,
    );
    await ended(server, await begin(server, 'plain', 'CPU', settings));
    assert.deepEqual([await device('card'), await device('plain')], ['GPU', 'CPU']);
    const { dataset: found } = await server.data(`{ dataset(slug: "towns") { graphModels {
      name device curve { loss } evaluations { both { realistic { meanReciprocalRank } } } } } }`);
    const [card, plain] = found.graphModels;
    assert.deepEqual([card.name, card.device, plain.device], ['card', 'GPU', 'CPU']);
    for (const [epoch, { loss }] of plain.curve.entries()) {
      assert.ok(Math.abs(card.curve[epoch].loss - loss) < 1e-3, `${epoch}: ${card.curve[epoch].loss}, not ${loss}`);
    }
    const [mrr, wanted] = [card, plain].map((model) => model.evaluations[0].both.realistic.meanReciprocalRank);
    assert.ok(Math.abs(mrr - wanted) < 0.05, `${mrr}, not ${wanted}`);
  });

  test('of a kind that the card is not made for is trained by the processor, which is told', async () => {
    const job = await ended(server, await begin(server, 'rote', 'GPU', { model: 'ROTE', dimension: 8, epochs: 2 }));
    assert.equal(job.state, 'SUCCEEDED');
    assert.match(job.warnings.join(), /ROTE is trained on the processor/);
    assert.equal(await device('rote'), 'CPU');
  });

  test('is cancelled while the card works, and the server lives on', async () => {
    const id = await begin(server, 'cancelled', 'GPU', { ...settings, epochs: 10_000, validateEvery: 0 });
    for (;;) {
      const { state, stage } = await look(server, id);
      if (/^Training: epoch ([2-9]|\d\d)/.test(stage ?? '')) break;
      assert.ok(['QUEUED', 'RUNNING'].includes(state), state);
      await sleep(50);
    }
    await server.data('mutation ($id: ID!) { cancelJob(id: $id) { job { id } } }', { id });
    assert.equal((await ended(server, id)).state, 'CANCELLED');
    // One job at a time: when this one has ended, so has the other in all its threads.
    const next = await begin(server, 'next', 'CPU', settings);
    assert.equal((await ended(server, next)).state, 'SUCCEEDED');
  });
});

async function begin(server: TestServer, name: string, device: string, given: object): Promise<string> {
  const input = { dataset: 'towns', name, device, settings: given };
  const { trainGraph } = await server.data(
    'mutation ($input: TrainGraphInput!) { trainGraph(input: $input) { job { id } } }',
    { input },
  );
  return trainGraph.job.id;
}

async function look(server: TestServer, id: string) {
  return (await server.data('query ($id: ID!) { job(id: $id) { state stage warnings } }', { id })).job;
}

async function ended(server: TestServer, id: string) {
  for (;;) {
    const job = await look(server, id);
    if (!['QUEUED', 'RUNNING'].includes(job.state)) return job;
    await sleep(50);
  }
}
