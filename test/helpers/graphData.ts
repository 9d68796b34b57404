/** Knowledge graphs as files in the folder of shared data, or in GRAPHS_DIR, for tests and benchmarks. They are not part of the project. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import type { KnowledgeGraph } from '#kernels/kge/graph.ts';

/** A graph with the keys of its entities and relations, by index. */
export interface NamedGraph extends KnowledgeGraph {
  readonly entities: readonly string[];
  readonly relations: readonly string[];
}

const folder = process.env['GRAPHS_DIR']
  ? `${process.env['GRAPHS_DIR']}/`
  : fileURLToPath(new URL('../../../shared/data/kg/', import.meta.url));

/** Whether the data is here; under CI its absence is an error. Tests say aloud that they are skipped. */
export function hasGraphData(): boolean {
  if (existsSync(folder)) return true;
  if (process.env['CI'] === 'true') throw new Error('The shared graph data is missing: the tests of it would not run.');
  return false;
}

/** The text of a file of the data, unpacked. */
export function graphFile(path: string): string {
  if (existsSync(folder + path)) return readFileSync(folder + path, 'utf8');
  return gunzipSync(readFileSync(`${folder}${path}.gz`)).toString('utf8');
}

/** The cells of a file of the data, line by line. */
export function graphLines(path: string): string[][] {
  return graphFile(path)
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
}

/** `umls`, `nations`, `codex-s`, `wn18rr` or `fb15k-237`. */
export function readGraph(name: string): NamedGraph {
  const keys = (file: string) => graphLines(`${name}/${file}`).map(([key = '']) => key);
  const entities = keys('entities.tsv');
  const relations = keys('relations.tsv');
  const entityOf = new Map(entities.map((key, i) => [key, i]));
  const relationOf = new Map(relations.map((key, i) => [key, i]));
  const triples = (file: string) => indexTriples(graphLines(`${name}/${file}`), entityOf, relationOf);
  return {
    entities,
    relations,
    entityCount: entities.length,
    relationCount: relations.length,
    train: triples('train.tsv'),
    validation: triples('valid.tsv'),
    test: triples('test.tsv'),
  };
}

/** Rows of head, relation, tail by index. */
export function indexTriples(
  lines: readonly (readonly string[])[],
  entityOf: ReadonlyMap<string, number>,
  relationOf: ReadonlyMap<string, number>,
): Int32Array {
  const triples = new Int32Array(lines.length * 3);
  lines.forEach(([head = '', relation = '', tail = ''], i) => {
    triples[3 * i] = entityOf.get(head) ?? -1;
    triples[3 * i + 1] = relationOf.get(relation) ?? -1;
    triples[3 * i + 2] = entityOf.get(tail) ?? -1;
  });
  if (triples.includes(-1)) throw new Error('A triple names what is not in the lists.');
  return triples;
}
