import type { EmbeddingSummary } from './answers.ts';
import type { Names } from './names.ts';

/** The embeddings of the same data set by the same model that have a map, from the input to the output. */
export function layersOf({ summary, embeddingSummary }: Names): EmbeddingSummary[] {
  const model = embeddingSummary.model?.name;
  if (model === undefined) return [];
  const own = summary.embeddings.filter((each) => each.model?.name === model && each.projections.length > 0);
  if (!own.some(({ layer }) => layer != null)) return [];
  const depth = ({ layer, layerDepth }: EmbeddingSummary) =>
    layer == null ? Number.POSITIVE_INFINITY : (layerDepth ?? Number.MAX_VALUE);
  return own.sort((a, b) => (depth(a) === depth(b) ? 0 : depth(a) - depth(b)));
}
