/** The ranks that an evaluation found, as a file: a line for each triple and side. */
import { probabilityOf } from '#kernels/kge/calibrate.ts';
import { taskOf } from '#kernels/kge/rank.ts';
import type { Queryable } from '../database/database.ts';
import { findDatasetsById } from '../datasets/datasets.ts';
import { UserError } from '../errors.ts';
import { type EvaluatedSplit, findGraphModelsById, listEvaluations, readRanks } from './graphModels.ts';
import { readTriples } from './graphs.ts';

/** Where the file is fetched; the time changes with every evaluation. */
export function ranksAddress(graphModelId: number, split: EvaluatedSplit, createdAt: Date): string {
  return `/ranks/${graphModelId}/${split.toLowerCase()}/${createdAt.getTime().toString(36)}.tsv`;
}

const columns = [
  'head',
  'relation',
  'tail',
  'asked',
  'rank',
  'optimistic',
  'pessimistic',
  'candidates',
  'score',
  'probability',
];
/** Lines of a piece: some hundred kilobytes. */
const LINES = 4096;

/**
 * The file, in pieces, and a name for it. @throws UserError NOT_FOUND where there is no such evaluation, or the graph is another by now
 */
export async function ranksFile(
  database: Queryable,
  graphModelId: number,
  split: EvaluatedSplit,
  time: string,
): Promise<{ readonly name: string; readonly pieces: Generator<string> }> {
  const [model] = await findGraphModelsById(database, [graphModelId]);
  const [dataset] = model ? await findDatasetsById(database, [model.datasetId]) : [];
  const evaluation = (await listEvaluations(database, graphModelId)).find((found) => found.split === split);
  const found = await readRanks(database, graphModelId, split);
  const isThere = model && dataset && found !== null && evaluation?.createdAt.getTime().toString(36) === time;
  if (!isThere || found.datasetVersion !== dataset.version) {
    throw new UserError(
      'NOT_FOUND',
      'These ranks are no longer there: the model or its graph has changed. Evaluate it anew.',
    );
  }
  const triples = await readTriples(database, dataset.id);
  const ranked = split === 'TEST' ? triples.test : triples.validation;
  const calibration = model.judgement?.calibration ?? null;
  const { ranks } = found;
  return {
    name: `${dataset.slug}-${model.name.replace(/[^\w.-]+/g, '-')}-${split.toLowerCase()}.tsv`,
    pieces: pieces(),
  };

  function* pieces(): Generator<string> {
    let lines = [columns.join('\t')];
    for (let task = 0; task < ranks.optimistic.length; task++) {
      const { side, relation, entity, answer } = taskOf(ranked, task);
      const [head, tail] = side === 'TAIL' ? [entity, answer] : [answer, entity];
      const optimistic = ranks.optimistic[task] ?? 0;
      const pessimistic = ranks.pessimistic[task] ?? 0;
      const score = ranks.scores[task] ?? 0;
      lines.push(
        [
          cell(triples.entityKeys[head]),
          cell(triples.relationKeys[relation]),
          cell(triples.entityKeys[tail]),
          side.toLowerCase(),
          (optimistic + pessimistic) / 2,
          optimistic,
          pessimistic,
          ranks.candidates[task] ?? 0,
          score,
          calibration === null ? '' : probabilityOf(calibration, score).toPrecision(6),
        ].join('\t'),
      );
      if (lines.length >= LINES) {
        yield `${lines.join('\n')}\n`;
        lines = [];
      }
    }
    if (lines.length > 0) yield `${lines.join('\n')}\n`;
  }
}

/** A key without what would break its line. */
function cell(key: string | undefined): string {
  return (key ?? '').replace(/[\t\n\r]/g, ' ');
}
