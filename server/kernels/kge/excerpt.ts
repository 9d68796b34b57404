/** Some entities and relations of a model, as a model of their own that scores them alike: small enough to be sent to another thread. */
import { entityOf, type Parameters, relationOf } from './parameters.ts';
import { mixed } from './tucker.ts';

/**
 * The model of these alone: entity i is `entities[i]` of the whole, relation i `relations[i]`. What TuckER's relations make of its core are
 * matrices, so that an excerpt of TuckER is RESCAL and need not mix them for every question again.
 */
export function excerptOf(
  parameters: Parameters,
  entities: readonly number[],
  relations: readonly number[],
): Parameters {
  const { relationCount, reciprocal, dimension, biases, shared } = parameters;
  const isTucker = parameters.model === 'TUCKER';
  const rows = [...relations, ...(reciprocal ? relations.map((relation) => relationCount + relation) : [])].map(
    (row) => {
      const numbers = relationOf(parameters, row);
      return isTucker ? Float32Array.from(mixed(shared, numbers, dimension)) : numbers;
    },
  );
  return {
    ...parameters,
    ...(isTucker ? { model: 'RESCAL', relationDimension: dimension, shared: new Float32Array(0) } : {}),
    entityCount: entities.length,
    relationCount: relations.length,
    entities: joined(entities.map((entity) => entityOf(parameters, entity))),
    biases: biases.length === 0 ? biases : Float32Array.from(entities, (entity) => biases[entity] ?? 0),
    relations: joined(rows),
  };
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of rows) {
    all.set(row, at);
    at += row.length;
  }
  return all;
}
