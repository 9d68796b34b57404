/** How a graph model is trained, as a preset or a request says it: one flat list of settings, all of which may be left out. */
import type { LossName } from '#kernels/kge/losses.ts';
import type { ModelName } from '#kernels/kge/model.ts';
import type { OptimizerName } from '#kernels/kge/optimizer.ts';
import type { RegularizerName } from '#kernels/kge/regularize.ts';
import type { Objective, RateStep, TrainingOptions } from '#kernels/kge/training.ts';
import { UserError } from '../errors.ts';

export const objectiveKinds = ['ONE_VS_ALL', 'K_VS_ALL', 'NEGATIVE_SAMPLING'] as const;
export type ObjectiveKind = (typeof objectiveKinds)[number];

export interface Settings {
  readonly model?: ModelName;
  /** Numbers of an entity: 2 for each complex number. */
  readonly dimension?: number;
  readonly relationDimension?: number;
  readonly reciprocal?: boolean;
  readonly objective?: ObjectiveKind;
  /** Of ONE_VS_ALL: one softmax a query instead of one a triple. */
  readonly unique?: boolean;
  /** Of ONE_VS_ALL: answers of a query in one softmax at most. */
  readonly answers?: number;
  readonly loss?: LossName;
  readonly smoothing?: number;
  readonly negatives?: number;
  readonly shared?: number;
  readonly filtered?: boolean;
  readonly sides?: 'UNIFORM' | 'BERNOULLI';
  readonly margin?: number;
  readonly temperature?: number;
  readonly negativeWeight?: number;
  readonly subsampling?: boolean;
  readonly epochs?: number;
  readonly batch?: number;
  readonly optimizer?: OptimizerName;
  readonly rate?: number;
  readonly regularizer?: RegularizerName | 'NONE';
  readonly entityPenalty?: number;
  readonly relationPenalty?: number;
  readonly relationWeight?: number;
  readonly entityDropout?: number;
  readonly relationDropout?: number;
  readonly distribution?: 'NORMAL' | 'UNIFORM';
  readonly scale?: number;
  readonly validateEvery?: number;
  readonly validationTriples?: number;
  readonly patience?: number;
  readonly plateauFactor?: number;
  readonly plateauPatience?: number;
  readonly rateSteps?: readonly RateStep[];
}

/** What holds where nothing is said: a small ComplEx with N3, which does well on most graphs. */
const defaults = {
  model: 'COMPLEX',
  dimension: 100,
  objective: 'ONE_VS_ALL',
  epochs: 50,
  batch: 100,
  optimizer: 'ADAGRAD',
  rate: 0.1,
  regularizer: 'N3',
  entityPenalty: 0.01,
} as const satisfies Settings;

/** Which settings speak of which objective: another one's are a mistake, not to be passed over. */
const settingsOf: { readonly [Kind in ObjectiveKind]: readonly (keyof Settings)[] } = {
  ONE_VS_ALL: ['unique', 'answers'],
  K_VS_ALL: ['loss', 'smoothing'],
  NEGATIVE_SAMPLING: [
    ...(['loss', 'negatives', 'shared', 'filtered', 'sides', 'margin'] as const),
    ...(['temperature', 'negativeWeight', 'subsampling'] as const),
  ],
};

/** The settings of all, the later ones first to be heeded. A model or objective of its own takes no settings of another's. */
export function mergeSettings(...all: readonly Settings[]): Settings {
  return all.reduce<Settings>((merged, next) => {
    const isOther =
      next.objective !== undefined && merged.objective !== undefined && next.objective !== merged.objective;
    const kept = isOther ? without(merged, Object.values(settingsOf).flat()) : merged;
    return { ...kept, ...next };
  }, {});
}

function without(settings: Settings, names: readonly (keyof Settings)[]): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !names.some((other) => other === name)));
}

/** @throws UserError BAD_USER_INPUT for settings that contradict each other */
export function trainingOptions(given: Settings, seed: number): TrainingOptions {
  const settings = { ...defaults, ...given };
  const { model, dimension, relationDimension, reciprocal, epochs, batch, optimizer, rate, regularizer } = settings;
  const { entityPenalty, relationPenalty = entityPenalty, distribution, scale } = settings;
  const { entityDropout = 0, relationDropout = 0, plateauFactor, plateauPatience } = settings;
  return {
    ...{ model, dimension, epochs, batch, optimizer, rate, seed },
    ...(relationDimension === undefined ? {} : { relationDimension }),
    ...(reciprocal === undefined ? {} : { reciprocal }),
    objective: objectiveOf(settings),
    regularizer:
      regularizer === 'NONE' ? null : { name: regularizer, entities: entityPenalty, relations: relationPenalty },
    ...(entityDropout === 0 && relationDropout === 0
      ? {}
      : { dropout: { entities: entityDropout, relations: relationDropout } }),
    ...(distribution === undefined && scale === undefined
      ? {}
      : { initialization: { distribution: distribution ?? 'NORMAL', scale: scale ?? 1e-3 } }),
    ...(plateauFactor === undefined && plateauPatience === undefined
      ? {}
      : { plateau: { factor: plateauFactor ?? 0.5, patience: plateauPatience ?? 2 } }),
    ...picked(settings, ['relationWeight', 'rateSteps', 'validateEvery', 'validationTriples', 'patience']),
  };
}

function objectiveOf(settings: Settings & { readonly objective: ObjectiveKind }): Objective {
  const { objective: kind, loss } = settings;
  for (const [other, names] of Object.entries(settingsOf)) {
    const strange = names.find((name) => settings[name] !== undefined && !settingsOf[kind].includes(name));
    if (other !== kind && strange !== undefined) {
      throw new UserError('BAD_USER_INPUT', `${strange} is a setting of ${other}, but the objective is ${kind}.`);
    }
  }
  if (kind === 'ONE_VS_ALL') return { kind, ...picked(settings, ['unique', 'answers']) };
  if (kind === 'K_VS_ALL') {
    if (loss !== undefined && loss !== 'SOFTMAX' && loss !== 'LOGISTIC') {
      throw new UserError('BAD_USER_INPUT', `K_VS_ALL has the losses SOFTMAX and LOGISTIC, not ${loss}.`);
    }
    return { kind, loss: loss ?? 'LOGISTIC', ...picked(settings, ['smoothing']) };
  }
  return {
    kind,
    loss: loss ?? 'SOFTMAX',
    negatives: settings.negatives ?? 256,
    ...picked(settings, ['shared', 'filtered', 'sides', 'margin', 'temperature', 'negativeWeight', 'subsampling']),
  };
}

function picked<Name extends keyof Settings>(
  settings: Settings,
  names: readonly Name[],
): { [Key in Name]?: Exclude<Settings[Key], undefined> } {
  const found: { [Key in Name]?: Exclude<Settings[Key], undefined> } = {};
  for (const name of names) {
    const value = settings[name];
    if (isGiven(value)) found[name] = value;
  }
  return found;
}

function isGiven<Value>(value: Value): value is Exclude<Value, undefined> {
  return value !== undefined;
}
