/**
 * Why a triple is predicted: what the graph has of paths between its ends, and the triples to learn from that are most like
 * it. A model that compares vectors has no other reason to give than that entities like these are so related.
 */
import DataLoader from 'dataloader';

import { distance } from '#kernels/distance.ts';
import { largest } from '#kernels/graph/largest.ts';
import { entityOf } from '#kernels/kge/parameters.ts';
import type { Queryable } from '../database/database.ts';
import { findKnownEndsOfAll } from './graphs.ts';
import { findPathsOfAll, type Path } from './paths.ts';
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

/** A triple to be explained. */
export interface Link {
  readonly headId: number;
  readonly relationId: number;
  readonly tailId: number;
}

/** A triple with how many paths, and triples, are wanted of it at most. */
interface Wanted extends Link {
  readonly first: number;
}

/**
 * Explains links of one model. What is asked of several at the same time, as of a page of answers, is asked of the database at once:
 * for the paths a statement for each length, for the triples one for each side.
 */
export function explainLinks(database: Queryable, model: ResidentModel): (wanted: Wanted) => LinkExplanation {
  const options = { cache: false };
  const paths = new DataLoader<Wanted, readonly Path[]>((all) => pathsOf(database, model, all), options);
  const triples = new DataLoader<Wanted, readonly SupportingTriple[]>(
    (all) => supportOf(database, model, all),
    options,
  );
  return (wanted) => ({ paths: () => paths.load(wanted), triples: () => triples.load(wanted) });
}

async function pathsOf(
  database: Queryable,
  { datasetId }: ResidentModel,
  wanted: readonly Wanted[],
): Promise<readonly Path[][]> {
  const first = wanted.reduce((most, each) => Math.max(most, each.first), 0);
  const asked = wanted.map((link) => ({ from: link.headId, to: link.tailId, without: link }));
  const options = { length: PATH_LENGTH, direction: 'BOTH', relations: null, first } as const;
  const found = await findPathsOfAll(database, { id: datasetId }, asked, options);
  return found.map((paths, i) => paths.slice(0, wanted[i]?.first));
}

async function supportOf(
  database: Queryable,
  model: ResidentModel,
  wanted: readonly Wanted[],
): Promise<readonly SupportingTriple[][]> {
  const { datasetId } = model;
  const alike: SupportingTriple[][] = wanted.map(() => []);
  for (const side of ['TAIL', 'HEAD'] as const) {
    // Other tails of the head are compared with the tail, and other heads of the tail with the head.
    const given = ({ headId, tailId }: Link) => (side === 'TAIL' ? headId : tailId);
    const asked = ({ headId, tailId }: Link) => (side === 'TAIL' ? tailId : headId);
    const questions = new Map(
      wanted.map((link) => [keyOf(given(link), link), { itemId: given(link), relationId: link.relationId }]),
    );
    const known = await findKnownEndsOfAll(database, datasetId, side, [...questions.values()]);
    const knownBy = new Map([...questions.keys()].map((key, i) => [key, known[i]]));
    for (const [i, link] of wanted.entries()) {
      const { relationId } = link;
      for (const [other, split] of knownBy.get(keyOf(given(link), link)) ?? []) {
        const isOther = split === 'TRAIN' && other !== asked(link);
        const similarity = isOther ? similarityOf(model, asked(link), other) : null;
        if (similarity === null) continue;
        const [headId, tailId] = side === 'TAIL' ? [link.headId, other] : [other, link.tailId];
        alike[i]?.push({ datasetId, headId, relationId, tailId, similarity });
      }
    }
  }
  return alike.map((triples, i) => {
    const nearest = largest(
      triples.map(({ similarity }) => similarity),
      wanted[i]?.first ?? 0,
    );
    return nearest.flatMap((place) => triples[place] ?? []);
  });
}

function keyOf(given: number, { relationId }: Link): string {
  return `${given} ${relationId}`;
}

/** The cosine of the vectors of two entities; null where the model does not know both. */
export function similarityOf(model: ResidentModel, a: number, b: number): number | null {
  const [first, second] = [placeOfEntity(model, a), placeOfEntity(model, b)];
  if (first === -1 || second === -1) return null;
  return 1 - distance(entityOf(model.parameters, first), entityOf(model.parameters, second), 'COSINE');
}
