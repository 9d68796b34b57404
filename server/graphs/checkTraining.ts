/** Whether a training can be asked for: told at once, not when its job has begun. */
import { createTraining } from '#kernels/kge/training.ts';
import type { Queryable } from '../database/database.ts';
import { UserError } from '../errors.ts';
import { checkGraphModelName } from './graphModels.ts';
import { requirePreset } from './presets.ts';
import { mergeSettings, type Settings, trainingOptions } from './settings.ts';
import type { TrainGraphInput } from './trainGraph.ts';

const MOST_TRIALS = 20;

/**
 * The input of the job. @throws UserError for a name that is taken, a preset that is not there, or settings that cannot be meant
 */
export async function checkTraining(
  database: Queryable,
  wanted: Omit<TrainGraphInput, 'settings'> & { readonly settings: Settings; readonly search: readonly Settings[] },
): Promise<TrainGraphInput> {
  const { search, settings, ...rest } = wanted;
  await checkGraphModelName(database, wanted.datasetId, wanted.name);
  if (search.length > MOST_TRIALS) {
    throw new UserError('LIMIT_EXCEEDED', `A search tries at most ${MOST_TRIALS} settings, got ${search.length}.`);
  }
  const preset = wanted.preset === null ? {} : requirePreset(wanted.preset).settings;
  const tried = (search.length === 0 ? [{}] : search).map((each) => mergeSettings(preset, settings, each));
  for (const each of tried) check(each, wanted.seed);
  return { ...rest, settings: tried };
}

/** A graph that is as small as can be has the same options. */
const smallest = {
  ...{ entityCount: 2, relationCount: 1 },
  ...{ train: Int32Array.of(0, 0, 1), validation: new Int32Array(0), test: new Int32Array(0) },
};

function check(settings: Settings, seed: number): void {
  const options = trainingOptions(settings, seed);
  try {
    createTraining(smallest, options);
  } catch (error) {
    throw error instanceof RangeError ? new UserError('BAD_USER_INPUT', error.message) : error;
  }
}
