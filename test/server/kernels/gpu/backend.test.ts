import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { GpuError } from '#kernels/gpu/backend.ts';
import { PieceSize } from '#kernels/gpu/pieceSize.ts';
import { hash } from '#kernels/hash.ts';

import { gpuForTests } from '../../../helpers/gpu.ts';

const gpu = await gpuForTests();

/** Each round adds its number and the invocation's hash to every cell. */
const shader = `
struct Parameters {
  first: u32,
  round: u32,
  cells: u32,
  weight: f32,
};
@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read_write> cells: array<u32>;
@compute @workgroup_size(64)
fn add(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (parameters.first + group.x) * 64u + lane;
  if (at < parameters.cells) {
    cells[at] = hash(cells[at] + at * parameters.round + u32(parameters.weight));
  }
}
fn hash(u: u32) -> u32 {
  let state = u * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}`;

const CELLS = 1000;
const ROUNDS = 7;

describe('the GPU backend', { skip: gpu.skip }, () => {
  test('runs rounds of stages in order, however small the pieces', async () => {
    const wanted = Uint32Array.from({ length: CELLS }, () => 0);
    for (let round = 0; round < ROUNDS; round++) {
      for (let at = 0; at < CELLS; at++) wanted[at] = hash(((wanted[at] ?? 0) + at * round + 3) >>> 0);
    }
    for (const work of [1, 1e4, 1e9]) {
      const backend = await gpu.backend();
      const rounds: number[] = [];
      const cells = await hashed(backend, work, (done) => rounds.push(done));
      assert.deepEqual(cells, wanted, `work ${work}`);
      assert.equal(rounds.at(-1), ROUNDS);
    }
  });

  test('stops between two pieces', async () => {
    const backend = await gpu.backend();
    const stop = new AbortController();
    const reason = new Error('enough');
    const stopped = hashed(backend, 1e9, () => stop.abort(reason), stop.signal);
    await assert.rejects(stopped, reason);
    assert.deepEqual(await hashed(backend, 1), await hashed(backend, 1e9), 'and works on afterwards');
  });

  test('says what is too large for the card', async () => {
    const backend = await gpu.backend({ bufferBytes: 2 ** 20 });
    assert.throws(() => backend.allocate('too much', 2 ** 20 + 16), {
      name: 'Error',
      message: /2 MiB .*too much.* 1 MiB/,
    });
    assert.throws(() => backend.allocate('too much', 2 ** 20 + 16), GpuError);
  });

  test('says so when the card is lost, before, between and after', async () => {
    const backend = await gpu.backend();
    await assert.rejects(
      hashed(backend, 1e9, () => backend.close()),
      GpuError,
    );
    await assert.rejects(hashed(backend, 1), /lost/);
    assert.throws(() => backend.allocate('more', 16), /lost/);
  });

  test("says what the driver's compiler says", async () => {
    const backend = await gpu.backend();
    await assert.rejects(backend.kernel(`${shader}\nnonsense`, 'add'), { message: /shader add: line 22: .*token/ });
  });

  async function hashed(
    backend: Awaited<ReturnType<typeof gpu.backend>>,
    work: number,
    onRounds?: (done: number) => void,
    signal?: AbortSignal,
  ): Promise<Uint32Array> {
    const before = backend.mark();
    const kernel = await backend.kernel(shader, 'add');
    const cells = backend.allocate('cells', CELLS * 4);
    const stage = {
      kernel,
      blocks: Math.ceil(CELLS / 64),
      work,
      buffers: () => ({ 0: cells }),
      parameters: (round: number) => ({ round, cells: CELLS, weight: 3 }),
    };
    await backend.run(`add ${work}`, ROUNDS, [stage], { signal, onRounds });
    const read = new Uint32Array(await backend.read(cells, CELLS * 4));
    backend.release(before);
    return read;
  }
});

describe('the size of a piece', () => {
  /** A card that does so much work in a millisecond, and needs some time to begin. */
  const took = (work: number, perMs: number) => 0.2 + work / perMs;

  test('comes near the length that is wanted, on slow cards and on fast ones, from below', () => {
    for (const perMs of [1e3, 1e6, 1e9, 1e11]) {
      const size = new PieceSize(20);
      const lengths: number[] = [];
      for (let piece = 0; piece < 20; piece++) {
        const milliseconds = took(size.work, perMs);
        lengths.push(milliseconds);
        size.learn(size.work, milliseconds);
      }
      // The first piece is what a software driver does in the time; only there the length cannot be known.
      if (perMs >= 1e5) assert.ok(Math.max(...lengths) < 25, `${perMs}: ${lengths}`);
      const settled = lengths.slice(12);
      assert.ok(Math.min(...settled) > 15 && Math.max(...settled) < 25, `${perMs}: ${settled}`);
    }
  });

  test('stays below what was too long for a while, and is what it was in the end, where a card is slow now and then', () => {
    const size = new PieceSize(20);
    for (let piece = 0; piece < 20; piece++) size.learn(size.work, took(size.work, 1e9));
    const before = size.work;
    size.learn(size.work, 5 * took(size.work, 1e9));
    for (let piece = 0; piece < 5; piece++) {
      assert.ok(5 * took(size.work, 1e9) < 40, 'slow once more it is not so long again');
      size.learn(size.work, took(size.work, 1e9));
    }
    for (let piece = 0; piece < 40; piece++) size.learn(size.work, took(size.work, 1e9));
    assert.ok(Math.abs(size.work / before - 1) < 0.05);
  });

  test('is not forgotten for a piece that was short because the work ended', () => {
    const size = new PieceSize(20);
    for (let piece = 0; piece < 20; piece++) size.learn(size.work, took(size.work, 1e9));
    const before = size.work;
    size.learn(10, took(10, 1e9));
    assert.equal(size.work, before);
  });
});
