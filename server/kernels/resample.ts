/**
 * Scales a picture as Pillow does (Pillow, src/libImaging/Resample.c), whose numbers the models were trained on: a separable
 * filter, widened by the factor of reduction so that nothing is skipped, in fixed point with 8 bits between the two passes.
 * The same bytes as `Image.resize`.
 *
 * A picture is uint8 (height, width, channels), row by row.
 */

/** As `resample` in a model's preprocessor_config.json, by Pillow's numbers 0 to 5. */
export const filters = ['NEAREST', 'LANCZOS', 'BILINEAR', 'BICUBIC', 'BOX', 'HAMMING'] as const;
export type Filter = (typeof filters)[number];

export interface Picture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** A part of the scaled picture: only this is computed. */
export interface Crop {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Half of the filter's width at no reduction, and its curve. */
const curves: Readonly<Record<Exclude<Filter, 'NEAREST'>, { support: number; curve: (x: number) => number }>> = {
  BOX: { support: 0.5, curve: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  BILINEAR: { support: 1, curve: (x) => Math.max(0, 1 - Math.abs(x)) },
  HAMMING: {
    support: 1,
    curve(x) {
      const t = Math.abs(x) * Math.PI;
      if (t === 0) return 1;
      return t >= Math.PI ? 0 : (Math.sin(t) / t) * (0.54 + 0.46 * Math.cos(t));
    },
  },
  // Keys 1981 with a = -1/2.
  BICUBIC: {
    support: 2,
    curve(x) {
      const t = Math.abs(x);
      if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
      return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
    },
  },
  LANCZOS: { support: 3, curve: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** 32 bits less the 8 of a sample and 2 for sums that overshoot. */
const PRECISION_BITS = 22;

/** The weights of one axis. */
interface Weights {
  /** Weights per output sample. */
  readonly size: number;
  /** First input sample, and how many count, per output sample. */
  readonly bounds: Int32Array;
  /** (outputs, size), in units of 2^-22. */
  readonly values: Int32Array;
}

/** @param from, count of the output samples that are wanted */
function weightsOf(
  filter: Exclude<Filter, 'NEAREST'>,
  input: number,
  output: number,
  from: number,
  count: number,
): Weights {
  const { support, curve } = curves[filter];
  const scale = input / output;
  const reduction = Math.max(scale, 1);
  const reach = support * reduction;
  const size = Math.ceil(reach) * 2 + 1;
  const bounds = new Int32Array(2 * count);
  const values = new Int32Array(count * size);
  const row = new Float64Array(size);
  for (let i = 0; i < count; i++) {
    const center = (from + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const length = Math.min(input, Math.trunc(center + reach + 0.5)) - first;
    let sum = 0;
    for (let x = 0; x < length; x++) {
      const weight = curve((x + first - center + 0.5) / reduction);
      row[x] = weight;
      sum += weight;
    }
    for (let x = 0; x < length; x++) {
      const weight = ((row[x] ?? 0) / (sum === 0 ? 1 : sum)) * 2 ** PRECISION_BITS;
      values[i * size + x] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    bounds[2 * i] = first;
    bounds[2 * i + 1] = length;
  }
  return { size, bounds, values };
}

/**
 * The part `crop` of the picture scaled to `width` x `height`.
 * @throws RangeError where a size is no whole number from 1 on, or the part lies outside
 */
export function resample(
  picture: Picture,
  filter: Filter,
  width: number,
  height: number,
  crop: Crop = { left: 0, top: 0, width, height },
): Picture {
  for (const side of [picture.width, picture.height, width, height, crop.width, crop.height]) {
    if (!Number.isInteger(side) || side < 1) throw new RangeError(`a picture has no side of ${side} pixels`);
  }
  if (crop.left < 0 || crop.top < 0 || crop.left + crop.width > width || crop.top + crop.height > height) {
    throw new RangeError('the part that is wanted lies outside of the picture');
  }
  if (picture.data.length !== picture.width * picture.height * picture.channels) {
    throw new RangeError(
      `${picture.data.length} samples are not ${picture.width} x ${picture.height} x ${picture.channels}`,
    );
  }
  if (filter === 'NEAREST') return nearest(picture, width, height, crop);
  const rows = weightsOf(filter, picture.height, height, crop.top, crop.height);
  // Only the rows that the second pass looks at.
  const firstRow = rows.bounds[0] ?? 0;
  const lastRow = (rows.bounds[2 * crop.height - 2] ?? 0) + (rows.bounds[2 * crop.height - 1] ?? 0);
  const columns = weightsOf(filter, picture.width, width, crop.left, crop.width);
  const wide = horizontally(picture, columns, crop.width, firstRow, lastRow, picture.width === width);
  return vertically(wide, rows, crop.height, firstRow, picture.height === height, crop.top);
}

/** An axis that keeps its size is not filtered. */
function horizontally(
  { data, width, channels }: Picture,
  { size, bounds, values }: Weights,
  columns: number,
  firstRow: number,
  lastRow: number,
  same: boolean,
): Picture {
  const height = lastRow - firstRow;
  const result = new Uint8ClampedArray(height * columns * channels);
  const half = 2 ** (PRECISION_BITS - 1);
  let at = 0;
  for (let y = firstRow; y < lastRow; y++) {
    const line = y * width * channels;
    for (let i = 0; i < columns; i++) {
      const first = bounds[2 * i] ?? 0;
      const length = bounds[2 * i + 1] ?? 0;
      for (let c = 0; c < channels; c++) {
        if (same) {
          // The middle of a filter that reduces nothing is the sample itself.
          result[at++] = data[line + (first + centerOf(values, i * size, length)) * channels + c] ?? 0;
          continue;
        }
        let sum = half;
        let from = line + first * channels + c;
        for (let w = i * size, end = w + length; w < end; w++, from += channels) {
          sum = (sum + Math.imul(data[from] ?? 0, values[w] ?? 0)) | 0;
        }
        result[at++] = sum >> PRECISION_BITS;
      }
    }
  }
  return { data: new Uint8Array(result.buffer), width: columns, height, channels };
}

function vertically(
  { data, width, channels }: Picture,
  { size, bounds, values }: Weights,
  height: number,
  firstRow: number,
  same: boolean,
  top: number,
): Picture {
  const line = width * channels;
  const result = new Uint8ClampedArray(height * line);
  const half = 2 ** (PRECISION_BITS - 1);
  const sums = new Int32Array(line);
  for (let i = 0; i < height; i++) {
    if (same) {
      result.set(data.subarray((top + i - firstRow) * line, (top + i - firstRow + 1) * line), i * line);
      continue;
    }
    const first = (bounds[2 * i] ?? 0) - firstRow;
    const length = bounds[2 * i + 1] ?? 0;
    sums.fill(half);
    for (let y = 0; y < length; y++) {
      const weight = values[i * size + y] ?? 0;
      const from = (first + y) * line;
      for (let x = 0; x < line; x++) sums[x] = (sums[x] ?? 0) + Math.imul(data[from + x] ?? 0, weight);
    }
    const to = i * line;
    for (let x = 0; x < line; x++) result[to + x] = (sums[x] ?? 0) >> PRECISION_BITS;
  }
  return { data: new Uint8Array(result.buffer), width, height, channels };
}

/** The place of the largest weight. */
function centerOf(values: Int32Array, from: number, length: number): number {
  let best = 0;
  for (let x = 1; x < length; x++) if ((values[from + x] ?? 0) > (values[from + best] ?? 0)) best = x;
  return best;
}

function nearest({ data, width, height, channels }: Picture, toWidth: number, toHeight: number, crop: Crop): Picture {
  const result = new Uint8Array(crop.width * crop.height * channels);
  let at = 0;
  for (let y = 0; y < crop.height; y++) {
    const fromY = Math.min(height - 1, Math.floor(((crop.top + y + 0.5) * height) / toHeight));
    for (let x = 0; x < crop.width; x++) {
      const fromX = Math.min(width - 1, Math.floor(((crop.left + x + 0.5) * width) / toWidth));
      const from = (fromY * width + fromX) * channels;
      for (let c = 0; c < channels; c++) result[at++] = data[from + c] ?? 0;
    }
  }
  return { data: result, width: crop.width, height: crop.height, channels };
}
