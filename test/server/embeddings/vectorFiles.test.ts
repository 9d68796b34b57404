import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isRejected, type Table } from '../../../server/datasets/formats/format.ts';
import { openTables } from '../../../server/datasets/formats/openTables.ts';
import { bytesSource } from '../../../server/datasets/formats/source.ts';
import {
  type RowName,
  type VectorFormat,
  vectorFiles,
  vectorFormatOf,
  writeVectorFile,
} from '../../../server/embeddings/vectorFiles.ts';
import type { VectorTable } from '../../../server/embeddings/vectorTable.ts';
import fc from '../../helpers/laws.ts';
import { scratchDir } from '../../helpers/runTask.ts';

interface Rows {
  readonly dimension: number;
  readonly keys: readonly string[];
  readonly labels: readonly string[];
  readonly values: Float32Array;
  /** None where it is left out. */
  readonly biases?: Float32Array;
}

/** Rows in batches of three, in one array for all batches, as the database gives them. */
function tableOf({ dimension, keys, labels, values, biases }: Rows): VectorTable {
  const encode = (texts: readonly string[]) => texts.map((text) => new TextEncoder().encode(text));
  const array = new Float32Array(3 * dimension);
  async function* batches() {
    for (let first = 0; first < keys.length; first += 3) {
      const rowCount = Math.min(3, keys.length - first);
      array.set(values.subarray(first * dimension, (first + rowCount) * dimension));
      yield {
        rowCount,
        keys: encode(keys.slice(first, first + 3)),
        labels: encode(labels.slice(first, first + 3)),
        values: array.subarray(0, rowCount * dimension),
        biases: biases?.subarray(first, first + rowCount) ?? null,
      };
    }
  }
  return { dimension, rowCount: keys.length, biased: biases !== undefined, batches };
}

async function write(format: VectorFormat, rows: Rows, rowName: RowName = 'KEY'): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const about = { rowName, title: 'rows', stem: 'rows', base: 'https://example.org/exports/items/1/1/' };
  for await (const piece of writeVectorFile(format, tableOf(rows), about)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

const scratch = await scratchDir();

/** What an import reads of the files: names by column, and vectors. */
async function readBack(formats: readonly VectorFormat[], rows: Rows) {
  const files = vectorFiles({ id: 1, version: 1 }, 'items', 'rows', 'KEY').filter(({ format }) =>
    formats.includes(format),
  );
  const sources = await Promise.all(
    files.map(async ({ name, format }) => bytesSource(name, await write(format, rows))),
  );
  const names: Record<string, unknown[]> = {};
  const vectors: Float32Array[] = [];
  for (const table of await openTables(sources, { scratchDir: scratch })) await gather(table, names, vectors);
  return { names, vectors };
}

async function gather(table: Table, names: Record<string, unknown[]>, vectors: Float32Array[]): Promise<void> {
  for await (const block of table.rows()) {
    for (const record of block) {
      assert.ok(!isRejected(record), `${table.file}: ${JSON.stringify(record)}`);
      table.columns.forEach(({ name }, column) => {
        const cell = record.cells[column];
        if (cell instanceof Float32Array) vectors.push(cell.slice());
        else names[name] = [...(names[name] ?? []), cell];
      });
    }
  }
}

const finite = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1, -1, 2 ** -149, -(2 ** -126), (2 - 2 ** -23) * 2 ** 127, Math.fround(0.1), 2 ** 24 + 2),
);
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => text.trim() === text && text !== '' && !/[\r\n\t\0]/.test(text));

const someRows = fc
  .record({ dimension: fc.integer({ min: 4, max: 7 }), count: fc.integer({ min: 1, max: 8 }) })
  .chain(({ dimension, count }) =>
    fc.record({
      dimension: fc.constant(dimension),
      keys: fc.uniqueArray(name, { minLength: count, maxLength: count }),
      labels: fc.array(name, { minLength: count, maxLength: count }),
      values: fc
        .array(finite, { minLength: dimension * count, maxLength: dimension * count })
        .map((numbers) => Float32Array.from(numbers)),
    }),
  );

const ways: readonly (readonly VectorFormat[])[] = [
  ['ARROW'],
  ['NPY', 'METADATA'],
  ['WORD2VEC'],
  ['PROJECTOR_TENSORS', 'METADATA'],
  ['PROJECTOR_CONFIG', 'PROJECTOR_BYTES', 'METADATA'],
];

describe('files of vectors', () => {
  for (const formats of ways) {
    test(`give the same vectors when they are imported again: ${formats.join(' with ')}`, async () => {
      await fc.assert(
        fc.asyncProperty(someRows, async (rows) => {
          const { vectors } = await readBack(formats, rows);
          const { dimension, values } = rows;
          assert.equal(vectors.length, rows.keys.length);
          // Bits, so that -0 is not taken for 0.
          vectors.forEach((vector, row) => {
            const wanted = values.slice(row * dimension, (row + 1) * dimension);
            assert.deepEqual(new Uint32Array(vector.buffer), new Uint32Array(wanted.buffer));
          });
        }),
        { numRuns: 25 },
      );
    });
  }

  test('keep the bias of each row beside its name', async () => {
    const keys = ['a', 'b', 'c', 'd'];
    const biases = Float32Array.of(0.1, -0, 2 ** -149, -3e38);
    const rows = { dimension: 4, keys, labels: keys, values: new Float32Array(16).fill(0.5), biases };
    for (const formats of [['ARROW'], ['NPY', 'METADATA']] as const) {
      const { names } = await readBack(formats, rows);
      const back = Float32Array.from(names['bias'] ?? [], Number);
      assert.deepEqual(new Uint32Array(back.buffer), new Uint32Array(biases.buffer));
    }
  });

  test('keep the names, whatever letters, quotes and bars are in them', async () => {
    const keys = ['"Heroes" (song)', '"', 'a, b | c; d', "l'été", '👩‍👩‍👧', 'key', '#1'];
    const labels = keys.map((key) => `of ${key}`);
    const rows = { dimension: 4, keys, labels, values: Float32Array.from({ length: 28 }, (_, i) => i / 8) };
    for (const formats of [
      ['ARROW'],
      ['NPY', 'METADATA'],
      ['PROJECTOR_CONFIG', 'PROJECTOR_BYTES', 'METADATA'],
    ] as const) {
      const { names } = await readBack(formats, rows);
      assert.deepEqual(names, { key: keys, label: labels });
    }
  });

  test('break no line for a name that holds white space', async () => {
    const rows = {
      ...{ dimension: 1, keys: ['New York', 'a\tb\nc'], labels: ['NY', 'x\u2028y'], values: Float32Array.of(1, 0.5) },
    };
    assert.equal(String(await write('WORD2VEC', rows)), '2 1\nNew_York 1\na_b_c 0.500000000\n');
    assert.equal(String(await write('WORD2VEC', rows, 'LABEL')), '2 1\nNY 1\nx_y 0.500000000\n');
    assert.equal(String(await write('METADATA', rows)), 'key\tlabel\nNew York\tNY\na b c\tx\u2028y\n');
  });

  test('are what the libraries that made the formats read', async () => {
    const rows = { dimension: 3, keys: ['a', 'b'], labels: ['A', 'B'], values: Float32Array.of(1, -2, 0.25, 0, 5, 6) };
    // numpy 2.2: np.save of the same array writes this header.
    const header = "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    const npy = await write('NPY', rows);
    assert.equal(npy.subarray(0, 128).toString('latin1'), `${header.padEnd(127)}\n`);
    assert.deepEqual(new Float32Array(Uint8Array.from(npy.subarray(128)).buffer), rows.values);
    assert.deepEqual(JSON.parse(String(await write('PROJECTOR_CONFIG', rows))), {
      embeddings: [
        {
          tensorName: 'rows',
          tensorShape: [2, 3],
          tensorPath: 'https://example.org/exports/items/1/1/rows.tensors.bytes',
          metadataPath: 'https://example.org/exports/items/1/1/rows.metadata.tsv',
        },
      ],
    });
  });

  test('are told by the ending of their names, and bear no letter that an address or a disk minds', () => {
    for (const { format, name, url } of vectorFiles({ id: 7, version: 2 }, 'relations', 'a/b é"<x>', 'KEY')) {
      assert.equal(vectorFormatOf(name)?.format, format);
      assert.equal(vectorFormatOf(name)?.stem, 'a-b-x-');
      assert.equal(url, `/exports/relations/7/2/${name}`);
    }
    assert.equal(vectorFormatOf('a.txt'), null);
  });
});
