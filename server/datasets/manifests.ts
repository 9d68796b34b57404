/**
 * Data sets that are known by name: `migrations/datasets/<slug>.ts` says where the files of each come from and what is
 * made of them. Table `loaded_manifests` keeps which are loaded.
 */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';

import type { Queryable, Row } from '../database/database.ts';
import type { Metric } from '../embeddings/embeddings.ts';
import { didYouMean, UserError } from '../errors.ts';
import type { SplitOptions } from '../graphs/splitGraph.ts';
import type { DatasetKind } from './datasets.ts';
import type { OpenOptions, Table } from './formats/format.ts';
import type { GraphFile } from './formats/graphFile.ts';
import type { ProjectionOptions } from './importMaps.ts';

/** A file of a data set: in a package of this installation, at an address, or in a folder that the user names alone. */
export interface ManifestFile {
  /** Its name in the source's own layout; so it is looked for in a folder, too. */
  readonly name: string;
  readonly from:
    | { readonly url: string }
    | { readonly package: string; readonly path: string }
    | { readonly folder: true };
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

interface ManifestOfAnyKind {
  readonly slug: string;
  readonly title: string;
  readonly description: string;
  readonly kind: DatasetKind;
  /** As the source states it. */
  readonly licence: string;
  /** Where a person reads about the data. */
  readonly source: string;
  /** To be raised when `open` makes something else of the same files: then the data set is loaded anew. */
  readonly revision: number;
  readonly files: readonly ManifestFile[];
  /** The same data under other names, as others hand them on: taken where a folder has all of them. */
  readonly otherFiles?: readonly ManifestFile[];
}

/** A data set that comes as tables. */
export interface TableManifest extends ManifestOfAnyKind {
  /** Null: told from the tables. */
  readonly embedding: { readonly name: string; readonly model: string | null; readonly metric: Metric } | null;
  readonly projections: readonly ProjectionOptions[];
  /** The tables in the files; each path is that of the file of the same place in `files`. */
  open(paths: readonly string[], options: OpenOptions): Promise<readonly Table[]>;
}

/** A data set that comes as triples and names. */
export interface GraphManifest extends ManifestOfAnyKind {
  readonly kind: 'GRAPH';
  /** How many triples to set aside, where the files do not say it. */
  readonly split?: SplitOptions;
  /** The parts of the graph in the files; each path is that of the file of the same place in `files`, or in `otherFiles`. */
  openGraph(paths: readonly string[], options: OpenOptions): Promise<readonly GraphFile[]>;
}

export type Manifest = TableManifest | GraphManifest;

const folder = new URL('../../migrations/datasets/', import.meta.url);

/** The slugs for which there is a manifest. */
export async function listManifests(): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.slice(0, -3))
    .sort();
}

/** @throws UserError NOT_FOUND with the slugs that there are */
export async function requireManifest(slug: string): Promise<Manifest> {
  const slugs = await listManifests();
  if (!slugs.includes(slug)) {
    const near = didYouMean(slug, slugs) || ` There is ${slugs.join(', ')}.`;
    throw new UserError('NOT_FOUND', `No manifest names the data set "${slug}".${near}`);
  }
  const module: { readonly manifest: Manifest } = await import(new URL(`${slug}.ts`, folder).href);
  return module.manifest;
}

/** Tells whether a manifest was edited since its data set was loaded. */
export function manifestSha256(manifest: Manifest): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
}

/** How the data set of a manifest stands: never loaded, as the manifest says, loaded of another edition, or removed. */
export type ManifestState = 'ABSENT' | 'LOADED' | 'EDITED' | 'REMOVED';

export async function manifestState(database: Queryable, manifest: Manifest): Promise<ManifestState> {
  const [loaded] = await database.query<Row & { datasetId: number | null; sha256: string }>(
    'select dataset_id as "datasetId", sha256 from loaded_manifests where slug = $1::text',
    [manifest.slug],
  );
  if (loaded === undefined) return 'ABSENT';
  if (loaded.datasetId === null) return 'REMOVED';
  return loaded.sha256 === manifestSha256(manifest) ? 'LOADED' : 'EDITED';
}

export async function recordManifest(transaction: Queryable, manifest: Manifest, datasetId: number): Promise<void> {
  await transaction.query(
    `insert into loaded_manifests (slug, dataset_id, sha256) values ($1::text, $2::int, $3::text)
     on conflict (slug) do update set dataset_id = excluded.dataset_id, sha256 = excluded.sha256, loaded_at = now()`,
    [manifest.slug, datasetId, manifestSha256(manifest)],
  );
}
