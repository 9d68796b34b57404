/** The numbers of a model of one graph: vectors of entities and relations, and what belongs to them. */
import { createRandom, type Random } from '../random.ts';
import type { GraphModel, ModelName, Shape } from './model.ts';
import { graphModels } from './models.ts';

// E entities, R relations, d numbers an entity, w numbers a relation (GraphModel.relationWidth).

export interface Parameters extends Shape {
  readonly model: ModelName;
  /** E */
  readonly entityCount: number;
  /** R, without inverses. */
  readonly relationCount: number;
  /**
   * Whether relation R + r is the inverse of r, learnt as a relation of its own: then heads of r are predicted as tails of
   * R + r. Otherwise they are predicted by the model's `headQuery`.
   */
  readonly reciprocal: boolean;
  /** (E, d) */
  readonly entities: Float32Array;
  /** (E) of models with biases; empty otherwise. */
  readonly biases: Float32Array;
  /** (R or 2R, w) */
  readonly relations: Float32Array;
  /** What all relations share: TuckER's core (e, d, d); empty otherwise. */
  readonly shared: Float32Array;
}

/** Where the numbers start: normal with this standard deviation, or uniform between - scale and scale. */
export interface Initialization {
  readonly distribution: 'NORMAL' | 'UNIFORM';
  readonly scale: number;
}

export interface ParametersOptions {
  readonly model: ModelName;
  /** Numbers of an entity, 1 to 4096; even for models of complex numbers and turned pairs. */
  readonly dimension: number;
  /** Numbers of a relation, TuckER only. Default: `dimension`. */
  readonly relationDimension?: number;
  /** Default: true. RotH knows no other way. */
  readonly reciprocal?: boolean;
  /** Default: normal, 0.001. */
  readonly initialization?: Initialization;
  /** Of the start. */
  readonly seed: number;
}

/** Published models have up to 4,000 (ComplEx-N3: 2,000 complex numbers); RESCAL's relation has the square of it. */
const MOST_DIMENSIONS = 4096;
/** Standard deviation of TuckER's core and RESCAL's matrices: smaller, and all scores begin so near 0 that nothing moves. */
const MATRIX_SCALE = 0.1;

/** Parameters as they start. @throws RangeError for what no model can have */
export function createParameters(
  entityCount: number,
  relationCount: number,
  { model: name, dimension, relationDimension = dimension, reciprocal = true, initialization, seed }: ParametersOptions,
): Parameters {
  const model = graphModels[name];
  if (entityCount < 1 || relationCount < 1) {
    throw new RangeError(`A graph has entities and relations, got ${entityCount} and ${relationCount}.`);
  }
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > MOST_DIMENSIONS) {
    throw new RangeError(`The dimension is a whole number from 1 to ${MOST_DIMENSIONS}, got ${dimension}.`);
  }
  if (model.even && dimension % 2 !== 0) {
    throw new RangeError(`${name} takes its numbers in pairs: the dimension is even, got ${dimension}.`);
  }
  if (relationDimension !== dimension && name !== 'TUCKER') {
    throw new RangeError(`Only TUCKER has relations of another dimension than entities; ${name} does not.`);
  }
  if (!Number.isInteger(relationDimension) || relationDimension < 1 || relationDimension > MOST_DIMENSIONS) {
    throw new RangeError(
      `The relations' dimension is a whole number from 1 to ${MOST_DIMENSIONS}, got ${relationDimension}.`,
    );
  }
  if (!reciprocal && model.headQuery === null) {
    throw new RangeError(`${name} predicts heads by reciprocal relations only.`);
  }
  const shape = { dimension, relationDimension };
  const random = createRandom(seed);
  const { distribution, scale } = initialization ?? { distribution: 'NORMAL', scale: 1e-3 };
  const draw = distribution === 'NORMAL' ? () => scale * random.normal() : () => scale * (2 * random.uniform() - 1);
  const rows = relationCount * (reciprocal ? 2 : 1);
  return {
    model: name,
    ...shape,
    entityCount,
    relationCount,
    reciprocal,
    entities: Float32Array.from({ length: entityCount * dimension }, draw),
    biases: new Float32Array(model.biased ? entityCount : 0),
    relations: startRelations(model, shape, rows, draw, random),
    shared: Float32Array.from({ length: model.sharedWidth(shape) }, () => MATRIX_SCALE * random.normal()),
  };
}

function startRelations(
  model: GraphModel,
  shape: Shape,
  rows: number,
  draw: () => number,
  random: Random,
): Float32Array {
  const width = model.relationWidth(shape);
  const angles = model.angles(shape);
  const isMatrix = model.name === 'RESCAL';
  const relations = new Float32Array(rows * width);
  for (let at = 0; at < relations.length; at++) {
    if (isMatrix) relations[at] = MATRIX_SCALE * random.normal();
    else relations[at] = at % width < angles ? Math.PI * (2 * random.uniform() - 1) : draw();
  }
  // Curvature 1: softplus(ln(e - 1)) = 1.
  if (model.name === 'ROTH')
    for (let row = 0; row < rows; row++) relations[row * width + width - 1] = Math.log(Math.E - 1);
  return relations;
}

/** The vector of an entity: a view. */
export function entityOf(
  { entities, dimension }: Pick<Parameters, 'entities' | 'dimension'>,
  entity: number,
): Float32Array {
  return entities.subarray(entity * dimension, (entity + 1) * dimension);
}

/** The row of a relation, or of an inverse: a view. */
export function relationOf(parameters: Parameters, relation: number): Float32Array {
  const width = graphModels[parameters.model].relationWidth(parameters);
  return parameters.relations.subarray(relation * width, (relation + 1) * width);
}
