/** Whether a map can be asked for: told at once, not when its job has begun. */
import type { Metric } from '#kernels/distance.ts';
import type { PcaMapOptions, UmapMapOptions } from '#kernels/map.ts';
import type { PacmapOptions } from '#kernels/pacmap/pacmap.ts';
import type { TsneOptions } from '#kernels/tsne/tsne.ts';
import type { DensityOptions } from '#kernels/umap/density.ts';
import { COMPONENTS_MOST } from '#kernels/umap/umap.ts';
import { UserError } from '../errors.ts';
import type { ProjectEmbeddingInput } from './projectEmbedding.ts';
import type { ProjectionMethod } from './projections.ts';

const NAME_LENGTH_LIMIT = 200;

/** Which method takes which options. */
const optionsOf: Readonly<Record<'pca' | 'umap' | 'tsne' | 'pacmap' | 'axes', readonly ProjectionMethod[]>> = {
  pca: ['PCA'],
  umap: ['UMAP'],
  tsne: ['TSNE'],
  pacmap: ['PACMAP', 'LOCALMAP'],
  axes: ['CUSTOM'],
};

/** Coordinates per item that a method can give. Beyond three they are not to be looked at: groups are found in them. */
const mostComponents = (method: ProjectionMethod): number => (method === 'UMAP' ? COMPONENTS_MOST : 3);

/** Methods that move points from where they begin. */
const movingMethods: readonly ProjectionMethod[] = ['UMAP', 'TSNE', 'PACMAP', 'LOCALMAP'];

/** @throws UserError BAD_USER_INPUT that names the option, what it is and what it may be */
export function checkProjection(input: Omit<ProjectEmbeddingInput, 'embeddingId' | 'device'>, own: Metric): void {
  const { name, method, components, axes, metric = own } = input;
  if (name.trim() === '' || name.length > NAME_LENGTH_LIMIT || name.includes('\0')) {
    throw wrong(`The name of a map has 1 to ${NAME_LENGTH_LIMIT} characters.`);
  }
  if (method === 'GIVEN') {
    throw wrong(
      'Maps of the method GIVEN come with the data: import columns x and y. To compute a map, ask for PCA or UMAP.',
    );
  }
  if (!(components >= 2 && components <= mostComponents(method))) {
    throw wrong(
      `components is ${components}; wanted: ${method === 'UMAP' ? `from 2 to ${COMPONENTS_MOST}` : '2 or 3, and up to 10 by the method UMAP'}.`,
    );
  }
  for (const [options, owners] of Object.entries(optionsOf)) {
    if (input[options as keyof typeof optionsOf] !== undefined && !owners.includes(method)) {
      throw wrong(`${options} has the options of the method ${owners.join(' and ')}, but the method is ${method}.`);
    }
  }
  if (method === 'CUSTOM' && axes?.length !== components) {
    throw wrong(`There are ${axes?.length ?? 0} axes for a map of ${components} components; wanted: one for each.`);
  }
  if (input.metric !== undefined && !movingMethods.includes(method)) {
    throw wrong(
      `metric is of methods that move points among their neighbours (${movingMethods.join(', ')}); by ${method} the vectors give the places.`,
    );
  }
  if (input.startFrom !== undefined && !movingMethods.includes(method)) {
    throw wrong(
      `startFrom is of methods that move points (${movingMethods.join(', ')}); ${method} has one place for each.`,
    );
  }
  if (input.spherize === true && input.metric !== undefined) {
    throw wrong(`spherize compares by EUCLIDEAN on the sphere, and metric is ${input.metric}: leave one of both out.`);
  }
  if (input.spherize === true && method === 'CUSTOM') {
    throw wrong('spherize is of other methods: the axes of CUSTOM lie among the vectors as they are.');
  }
  if (input.pca) checkRanges('pca', input.pca, pcaRanges);
  if (input.umap) checkUmap(input.umap);
  if (input.umap?.density) {
    checkRanges('umap.density', input.umap.density, densityRanges);
    if (metric === 'INNER_PRODUCT') {
      throw wrong(
        `umap.density compares distances, and ${input.metric === undefined ? 'the metric of the embedding, INNER_PRODUCT,' : 'the metric INNER_PRODUCT'} is none.`,
      );
    }
  }
  if (input.umap?.initialization !== undefined && input.startFrom !== undefined) {
    throw wrong(
      `umap.initialization is ${input.umap.initialization}, but points begin where they are on "${input.startFrom}": leave one of both out.`,
    );
  }
  if (input.target !== undefined) {
    if (method !== 'UMAP') throw wrong(`A target is of the method UMAP, but the method is ${method}.`);
    checkRanges('umap.target', { weight: input.target.weight }, { weight: [0, 1] });
  }
  if (input.tsne) checkRanges('tsne', input.tsne, tsneRanges);
  if (input.pacmap) checkPacmap(input.pacmap);
}

type Ranges<Options> = { readonly [Option in keyof Required<Options>]: readonly [number, number] };

const pcaRanges: Ranges<PcaMapOptions> = { directions: [2, 100] };

/** What each option of UMAP may be, with both ends. */
const umapRanges: Ranges<Omit<UmapMapOptions, 'initialization' | 'targetWeight' | 'density'>> = {
  neighbors: [2, 200],
  spread: [0.01, 100],
  minDist: [0, 100],
  epochs: [1, 5000],
  negativeRate: [0, 100],
  repulsionStrength: [0, 100],
  localConnectivity: [0, 200],
  setOperationMix: [0, 1],
};

const densityRanges: Ranges<DensityOptions> = { weight: [0, 100], share: [0, 1], varianceShift: [0.001, 100] };

const tsneRanges: Ranges<Omit<TsneOptions, 'seed'>> = {
  perplexity: [2, 100],
  iterations: [1, 10_000],
  earlyExaggeration: [1, 100],
  earlyIterations: [0, 10_000],
  exaggeration: [1, 100],
  learningRate: [1, 1e6],
  momentum: [0, 0.99],
};

const pacmapRanges: Ranges<Omit<PacmapOptions, 'seed' | 'local' | 'phases'>> = {
  neighbors: [2, 200],
  midNearRatio: [0, 10],
  furtherRatio: [0, 20],
  reach: [0.1, 1000],
};

function checkRanges<Options extends object>(
  name: string,
  options: Options,
  ranges: { readonly [option: string]: readonly [number, number] },
): void {
  for (const [option, value] of Object.entries(options)) {
    const range = ranges[option];
    if (range === undefined || value === undefined) continue;
    const [least, most] = range;
    if (!(value >= least && value <= most)) {
      throw wrong(`${name}.${option} is ${value}; wanted: from ${least} to ${most}.`);
    }
  }
}

function checkUmap(umap: UmapMapOptions): void {
  checkRanges('umap', umap, umapRanges);
  const { minDist = 0.1, spread = 1, localConnectivity = 1, neighbors = 15 } = umap;
  if (minDist > spread) throw wrong(`umap.minDist is ${minDist}; wanted: at most umap.spread, which is ${spread}.`);
  if (localConnectivity > neighbors) {
    throw wrong(
      `umap.localConnectivity is ${localConnectivity}; wanted: at most umap.neighbors, which is ${neighbors}.`,
    );
  }
}

function checkPacmap({ phases, ...pacmap }: Omit<PacmapOptions, 'seed' | 'local'>): void {
  checkRanges('pacmap', pacmap, pacmapRanges);
  if (phases !== undefined && !(phases.length === 3 && phases.every((steps) => steps >= 0 && steps <= 5000))) {
    throw wrong(`pacmap.phases are ${phases.join(', ')}; wanted: three numbers of iterations, each from 0 to 5000.`);
  }
}

function wrong(message: string): UserError {
  return new UserError('BAD_USER_INPUT', message);
}
