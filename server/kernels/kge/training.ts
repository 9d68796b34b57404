/** What a training is to do, and where it stands: options, the state that can be kept and gone on with, its bytes. */
import type { KnowledgeGraph } from './graph.ts';
import type { LossName } from './losses.ts';
import type { ModelName } from './model.ts';
import { graphModels } from './models.ts';
import type { OptimizerName } from './optimizer.ts';
import { createParameters, type Initialization, type Parameters } from './parameters.ts';
import { entityTableShape } from './rank.ts';
import type { RegularizerName } from './regularize.ts';
import { strideOf } from './table.ts';

/** What each query is compared with. */
export type Objective =
  | {
      /** Softmax over all entities for each triple, both sides (Lacroix et al. 2018). */
      readonly kind: 'ONE_VS_ALL';
      /**
       * Triples of the same query in one softmax, weighted by their number: the same gradient over all, at a third of the work
       * on FB15k-237. Default: true.
       */
      readonly unique?: boolean;
      /**
       * Answers of a query in one softmax at most, 1 to 10,000: a query with more is asked again with the others. One query with
       * thousands of answers would outweigh all others of its step, and slow Adagrad down for good. Default: 4.
       */
      readonly answers?: number;
    }
  | {
      /** All answers of a query at once, each query counting the same (Dettmers et al. 2018). */
      readonly kind: 'K_VS_ALL';
      readonly loss: 'SOFTMAX' | 'LOGISTIC';
      /** Share of the target that is spread over all entities, 0 to 1. Default: 0. */
      readonly smoothing?: number;
    }
  | {
      readonly kind: 'NEGATIVE_SAMPLING';
      readonly loss: LossName;
      /** Negatives of each query, 1 to 10,000. */
      readonly negatives: number;
      /** Queries that share their negatives, 1 (each its own) to the batch. Larger is faster. Default: 32. */
      readonly shared?: number;
      /** Whether known triples are left out of the negatives. Default: true. */
      readonly filtered?: boolean;
      /** UNIFORM: heads and tails are replaced equally often; BERNOULLI: as Wang et al. 2014. Default: UNIFORM. */
      readonly sides?: 'UNIFORM' | 'BERNOULLI';
      /** gamma of SELF_ADVERSARIAL and MARGIN. Default: 9 and 1. */
      readonly margin?: number;
      /** Of SELF_ADVERSARIAL. Default: 1. */
      readonly temperature?: number;
      /** Of LOGISTIC and MARGIN: what a negative counts against the positive's 1. Default: 1. */
      readonly negativeWeight?: number;
      /** Whether frequent queries count less, by 1 / sqrt(count) (Mikolov et al. 2013, as in RotatE). Default: false. */
      readonly subsampling?: boolean;
    };

export interface TrainingOptions {
  readonly model: ModelName;
  /** Numbers of an entity. */
  readonly dimension: number;
  readonly relationDimension?: number;
  /** Default: true. */
  readonly reciprocal?: boolean;
  readonly initialization?: Initialization;
  readonly objective: Objective;
  /** Times that every triple is looked at, at most, 1 to 10,000. */
  readonly epochs: number;
  /** Queries in a step, 1 to 16,384. */
  readonly batch: number;
  readonly optimizer: OptimizerName;
  /** Length of a step, above 0. */
  readonly rate: number;
  /** Weights of entities and relations may differ; per triple. */
  readonly regularizer?: {
    readonly name: RegularizerName;
    readonly entities: number;
    readonly relations: number;
  } | null;
  /** Weight of the auxiliary loss: which relation holds between head and tail? (Chen et al. 2021.) Default: 0. */
  readonly relationWeight?: number;
  /** Shares of a query's numbers that are left out by chance, 0 to 0.9. Default: 0. */
  readonly dropout?: { readonly entities: number; readonly relations: number };
  /** Epochs between two validations. 0: none. Default: 5. */
  readonly validateEvery?: number;
  /** Triples that are validated on, evenly spaced among those of the validation set. Default: all. */
  readonly validationTriples?: number;
  /** Validations without a better MRR after which it is stopped. 0: never. Default: 5. */
  readonly patience?: number;
  /** `patience` validations in a row without a better MRR are borne; at one more the rate is multiplied by `factor` (PyTorch's ReduceLROnPlateau). */
  readonly plateau?: { readonly factor: number; readonly patience: number } | null;
  /** The rate is multiplied by `factor` once `epoch` epochs are done, in rising order. Goes with a plateau, which multiplies as well. */
  readonly rateSteps?: readonly RateStep[];
  /** Of everything left to chance. Default: 42. */
  readonly seed?: number;
}

/** A step of a learning rate's schedule. */
export interface RateStep {
  /** Epochs that go before it, 1 to 10,000. */
  readonly epoch: number;
  /** Above 0, at most 10. Smaller lowers the rate further; above 1 raises it, for a warm start. */
  readonly factor: number;
}

/** One epoch, as a curve shows it. */
export interface CurvePoint {
  readonly epoch: number;
  /** Mean loss of a query, without the regularizer. */
  readonly loss: number;
  /** MRR on the validation triples, where there was a validation. */
  readonly mrr: number | null;
  readonly rate: number;
}

export interface Moments {
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/** A training that can be stopped after any epoch, kept, and gone on with: what follows is the same bit for bit. */
export interface Training {
  readonly options: TrainingOptions;
  readonly parameters: Parameters;
  /** Of entities in rows of the table's stride, of relations, of what is shared. */
  readonly entityMoments: Moments;
  readonly relationMoments: Moments;
  readonly sharedMoments: Moments;
  /** Epochs done. */
  epoch: number;
  /** Steps done. */
  step: number;
  rate: number;
  readonly curve: CurvePoint[];
  /** Where the validation was best; null while there was none. */
  best: { readonly epoch: number; readonly mrr: number; readonly parameters: Parameters } | null;
  /** Validations since the best, and since the rate was lowered. */
  waited: number;
  waitedForRate: number;
  /** What multiplied matrices in its last epoch beside WebAssembly, by name and version; null: nothing. Going on with another changes last bits. */
  library: string | null;
  /** Why it is over; null while it is not. */
  ended: 'EPOCHS' | 'EARLY' | null;
}

/** @throws RangeError for options that cannot be meant, in a sentence */
export function createTraining(graph: KnowledgeGraph, options: TrainingOptions): Training {
  checkOptions(options);
  if (graph.train.length === 0) throw new RangeError('There are no training triples: there is nothing to learn from.');
  const { model, dimension, relationDimension, reciprocal, initialization, seed = 42 } = options;
  const parameters = createParameters(graph.entityCount, graph.relationCount, {
    ...{ model, dimension, seed },
    ...(relationDimension === undefined ? {} : { relationDimension }),
    ...(reciprocal === undefined ? {} : { reciprocal }),
    ...(initialization === undefined ? {} : { initialization }),
  });
  const isAdam = options.optimizer === 'ADAM';
  const moments = (length: number): Moments => ({
    first: new Float32Array(length),
    second: new Float32Array(isAdam ? length : 0),
  });
  return {
    options,
    parameters,
    entityMoments: moments(graph.entityCount * strideOf(entityTableShape(parameters))),
    relationMoments: moments(parameters.relations.length),
    sharedMoments: moments(parameters.shared.length),
    epoch: 0,
    step: 0,
    rate: options.rate,
    curve: [],
    best: null,
    waited: 0,
    waitedForRate: 0,
    library: null,
    ended: null,
  };
}

/** What the training has come to: the parameters that were best in validation, or the last. */
export function resultOfTraining({ best, parameters }: Training): Parameters {
  return best?.parameters ?? parameters;
}

function checkOptions(options: TrainingOptions): void {
  const { objective, epochs, batch, rate, regularizer, relationWeight = 0, dropout, model, patience = 5 } = options;
  whole('Epochs', epochs, 1, 10_000);
  whole('The batch', batch, 1, 16_384);
  whole('The patience', patience, 0, 10_000);
  whole('validateEvery', options.validateEvery ?? 5, 0, 10_000);
  within('The rate', rate, Number.MIN_VALUE, 1000);
  within('relationWeight', relationWeight, 0, 1000);
  if (options.plateau) {
    within('The factor of a plateau', options.plateau.factor, Number.MIN_VALUE, 1);
    whole('The patience of a plateau', options.plateau.patience, 0, 10_000);
  }
  checkRateSteps(options.rateSteps ?? []);
  if (regularizer) {
    within("The regularizer's weight of entities", regularizer.entities, 0, 1000);
    within("The regularizer's weight of relations", regularizer.relations, 0, 1000);
  }
  if (dropout) {
    within('Dropout of entities', dropout.entities, 0, 0.9);
    within('Dropout of relations', dropout.relations, 0, 0.9);
  }
  if (relationWeight > 0 && graphModels[model].relationQuery === null) {
    throw new RangeError(`The auxiliary loss by relations needs a model that is linear in them; ${model} is not.`);
  }
  if (relationWeight > 0 && objective.kind === 'NEGATIVE_SAMPLING') {
    throw new RangeError(
      'The auxiliary loss by relations goes with ONE_VS_ALL or K_VS_ALL, not with sampled negatives.',
    );
  }
  if (objective.kind === 'K_VS_ALL') within('Smoothing', objective.smoothing ?? 0, 0, 1);
  if (objective.kind === 'ONE_VS_ALL') whole('Answers of a softmax', objective.answers ?? 1, 1, 10_000);
  if (objective.kind === 'NEGATIVE_SAMPLING') {
    whole('Negatives', objective.negatives, 1, 10_000);
    whole('Queries that share negatives', objective.shared ?? 32, 1, 16_384);
    within('The margin', objective.margin ?? 0, 0, 1000);
    within('The temperature', objective.temperature ?? 0, 0, 1000);
    within('The weight of a negative', objective.negativeWeight ?? 1, 0, 1000);
  }
}

/** More would be a curve, not steps. */
const MOST_RATE_STEPS = 100;

function checkRateSteps(steps: readonly RateStep[]): void {
  if (steps.length > MOST_RATE_STEPS) {
    throw new RangeError(`The rate takes at most ${MOST_RATE_STEPS} steps, got ${steps.length}.`);
  }
  let before = 0;
  for (const { epoch, factor } of steps) {
    whole('The epoch of a step of the rate', epoch, 1, 10_000);
    within('The factor of a step of the rate', factor, Number.MIN_VALUE, 10);
    if (epoch <= before) {
      throw new RangeError(`The steps of the rate were wanted by rising epochs, got ${epoch} after ${before}.`);
    }
    before = epoch;
  }
}

function whole(what: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${what}: a whole number from ${least} to ${most} was wanted, got ${value}.`);
  }
}

function within(what: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) {
    const range = least === Number.MIN_VALUE ? `above 0, at most ${most}` : `from ${least} to ${most}`;
    throw new RangeError(`${what}: a number ${range} was wanted, got ${value}.`);
  }
}
