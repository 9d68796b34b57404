import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { deepProduct, type GpuMatrix, gemmOnGpu, product, productPlain, slicesOf } from '#kernels/gemmOnGpu.ts';
import type { GpuBackend } from '#kernels/gpu/backend.ts';
import type { Matrix } from '#kernels/matrix.ts';

import { gpuForTests } from '../../../helpers/gpu.ts';
import { randomRows } from '../../../helpers/rows.ts';

const gpu = await gpuForTests();

function upload(backend: GpuBackend, { rows, columns, data }: Matrix): GpuMatrix {
  const quads = Math.ceil(columns / 4);
  const wide = new Float32Array(rows * quads * 4);
  for (let i = 0; i < rows; i++) wide.set(data.subarray(i * columns, (i + 1) * columns), i * quads * 4);
  return { buffer: backend.upload('side', wide), quads };
}

describe('products of matrices on the graphics card', { skip: gpu.skip }, async () => {
  if (gpu.skip !== false) return;
  const backend = await gpu.backend();
  const short = await gpu.backend({ pieceMs: 0.01 });

  for (const kind of ['A_BT', 'A_B', 'AT_B'] as const) {
    test(`${kind} is that of the definition, also where tiles are not full, and with the depth cut`, async () => {
      for (const [m, n, k] of [
        [1, 1, 1],
        [5, 130, 18],
        [130, 9, 33],
        [131, 257, 70],
      ] as const) {
        const left = kind === 'AT_B' ? randomRows(k, m, 1) : randomRows(m, k, 1);
        const right = kind === 'A_BT' ? randomRows(n, k, 2) : randomRows(k, n, 2);
        const wanted = productPlain(kind, left, right);
        for (const card of [backend, short]) {
          const before = card.mark();
          const gemm = await gemmOnGpu(card);
          const [a, b] = [upload(card, left), upload(card, right)];
          const quads = Math.ceil(n / 4);
          const to = { buffer: card.upload('product', new Float32Array(m * quads * 4).fill(Number.NaN)), quads };
          await card.run('gemm', 1, [product(gemm, { kind, left: a, right: b, to, rows: m, columns: n, depth: k })]);
          check(await card.read(to.buffer, m * quads * 16), wanted, m, n, quads);

          const slices = { count: Math.ceil(k / 16), depth: 16 };
          const between = card.allocate('slices', 2 * slices.count * m * quads * 16);
          const twice = deepProduct(gemm, {
            ...{ kind, to, rows: m, columns: n, between },
            parts: [
              { left: a, right: b, depth: k, slices },
              { left: a, right: b, depth: k, slices },
            ],
          });
          await card.run('gemm', 1, twice);
          const doubled = wanted.map((value) => 2 * value);
          check(await card.read(to.buffer, m * quads * 16), doubled, m, n, quads);
          card.release(before);
        }
      }
    });
  }

  function check(bytes: ArrayBuffer, wanted: Float64Array, m: number, n: number, quads: number): void {
    const found = new Float32Array(bytes);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < 4 * quads; j++) {
        const value = found[i * quads * 4 + j] ?? Number.NaN;
        const right = j < n ? (wanted[i * n + j] ?? 0) : 0;
        assert.ok(Math.abs(value - right) < 1e-4, `(${m}, ${n}) at ${i}, ${j}: ${value}, not ${right}`);
      }
    }
  }
});

test('a deep product is cut so that a card has enough to do and its parts have room', () => {
  assert.deepEqual(slicesOf(1000, 500, 100, 2 ** 28), { count: 1, depth: 112 });
  for (const [rows, quads, depth] of [
    [100, 500, 40_943],
    [1000, 500, 14_541],
    [4, 1, 1e6],
  ] as const) {
    const { count, depth: each } = slicesOf(rows, quads, depth, 2 ** 27);
    assert.equal(each % 16, 0);
    assert.ok(count * each >= depth && (count - 1) * each < depth);
    assert.ok(count * rows * quads * 16 <= 2 ** 27);
    assert.ok(each * 128 * 128 <= 2.1e7 || (count + 1) * rows * quads * 16 > 2 ** 27, `${each}`);
  }
});
