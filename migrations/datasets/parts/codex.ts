/** CoDEx (Safavi and Koutra 2020): graphs of Wikidata with triples that look true and are not. */
import { readFile } from 'node:fs/promises';

import type { Description, GraphFile } from '../../../server/datasets/formats/graphFile.ts';
import type { GraphManifest, ManifestFile } from '../../../server/datasets/manifests.ts';
import { at, graphIn, properties, saidOf } from './benchmarkGraph.ts';

const BASE = 'https://raw.githubusercontent.com/tsafavi/codex/3132e426c2a6b643b70bad679905a3a6270be440/data/';

const names: readonly ManifestFile[] = [
  at(BASE, 'relations/en/relations.json', 10698, '2b467fab26430a0500e5fe82cdb9b3c4fbcfda01827ff3bfa833dc5470ad92f7'),
  at(BASE, 'types/en/types.json', 530344, '2934c3bac72fd9e7dc8a6452a84845e8fa232264aaa505c4b81cad2b0e7c5626'),
  at(BASE, 'types/entity2types.json', 1749871, '9c3797961498fc312a6d62c798b250c3ad501578a8ac07c0829a2862c627a878'),
];

type Size = 's' | 'm';
type Part = 'train' | 'valid' | 'test' | 'valid_negatives' | 'test_negatives';

/** @param files bytes and SHA-256 of the triples. @param otherFiles the same data in one table each */
export function codexManifest(
  size: Size,
  description: string,
  files: Readonly<Record<Part, readonly [bytes: number, sha256: string]>>,
  otherFiles: readonly ManifestFile[] = [],
): GraphManifest {
  const triples = Object.entries(files).map(([part, [bytes, sha256]]) =>
    at(BASE, `triples/codex-${size}/${part}.txt`, bytes, sha256),
  );
  return {
    slug: `codex-${size}`,
    title: `CoDEx-${size.toUpperCase()}`,
    description,
    kind: 'GRAPH',
    licence: 'MIT (CoDEx, Tara Safavi and Danai Koutra); CC0 (Wikidata)',
    source: 'https://github.com/tsafavi/codex',
    revision: 1,
    files: [...triples, ...names],
    otherFiles,
    async openGraph(paths, options) {
      const json = paths.filter((path) => path.endsWith('.json'));
      const tables = await graphIn(
        paths.filter((path) => !path.endsWith('.json')),
        options,
      );
      return json.length === 0 ? tables : [...tables, ...(await readNames(json, await keysOf(tables)))];
    },
  };
}

/** The entities of the triples: the names are those of all sizes of CoDEx. */
async function keysOf(files: readonly GraphFile[]): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for (const file of files) {
    for await (const { triples } of file.blocks()) {
      for (const { head, tail } of triples) keys.add(head).add(tail);
    }
  }
  return keys;
}

type Named = Readonly<Record<string, { readonly label?: string; readonly description?: string }>>;

async function readNames(paths: readonly string[], keys: ReadonlySet<string>): Promise<GraphFile[]> {
  const [relationsPath = '', typesPath = '', entitiesPath = ''] = paths;
  const relations: Named = JSON.parse(await readFile(relationsPath, 'utf8'));
  const types: Named = JSON.parse(await readFile(typesPath, 'utf8'));
  const typesOf: Readonly<Record<string, readonly string[]>> = JSON.parse(await readFile(entitiesPath, 'utf8'));
  const ofRelations = Object.entries(relations).map(
    ([key, { label, description }]): Description => ({
      line: null,
      key,
      properties: properties({ label, description }),
    }),
  );
  const ofEntities = [...keys].map((key): Description => {
    // An entity that is a type of others is named among the types.
    const own = types[key] ?? {};
    const bare = (typesOf[key] ?? []).map((type) => types[type]?.label ?? type);
    const said = properties({ label: own.label, description: own.description });
    return {
      line: null,
      key,
      properties: bare.length === 0 ? said : { ...said, types: bare.map((value) => ({ value })) },
    };
  });
  return [saidOf('relations', 'relations.json', ofRelations), saidOf('entities', 'entity2types.json', ofEntities)];
}
