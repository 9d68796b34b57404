/** A decoded picture becomes what goes into a model: scaled, cropped, normalised, in the model's order of channels. */
import { type Crop, type Picture, resample } from '#kernels/resample.ts';
import type { Preprocessing } from './preprocessing.ts';

/** The size that a picture is scaled to, and the part of it that is kept. */
export function placeIn(
  { width, height }: Pick<Picture, 'width' | 'height'>,
  preprocessing: Preprocessing,
): { width: number; height: number; crop: Crop } {
  const { resize, width: wide, height: high } = preprocessing;
  let scaled = { width, height };
  if (resize !== null && 'shortest' in resize) {
    const { shortest } = resize;
    // The longer side is rounded down, as transformers and torchvision do.
    scaled =
      width <= height
        ? { width: shortest, height: Math.max(shortest, Math.trunc((shortest * height) / width)) }
        : { width: Math.max(shortest, Math.trunc((shortest * width) / height)), height: shortest };
  } else if (resize !== null) scaled = resize;
  const crop = {
    left: Math.max(0, Math.floor((scaled.width - wide) / 2)),
    top: Math.max(0, Math.floor((scaled.height - high) / 2)),
    width: Math.min(wide, scaled.width),
    height: Math.min(high, scaled.height),
  };
  return { ...scaled, crop };
}

/**
 * Writes the picture's numbers at place `i` of a batch.
 * @param batch (pictures, channels, height, width) or (pictures, height, width, channels)
 */
export function preparePicture(
  picture: Picture,
  preprocessing: Preprocessing,
  layout: 'NCHW' | 'NHWC',
  batch: Float32Array,
  i: number,
): void {
  const { width, height, filter, rescale, mean, deviation, reversed } = preprocessing;
  const { channels } = picture;
  const place = placeIn(picture, preprocessing);
  const scaled = resample(picture, filter, place.width, place.height, place.crop);
  // Smaller than what the model takes: in the middle of black.
  const left = Math.floor((width - scaled.width) / 2);
  const top = Math.floor((height - scaled.height) / 2);
  const at = i * channels * width * height;
  const whole = scaled.width === width && scaled.height === height;
  for (let c = 0; c < channels; c++) {
    const source = reversed ? channels - 1 - c : c;
    const factor = rescale / (deviation[c] ?? 1);
    const offset = (mean[c] ?? 0) / (deviation[c] ?? 1);
    const step = layout === 'NCHW' ? 1 : channels;
    const first = layout === 'NCHW' ? at + c * width * height : at + c;
    if (!whole) for (let p = 0, to = first; p < width * height; p++, to += step) batch[to] = 0 - offset;
    for (let y = 0; y < scaled.height; y++) {
      let from = y * scaled.width * channels + source;
      let to = first + ((top + y) * width + left) * step;
      for (let x = 0; x < scaled.width; x++, from += channels, to += step) {
        batch[to] = (scaled.data[from] ?? 0) * factor - offset;
      }
    }
  }
}
