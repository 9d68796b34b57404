/**
 * Chance that can be repeated: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators",
 * ACM TOMS 47, 2021), 128 bits of state, period 2^128 - 1. It needs only 32-bit operations, so a shader can have its twin.
 * The state is filled from the seed by SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), as its authors recommend.
 */

export interface Random {
  /** The next whole number from 0 to 2^32 - 1. */
  uint32(): number;
  /** The next number in [0, 1), a multiple of 2^-32. */
  uniform(): number;
  /** A whole number from 0 to `limit` - 1, each equally likely; `limit` from 1 to 2^32. */
  below(limit: number): number;
  /** A number of the standard normal distribution. */
  normal(): number;
}

/** The generator that belongs to `seed`, any whole number from -2^53 to 2^53. */
export function createRandom(seed: number): Random {
  let state = BigInt.asUintN(64, BigInt(seed));
  const splitMix64 = (): bigint => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  };
  const low = splitMix64();
  const high = splitMix64();
  const half = (bits: bigint): number => Number(BigInt.asUintN(32, bits));
  return xoshiro128(half(low), half(low >> 32n), half(high), half(high >> 32n));
}

/** The generator with the given state, not all zero: for `createRandom`, and for comparison with other implementations. */
export function xoshiro128(a: number, b: number, c: number, d: number): Random {
  let [s0, s1, s2, s3] = [a | 0, b | 0, c | 0, d | 0];

  function uint32(): number {
    const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9);
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = rotate(s3, 11);
    return result >>> 0;
  }

  function below(limit: number): number {
    // The lowest numbers are drawn again, so that what is left divides evenly by the limit.
    const rejected = 2 ** 32 % limit;
    let drawn = uint32();
    while (drawn < rejected) drawn = uint32();
    return drawn % limit;
  }

  function normal(): number {
    // Box and Muller (1958); 1 - u lies in (0, 1], so the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - uint32() / 2 ** 32));
    return radius * Math.cos((2 * Math.PI * uint32()) / 2 ** 32);
  }

  return { uint32, uniform: () => uint32() / 2 ** 32, below, normal };
}

/** 0 … `count` - 1 in an order by chance, each of them equally likely (Fisher and Yates). */
export function permutation(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const moved = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = moved;
  }
  return order;
}

/** `size` different numbers from 0 … `count` - 1, ascending; each set equally likely (Knuth, TAOCP 3.4.2, algorithm S). */
export function sample(count: number, size: number, random: Random): Uint32Array {
  const chosen = new Uint32Array(Math.min(size, count));
  let taken = 0;
  for (let i = 0; taken < chosen.length; i++) {
    if (random.below(count - i) < chosen.length - taken) chosen[taken++] = i;
  }
  return chosen;
}

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}
