/**
 * What the options of a map may be: told before anything is computed, in a sentence that names the option, what it is and what it may
 * be. An option out of its range would not fail but loop or fill the memory: a perplexity that is no number asks for no end of neighbours.
 */
import {
  type MapMethod,
  type MapOptions,
  mapMethods,
  type TsneMapOptions,
  type UmapMapOptions,
  umapInitializations,
} from './map.ts';
import type { PacmapOptions } from './pacmap/pacmap.ts';
import type { DensityOptions } from './umap/density.ts';
import { COMPONENTS_MOST } from './umap/umap.ts';

/** Options with groups of their own, and which methods take which. */
const optionsOf: Readonly<Record<string, readonly MapMethod[]>> = {
  pca: ['PCA'],
  umap: ['UMAP'],
  tsne: ['TSNE'],
  pacmap: ['PACMAP', 'LOCALMAP'],
  axes: ['CUSTOM'],
};

/** Coordinates per item that a method can give. Beyond three they are not to be looked at: groups are found in them. */
const mostComponents = (method: MapMethod): number => (method === 'UMAP' ? COMPONENTS_MOST : 3);

/** Both ends, and whether only whole numbers between them are meant. */
type Range = readonly [least: number, most: number, whole?: 'WHOLE'];
type Ranges<Options> = { readonly [Option in keyof Required<Options>]: Range };

const pcaRanges: Ranges<NonNullable<MapOptions['pca']>> = { directions: [2, 100, 'WHOLE'] };

const umapRanges: Ranges<Omit<UmapMapOptions, 'initialization' | 'targetWeight' | 'density'>> = {
  neighbors: [2, 200, 'WHOLE'],
  spread: [0.01, 100],
  minDist: [0, 100],
  epochs: [1, 5000, 'WHOLE'],
  negativeRate: [0, 100],
  repulsionStrength: [0, 100],
  localConnectivity: [0, 200],
  setOperationMix: [0, 1],
};

const densityRanges: Ranges<DensityOptions> = { weight: [0, 100], share: [0, 1], varianceShift: [0.001, 100] };

const tsneRanges: Ranges<TsneMapOptions> = {
  perplexity: [2, 100],
  iterations: [1, 10_000, 'WHOLE'],
  earlyExaggeration: [1, 100],
  earlyIterations: [0, 10_000, 'WHOLE'],
  exaggeration: [1, 100],
  learningRate: [1, 1e6],
  momentum: [0, 0.99],
  targetWeight: [0, 1],
};

const pacmapRanges: Ranges<Omit<PacmapOptions, 'seed' | 'local' | 'phases'>> = {
  neighbors: [2, 200, 'WHOLE'],
  midNearRatio: [0, 10],
  furtherRatio: [0, 20],
  reach: [0.1, 1000],
};

/** Of the axes only the number counts: they may be targets yet. */
export interface CheckedOptions extends Omit<MapOptions, 'axes' | 'start' | 'target'> {
  readonly axes?: readonly unknown[] | undefined;
}

/** @throws RangeError for options that cannot be meant */
export function checkMapOptions(given: CheckedOptions): void {
  const { method, components, axes, spherize, metric, seed, pca, umap, tsne, pacmap } = given;
  oneOf('method', method, mapMethods);
  oneOf('metric', metric, ['COSINE', 'EUCLIDEAN', 'INNER_PRODUCT']);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed is ${seed}; wanted: a whole number.`);
  if (!(Number.isInteger(components) && components >= 2 && components <= mostComponents(method))) {
    throw new RangeError(
      `components is ${components}; wanted: ${method === 'UMAP' ? `from 2 to ${COMPONENTS_MOST}` : '2 or 3, and up to 10 by the method UMAP'}.`,
    );
  }
  for (const [name, value] of Object.entries({ pca, umap, tsne, pacmap, axes })) {
    const owners: readonly MapMethod[] = optionsOf[name] ?? [];
    if (value === undefined || owners.includes(method)) continue;
    throw new RangeError(`${name} has the options of the method ${owners.join(' and ')}, but the method is ${method}.`);
  }
  if (method === 'CUSTOM' && axes?.length !== components) {
    throw new RangeError(
      `There are ${axes?.length ?? 0} axes for a map of ${components} components; wanted: one for each.`,
    );
  }
  if (spherize === true && method === 'CUSTOM') {
    throw new RangeError('spherize is of other methods: the axes of CUSTOM lie among the vectors as they are.');
  }
  if (pca) checkRanges('pca', pca, pcaRanges);
  if (umap) checkUmap(umap);
  if (umap?.density) {
    checkRanges('umap.density', umap.density, densityRanges);
    if (metric === 'INNER_PRODUCT' && spherize !== true) {
      throw new RangeError('umap.density compares distances, and the metric INNER_PRODUCT is none.');
    }
  }
  if (tsne) checkRanges('tsne', tsne, tsneRanges);
  if (pacmap) checkPacmap(pacmap);
}

function oneOf(name: string, value: string, wanted: readonly string[]): void {
  if (wanted.includes(value)) return;
  throw new RangeError(`${name} is ${JSON.stringify(value)}; wanted: one of ${wanted.join(', ')}.`);
}

function checkRanges(name: string, options: object, ranges: { readonly [option: string]: Range }): void {
  for (const [option, value] of Object.entries(options)) {
    const range = ranges[option];
    if (range === undefined || value === undefined) continue;
    const [least, most, whole] = range;
    if (!Number.isFinite(value) || value < least || value > most) {
      throw new RangeError(`${name}.${option} is ${value}; wanted: from ${least} to ${most}.`);
    }
    if (whole && !Number.isInteger(value)) {
      throw new RangeError(`${name}.${option} is ${value}; wanted: a whole number from ${least} to ${most}.`);
    }
  }
}

function checkUmap(umap: UmapMapOptions): void {
  checkRanges('umap', umap, umapRanges);
  const { minDist = 0.1, spread = 1, localConnectivity = 1, neighbors = 15, targetWeight, initialization } = umap;
  if (targetWeight !== undefined) checkRanges('umap', { targetWeight }, { targetWeight: [0, 1] });
  if (initialization !== undefined) oneOf('umap.initialization', initialization, umapInitializations);
  if (minDist > spread) {
    throw new RangeError(`umap.minDist is ${minDist}; wanted: at most umap.spread, which is ${spread}.`);
  }
  if (localConnectivity > neighbors) {
    throw new RangeError(
      `umap.localConnectivity is ${localConnectivity}; wanted: at most umap.neighbors, which is ${neighbors}.`,
    );
  }
}

function checkPacmap({ phases, ...pacmap }: Omit<PacmapOptions, 'seed' | 'local'>): void {
  checkRanges('pacmap', pacmap, pacmapRanges);
  const isPhases = (given: readonly number[]) =>
    given.length === 3 && given.every((steps) => Number.isInteger(steps) && steps >= 0 && steps <= 5000);
  if (phases !== undefined && !isPhases(phases)) {
    throw new RangeError(
      `pacmap.phases are ${phases.join(', ')}; wanted: three numbers of iterations, each from 0 to 5000.`,
    );
  }
}
