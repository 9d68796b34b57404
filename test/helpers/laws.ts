/**
 * fast-check, with one seed for all: a run of the tests fails for what was changed and not by chance. Chance has its turn
 * when somebody looks for trouble: `FAST_CHECK_SEED=random npm test -- test/server/datasets/formats`.
 */
import fc from 'fast-check';

const given = process.env['FAST_CHECK_SEED'] ?? '20261126';
if (given !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(given) });

export default fc;
