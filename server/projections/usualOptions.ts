/**
 * The options of methods as they are where nobody asks for others: those of the kernels, and of schema.graphql. A map tells all of its options,
 * so that it can be made again also by a version that takes others for usual.
 */
import type { MapMethod, TsneMapOptions, UmapMapOptions } from '#kernels/map.ts';
import type { PacmapOptions } from '#kernels/pacmap/pacmap.ts';

const umap = {
  neighbors: 15,
  minDist: 0.1,
  spread: 1,
  epochs: 200,
  negativeRate: 5,
  repulsionStrength: 1,
  localConnectivity: 1,
  setOperationMix: 1,
} as const satisfies UmapMapOptions;

/** The learning rate is the number of items divided by the exaggeration. */
const tsne = {
  perplexity: 30,
  iterations: 1000,
  earlyExaggeration: 12,
  earlyIterations: 250,
  exaggeration: 1,
  momentum: 0.8,
} as const satisfies TsneMapOptions;

/** How many neighbours goes by the number of items. */
const pacmap = {
  midNearRatio: 0.5,
  furtherRatio: 2,
  phases: [100, 100, 250],
} as const satisfies Omit<PacmapOptions, 'seed' | 'local'>;

export const usualOptions: { readonly [Method in MapMethod]: Readonly<Record<string, unknown>> } = {
  PCA: {},
  UMAP: umap,
  TSNE: tsne,
  PACMAP: pacmap,
  LOCALMAP: { ...pacmap, reach: 10 },
  CUSTOM: {},
};
