/**
 * Measures ways of doing the same in turn, A B A B …, so that what else the machine does falls on all alike; the median
 * leaves out what falls on one.
 * @param ways each does it once and gives its figure
 * @param warmUp rounds that go before those that count
 */
export async function alternate<Name extends string>(
  ways: Readonly<Record<Name, () => Promise<number>>>,
  rounds: number,
  warmUp = 1,
): Promise<Record<Name, number>> {
  const names = Object.keys(ways) as Name[];
  const found = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < warmUp + rounds; round++) {
    for (const name of names) {
      const figure = await ways[name]();
      if (round >= warmUp) found.get(name)?.push(figure);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(found.get(name) ?? [])])) as Record<Name, number>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** Milliseconds that it takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
