/** From the bytes of a picture to its samples, upright, as RGB or grey, over white where it is transparent. */
import sharp from 'sharp';

import type { Picture } from '#kernels/resample.ts';
import { imageReason } from '../../datasets/formats/images.ts';
import { type Image, PIXELS } from '../../datasets/images.ts';
import { UserError } from '../../errors.ts';

/** What is known of a picture beside its bytes. */
export type EncodedPicture = Pick<Image, 'bytes'> & Partial<Pick<Image, 'mediaType' | 'width' | 'height' | 'channels'>>;

const PIXEL_LIMIT = 100_000_000;
/** A drawing is drawn so large that its shorter side fills the model's picture, but never larger than this. */
const DRAWING_LIMIT = 2048;
/**
 * A photo much larger than the model's picture is first brought to so many times its size by sharp, whose filter differs
 * from the model's by a fifth of a grey level there: the exact scaling of 12 million pixels takes half a second.
 */
const SPARE = 4;
const LARGE_PIXELS = 2_000_000;

/**
 * @param target shorter side of what the picture will be scaled to
 * @throws UserError BAD_USER_INPUT that says what is wrong with the picture
 */
export async function decodePicture(picture: EncodedPicture, channels: 1 | 3, target: number): Promise<Picture> {
  const { bytes, mediaType, width, height } = picture;
  if (mediaType === PIXELS) {
    if (!width || !height || !picture.channels) throw damaged('its size is not known');
    return toChannels({ data: bytes, width, height, channels: picture.channels }, channels);
  }
  const reason = await imageReason(bytes);
  if (reason !== null) throw new UserError('BAD_USER_INPUT', `${reason[0]?.toUpperCase()}${reason.slice(1)}.`);
  try {
    const head = await sharp(bytes, { limitInputPixels: PIXEL_LIMIT }).metadata();
    const shortest = Math.max(1, Math.min(head.width, head.height));
    const drawing = head.format === 'svg';
    const density = drawing ? Math.min(2400, Math.max(72, (72 * Math.min(target, DRAWING_LIMIT)) / shortest)) : 72;
    let input = sharp(bytes, { limitInputPixels: PIXEL_LIMIT, failOn: 'error', ...(drawing ? { density } : {}) });
    input = input.autoOrient();
    if (!drawing && head.width * head.height > LARGE_PIXELS && shortest > 2 * SPARE * target) {
      input = input.resize({ width: SPARE * target, height: SPARE * target, fit: 'outside' });
    }
    const { data, info } = await input
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return toChannels({ data, width: info.width, height: info.height, channels: info.channels }, channels);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw damaged(
      error instanceof Error && /pixel limit/.test(error.message) ? 'it has more than 100 million pixels' : null,
    );
  }
}

function damaged(why: string | null): UserError {
  return new UserError('BAD_USER_INPUT', `The image cannot be decoded: ${why ?? 'it is damaged, or cut off'}.`);
}

/** To RGB, or to luma by ITU-R 601 as Pillow rounds it. */
function toChannels({ data, width, height, channels: given }: Picture, channels: 1 | 3): Picture {
  const pixels = width * height;
  if (given === channels) return { data, width, height, channels };
  const result = new Uint8Array(pixels * channels);
  for (let i = 0; i < pixels; i++) {
    const from = i * given;
    const red = data[from] ?? 0;
    const green = given < 3 ? red : (data[from + 1] ?? 0);
    const blue = given < 3 ? red : (data[from + 2] ?? 0);
    if (channels === 1) {
      result[i] = given < 3 ? red : (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
      continue;
    }
    result[3 * i] = red;
    result[3 * i + 1] = green;
    result[3 * i + 2] = blue;
  }
  return { data: result, width, height, channels };
}
