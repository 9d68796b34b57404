// A number drawn from a number: the twin of ../../hash.ts.

/** PCG-RXS-M-XS, 32 bits (O'Neill 2014). */
// @ts-ignore: decorator
@inline
export function hash(u: u32): u32 {
  const state = u * 747796405 + 2891336453;
  const word = ((state >> ((state >> 28) + 4)) ^ state) * 277803737;
  return (word >> 22) ^ word;
}
