/** What the manifests of the field's benchmark graphs share. */
import type { OpenOptions } from '../../../server/datasets/formats/format.ts';
import type { Description, GraphFile, Property } from '../../../server/datasets/formats/graphFile.ts';
import { openGraph } from '../../../server/datasets/formats/openGraph.ts';
import { fileSource } from '../../../server/datasets/formats/source.ts';
import type { ManifestFile } from '../../../server/datasets/manifests.ts';

/** A file at an address under `base`, named by the last part of its path. */
export function at(base: string, path: string, bytes: number, sha256: string): ManifestFile {
  return { name: path.slice(path.lastIndexOf('/') + 1), from: { url: `${base}${path}` }, bytes, sha256 };
}

/** A file that is found in a folder only: nobody has it at an address of its own. */
export function inFolder(name: string, bytes: number, sha256: string): ManifestFile {
  return { name, from: { folder: true }, bytes, sha256 };
}

/** The parts of a graph in files whose names tell what they are. */
export async function graphIn(paths: readonly string[], options: OpenOptions): Promise<readonly GraphFile[]> {
  const sources = await Promise.all(paths.map((path) => fileSource(path)));
  return (await openGraph(sources, { ...options, isGraph: true })) ?? [];
}

/** What JSON says of things, as a file of a graph. */
export function saidOf(what: 'entities' | 'relations', file: string, said: Iterable<Description>): GraphFile {
  return {
    ...{ file, format: 'JSON', split: null, holds: true, relationsAreEntities: false, warnings: [] },
    async *blocks() {
      yield { triples: [], unfit: [], entities: [], relations: [], [what]: [...said] };
    },
  };
}

/** Properties of one value each, those that there are. */
export function properties(values: Readonly<Record<string, string | undefined>>): Description['properties'] {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]): [string, Property[]][] => (value ? [[name, [{ value }]]] : [])),
  );
}
