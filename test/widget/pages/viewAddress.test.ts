import assert from 'node:assert/strict';
import { test } from 'node:test';

import { flatView } from '../../../widget/camera.ts';
import { fromHash, toHash } from '../../../widget/pages/viewAddress.ts';
import fc from '../../helpers/laws.ts';

const name = fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), { nil: null });
const number = fc.integer({ min: -9999, max: 9999 }).map((n) => n / 1000);

test('whatever is seen, its address says it, whatever the names are made of', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
      fc.record({ embedding: name, projection: name, colorBy: name, captions: fc.boolean(), chosen: name }),
      fc.record({ x: number, y: number, zoom: fc.integer({ min: 1, max: 400 }), yaw: number, pitch: number }),
      fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 }), { maxLength: 5 }),
      (dataset, names, camera, selected) => {
        const view = { ...names, camera: { ...camera }, selected };
        const read = fromHash(new URL(`http://host/#${toHash({ dataset, view })}`).hash.slice(1));
        assert.deepEqual({ ...read, view: { camera: flatView, ...read.view } }, { dataset, view });
      },
    ),
  );
});

test('the whole map has a short address, a very large selection none, and what is wrong in one is left out', () => {
  assert.equal(toHash({ dataset: 'digits', view: { captions: false, camera: flatView, selected: [] } }), 'digits');
  const selected = Array.from({ length: 1000 }, (_, i) => `digit-${i}`);
  assert.equal(toHash({ dataset: 'digits', view: { chosen: 'a', selected } }), 'digits?item=a');
  for (const camera of ['', 'x', '1,2', '0,0,0,0,0', '1,2,Infinity,0,0']) {
    assert.equal(fromHash(`digits?camera=${camera}`).view.camera, undefined, camera);
  }
  assert.equal(fromHash('%E0%A4%A').dataset, '%E0%A4%A');
  assert.equal(fromHash('').dataset, '');
});
