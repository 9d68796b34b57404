import assert from 'node:assert/strict';
import { test } from 'node:test';

import { colorBy } from '../../widget/colors.ts';
import { FilterController } from '../../widget/controllers/filterController.ts';
import fc from '../helpers/laws.ts';

const host = {
  addController: () => {},
  removeController: () => {},
  requestUpdate: () => {},
  updateComplete: Promise.resolve(true),
};

test('a part of a scale shows the points whose numbers are in it, and the whole scale shows all, also those without', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.integer({ min: 0, max: 640 }), fc.constant(Number.NaN)), { minLength: 1, maxLength: 60 }),
      fc.tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 0, max: 63 })),
      async (numbers, ends) => {
        // The ends of the scale are there, so that a step is 10 wide.
        const values = Float64Array.from([0, 640, ...numbers]);
        const coloring = await colorBy({ kind: 'number', unit: 'number', values }, values.length);
        const filter = new FilterController(host);
        filter.use(coloring);
        const [least, largest] = [Math.min(...ends), Math.max(...ends)];
        filter.showRange(least, largest);
        const whole = least === 0 && largest === 63;
        const shown = (value: number) =>
          whole || (value >= 10 * least && (value < 10 * (largest + 1) || (value === 640 && largest === 63)));
        values.forEach((value, i) => {
          assert.equal(filter.hidden?.[i] !== 1, shown(value), `${value} from step ${least} to ${largest}`);
        });
        assert.equal(filter.count, [...values].filter((value) => !shown(value)).length);
        filter.showAll();
        assert.equal(filter.hidden, null);
      },
    ),
  );
});
