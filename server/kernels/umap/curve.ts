/**
 * The curve that turns a distance on the map into a membership: 1 / (1 + a d^(2b)), fitted to
 *   1                              where d < minDist,
 *   exp(-(d - minDist) / spread)   beyond,
 * on 300 points from 0 to 3 * spread (McInnes, Healy and Melville 2018, section 3.2 and definition 11), by least squares
 * with Levenberg and Marquardt's damping.
 */
export interface Curve {
  readonly a: number;
  readonly b: number;
}

const POINTS = 300;

/**
 * @param minDist least distance between neighbours on the map, in map units, from 0 to spread
 * @param spread scale of the map: the distance over which membership falls, above 0
 */
export function fitCurve(minDist: number, spread: number): Curve {
  // Points are placed on a map one at a time, each by the same curve: a fit takes as long as the placing.
  if (last?.minDist !== minDist || last.spread !== spread) last = { minDist, spread, curve: fit(minDist, spread) };
  return last.curve;
}

let last: { readonly minDist: number; readonly spread: number; readonly curve: Curve } | null = null;

function fit(minDist: number, spread: number): Curve {
  if (!(spread > 0)) throw new RangeError(`spread is ${spread}; wanted: more than 0.`);
  if (!(minDist >= 0 && minDist <= spread)) {
    throw new RangeError(`minDist is ${minDist}; wanted: from 0 to spread, which is ${spread}.`);
  }
  const distances = Float64Array.from({ length: POINTS }, (_, i) => (3 * spread * i) / (POINTS - 1));
  const wanted = distances.map((d) => (d < minDist ? 1 : Math.exp(-(d - minDist) / spread)));

  // log a and log b are fitted, so that both stay positive.
  let logA = 0;
  let logB = 0;
  let error = squaredError(logA, logB);
  let damping = 1e-3;
  for (let iteration = 0; iteration < 200; iteration++) {
    let aa = 0;
    let ab = 0;
    let bb = 0;
    let ra = 0;
    let rb = 0;
    const a = Math.exp(logA);
    const b = Math.exp(logB);
    distances.forEach((d, i) => {
      if (d === 0) return; // the curve is 1 there whatever a and b
      const power = a * d ** (2 * b);
      const value = 1 / (1 + power);
      const byLogA = -value * value * power;
      const byLogB = byLogA * 2 * b * Math.log(d);
      const residual = (wanted[i] ?? 0) - value;
      aa += byLogA * byLogA;
      ab += byLogA * byLogB;
      bb += byLogB * byLogB;
      ra += byLogA * residual;
      rb += byLogB * residual;
    });
    const aaDamped = aa * (1 + damping);
    const bbDamped = bb * (1 + damping);
    const determinant = aaDamped * bbDamped - ab * ab;
    const stepA = (ra * bbDamped - rb * ab) / determinant;
    const stepB = (rb * aaDamped - ra * ab) / determinant;
    const next = squaredError(logA + stepA, logB + stepB);
    if (next < error) {
      const gain = error - next;
      logA += stepA;
      logB += stepB;
      error = next;
      damping /= 10;
      if (gain < 1e-14) break;
    } else {
      damping *= 10;
      if (damping > 1e12) break;
    }
  }
  return { a: Math.exp(logA), b: Math.exp(logB) };

  function squaredError(la: number, lb: number): number {
    const a = Math.exp(la);
    const b = Math.exp(lb);
    return distances.reduce((sum, d, i) => sum + ((wanted[i] ?? 0) - 1 / (1 + a * d ** (2 * b))) ** 2, 0);
  }
}
