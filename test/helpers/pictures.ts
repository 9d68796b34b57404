/** Real photos and emoji of ../shared, as data sets. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { zipSync } from 'fflate';
import sharp from 'sharp';

import { sharedDir } from './models.ts';
import { type TestServer, upload } from './server.ts';

/** Photos, and what they show. */
export const photos = {
  labrador: 'dog',
  poodle: 'dog',
  white_dog: 'dog',
  tabby_cat: 'cat',
  calico_cat: 'cat',
  ginger_cat: 'cat',
  chickadee: 'bird',
  owl: 'bird',
  parrot: 'bird',
  hotdog_box: 'food',
  hotdog_mustard: 'food',
  sunflower: 'flower',
  dragonfly: 'insect',
} as const;

/** The keys of the photos that show it. */
export function shown(what: string): string[] {
  return Object.entries(photos).flatMap(([key, kind]) => (kind === what ? key : []));
}

export const photoFile = (key: string) => readFile(join(sharedDir, `data/photos/${key}.jpg`));

/** The photos as the data set `photos`. */
export async function importPhotos(server: TestServer): Promise<void> {
  const captions: { file: string; caption: string }[] = JSON.parse(
    await readFile(join(sharedDir, 'data/photos/captions.json'), 'utf8'),
  );
  const rows = Object.entries(photos).map(async ([key, kind]) => ({
    file: `${key}.jpg`,
    // As large as the models look at them, so that the test is quick.
    bytes: await sharp(await photoFile(key))
      .resize(256, 256, { fit: 'outside' })
      .jpeg({ quality: 95 })
      .toBuffer(),
    label: captions.find(({ file }) => file === `${key}.jpg`)?.caption ?? '',
    kind,
  }));
  await importPictures(server, 'photos', await Promise.all(rows));
}

export interface Emoji {
  readonly file: string;
  readonly name: string;
  readonly category: string;
  /** Whether it is in the data set. */
  readonly imported: boolean;
}

/** Emoji of three categories as the data set `emoji`. @returns all that there are @param take by the place among all, and the name */
export async function importEmoji(
  server: TestServer,
  take: (place: number, name: string) => boolean,
): Promise<Emoji[]> {
  const all: Omit<Emoji, 'imported'>[] = JSON.parse(
    await readFile(join(sharedDir, 'data/emoji-noto/emoji.json'), 'utf8'),
  );
  const emoji = all.map((each, i) => ({
    ...each,
    imported: ['Animals & Nature', 'Food & Drink', 'Travel & Places'].includes(each.category) && take(i, each.name),
  }));
  const some = emoji.filter(({ imported }) => imported);
  const rows = some.map(async ({ file, name, category }) => ({
    file,
    bytes: await readFile(join(sharedDir, 'data/emoji-noto', file)),
    label: name,
    kind: category,
  }));
  await importPictures(server, 'emoji', await Promise.all(rows));
  return emoji;
}

/** Pictures with a table of what is known of them, as one archive. */
async function importPictures(
  server: TestServer,
  dataset: string,
  rows: readonly { readonly file: string; readonly bytes: Uint8Array; readonly label: string; readonly kind: string }[],
): Promise<void> {
  const files: Record<string, Uint8Array> = Object.fromEntries(rows.map(({ file, bytes }) => [file, bytes]));
  const table = rows.map(({ file, label, kind }) => `${file}\t${label}\t${kind}`).join('\n');
  files['table.tsv'] = Buffer.from(`file\tlabel\tkind\n${table}\n`);
  const uploads = await upload(server, { [`${dataset}.zip`]: Uint8Array.from(zipSync(files, { level: 0 })) });
  await server.data('mutation ($input: ImportDatasetInput!) { importDataset(input: $input) { job { id } } }', {
    input: { dataset, uploads, projections: [] },
  });
}
