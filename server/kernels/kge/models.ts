/** The models by name. A further one is a file and a line here; test/server/kernels/kge/models.test.ts holds it to the laws. */
import { complex } from './complex.ts';
import { distmult } from './distmult.ts';
import type { GraphModel, ModelName } from './model.ts';
import { rescal } from './rescal.ts';
import { rotate } from './rotate.ts';
import { rote } from './rote.ts';
import { roth } from './roth.ts';
import { transeL1, transeL2 } from './transe.ts';
import { tucker } from './tucker.ts';

export const graphModels: { readonly [Name in ModelName]: GraphModel } = {
  TRANSE_L1: transeL1,
  TRANSE_L2: transeL2,
  DISTMULT: distmult,
  COMPLEX: complex,
  ROTATE: rotate,
  RESCAL: rescal,
  ROTE: rote,
  ROTH: roth,
  TUCKER: tucker,
};
