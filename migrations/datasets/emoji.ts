/** Emoji as Google draws them, with the names and groups that Unicode gives them. */
import { readFile } from 'node:fs/promises';

import type { Row, Table } from '../../server/datasets/formats/format.ts';
import type { Manifest } from '../../server/datasets/manifests.ts';

export const manifest: Manifest = {
  slug: 'emoji',
  title: 'Emoji',
  description:
    'The emoji of Unicode without skin tones and without the flags of countries, as drawn for Noto Emoji, with their names and groups.',
  kind: 'IMAGE',
  licence: 'Apache-2.0 (drawings: Noto Emoji, Google); MIT (names and groups: unicode-emoji-json, Mu-An Chiou)',
  source: 'https://github.com/googlefonts/noto-emoji',
  revision: 1,
  files: [
    {
      name: 'icons.json',
      from: { package: '@iconify-json/noto', path: 'icons.json' },
      bytes: 25233364,
      sha256: '9eac6ef4e7ec122b6f0e7ac281d61008afdbc720d0ce861e398b939daaa347c6',
    },
    {
      name: 'chars.json',
      from: { package: '@iconify-json/noto', path: 'chars.json' },
      bytes: 189666,
      sha256: '91485653ca890bff640f2a6c2d7be62d625a90527b6b4d816b41593675bf5c8f',
    },
    {
      name: 'data-by-emoji.json',
      from: { package: 'unicode-emoji-json', path: 'data-by-emoji.json' },
      bytes: 387444,
      sha256: '2ebd44d5c66459b48aadbb34ad21161850da6c9b74036dce9097b2bfad9b2c23',
    },
  ],
  embedding: { name: 'pixels', model: 'pixels', metric: 'EUCLIDEAN' },
  projections: [
    { name: 'umap-2d', method: 'UMAP', components: 2, clusters: true },
    { name: 'pca-2d', method: 'PCA', components: 2 },
    { name: 'pca-3d', method: 'PCA', components: 3 },
  ],
  async open([iconsPath = '', charactersPath = '', namesPath = '']) {
    const icons: Icons = await readJson(iconsPath);
    const characters: Readonly<Record<string, string>> = await readJson(charactersPath);
    const names: Readonly<Record<string, EmojiName>> = await readJson(namesPath);
    const rows = Object.entries(names)
      .map(([emoji, name]) => ({ emoji, name, svg: drawing(icons, characters, emoji) }))
      .filter(({ svg }) => svg !== null)
      .map(
        ({ emoji, name, svg }, index): Row => ({
          index,
          line: index + 1,
          cells: [name.slug, name.name, emoji, name.name, name.group, name.unicode_version, Buffer.from(svg ?? '')],
        }),
      );
    const table: Table = {
      name: 'emoji',
      file: 'data-by-emoji.json',
      group: null,
      format: 'JSON',
      columns: [
        { name: 'key', type: 'text', role: 'key' },
        { name: 'label', type: 'text' },
        { name: 'emoji', type: 'text' },
        { name: 'name', type: 'text' },
        { name: 'group', type: 'text' },
        { name: 'unicodeVersion', type: 'text' },
        { name: 'image', type: 'image' },
      ],
      rowCount: rows.length,
      async *rows() {
        for (let at = 0; at < rows.length; at += BLOCK_ROWS) yield rows.slice(at, at + BLOCK_ROWS);
      },
    };
    return [table];
  },
};

/** Pictures are drawn block by block. */
const BLOCK_ROWS = 200;

/** A set of icons as Iconify keeps it: the inner part of each SVG. */
interface Icons {
  readonly width: number;
  readonly height: number;
  readonly icons: Readonly<Record<string, { readonly body: string }>>;
}

interface EmojiName {
  readonly name: string;
  readonly slug: string;
  readonly group: string;
  readonly unicode_version: string;
}

/** Icons that the set has, but not among its characters. */
const unlisted: Readonly<Record<string, string>> = {
  'a9-fe0f': 'copyright',
  'ae-fe0f': 'registered',
  '23-fe0f-20e3': 'keycap-pound',
  '2a-fe0f-20e3': 'keycap-asterisk',
  ...Object.fromEntries(
    Array.from({ length: 10 }, (_, digit) => [`${(0x30 + digit).toString(16)}-fe0f-20e3`, `keycap-${digit}`]),
  ),
};

/** The whole SVG of an emoji; null where the set has none. */
function drawing(
  { icons, width, height }: Icons,
  characters: Readonly<Record<string, string>>,
  emoji: string,
): string | null {
  const codes = [...emoji].map((character) => (character.codePointAt(0) ?? 0).toString(16));
  const plain = codes.filter((code) => code !== 'fe0f'); // the sign that asks for a picture and not for text
  const name = characters[codes.join('-')] ?? characters[plain.join('-')] ?? unlisted[codes.join('-')];
  const icon = name === undefined ? undefined : icons[name];
  if (icon === undefined) return null;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${icon.body}</svg>`;
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8'));
}
