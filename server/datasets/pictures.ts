/** From the bytes of a file to the picture of an item, and to the pixels of a small copy of it. */
import sharp, { type Sharp } from 'sharp';

import { type Image, PIXELS } from './images.ts';

/** Sides of the small copy, RGB over white: 24 x 24 keeps shape and colour, and makes vectors of 1,728 numbers. */
export const THUMBNAIL = { width: 24, height: 24, channels: 3 } as const;

const PIXEL_LIMIT = 100_000_000; // a picture of 400 MB in memory

const mediaTypes: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  svg: 'image/svg+xml',
  tiff: 'image/tiff',
  heif: 'image/avif',
};

export interface Picture {
  readonly image: Image;
  /** Samples of the small copy from 0 to 1, (height, width, channels); null where none was asked for. */
  readonly pixels: Float32Array | null;
}

/** Why bytes are not a picture: one sentence. */
export class UnfitPicture extends Error {}

/** @param withPixels whether the small copy is wanted, which needs the picture to be decoded. @throws UnfitPicture */
export async function readPicture(bytes: Uint8Array, withPixels: boolean): Promise<Picture> {
  try {
    const input = sharp(bytes, { limitInputPixels: PIXEL_LIMIT, failOn: 'error' });
    const { format, width, height } = await input.metadata();
    const mediaType = mediaTypes[format ?? ''];
    if (mediaType === undefined || !width || !height) {
      throw new UnfitPicture(`a picture of the format ${format}; read are PNG, JPEG, WebP, GIF, SVG, TIFF and AVIF`);
    }
    if (width * height > PIXEL_LIMIT) {
      throw new UnfitPicture(`a picture of ${width} x ${height} pixels; at most 100 million are read`);
    }
    const image = { mediaType, width, height, channels: null, bytes };
    return { image, pixels: withPixels ? await thumbnail(input) : null };
  } catch (error) {
    if (error instanceof UnfitPicture) throw error;
    const large = error instanceof Error && /pixel limit/.test(error.message);
    throw new UnfitPicture(large ? 'a picture of more than 100 million pixels' : 'no picture, or a damaged one');
  }
}

async function thumbnail(input: Sharp): Promise<Float32Array> {
  const { width, height } = THUMBNAIL;
  const samples = await input
    .resize(width, height, { fit: 'contain', background: '#ffffff' })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer();
  return new Float32Array(samples).map((sample) => sample / 255);
}

/** Bare samples, as IDX files hold them, as a picture. */
export function pixelImage(
  samples: Float32Array,
  { width, height, channels }: { readonly width: number; readonly height: number; readonly channels: number },
): Image {
  return { mediaType: PIXELS, width, height, channels, bytes: new Uint8Array(samples) };
}

/** The bytes of a data URL, or null where the text is none. */
export function readDataUrl(text: string): Uint8Array | null {
  const [, base64, data] = /^data:[^,;]*(?:;[^,;]*)*?(;base64)?,(.*)$/is.exec(text) ?? [];
  if (data === undefined) return null;
  return base64 === undefined ? Buffer.from(decodeURIComponent(data)) : Buffer.from(data, 'base64');
}
