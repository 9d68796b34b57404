import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { csvTable } from '../../../../server/datasets/formats/csv.ts';
import { gloveDimension, gloveTable } from '../../../../server/datasets/formats/glove.ts';
import { jsonTable } from '../../../../server/datasets/formats/jsonLines.ts';
import { isNumberText, parseNumber, readNumber } from '../../../../server/datasets/formats/numberText.ts';
import { splitQuoted } from '../../../../server/datasets/formats/quotedRecords.ts';
import { word2vecTextTable } from '../../../../server/datasets/formats/word2vec.ts';
import { UserError } from '../../../../server/errors.ts';
import fc from '../../../helpers/laws.ts';
import { cellsOf, piecesSource, readTable, utf8 } from './pieces.ts';

const csv = (text: string, name = 'rows.csv') => csvTable(piecesSource(name, utf8(text)));

test('a number read from bytes is the number that JavaScript reads', () => {
  const texts = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.tuple(fc.bigInt(), fc.nat(30), fc.integer({ min: -330, max: 310 })).map(([digits, point, exponent]) => {
      const text = String(digits);
      const at = Math.min(point, text.length);
      return `${text.slice(0, at)}.${text.slice(at)}e${exponent}`;
    }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      if (!isNumberText(text)) return;
      const bytes = utf8(text);
      assert.equal(readNumber(bytes, 0, bytes.length), Number(text), text);
      assert.equal(parseNumber(text), Number(text), text);
    }),
    { numRuns: 5000 },
  );
});

test('what is no number reads as NaN', () => {
  for (const text of [
    '',
    '-',
    '0b1',
    '0o7',
    '+Infinity',
    '1_0',
    '\t1',
    '.',
    '1e',
    '1e+',
    '0x10',
    'Infinity',
    'nan',
    '1 ',
    ' 1',
    '1,5',
    '1.2.3',
    '--1',
  ]) {
    const bytes = utf8(text);
    assert.ok(Number.isNaN(readNumber(bytes, 0, bytes.length)), JSON.stringify(text));
    assert.ok(!isNumberText(text), JSON.stringify(text));
    assert.ok(Number.isNaN(parseNumber(text)), JSON.stringify(text));
  }
});

test('quoted records are those of csv-parse, and quoting what one has gives it back', () => {
  const field = fc.stringMatching(/^[a,;"\n x日]{0,6}$/);
  const rows = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(rows, fc.constantFrom(',', ';', '\t'), fc.constantFrom('\n', '\r\n'), (texts, delimiter, newline) => {
      const quote = (text: string) => (/[",;\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
      const text = texts.map((row) => row.map(quote).join(delimiter)).join(newline);
      const { records, open } = splitQuoted(text, delimiter, 1);
      assert.equal(open, null);
      const split = records.map((record) => record.texts);
      assert.deepEqual(split, texts);
      assert.deepEqual(split, parse(text, { delimiter, relax_column_count: true, record_delimiter: ['\r\n', '\n'] }));
      for (const { line, texts: fields } of records) {
        const [first = ''] = text.split('\n').slice(line - 1);
        assert.ok(first.startsWith(quote(fields[0] ?? '').split('\n')[0] ?? ''), `line ${line}`);
      }
    }),
    { numRuns: 500 },
  );
});

test('columns of a CSV have the type of their cells', async () => {
  const table = await csv(
    'id,zip,price,sold,at,tags,vector\n1,01234,1.5,true,2024-02-29,"{""a"":1}","[1, 2.5]"\n2,99999,NA,FALSE,2024-03-01T12:00:00Z,,"[3 -4]"\n',
  );
  assert.deepEqual(
    table.columns.map(({ name, type }) => `${name} ${type}`),
    ['id number', 'zip text', 'price number', 'sold boolean', 'at date', 'tags json', 'vector vector'],
  );
  assert.deepEqual(await cellsOf(table), [
    [1, '01234', 1.5, true, new Date('2024-02-29'), { a: 1 }, [1, 2.5]],
    [2, '99999', null, false, new Date('2024-03-01T12:00:00Z'), null, [3, -4]],
  ]);
});

test('the delimiter is told from the content', async () => {
  for (const delimiter of [',', ';', '\t', '|']) {
    const table = await csv(
      `${['a', 'b', 'c'].join(delimiter)}\n${['x, y', '1', 'z'].map((cell) => `"${cell}"`).join(delimiter)}`,
    );
    assert.deepEqual(await cellsOf(table), [['x, y', 1, 'z']], JSON.stringify(delimiter));
  }
});

test('numbered columns of numbers are one vector, named without the number', async () => {
  const table = await csv('label,pixel0,pixel1,pixel2,pixel3\n7,0,1,2,3\n');
  assert.deepEqual(table.columns, [
    { name: 'label', type: 'number' },
    { name: 'pixel', type: 'vector', dimension: 4 },
  ]);
  const pandas = await csv(',0,1,2,3\na,0.5,1,2,3\nb,4,5,6,7\n');
  assert.deepEqual(pandas.columns, [
    { name: 'column1', type: 'text' },
    { name: 'vectors', type: 'vector', dimension: 4 },
  ]);
});

test('lines of numbers without names are vectors', async () => {
  for (const delimiter of ['\t', ',', ' ']) {
    const table = await csv(
      `${['0.5', '1', '-2e0'].join(delimiter)}\n${['3', '4', '5'].join(delimiter)}\n`,
      'tensor.tsv',
    );
    assert.deepEqual(table.columns, [{ name: 'vectors', type: 'vector', dimension: 3 }]);
    assert.deepEqual(await cellsOf(table), [[[0.5, 1, -2]], [[3, 4, 5]]]);
  }
});

test('numbers may have a comma for the point where fields are divided otherwise', async () => {
  const german = await csv(
    'id;name;preis;d0;d1;d2;d3\n1;Öl;1.234,5;0,5;1;2;3\n2;a,b;-2,25;1,5;4;5;6\n3;c;;2,5;7;8;9\n',
  );
  assert.deepEqual(
    german.columns.map(({ name, type }) => `${name} ${type}`),
    ['id number', 'name text', 'preis number', 'd vector'],
  );
  assert.deepEqual(await cellsOf(german), [
    [1, 'Öl', 1234.5, [0.5, 1, 2, 3]],
    [2, 'a,b', -2.25, [1.5, 4, 5, 6]],
    [3, 'c', null, [2.5, 7, 8, 9]],
  ]);
  const lists = await csv('id;pair\n1;1,2\n2;3,4,5\n');
  assert.equal(lists.columns[1]?.type, 'text', 'two commas are no number');
  const unsure = await csv('id;people\n1;1,234\n2;250\n');
  assert.equal(unsure.columns[1]?.type, 'text', 'a thousand, or one and a bit');
  const sure = await csv('id;share\n1;1,234\n2;0,250\n');
  assert.deepEqual(await cellsOf(sure), [
    [1, 1.234],
    [2, 0.25],
  ]);
});

test('a metadata file of one column has no names and keeps its quotes and empty lines', async () => {
  const table = await csv('the\n"\n\n,\n', 'metadata.tsv');
  assert.deepEqual(table.columns, [{ name: 'metadata', type: 'text' }]);
  assert.deepEqual(await cellsOf(table), [['the'], ['"'], [null], [',']]);
});

test('a word among the numbers of vectors makes its row a bad one, and leaves the vectors', async () => {
  const rows = Array.from({ length: 20 }, (_, i) => `${i},1,2,3,${i},${i % 2 === 0 ? 'even' : i}`);
  const table = await csv(['id,d0,d1,d2,d3,note', ...rows, '20,0.1,oops,0.2,0.3,x'].join('\n'));
  assert.deepEqual(
    table.columns.map(({ name, type }) => `${name} ${type}`),
    ['id number', 'd vector', 'note text'],
  );
  const { rejected } = await readTable(table);
  assert.deepEqual(
    rejected.map(({ line, reason }) => `${line}: ${reason}`),
    ['22: "oops", number 2 of the vector, is not a number'],
  );
  const unnamed = await csv(['4\t2\t3', 'x\t5\t6', ...Array(20).fill('7\t8\t9')].join('\n'), 'tensors.tsv');
  assert.deepEqual(unnamed.columns, [{ name: 'vectors', type: 'vector', dimension: 3 }]);
});

test('lists of numbers are vectors of the length that most have, and the odd ones bad rows', async () => {
  const lists = ['"[1,2]"', '"[1,2,3]"', '"[1,NaN,3]"', '"[4,5,6]"', '"[7,8,9]"', ''];
  const table = await csv(['id,v', ...lists.map((list, i) => `${i},${list}`)].join('\n'));
  assert.deepEqual(table.columns[1], { name: 'v', type: 'vector', dimension: 3 });
  const { rejected } = await readTable(table);
  assert.deepEqual(
    rejected.map(({ line, reason }) => `${line}: ${reason}`),
    [
      '2: "v" has 2 numbers; wanted: 3, as in the rows before',
      '4: "[1,NaN,3]" is not a list of numbers',
      '7: the vector is missing',
    ],
  );
});

test('bad rows of a CSV are kept out with their line and the reason', async () => {
  const lines = ['word,v0,v1,v2,v3', 'a,1,2,3,4', 'b,1,2,3', '', 'c,1,2,x,4', 'd,1,2,3,1e39', 'e,5,6,7,8'];
  const good = Array.from({ length: 2000 }, (_, i) => `w${i},1,2,3,4`);
  const { rows, rejected } = await readTable(await csv([...lines.slice(0, 2), ...good, ...lines.slice(2)].join('\n')));
  assert.equal(rows.length, 2002);
  assert.deepEqual(
    rejected.map(({ line, reason }) => `${line}: ${reason}`),
    [
      '2003: the row has 4 fields; wanted: 5, as in the first',
      '2004: the line is empty',
      '2005: "x", number 3 of the vector, is not a number',
      '2006: number 4 of the vector is Infinity; wanted: finite numbers within the range of float32',
    ],
  );
  assert.equal(rows.at(-1)?.line, 2007);
  assert.equal(rows.at(-1)?.index, 2005);
});

test('two columns of one name, text that is not UTF-8 and a quote without end are told with their place', async () => {
  await assert.rejects(csv('a,b,a\n1,2,3\n'), {
    name: 'UserError',
    message: 'Columns 1 and 3 of rows.csv are both named "a". Rename one of them.',
  });
  const latin = await csvTable(piecesSource('latin.csv', Buffer.from('a,b\n1,x\n2,caf\xe9\n', 'latin1')));
  await assert.rejects(readTable(latin), (error) => {
    assert.ok(error instanceof UserError);
    assert.deepEqual(error.place, { file: 'latin.csv', line: 3 });
    return /is not UTF-8/.test(error.message);
  });
  const open = await csv('a,b\n1,"x"\n2,"never closed\n3,y\n');
  await assert.rejects(readTable(open), /begins at line 3 of rows.csv opens a quote that is never closed/);
});

test('a value of a later row that does not fit its column comes as it stands', async () => {
  const rows = Array.from({ length: 1500 }, (_, i) => `${i}`).join('\n');
  const cells = await cellsOf(await csv(`n,m\n${rows.replaceAll(/$/gm, ',1')}\nunknown,1\n`));
  assert.deepEqual(cells.at(-1), ['unknown', 1]);
});

test('JSON may be lines, a list, or values one after the other', async () => {
  const rows = [
    { a: 1, v: [1, 2] },
    { a: 2, v: [3, 4] },
  ];
  const texts = [
    rows.map((row) => JSON.stringify(row)).join('\n'),
    JSON.stringify(rows),
    JSON.stringify(rows, null, 1),
    rows.map((row) => JSON.stringify(row, null, 2)).join('\n'),
  ];
  for (const text of texts) {
    const table = await jsonTable(piecesSource('rows.json', utf8(text)));
    assert.deepEqual(await cellsOf(table), [
      [1, [1, 2]],
      [2, [3, 4]],
    ]);
  }
});

test('names that every object inherits are fields like others', async () => {
  const table = await jsonTable(
    piecesSource('rows.jsonl', utf8('{"__proto__": 1, "constructor": "x"}\n{"__proto__": 2}\n')),
  );
  assert.deepEqual(await cellsOf(table), [
    [1, 'x'],
    [2, null],
  ]);
});

test('bad rows of JSON Lines are kept out with their line and the reason', async () => {
  const text =
    '{"v":[1,2,3]}\n{"v":[1,2]}\n\n{"v":[1,null,3]}\n{"v":[NaN,1,2]}\n{"v":[1e39,1,2]}\n{}\n[1]\n{"v":[4,5,6]}\n{"v":[7,8,9]}\n{"v":[7,8,9]}\n';
  const filler = `{"v":[0,0,0${' '.repeat(5000)}]}\n`.repeat(1000); // beyond the sample
  const { rows, rejected } = await readTable(await jsonTable(piecesSource('rows.jsonl', utf8(filler + text))));
  assert.equal(rows.length, 1004);
  assert.deepEqual(
    rejected.map(({ line, reason }) => `${(line ?? 0) - 1000}: ${reason.slice(0, 33)}`),
    [
      '2: "v" has 2 numbers; wanted: 3, as in the ',
      '3: the line is empty',
      '4: number 2 of "v" is null',
      '5: it is not JSON: Unexpected token ',
      '6: number 1 of the vector is Infinity; want',
      '7: the vector "v" is missing',
      '8: it is no object with fields, unlike the ',
    ].map((line) => line.slice(0, 36)),
  );
});

test('fields that only late rows have come together in a column of their own', async () => {
  const filler = `{"a":1${' '.repeat(5000)}}\n`.repeat(1000);
  const cells = await cellsOf(await jsonTable(piecesSource('rows.jsonl', utf8(`${filler}{"a":2,"late":"x"}\n`))));
  assert.deepEqual(cells.at(-1), [2, { late: 'x' }]);
});

test('words of GloVe may hold spaces and numbers', async () => {
  const text = 'the 0.1 0.2 0.3 0.4\nat name@domain.com 1 2 3 4\nno. 1 5 6 7 8\n. . . 1 2 3 4\n';
  assert.equal(gloveDimension(utf8(text), true), 4);
  const table = gloveTable(piecesSource('glove.txt', utf8(text)), 4);
  assert.deepEqual(
    (await cellsOf(table)).map(([word]) => word),
    ['the', 'at name@domain.com', 'no. 1', '. . .'],
  );
});

test('prose with numbers and tables of numbers are no word vectors', () => {
  assert.equal(gloveDimension(utf8('see page 3 4 5\nand then nothing\n'), true), null);
  assert.equal(gloveDimension(utf8('0.1 0.2 0.3 0.4\n0.5 0.6 0.7 0.8\n'), true), null);
  assert.equal(gloveDimension(utf8('a,b,c\n1,2,3\n'), true), null);
});

test('words cut in two are kept as Latin-1, and a count that is not kept is told', async () => {
  const line = Buffer.concat([Buffer.from('caf\xc3', 'latin1'), utf8(' 1 2 3\n')]);
  const table = word2vecTextTable(piecesSource('w.vec', Buffer.concat([utf8('2 3\n'), line, utf8('b 1 2\n')])), 2, 3);
  const { rows, rejected } = await readTable(table);
  assert.deepEqual(rows[0]?.cells[0], 'caf\xc3');
  assert.deepEqual(rejected, [{ index: 1, line: 3, reason: 'there are 2 numbers after the word; wanted: 3' }]);
  const short = word2vecTextTable(piecesSource('w.vec', utf8('3 2\na 1 2\n')), 3, 2);
  await assert.rejects(readTable(short), /its first line promises 3 words, it has 1/);
});
