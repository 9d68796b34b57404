/**
 * RDF: N-Triples, N-Quads, Turtle, TriG and Notation3 (N3.js), RDF/XML (rdfxml-streaming-parser) and JSON-LD
 * (jsonld-streaming-parser), each read as a stream.
 *
 * What leads from one thing to another is a triple of the graph. What gives a thing a literal becomes a property of the
 * entity: the usual predicates its label and description, `rdf:type` both a triple and one of its types, the rest a
 * field by its local name. The names of graphs are left out. Nothing is fetched: a context of JSON-LD must be in the file.
 */
import { EventEmitter } from 'node:events';
import { Duplex, pipeline, Readable } from 'node:stream';

import type * as RDF from '@rdfjs/types';
import { JsonLdParser } from 'jsonld-streaming-parser';
import n3 from 'n3';
import { DataFactory } from 'rdf-data-factory';
import { RdfXmlParser } from 'rdfxml-streaming-parser';

import { UserError } from '../../errors.ts';
import type { Cell, Source } from './format.ts';
import {
  type Description,
  type GraphBlock,
  type GraphFile,
  type Property,
  type TripleRecord,
  type Unfit,
  unfitKey,
  unfitText,
} from './graphFile.ts';
import { utf8Bytes } from './lines.ts';
import { extensionOf } from './source.ts';
import { readTriple, splitOfName } from './triples.ts';

export type RdfSyntax = 'N-Triples' | 'N-Quads' | 'Turtle' | 'TriG' | 'Notation3' | 'RDF/XML' | 'JSON-LD';

const syntaxOfExtension: Readonly<Record<string, RdfSyntax>> = {
  nt: 'N-Triples',
  nq: 'N-Quads',
  ttl: 'Turtle',
  turtle: 'Turtle',
  trig: 'TriG',
  n3: 'Notation3',
  rdf: 'RDF/XML',
  rdfs: 'RDF/XML',
  owl: 'RDF/XML',
  jsonld: 'JSON-LD',
};

/** The syntax of a file by its content or, where that may be several, by its name; null: it is not RDF. */
export function rdfSyntax(name: string, head: string): RdfSyntax | null {
  const begin = head.replace(/^(?:\s+|#[^\n]*\n)+/, '');
  if (/^<\?xml\b|^<!DOCTYPE rdf|^<rdf:RDF\b/.test(begin)) return /<(?:\w+:)?RDF\b/.test(head) ? 'RDF/XML' : null;
  if (/^[[{]/.test(begin) && /"@(?:context|id|graph|type)"\s*:/.test(head)) return 'JSON-LD';
  const named = syntaxOfExtension[extensionOf(name)];
  if (named !== undefined) return named;
  if (/^(?:@prefix|@base|PREFIX|BASE)\s/i.test(begin)) return 'TriG'; // all of Turtle, and graphs
  return /^(?:<[^<>"{}|^`\\\s]+>|_:\S+)\s+<[^<>"{}|^`\\\s]+>\s+(?:<|_:|")[^\n]*\.\s*(?:\n|$)/.test(begin)
    ? 'N-Triples'
    : null;
}

const RDF_TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';
const XSD = 'http://www.w3.org/2001/XMLSchema#';
const RDFS = 'http://www.w3.org/2000/01/rdf-schema#';
const SKOS = 'http://www.w3.org/2004/02/skos/core#';

/** Predicates that name or describe a thing, whatever else it is. */
const wellKnown: ReadonlyMap<string, 'label' | 'description'> = new Map([
  [`${RDFS}label`, 'label'],
  [`${SKOS}prefLabel`, 'label'],
  ['http://schema.org/name', 'label'],
  ['https://schema.org/name', 'label'],
  ['http://xmlns.com/foaf/0.1/name', 'label'],
  ['http://purl.org/dc/elements/1.1/title', 'label'],
  ['http://purl.org/dc/terms/title', 'label'],
  [`${RDFS}comment`, 'description'],
  [`${SKOS}definition`, 'description'],
  ['http://schema.org/description', 'description'],
  ['https://schema.org/description', 'description'],
  ['http://purl.org/dc/elements/1.1/description', 'description'],
  ['http://purl.org/dc/terms/description', 'description'],
  ['http://dbpedia.org/ontology/abstract', 'description'],
]);

const numberTypes = new Set(
  'integer decimal double float int long short byte nonNegativeInteger positiveInteger negativeInteger nonPositiveInteger unsignedInt unsignedLong unsignedShort unsignedByte gYear'
    .split(' ')
    .map((name) => XSD + name),
);
const dateTypes = new Set([`${XSD}date`, `${XSD}dateTime`]);

const BLOCK_STATEMENTS = 2000;

/** A file of RDF. @param number tells its blank nodes from those of other files of one import */
export function rdfFile(source: Source, syntax: RdfSyntax, number: number): GraphFile {
  return {
    file: source.name,
    format: syntax,
    split: splitOfName(source.name),
    holds: true,
    relationsAreEntities: true,
    warnings: [],
    blocks: (options = {}) => readBlocks(source, syntax, number, options.signal),
  };
}

async function* readBlocks(
  source: Source,
  syntax: RdfSyntax,
  number: number,
  signal?: AbortSignal,
): AsyncGenerator<GraphBlock> {
  let block = new BlockInMaking();
  for await (const { quad, line } of readQuads(source, syntax, number, signal)) {
    block.add(quad, number, line);
    if (block.size < BLOCK_STATEMENTS) continue;
    yield block.close();
    block = new BlockInMaking();
  }
  yield block.close();
}

/** Where the reading of a file stands. */
interface Reading {
  /** Counted for the parser that counts no lines. */
  line: number;
  /** Why it does not go on, where the parser wraps that in an error of its own. */
  refused: UserError | null;
}

/** A statement, with the line on which it ends where the parser lets that be known. */
interface Statement {
  readonly quad: RDF.Quad;
  readonly line: number | null;
}

async function* readQuads(
  source: Source,
  syntax: RdfSyntax,
  number: number,
  signal?: AbortSignal,
): AsyncGenerator<Statement> {
  const reading: Reading = { line: 1, refused: null };
  try {
    if (syntax === 'RDF/XML' || syntax === 'JSON-LD') {
      const text = Readable.from(
        syntax === 'JSON-LD' ? linesOfText(textOf(source, signal), reading) : textOf(source, signal),
      );
      const parser = syntax === 'RDF/XML' ? xmlParser(number) : jsonParser(source, number, reading);
      const quads = pipeline(text, parser, () => undefined); // an error reaches the loop
      for await (const quad of quads) yield { quad, line: null };
    } else yield* readByLine(source, syntax, number, reading, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof UserError) throw error;
    throw reading.refused ?? unreadable(source, syntax, error, reading.line);
  }
}

/** @throws UserError where the bytes are not UTF-8 */
async function* textOf(source: Source, signal?: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const bytes of utf8Bytes(source, signal)) yield decoder.decode(bytes, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UserError(
      'BAD_USER_INPUT',
      `${source.name} is not UTF-8. Save the file as UTF-8, for example with: iconv -f latin1 -t utf-8.`,
      { file: source.name },
    );
  }
}

/** Line by line, so that where a parser stops the line is known although it does not count them. */
async function* linesOfText(pieces: AsyncIterable<string>, reading: Reading): AsyncGenerator<string> {
  let afterNewline = false;
  for await (const piece of pieces) {
    if (piece === '') continue;
    for (const line of piece.split(/(?<=\n)/)) {
      if (afterNewline) reading.line++;
      afterNewline = line.endsWith('\n');
      yield line;
    }
  }
}

function factoryFor(number: number): DataFactory {
  return new DataFactory({ blankNodePrefix: `${number}-` });
}

function xmlParser(number: number): Duplex {
  const options = { dataFactory: factoryFor(number), trackPosition: true, allowDuplicateRdfIds: true };
  return Duplex.from(new RdfXmlParser(options));
}

/**
 * What most pages on the web refer to (https://schema.org/docs/jsonldcontext.json), in brief: its names are those of the vocabulary. Of values that
 * are addresses it makes things; here they stay texts, and dates are told apart.
 */
const schemaOrg = {
  '@context': {
    '@vocab': 'http://schema.org/',
    id: '@id',
    type: '@type',
    ...Object.fromEntries(
      [
        'birthDate',
        'dateCreated',
        'dateModified',
        'datePublished',
        'deathDate',
        'endDate',
        'startDate',
        'uploadDate',
      ].map((name) => [name, { '@id': `http://schema.org/${name}`, '@type': `${XSD}date` }]),
    ),
  },
};

function jsonParser(source: Source, number: number, reading: Reading): Duplex {
  return new JsonLdParser({
    dataFactory: factoryFor(number),
    baseIRI: 'file:///',
    documentLoader: {
      load: async (url) => (/^https?:\/\/schema\.org\/?$/.test(url) ? schemaOrg : refuse(source, url, reading)),
    },
  });
}

/** N3.js reads as far as it can whenever it is given text: given line by line, it says which statements end on which. */
async function* readByLine(
  source: Source,
  format: Exclude<RdfSyntax, 'RDF/XML' | 'JSON-LD'>,
  number: number,
  reading: Reading,
  signal?: AbortSignal,
): AsyncGenerator<Statement> {
  const input = new EventEmitter();
  let found: Statement[] = [];
  let failure: Error | null = null;
  const parser = new n3.Parser({ format, factory: factoryFor(number), blankNodePrefix: '_:' });
  parser.parse(input, (error, quad) => {
    if (error) failure ??= error;
    else if (quad) found.push({ quad, line: reading.line });
  });
  for await (const line of linesOfText(textOf(source, signal), reading)) {
    input.emit('data', line);
    if (failure !== null) throw failure;
    if (found.length === 0) continue;
    yield* found;
    found = [];
  }
  input.emit('end');
  if (failure !== null) throw failure;
  yield* found;
}

/** What is not in the file is not read: the server fetches nothing that a file names. */
async function refuse(source: Source, url: string, reading: Reading): Promise<never> {
  reading.refused = new UserError(
    'BAD_USER_INPUT',
    `${source.name} refers to the context ${url.slice(0, 200)}, and contexts are not fetched. Put what stands there into the file, in the place of its address.`,
    { file: source.name, line: reading.line },
  );
  throw reading.refused;
}

/** What parsers say, with the line that it is about: N3.js keeps it, RDF/XML begins with it. */
function unreadable(source: Source, syntax: RdfSyntax, error: unknown, lineRead: number): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const context: unknown = Reflect.get(error, 'context');
  const counted = typeof context === 'object' && context !== null ? Reflect.get(context, 'line') : null;
  const [, begun, said = error.message] = /^(\d+):\d+: (.*)$/s.exec(error.message) ?? [];
  const line = typeof counted === 'number' ? counted : begun === undefined ? lineRead : Number(begun);
  const reason = said.replace(/ on line \d+\.?$|\.$/, '').slice(0, 300);
  return new UserError(
    'BAD_USER_INPUT',
    `Line ${line} of ${source.name} cannot be read as ${syntax}: ${reason}. Nothing of the file was kept.`,
    { file: source.name, line },
  );
}

/** Quads as triples and descriptions. What is said of one thing in succession is one description. */
class BlockInMaking {
  readonly #triples: TripleRecord[] = [];
  readonly #entities: Description[] = [];
  readonly #unfit: Unfit[] = [];
  #key = '';
  /** Where what is said of it begins. */
  #line: number | null = null;
  #properties: Record<string, Property[]> = {};
  size = 0;

  add({ subject, predicate, object }: RDF.Quad, number: number, line: number | null): void {
    this.size++;
    const head = keyOf(subject, number);
    if (head === null || predicate.termType !== 'NamedNode') {
      this.#unfit.push({
        line,
        reason: 'the statement is about a statement, which a graph of entities cannot hold',
      });
      return;
    }
    if (object.termType === 'Literal') {
      const property = wellKnown.get(predicate.value) ?? localName(predicate.value);
      this.#describe(head, property, toProperty(object), line);
      return;
    }
    const tail = keyOf(object, number);
    if (tail === null) {
      this.#unfit.push({ line, reason: 'the object is a statement, which a graph of entities cannot hold' });
      return;
    }
    const record = readTriple(line, head, predicate.value, tail);
    if ('reason' in record) this.#unfit.push(record);
    else {
      this.#triples.push(record);
      if (predicate.value === RDF_TYPE) this.#describe(head, 'types', { value: localName(tail) }, line);
    }
  }

  #describe(key: string, name: string, property: Property, line: number | null): void {
    const reason =
      unfitKey('the subject', key) ??
      (typeof property.value === 'string' ? unfitText(`the ${name} of <${key.slice(0, 100)}>`, property.value) : null);
    if (reason !== null) {
      this.#unfit.push({ line, reason });
      return;
    }
    if (key !== this.#key) this.#flush(key);
    this.#line ??= line;
    const values = Object.hasOwn(this.#properties, name) ? (this.#properties[name] ?? []) : [];
    values.push(property);
    this.#properties[name] = values;
  }

  #flush(nextKey: string): void {
    if (this.#key !== '') this.#entities.push({ line: this.#line, key: this.#key, properties: this.#properties });
    this.#key = nextKey;
    this.#line = null;
    this.#properties = {};
  }

  close(): GraphBlock {
    this.#flush('');
    return { triples: this.#triples, entities: this.#entities, relations: [], unfit: this.#unfit };
  }
}

/** An IRI as it is; a blank node with the number of its file, outside of which it means nothing. */
function keyOf(term: RDF.Term, number: number): string | null {
  if (term.termType === 'NamedNode') return term.value;
  return term.termType === 'BlankNode' ? `_:${number}-${term.value.replace(`${number}-`, '')}` : null;
}

function toProperty({ value, language, datatype }: RDF.Literal): Property {
  if (language !== '') return { value, language: language.toLowerCase() };
  return { value: toCell(value, datatype.value) };
}

function toCell(value: string, type: string): Cell {
  const number = numberTypes.has(type) && value.trim() !== '' ? Number(value) : Number.NaN;
  if (Number.isFinite(number) && (Number.isSafeInteger(number) || !Number.isInteger(number))) return number;
  if (type === `${XSD}boolean` && /^(?:true|false|1|0)$/.test(value)) return value === 'true' || value === '1';
  if (!dateTypes.has(type)) return value;
  // Without a zone it is UTC: the same file must mean the same on every machine.
  const date = new Date(/T.*(?:Z|[-+]\d\d:\d\d)$/.test(value) || !value.includes('T') ? value : `${value}Z`);
  return Number.isNaN(date.getTime()) ? value : date;
}

/** What stands behind the last `#`, `/` or `:` of an IRI; the whole of it where nothing does. */
export function localName(iri: string): string {
  const last = /[^#/:]+(?=[#/:]*$)/.exec(iri)?.[0] ?? iri;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
