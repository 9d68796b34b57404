/**
 * How a picture becomes numbers, as a model's preprocessor_config.json says it (transformers, image_processing_*.py): scaled,
 * cropped, brought to the range and to the mean and deviation of the pictures that the model was trained on.
 */
import { type Filter, filters } from '#kernels/resample.ts';

export interface Preprocessing {
  /** Of what goes into the model. */
  readonly width: number;
  readonly height: number;
  readonly filter: Filter;
  /** The shorter side is brought to this, and the middle taken; or the picture is stretched to its size; or left as it is. */
  readonly resize: { readonly shortest: number } | { readonly width: number; readonly height: number } | null;
  /** Samples from 0 to 255 are multiplied by this. */
  readonly rescale: number;
  /** Then, per channel in the model's order, the mean is taken away and the rest divided by the deviation. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  /** Blue first. */
  readonly reversed: boolean;
}

type Config = Readonly<Record<string, unknown>>;

interface Wanted {
  readonly channels: 1 | 3;
  readonly fixedWidth: number | null;
  readonly fixedHeight: number | null;
}

/** @returns the preprocessing, or what is wrong with the file, to stand behind its name */
export function readPreprocessing(
  config: Config,
  { channels, fixedWidth, fixedHeight }: Wanted,
): Preprocessing | string {
  const cropped = config['do_center_crop'] === true;
  const resized = config['do_resize'] !== false;
  const size = sizeIn(config['size'], cropped);
  const crop = cropped ? squareOf(sizeIn(config['crop_size'], false)) : null;
  let resize: Preprocessing['resize'] = resized ? size : null;
  // ConvNeXt and its kin: below 384 pixels the picture is made larger than what is cut out of it.
  const percent = config['crop_pct'];
  let cut = crop;
  if (typeof percent === 'number' && percent > 0 && resize !== null && 'shortest' in resize && !cropped) {
    const { shortest } = resize;
    cut = { width: shortest, height: shortest };
    resize = shortest < 384 ? { shortest: Math.trunc(shortest / percent) } : cut;
  }
  const target = cut ?? resize;
  const square = squareOf(target);
  const width = fixedWidth ?? square?.width;
  const height = fixedHeight ?? square?.height;
  if (width === undefined || height === undefined)
    return 'names no "size" and the graph has none: the size of pictures is not known.';
  if (square !== null && (square.width !== width || square.height !== height)) {
    return `makes pictures of ${square.width} x ${square.height}, and the graph takes ${width} x ${height}.`;
  }
  const rescale = config['do_rescale'] === false ? 1 : (numberIn(config['rescale_factor']) ?? 1 / 255);
  const normalized = config['do_normalize'] !== false && config['image_mean'] !== undefined;
  const mean = normalized ? listIn(config['image_mean'], channels) : Array<number>(channels).fill(0);
  const deviation = normalized ? listIn(config['image_std'], channels) : Array<number>(channels).fill(1);
  if (mean === null || deviation === null || deviation.includes(0)) {
    return `has no "image_mean" and "image_std" of ${channels} numbers each, the latter not 0.`;
  }
  const resample = config['resample'];
  const filter = typeof resample === 'number' ? filters[resample] : 'BILINEAR';
  if (filter === undefined) return `names the filter ${String(resample)}; there are 0 to 5.`;
  return {
    width,
    height,
    filter,
    resize,
    rescale,
    mean,
    deviation,
    reversed: config['do_flip_channel_order'] === true,
  };
}

/** `{shortest_edge}`, `{height, width}`, or a number, which means the shorter side where a crop follows. */
function sizeIn(size: unknown, cropFollows: boolean): { shortest: number } | { width: number; height: number } | null {
  const number = numberIn(size);
  if (number !== null) return cropFollows ? { shortest: number } : { width: number, height: number };
  if (typeof size !== 'object' || size === null) return null;
  const named = new Map<string, unknown>(Object.entries(size));
  const shortest = numberIn(named.get('shortest_edge'));
  if (shortest !== null) return { shortest };
  const width = numberIn(named.get('width'));
  const height = numberIn(named.get('height'));
  return width === null || height === null ? null : { width, height };
}

function squareOf(size: Preprocessing['resize']): { width: number; height: number } | null {
  return size === null || !('shortest' in size) ? size : { width: size.shortest, height: size.shortest };
}

function numberIn(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : null;
}

function listIn(value: unknown, length: number): number[] | null {
  if (typeof value === 'number') return Array<number>(length).fill(value);
  if (!Array.isArray(value)) return null;
  const numbers = value.filter((each): each is number => typeof each === 'number' && Number.isFinite(each));
  return numbers.length === value.length && numbers.length === length ? numbers : null;
}
