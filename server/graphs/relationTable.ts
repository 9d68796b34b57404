/** The vectors of relations as rows with names, inverses behind the relations that they are of. */
import { graphModels } from '#kernels/kge/models.ts';
import type { Queryable } from '../database/database.ts';
import { rowsOfBatch, type VectorTable } from '../embeddings/vectorTable.ts';
import { UserError } from '../errors.ts';
import { type GraphModel, readRelations } from './graphModels.ts';
import { findRelationsById } from './graphs.ts';

/**
 * R rows, or 2R where each relation has an inverse, which is called after it with `_inverse` behind. What a row holds differs between
 * models: see the head of each in server/kernels/kge/.
 */
export async function relationTable(
  database: Queryable,
  model: Pick<GraphModel, 'id' | 'relationIds'>,
): Promise<VectorTable> {
  const parameters = await readRelations(database, model);
  const named = await findRelationsById(database, model.relationIds);
  const dimension = graphModels[parameters.model].relationWidth(parameters);
  const rowCount = parameters.relations.length / dimension;
  const encoder = new TextEncoder();
  const nameOf = (row: number, of: 'key' | 'label'): Uint8Array => {
    const relation = named[row % parameters.relationCount];
    if (!relation) throw new UserError('NOT_FOUND', 'A relation of the graph model was removed meanwhile.');
    return encoder.encode(relation[of] + (row < parameters.relationCount ? '' : '_inverse'));
  };
  const most = rowsOfBatch(dimension);
  async function* batches() {
    for (let first = 0; first < rowCount; first += most) {
      const rows = Array.from({ length: Math.min(most, rowCount - first) }, (_, i) => first + i);
      yield {
        rowCount: rows.length,
        keys: rows.map((row) => nameOf(row, 'key')),
        labels: rows.map((row) => nameOf(row, 'label')),
        values: parameters.relations.subarray(first * dimension, (first + rows.length) * dimension),
        biases: null,
      };
    }
  }
  return { dimension, rowCount, biased: false, batches };
}
