// PCG-RXS-M-XS, 32 bits (O'Neill 2014): the twin of ../hash.ts, bit for bit.
fn hash(u: u32) -> u32 {
  let state = u * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}
