/** The thread that decodes and prepares pictures, beside the one that runs the model on the batch before. */

import type { ErrorRecord } from '../../errors.ts';
import { toErrorRecord, UserError } from '../../errors.ts';
import { serveKernels } from '../../serveKernels.ts';
import type { ImageTower } from '../describeModel.ts';
import { decodePicture, type EncodedPicture } from './decodePicture.ts';
import { preparePicture } from './preparePicture.ts';

/** Decoded at a time: libvips runs them side by side in the threads of libuv. */
const AT_ONCE = 4;

const kernels = {
  /**
   * A batch of those that can be read, and why the others cannot.
   * @returns batch (ready.length, …) in the model's layout; `ready` holds places among the pictures given
   */
  async prepare({
    tower,
    pictures,
  }: {
    readonly tower: Pick<ImageTower, 'preprocessing' | 'layout' | 'channels'>;
    readonly pictures: readonly EncodedPicture[];
  }): Promise<{ batch: Float32Array; ready: number[]; refused: { index: number; error: ErrorRecord }[] }> {
    const { preprocessing, layout, channels } = tower;
    const size = channels * preprocessing.width * preprocessing.height;
    const target = Math.max(preprocessing.width, preprocessing.height);
    const refused: { index: number; error: ErrorRecord }[] = [];
    const ready: number[] = [];
    const batch = new Float32Array(pictures.length * size);
    for (let from = 0; from < pictures.length; from += AT_ONCE) {
      const decoded = await Promise.all(
        pictures.slice(from, from + AT_ONCE).map((picture) =>
          decodePicture(picture, channels, target).catch((error: unknown) => {
            if (error instanceof UserError) return error;
            throw error;
          }),
        ),
      );
      for (const [i, picture] of decoded.entries()) {
        if (picture instanceof UserError) refused.push({ index: from + i, error: toErrorRecord(picture) });
        else {
          preparePicture(picture, preprocessing, layout, batch, ready.length);
          ready.push(from + i);
        }
      }
    }
    return { batch: refused.length === 0 ? batch : batch.slice(0, ready.length * size), ready, refused };
  },
};

export type PictureKernels = typeof kernels;

serveKernels(kernels);
