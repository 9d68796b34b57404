/** Table `images`: the picture of an item, at most one each. */
import { CopyWriter } from '../database/copyBinary.ts';
import type { Queryable, Row } from '../database/database.ts';

/** Media type of bare samples: 8 bits each, row by row from the top, `channels` per pixel, no header. */
export const PIXELS = 'application/x-pixels';

export interface Image {
  /** `image/png` and the like, or `application/x-pixels`. */
  readonly mediaType: string;
  /** In pixels; null where it is not known. */
  readonly width: number | null;
  readonly height: number | null;
  /** Of bare samples: 1 grey, 3 RGB, 4 RGBA. */
  readonly channels: number | null;
  readonly bytes: Uint8Array;
}

/** The picture of an item, or null. */
export async function readImage(database: Queryable, datasetId: number, itemId: number): Promise<Image | null> {
  const [found] = await database.query<Image & Row>(
    `select media_type as "mediaType", width, height, channels, bytes from images
      where dataset_id = $1::int and item_id = $2::bigint`,
    [datasetId, itemId],
  );
  return found ?? null;
}

/** A picture with the item that it belongs to. */
export interface ItemPicture extends Image {
  readonly id: number;
  readonly key: string;
}

/** The pictures of these items in the order of ids; items without one are left out. */
export async function readImages(
  database: Queryable,
  datasetId: number,
  ids: readonly number[],
): Promise<ItemPicture[]> {
  return await database.query<ItemPicture & Row>(
    `select items.id, items.key, media_type as "mediaType", width, height, channels, bytes
       from images join items on items.dataset_id = images.dataset_id and items.id = images.item_id
      where images.dataset_id = $1::int and images.item_id = any ($2::bigint[]) order by items.id`,
    [datasetId, ids],
  );
}

/** How many bytes the pictures of these items have, in the order of ids; 0 for an item without one. */
export async function readImageSizes(
  database: Queryable,
  datasetId: number,
  ids: readonly number[],
): Promise<number[]> {
  const rows = await database.query<{ id: number; size: number }>(
    `select item_id as id, octet_length(bytes) as size from images
      where dataset_id = $1::int and item_id = any ($2::bigint[])`,
    [datasetId, ids],
  );
  const sizes = new Map(rows.map(({ id, size }) => [id, size]));
  return ids.map((id) => sizes.get(id) ?? 0);
}

/** Bulk load: image i belongs to item `firstId + i`; null for an item without one. */
export async function appendImages(
  transaction: Queryable,
  datasetId: number,
  firstId: number,
  images: readonly (Image | null)[],
): Promise<void> {
  await transaction.copyIn(
    'images (dataset_id, item_id, media_type, width, height, channels, bytes)',
    imageRows(images, (writer, i) => {
      writer.row(7);
      writer.int4(datasetId);
      writer.int8(firstId + i);
    }),
  );
}

export async function deleteImages(
  transaction: Queryable,
  datasetId: number,
  itemIds: readonly number[],
): Promise<void> {
  await transaction.query('delete from images where dataset_id = $1::int and item_id = any ($2::bigint[])', [
    datasetId,
    itemIds,
  ]);
}

/** Binary COPY of pictures, each row begun by `begin`; in pieces of about a megabyte. */
export function* imageRows(
  images: readonly (Image | null)[],
  begin: (writer: CopyWriter, i: number) => void,
): Generator<Uint8Array> {
  const writer = new CopyWriter();
  let pending = 0;
  for (const [i, image] of images.entries()) {
    if (image === null) continue;
    begin(writer, i);
    writer.text(image.mediaType);
    if (image.width === null) writer.null();
    else writer.int4(image.width);
    if (image.height === null) writer.null();
    else writer.int4(image.height);
    if (image.channels === null) writer.null();
    else writer.int2(image.channels);
    writer.bytea(image.bytes);
    pending += image.bytes.length + 64;
    if (pending > 1 << 20) {
      yield writer.take();
      pending = 0;
    }
  }
  yield writer.finish();
}
