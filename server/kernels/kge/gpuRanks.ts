/** Ranks on the graphics card: `rankTriples` of rank.ts, by compare.wgsl. */
import { MOVED } from '../gemmOnGpu.ts';
import type { Stage } from '../gpu/backend.ts';
import { shaders } from '../gpu/shaders.ts';
import { relationRow } from './batches.ts';
import { chunkParameters, compareIdle, type GpuModel, scoreQueries } from './gpuModel.ts';
import { knownAnswers, type QueryIndex } from './graph.ts';
import { emptyRanks, type RankOptions, type Ranks, refuseNaN, taskOf, tasksByQuery } from './rank.ts';

/** Ranks of triples by a model on the card, the model's batch of queries at a time. */
export async function rankOnGpu(
  model: GpuModel,
  triples: Int32Array,
  known: QueryIndex,
  { signal, onProgress }: RankOptions = {},
): Promise<Ranks> {
  const { backend, chunks, batch } = model;
  const [pick, countKernel] = await Promise.all([
    backend.kernel(shaders.kgeCompare, 'pick'),
    backend.kernel(shaders.kgeCompare, 'count'),
  ]);
  const ranks = emptyRanks(triples);
  const queries = tasksByQuery(triples, known.relationCount);
  for (let start = 0; start < queries.length; start += batch) {
    signal?.throwIfAborted();
    const asked = queries.slice(start, start + batch);
    const { words, tasks, taskNumbers, tasksAt, knownAt, candidates } = layTasks(model, triples, known, asked);
    const before = backend.mark();
    const lists = backend.upload('tasks', words);
    const thresholds = backend.allocate('thresholds', tasks * 4);
    const counts = backend.allocate('counts', tasks * 8);
    const fixed = { ...compareIdle, count: tasks, tasks_at: tasksAt, known_at: knownAt };
    const counting = chunks.map((chunk): { readonly pick: Stage; readonly count: Stage } => {
      const picked = { 0: lists, 1: chunk.scores.buffer, 6: thresholds };
      const counted = { 0: lists, 1: chunk.scores.buffer, 6: thresholds, 7: counts };
      const parameters = () => ({ ...fixed, ...chunkParameters(chunk) });
      return {
        pick: { kernel: pick, blocks: Math.ceil(tasks / 64), work: 64 * MOVED, buffers: () => picked, parameters },
        count: { kernel: countKernel, blocks: tasks, work: chunk.rows * MOVED, buffers: () => counted, parameters },
      };
    });
    await backend.run(
      'kge',
      1,
      [
        ...(await scoreQueries(model, lists, { count: () => asked.length, askedAt: () => 0 })),
        ...counting.map((stages) => stages.pick),
        ...counting.map((stages) => stages.count),
      ],
      { signal },
    );
    const scores = new Float32Array(await backend.read(thresholds, tasks * 4));
    const found = new Uint32Array(await backend.read(counts, tasks * 8));
    backend.release(before);
    taskNumbers.forEach((task, i) => {
      const greater = found[2 * i] ?? 0;
      ranks.optimistic[task] = 1 + greater;
      ranks.pessimistic[task] = greater + (found[2 * i + 1] ?? 0);
      ranks.candidates[task] = candidates[i] ?? 0;
      ranks.scores[task] = scores[i] ?? Number.NaN;
    });
    onProgress?.(Math.min(1, (start + batch) / queries.length));
  }
  refuseNaN(ranks);
  return ranks;
}

/** What is asked, and of each task its query, its answer and what is left out, as the shaders want it. */
function layTasks(
  { parameters }: GpuModel,
  triples: Int32Array,
  known: QueryIndex,
  asked: readonly (readonly number[])[],
) {
  const { entityCount } = parameters;
  const taskNumbers = asked.flat();
  const left = asked.map(([first = 0]) => {
    const { side, entity, relation } = taskOf(triples, first);
    return knownAnswers(known, entity, side === 'TAIL' ? relation : known.relationCount + relation);
  });
  const tasks = taskNumbers.length;
  const tasksAt = 4 * asked.length;
  const knownAt = tasksAt + 4 * tasks;
  const words = new Uint32Array(knownAt + left.reduce((sum, { length }) => sum + length, 0));
  const candidates = new Int32Array(tasks);
  let number = 0;
  let end = 0;
  asked.forEach((same, query) => {
    const answers = left[query] ?? new Int32Array(0);
    const first = end;
    words.set(answers, knownAt + first);
    end += answers.length;
    const { side, entity, relation } = taskOf(triples, same[0] ?? 0);
    const { row, asTail } = relationRow(parameters, side === 'TAIL' ? relation : parameters.relationCount + relation);
    words.set([entity, row, Number(asTail), 0], 4 * query);
    for (const task of same) {
      const { answer } = taskOf(triples, task);
      words.set([query, answer, first, end], tasksAt + 4 * number);
      candidates[number++] = entityCount - answers.length + Number(answers.includes(answer));
    }
  });
  return { words, tasks, taskNumbers, tasksAt, knownAt, candidates };
}
