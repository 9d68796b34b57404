/** From files to the parts of a graph: which are RDF, which are triples, which name entities or relations. */
import type { OpenOptions, Source } from './format.ts';
import type { GraphFile } from './graphFile.ts';
import { decodeHead } from './lines.ts';
import { openLeaves } from './openTables.ts';
import { rdfFile, rdfSyntax } from './rdf.ts';
import { isTripleHeader, namesFile, roleOfName, type TripleColumns, tripleFile } from './triples.ts';

export interface OpenGraphOptions extends OpenOptions {
  /** Whether the files are said to be a graph. Otherwise they are one where a file is RDF or names a head, a relation and a tail. */
  readonly isGraph: boolean;
  readonly columns?: TripleColumns | null;
}

/**
 * The files of a graph, those in archives among them; null where the files are none and were not said to be one.
 * @throws UserError naming the file that is empty or that cannot be a part of a graph
 */
export async function openGraph(sources: readonly Source[], options: OpenGraphOptions): Promise<GraphFile[] | null> {
  const columns = options.columns ?? {};
  const leaves = await openLeaves(sources, options);
  const syntaxes = leaves.map(({ source, head }) => rdfSyntax(source.name, decodeHead(head).toString('utf8')));
  const isGraph =
    options.isGraph || syntaxes.some((syntax) => syntax !== null) || (await hasTripleHeader(leaves, columns));
  if (!isGraph) return null;
  const files: GraphFile[] = [];
  for (const [i, { source }] of leaves.entries()) {
    options.signal?.throwIfAborted();
    const syntax = syntaxes[i] ?? null;
    const role = roleOfName(source.name);
    if (syntax !== null) files.push(rdfFile(source, syntax, i + 1));
    else if (role !== 'triples') files.push(await namesFile(source, role));
    else files.push(await tripleFile(source, columns));
  }
  return files;
}

/** Whether a table names its columns as those of triples, in full words: `from,to,type` may be anything's. */
async function hasTripleHeader(leaves: readonly { readonly head: Buffer }[], columns: TripleColumns): Promise<boolean> {
  if (columns.head || columns.relation || columns.tail) return true;
  for (const { head } of leaves) {
    const [line = ''] = decodeHead(head).toString('utf8').split(/\r?\n/, 1);
    const cells = line.split(/[\t,;|]/).map((cell) => cell.trim().toLowerCase());
    if (isTripleHeader(cells) && (cells.includes('head') || cells.includes('subject')) && !head.includes(0))
      return true;
  }
  return false;
}
