/**
 * Arrows from heads to tails: asked of the server, by relations, around a point, or as a model predicts them; put where their ends
 * are on the map, and arranged so that many of them can be seen.
 */
import { bundleLines, opacityOfLines, type Way, type World } from '../bundleLines.ts';
import type { TriplePage } from '../laterQueries.ts';
import * as ask from '../laterQueries.ts';
import type { LoadedMap } from '../loadMap.ts';

/** Arrows of the relations that are chosen, all together: with more a picture gets darker and tells no more. */
export const MOST_OF_RELATIONS = 1000;
/** With more than this, arrows between the same regions are drawn as bundles. */
const MOST_STRAIGHT = 60;
const MOST_AROUND = 200;
/** Predictions for each relation that is chosen. */
const PREDICTIONS = 5;
/** Neighbourhoods that are kept, so that a pointer that comes back asks nothing. */
const MOST_KEPT = 100;
/** Of each arrow where they are few. */
const FEW_OPACITY = 0.85;

export interface Arrow {
  readonly from: number;
  readonly to: number;
  readonly relation: string;
  readonly probability?: number | null;
  readonly predicted?: boolean;
  /** A known triple that speaks for one that is predicted. */
  readonly why?: string | null;
}

/** Arrows as they are drawn. */
export interface Drawing {
  readonly arrows: readonly Arrow[];
  readonly ways: readonly (Way | null)[];
  readonly opacity: number;
}

/** Arrows that were asked for. */
interface Found {
  readonly arrows: readonly Arrow[];
  /** Whether there are more triples than these. */
  readonly more: boolean;
}

export class ArrowSource {
  readonly #kept = new Map<string, TriplePage>();

  /** Another graph: nothing of the one before is kept. */
  forget(): void {
    this.#kept.clear();
  }

  /** Triples of these relations; of very many a sample, by chance and always the same. */
  async ofRelations(map: LoadedMap, relations: readonly string[], signal: AbortSignal): Promise<Found> {
    const { client, names } = map;
    const first = Math.max(1, Math.floor(MOST_OF_RELATIONS / Math.max(1, relations.length)));
    const pages = await Promise.all(
      relations.map((relation) => ask.sampleTriples(client, names.dataset, relation, first, signal)),
    );
    return { arrows: await place(map, pages.flat()), more: false };
  }

  /** Triples around a point, up to so many steps away, by the relations that are chosen; by all where none are. */
  async around(
    map: LoadedMap,
    index: number,
    hops: number,
    chosen: readonly string[],
    signal: AbortSignal,
  ): Promise<Found> {
    const of = map.points.key(index);
    const relations = chosen.length === 0 ? null : chosen;
    const name = JSON.stringify([of, hops, relations]);
    const page =
      this.#kept.get(name) ??
      (await ask.around(map.client, map.names.dataset, of, { hops, relations, first: MOST_AROUND }, signal));
    this.#kept.delete(name);
    this.#kept.set(name, page);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return { arrows: await place(map, page.triples), more: page.more };
  }
}

/**
 * What a model predicts for a point by each of these relations, from it and to it: the most probable.
 * @param models of the graph: the one of the map is asked, or else the first; none predicts nothing
 */
export async function predictArrows(
  map: LoadedMap,
  index: number,
  relations: readonly string[],
  models: readonly string[],
  signal: AbortSignal,
): Promise<Arrow[]> {
  const model = models.find((name) => name === map.names.embedding) ?? models[0];
  if (model === undefined) return [];
  const { client, names } = map;
  const key = map.points.key(index);
  const indexOf = await map.indexOf();
  const askAt = async (relation: string, end: 'head' | 'tail'): Promise<(Arrow & { score: number })[]> => {
    const given = end === 'head' ? { head: key } : { tail: key };
    const question = { ...given, relation, first: PREDICTIONS };
    const links = await ask.predictLinks(client, names.dataset, model, question, signal);
    return links.flatMap(({ key: found, probability, score, why }) => {
      const other = indexOf.get(found);
      if (other === undefined || other === index) return [];
      const [from, to] = end === 'head' ? [index, other] : [other, index];
      return [{ from, to, relation, probability, score, why, predicted: true }];
    });
  };
  const answers = await Promise.all(
    relations.map(async (relation) => {
      const both = (await Promise.all([askAt(relation, 'head'), askAt(relation, 'tail')])).flat();
      both.sort((a, b) => (b.probability ?? b.score) - (a.probability ?? a.score));
      return both.slice(0, PREDICTIONS);
    }),
  );
  return answers.flat();
}

/** The triples both of whose ends are on the map. */
async function place(map: LoadedMap, triples: TriplePage['triples']): Promise<Arrow[]> {
  const indexOf = await map.indexOf();
  return triples.flatMap(({ head, relation, tail }): Arrow[] => {
    const [from, to] = [indexOf.get(head), indexOf.get(tail)];
    return from === undefined || to === undefined || from === to ? [] : [{ from, to, relation }];
  });
}

/** Many arrows become bundles. */
export function arrange({ points }: LoadedMap, arrows: readonly Arrow[]): Drawing {
  if (arrows.length <= MOST_STRAIGHT) return { arrows, ways: [], opacity: FEW_OPACITY };
  const at = (index: number): World => [points.x[index] ?? 0, points.y[index] ?? 0, points.z[index] ?? 0];
  const lines = arrows.map(({ from, to, relation, predicted }) => ({
    ...{ from: at(from), to: at(to) },
    kind: predicted ? `${relation}?` : relation,
  }));
  return { arrows, ways: bundleLines(lines), opacity: opacityOfLines(lines) };
}
