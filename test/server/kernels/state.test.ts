import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { frameFromBytes, frameHeaderFromBytes, frameToBytes } from '#kernels/frame.ts';
import { createMatrix } from '#kernels/matrix.ts';
import { stateFromBytes, stateToBytes } from '#kernels/state.ts';

const arrays = fc.oneof(
  fc.float32Array({ maxLength: 9 }),
  fc.float64Array({ maxLength: 9 }),
  fc.int32Array({ maxLength: 9 }),
  fc.uint32Array({ maxLength: 9 }),
  fc.uint8Array({ maxLength: 9 }),
);

test('a state comes back from its bytes as it was, to the last bit of every number', () => {
  const { state } = fc.letrec((tie) => ({
    leaf: fc.oneof(fc.double(), fc.integer(), fc.string(), fc.boolean(), fc.constant(null), arrays),
    state: fc.dictionary(
      fc.string({ maxLength: 5 }).filter((name) => !name.startsWith('$') && name !== '__proto__' && name !== 'toJSON'),
      fc.oneof({ depthSize: 'small' }, tie('leaf'), tie('state'), fc.array(tie('leaf'), { maxLength: 3 })),
      { noNullPrototype: true, maxKeys: 4 },
    ),
  }));
  fc.assert(
    fc.property(state, (given) => {
      // Strict equality of typed arrays and numbers tells -0 from 0, and NaN is itself.
      assert.deepStrictEqual(stateFromBytes(stateToBytes(given)), given);
    }),
    { seed: 1 },
  );
});

test('an array that is part of a larger one is kept alone, and the copy can be handed over', () => {
  const large = Float32Array.of(1, 2, 3, 4);
  const { part } = stateFromBytes<{ part: Float32Array }>(stateToBytes({ part: large.subarray(1, 3) }));
  assert.deepEqual(part, Float32Array.of(2, 3));
  assert.equal(part.buffer.byteLength, 8);
});

test('what is not plain is refused by its name, and bytes that are no state with what is wrong', () => {
  assert.throws(() => stateToBytes({ run: () => 1 }), /not "run", a function/);
  assert.throws(() => stateToBytes({ big: 1n }), /not "big", a bigint/);
  const bytes = stateToBytes({ values: Float64Array.of(1, 2) });
  assert.throws(() => stateFromBytes(bytes.subarray(0, 7)), /a header of 16 bytes, got 7/);
  assert.throws(() => stateFromBytes(bytes.subarray(0, bytes.length - 1)), /ends within its arrays/);
  assert.throws(() => stateFromBytes(bytes.subarray(0, 20)), /ends within its outline/);
  assert.throws(() => stateFromBytes(new Uint8Array(32)), /not the bytes of a state/);
  bytes[4] = 9;
  assert.throws(() => stateFromBytes(bytes), /version 9, expected version 1/);
});

test('a frame comes back from its bytes as it was, and other bytes are refused', () => {
  const coordinates = createMatrix(2, 3, Float32Array.of(1, 2, 3, 4, 5, -0.5));
  const bytes = frameToBytes({ sequence: 7, progress: 0.5, step: 3, steps: 6, coordinates });
  assert.deepEqual(frameFromBytes(bytes), { sequence: 7, progress: 0.5, step: 3, steps: 6, coordinates });
  assert.deepEqual(frameHeaderFromBytes(bytes.subarray(0, 24)), { sequence: 7, progress: 0.5, step: 3, steps: 6 });
  assert.throws(() => frameFromBytes(bytes.subarray(0, 3)), /header of 24 bytes, got 3/);
  assert.throws(() => frameFromBytes(new Uint8Array(40)), /not the bytes of a frame/);
  assert.throws(() => frameFromBytes(bytes.subarray(0, bytes.length - 4)), /takes \d+ bytes, got \d+/);
});
