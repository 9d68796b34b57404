/**
 * A number drawn from a number: PCG-RXS-M-XS with 32 bits of state and output (O'Neill 2014, "PCG: A Family of Simple Fast
 * Space-Efficient Statistically Good Algorithms for Random Number Generation", section 6.3.4), used as a hash. Where draws
 * are keyed by place (epoch, block, lane) there is no state to share, so threads and GPU draw the same numbers.
 * @param u from 0 to 2^32 - 1. @returns from 0 to 2^32 - 1
 */
export function hash(u: number): number {
  const state = (Math.imul(u, 747796405) + 2891336453) >>> 0;
  const word = Math.imul(((state >>> ((state >>> 28) + 4)) ^ state) >>> 0, 277803737) >>> 0;
  return ((word >>> 22) ^ word) >>> 0;
}
