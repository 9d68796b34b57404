/**
 * Why a triple is predicted: what the graph has of paths between its ends, and the triples to learn from that are most like
 * it. A model that compares vectors has no other reason to give than that entities like these are so related.
 */
import { distance } from '#kernels/distance.ts';
import { largest } from '#kernels/graph/largest.ts';
import { entityOf } from '#kernels/kge/parameters.ts';
import type { Queryable } from '../database/database.ts';
import { findKnownEnds, type Relation } from './graphs.ts';
import { findPaths, type Path } from './paths.ts';
import { placeOfEntity, type ResidentModel } from './residentModels.ts';

/** A triple to learn from that is like the one in question: it has one end with it in common. */
export interface SupportingTriple {
  readonly datasetId: number;
  readonly headId: number;
  readonly relationId: number;
  readonly tailId: number;
  /** Cosine of the entities that differ, -1 to 1. */
  readonly similarity: number;
}

/** Each part is looked for when it is asked for: paths take far longer than triples. */
export interface LinkExplanation {
  paths(): Promise<readonly Path[]>;
  triples(): Promise<readonly SupportingTriple[]>;
}

/** Steps of a path that still tells something: each further one makes a hundred times as many. */
const PATH_LENGTH = 3;

interface Link {
  readonly headId: number;
  readonly relation: Relation;
  readonly tailId: number;
}

/** @param first paths, and triples, at most so many of each */
export function explainLink(database: Queryable, model: ResidentModel, link: Link, first: number): LinkExplanation {
  const { headId, relation, tailId } = link;
  const options = { length: PATH_LENGTH, direction: 'BOTH', relations: null, first } as const;
  return {
    paths: () =>
      findPaths(database, { id: model.datasetId }, headId, tailId, {
        ...options,
        without: { headId, relationId: relation.id, tailId },
      }),
    triples: () => findSupport(database, model, link, first),
  };
}

async function findSupport(
  database: Queryable,
  model: ResidentModel,
  { headId, relation, tailId }: Link,
  first: number,
): Promise<SupportingTriple[]> {
  const { datasetId } = model;
  const alike: SupportingTriple[] = [];
  for (const side of ['TAIL', 'HEAD'] as const) {
    // Other tails of the head are compared with the tail, and other heads of the tail with the head.
    const [given, asked] = side === 'TAIL' ? [headId, tailId] : [tailId, headId];
    const known = await findKnownEnds(database, datasetId, side, given, relation.id);
    for (const [other, split] of known) {
      const similarity = split === 'TRAIN' && other !== asked ? similarityOf(model, asked, other) : null;
      if (similarity === null) continue;
      const [head, tail] = side === 'TAIL' ? [headId, other] : [other, tailId];
      alike.push({ datasetId, headId: head, relationId: relation.id, tailId: tail, similarity });
    }
  }
  const nearest = largest(
    alike.map(({ similarity }) => similarity),
    first,
  );
  return nearest.flatMap((place) => alike[place] ?? []);
}

/** The cosine of the vectors of two entities; null where the model does not know both. */
export function similarityOf(model: ResidentModel, a: number, b: number): number | null {
  const [first, second] = [placeOfEntity(model, a), placeOfEntity(model, b)];
  if (first === -1 || second === -1) return null;
  return 1 - distance(entityOf(model.parameters, first), entityOf(model.parameters, second), 'COSINE');
}
