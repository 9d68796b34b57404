import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cell } from '../../../../server/datasets/formats/format.ts';
import type { GraphFile } from '../../../../server/datasets/formats/graphFile.ts';
import { openGraph } from '../../../../server/datasets/formats/openGraph.ts';
import { bytesSource } from '../../../../server/datasets/formats/source.ts';
import { scratchDir } from '../../../helpers/runTask.ts';

type Files = Readonly<Record<string, string | Uint8Array>>;

async function open(files: Files, { isGraph = true, pieceBytes = 1 << 20 } = {}): Promise<GraphFile[] | null> {
  const sources = Object.entries(files).map(([name, content]) =>
    bytesSource(name, typeof content === 'string' ? Buffer.from(content) : content, pieceBytes),
  );
  return openGraph(sources, { scratchDir: await scratchDir(), isGraph });
}

interface Read {
  readonly triples: string[];
  /** Of entities and relations: key, property, value, language. */
  readonly said: (readonly [string, string, Cell, string?])[];
  readonly unfit: string[];
}

async function read(files: Files, options: { isGraph?: boolean; pieceBytes?: number } = {}): Promise<Read> {
  const found: Read = { triples: [], said: [], unfit: [] };
  for (const file of (await open(files, options)) ?? []) {
    for await (const block of file.blocks()) {
      for (const { head, relation, tail, split } of block.triples) {
        found.triples.push([head, relation, tail, split ?? file.split ?? ''].join(' ').trim());
      }
      for (const { key, properties } of [...block.entities, ...block.relations]) {
        for (const [name, values] of Object.entries(properties)) {
          for (const { value, language } of values) {
            found.said.push(language === undefined ? [key, name, value] : [key, name, value, language]);
          }
        }
      }
      for (const { line, reason } of block.unfit) found.unfit.push(`${line}: ${reason}`);
    }
  }
  return found;
}

const e = (name: string) => `http://example.org/${name}`;
const turtle = `@prefix e: <http://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
e:Ada a e:Person ; rdfs:label "Ada Lovelace"@en, "Ada de Lovelace"@fr ; e:born "1815-12-10"^^xsd:date ;
  e:children 3 ; e:knows e:Charles, [ rdfs:label "somebody" ] .
e:knows rdfs:label "is acquainted with" .
e:Charles rdfs:comment "Built machines – nearly." ; e:alive false .
`;

const triplesOfTurtle = [
  `${e('Ada')} http://www.w3.org/1999/02/22-rdf-syntax-ns#type ${e('Person')}`,
  `${e('Ada')} ${e('knows')} ${e('Charles')}`,
  `${e('Ada')} ${e('knows')} _:1-0`,
];

test('Turtle gives triples between things, and what it says of one thing as properties', async () => {
  const { triples, said, unfit } = await read({ 'people.ttl': turtle }, { isGraph: false });
  assert.deepEqual(triples.sort(), triplesOfTurtle.toSorted());
  assert.deepEqual(unfit, []);
  const ofAda = said.filter(([key]) => key === e('Ada'));
  assert.deepEqual(ofAda, [
    [e('Ada'), 'types', 'Person'],
    [e('Ada'), 'label', 'Ada Lovelace', 'en'],
    [e('Ada'), 'label', 'Ada de Lovelace', 'fr'],
    [e('Ada'), 'born', new Date('1815-12-10T00:00:00Z')],
    [e('Ada'), 'children', 3],
  ]);
  assert.deepEqual(
    said.filter(([key]) => key === e('Charles')),
    [
      [e('Charles'), 'description', 'Built machines – nearly.'],
      [e('Charles'), 'alive', false],
    ],
  );
});

test('the same statements come from every syntax of RDF', async () => {
  const nt = `<${e('a')}> <${e('knows')}> <${e('b')}> .\n<${e('a')}> <${e('name')}> "Ä \\"a\\""@de .\n`;
  const wanted = { triples: [`${e('a')} ${e('knows')} ${e('b')}`], said: [[e('a'), 'name', 'Ä "a"', 'de']], unfit: [] };
  const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
  const files: Files = {
    'x.nt': nt,
    'without-extension': nt,
    'x.nq': nt.replaceAll(' .\n', ` <${e('graph')}> .\n`),
    'x.ttl': `@prefix e: <http://example.org/> . e:a e:knows e:b ; e:name "Ä \\"a\\""@de .`,
    'x.trig': `@prefix e: <http://example.org/> . e:graph { e:a e:knows e:b ; e:name "Ä \\"a\\""@de }`,
    'x.rdf': `<?xml version="1.0"?>\n<rdf:RDF xmlns:rdf="${rdf}" xmlns:e="http://example.org/"><rdf:Description rdf:about="${e('a')}">
      <e:knows rdf:resource="${e('b')}"/><e:name xml:lang="de">Ä "a"</e:name></rdf:Description></rdf:RDF>`,
    'x.jsonld': JSON.stringify({
      '@context': { knows: { '@id': e('knows'), '@type': '@id' }, name: { '@id': e('name'), '@language': 'de' } },
      '@id': e('a'),
      knows: e('b'),
      name: 'Ä "a"',
    }),
  };
  for (const [name, content] of Object.entries(files)) {
    assert.deepEqual(await read({ [name]: content }, { isGraph: false }), wanted, name);
  }
});

test('a file read in pieces of any size says the same', async () => {
  const whole = await read({ 'people.ttl': turtle });
  for (const pieceBytes of [1, 2, 7, 64]) {
    assert.deepEqual(await read({ 'people.ttl': turtle }, { pieceBytes }), whole, `pieces of ${pieceBytes}`);
  }
});

test('blank nodes of two files are two, and are named alike each time', async () => {
  const file = '_:b <http://example.org/knows> _:c .';
  const files = { 'a.nt': file, 'b.nt': file };
  const { triples } = await read(files);
  assert.equal(new Set(triples.map((triple) => triple.split(' ')[0])).size, 2);
  assert.deepEqual((await read(files)).triples, triples);
});

test('broken RDF is told with its line, whatever the syntax', async () => {
  const broken: readonly (readonly [string, string, number])[] = [
    ['x.nt', `<${e('a')}> <${e('b')}> <${e('c')}> .\n<${e('a')}> <${e('b')}> broken .\n`, 2],
    ['x.ttl', '@prefix e: <http://example.org/> .\n\ne:a e:b f:c .\n', 3],
    [
      'x.rdf',
      '<?xml version="1.0"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n<rdf:Description>\n</rdf:RDF>',
      4,
    ],
    ['x.jsonld', `{"@context": {"name": "${e('name')}"},\n"@id": "${e('a')}",\n"name": "a",,\n}`, 3],
  ];
  for (const [name, content, line] of broken) {
    await assert.rejects(read({ [name]: content }), (error: Error & { place?: { line?: number; file?: string } }) => {
      assert.match(error.message, new RegExp(`^Line ${line} of ${name} cannot be read as `));
      assert.deepEqual(error.place, { file: name, line });
      return true;
    });
  }
});

test('what RDF says that a graph cannot hold is left out with its line', async () => {
  const long = e('x'.repeat(1100));
  const much = 'x'.repeat(1_000_001);
  const knows = `<${e('a')}> <${e('knows')}>`;
  const triples = await read({
    'x.nt': [
      `${knows} <${e('b')}> .`,
      `${knows} <<( <${e('a')}> <${e('b')}> <${e('c')}> )>> .`,
      '# a comment',
      `${knows} <${long}> .`,
      `<${long}> <${e('name')}> "long" .`,
      `<${e('a')}> <${e('name')}> "${much}" .`,
      '',
    ].join('\n'),
  });
  assert.deepEqual(
    triples.unfit.map((unfit) => unfit.slice(0, 30)),
    [
      '2: the object is a statement, ',
      '4: the tail "http://example.or',
      '5: the subject "http://example',
      '6: the name of <http://example',
    ],
  );
  assert.equal(triples.triples.length, 1);

  const lines = [
    '@prefix e: <http://example.org/> .',
    'e:a e:name """one',
    'two""" ;',
    '  e:knows e:b,',
    `    <${long}> .`,
    '',
  ];
  for (const pieceBytes of [3, 1000, 1 << 20]) {
    const { unfit, triples: kept } = await read({ 'x.ttl': lines.join('\n') }, { pieceBytes });
    assert.deepEqual(
      unfit.map((reason) => reason.slice(0, 11)),
      ['5: the tail'],
    );
    assert.equal(kept.length, 1);
  }
});

test('nothing is fetched that a file refers to', async () => {
  const file = { 'x.jsonld': `{"@context": "https://example.org/c.json", "@id": "${e('a')}", "name": "Ada"}` };
  await assert.rejects(read(file), {
    message: /^x\.jsonld refers to the context https:\/\/example\.org\/c\.json, and contexts are not fetched/,
  });
});

test('what the pages of the web say by schema.org is read without fetching it', async () => {
  for (const context of ['https://schema.org', 'http://schema.org/']) {
    const { triples, said } = await read({
      'pie.jsonld': JSON.stringify({
        '@context': context,
        ...{ '@type': 'Recipe', '@id': e('pie'), name: 'Apple pie', datePublished: '2019-05-11' },
        author: { '@type': 'Person', '@id': e('mary'), name: 'Mary' },
      }),
    });
    assert.deepEqual(triples.sort(), [
      `${e('mary')} http://www.w3.org/1999/02/22-rdf-syntax-ns#type http://schema.org/Person`,
      `${e('pie')} http://schema.org/author ${e('mary')}`,
      `${e('pie')} http://www.w3.org/1999/02/22-rdf-syntax-ns#type http://schema.org/Recipe`,
    ]);
    const ofPie = said.filter(([key]) => key === e('pie'));
    assert.deepEqual(ofPie.map(([, name, value]) => [name, value]).sort(), [
      ['datePublished', new Date('2019-05-11')],
      ['label', 'Apple pie'],
      ['types', 'Recipe'],
    ]);
  }
});

test('a year is a number, and a file of graphs needs no name that says so', async () => {
  const text = `PREFIX e: <${e('')}>\ne:g { e:a e:likes e:b ; e:year "2001"^^<http://www.w3.org/2001/XMLSchema#gYear> . }\n`;
  const { triples, said } = await read({ 'data.txt': text });
  assert.deepEqual(triples, [`${e('a')} ${e('likes')} ${e('b')}`]);
  assert.deepEqual(said, [[e('a'), 'year', 2001]]);
});

test('entities of XML are not multiplied', async () => {
  const doctype = Array.from({ length: 20 }, (_, i) => `<!ENTITY e${i + 1} "&e${i};&e${i};&e${i};&e${i};">`).join('');
  const { said } = await read({
    'x.rdf': `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "ha">${doctype}]><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
      xmlns:e="http://example.org/"><rdf:Description rdf:about="${e('a')}"><e:n>&e20;</e:n></rdf:Description></rdf:RDF>`,
  });
  assert.ok(String(said[0]?.[2]).length < 100);
});

test('triples stand in three columns, with or without a line of names', async () => {
  const wanted = ['dog is-a animal', 'cat is-a animal'];
  assert.deepEqual((await read({ 'x.tsv': 'dog\tis-a\tanimal\ncat\tis-a\tanimal\n' })).triples, wanted);
  assert.deepEqual((await read({ 'x.csv': 'tail,head,relation\nanimal,dog,is-a\nanimal,cat,is-a\n' })).triples, wanted);
  assert.deepEqual((await read({ 'x.csv': 'dog,"is-a",animal\n"cat",is-a,animal' })).triples, wanted);
});

test('what looks like a number or like nothing is a name', async () => {
  const { triples } = await read({ 'train.tsv': '007\t1\tNA\nnull\t1\t1e3\n' });
  assert.deepEqual(triples, ['007 1 NA TRAIN', 'null 1 1e3 TRAIN']);
});

test('the purpose of triples is told from the name of their file, or from a column', async () => {
  const { triples } = await read({
    'valid.txt': 'a\tr\tb\n',
    'test.tsv': 'c\tr\td\n',
    'x.csv': 'head,relation,tail,split\na,r,c,dev\n',
  });
  assert.deepEqual(triples, ['a r b VALIDATION', 'c r d TEST', 'a r c VALIDATION']);
});

test('a table with head, relation and tail is a graph without being called one; three columns of text are not', async () => {
  assert.notEqual(await open({ 'x.csv': 'head,relation,tail\na,r,b\n' }, { isGraph: false }), null);
  assert.equal(await open({ 'x.tsv': 'a\tr\tb\n' }, { isGraph: false }), null);
  assert.equal(await open({ 'x.csv': 'from,type,to\na,r,b\n' }, { isGraph: false }), null);
});

test('names, descriptions and types of entities and relations come from files of those names', async () => {
  const { said, triples } = await read({
    'entities.tsv': 'Q1\tAda\tA mathematician, once\nQ2\tCharles\t\n',
    'types.tsv': 'Q1\thuman, poet\n',
    'relations.csv': 'id,label,since\nP1,knows,1999\n',
  });
  assert.deepEqual(triples, []);
  assert.deepEqual(said, [
    ['Q1', 'label', 'Ada'],
    ['Q1', 'description', 'A mathematician, once'],
    ['Q2', 'label', 'Charles'],
    ['Q1', 'types', 'human'],
    ['Q1', 'types', 'poet'],
    ['P1', 'label', 'knows'],
    ['P1', 'since', 1999],
  ]);
});

test('names may have a description or none, and the first line need not be the longest', async () => {
  for (const lines of ['Q1\tAda\tonce\nQ2\tCharles\nQ3\n', 'Q3\nQ2\tCharles\nQ1\tAda\tonce\n']) {
    const { said } = await read({ 'entity2text.txt': lines });
    assert.deepEqual(said.sort(), [
      ['Q1', 'description', 'once'],
      ['Q1', 'label', 'Ada'],
      ['Q2', 'label', 'Charles'],
    ]);
  }
});

test('triples of two or four columns are refused with file and line', async () => {
  await assert.rejects(read({ 'edges.tsv': 'a\tb\nc\td\n' }), {
    message:
      'edges.tsv has 2 columns in its first line; wanted: head, relation and tail, or a line that names these three among others.',
    place: { file: 'edges.tsv', line: 1 },
  });
  await assert.rejects(read({ 'edges.tsv': 'a\tr\tb\t0.5\nc\tr\td\t0.1\n' }), {
    message: /^edges\.tsv has 4 columns in its first line/,
  });
  const { triples, unfit } = await read({ 'edges.tsv': 'a\tr\tb\na\tr\nb\tr\tc\td\n\tr\tc\nc\tr\ta\n' });
  assert.deepEqual(triples, ['a r b', 'c r a']);
  assert.deepEqual(unfit, [
    '2: the row has 2 fields; wanted: 3, as in the first',
    '3: the row has 4 fields; wanted: 3, as in the first',
    '4: the head is empty',
  ]);
});

test('a label of a million characters is left out with its line, and so is a key beyond a thousand bytes', async () => {
  const { said, unfit } = await read({
    'entities.tsv': `a\t${'x'.repeat(1_000_000)}\nb\tB\n${'k'.repeat(1001)}\tK\n`,
    'x.nt': `<${e('a')}> <http://www.w3.org/2000/01/rdf-schema#label> "${'x'.repeat(1_000_000)}" .`,
  });
  assert.deepEqual(said, [['b', 'label', 'B']]);
  assert.equal(unfit[0], '1: the label of "a" has 1000000 bytes; at most 256 KiB are kept');
  assert.match(unfit[1] ?? '', /^3: the key "k+…" has 1001 bytes; at most 1000 are kept$/);
  assert.match(unfit[2] ?? '', /^1: the label of <http:\/\/example.org\/a> has 1000000 bytes/);
});
