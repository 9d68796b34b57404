/**
 * Answers for vectors that a page has given, as a server answers for those that it keeps: so the element needs not know where a map
 * is made. Nothing leaves the page.
 */
import { frameFromBytes } from '#kernels/frame.ts';
import type { MapOptions } from '#kernels/map.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { movingMethods } from '#kernels/perturb.ts';
import type {
  DatasetSummary,
  Field,
  Item,
  ItemSummary,
  JobState,
  Matches,
  Neighbors,
  OpenJob,
  PointsFile,
  Watching,
} from './answers.ts';
import type { ClientError, HttpClient } from './client.ts';
import type { ComputeAnswers } from './compute.worker.ts';
import { messageOf } from './errors.ts';
import { pointsOfFrame } from './framePoints.ts';
import { ComputeMistake, PageCompute } from './pageCompute.ts';
import type { Column, Points } from './points.ts';
import { PAGE_DATASET, type PageMapOptions, type PageVectors } from './vectors.ts';

const EMBEDDING = 'vectors';
const MOST_MATCHES = 1000;
const metrics = ['COSINE', 'EUCLIDEAN', 'INNER_PRODUCT'] as const;

interface Given {
  readonly matrix: Matrix;
  readonly keys: readonly string[];
  readonly labels: readonly string[];
  readonly fields: ReadonlyMap<
    string,
    { readonly type: Field['type']; readonly column: Column; readonly values: readonly unknown[] }
  >;
  readonly title: string;
}

/** One map of a page's vectors. */
export interface PageClient extends HttpClient {
  /** The map, while it is made. */
  readonly making: readonly OpenJob[];
  watch(job: string, watching: Watching, signal: AbortSignal): void;
  items(keys: readonly string[]): Promise<readonly Item[]>;
  place(names: object, rows: readonly Float32Array[]): Promise<readonly (readonly number[])[]>;
  /** Stops the computation: the map stays as it is. */
  cancel(): void;
  /** Lets the computation rest, or go on. */
  pause(paused: boolean): void;
  /** Pushes the points of the map in the making. @throws ClientError BAD_USER_INPUT where they cannot be */
  perturb(share?: number): Promise<void>;
  close(): void;
}

/**
 * The class of such clients, over those of the first file, which this file has no copy of.
 * @param places where `embedding-map-compute.js` may be
 * @throws ClientError BAD_USER_INPUT that says what is wrong with the vectors
 */
export function openPageClient(
  classes: { readonly HttpClient: typeof HttpClient; readonly ClientError: typeof ClientError },
  endpoint: string,
  places: readonly string[],
  vectors: PageVectors,
  options: PageMapOptions,
): PageClient {
  const mistake = (message: string) => new classes.ClientError('BAD_USER_INPUT', message);
  const given = take(vectors, mistake);
  const { method = 'UMAP', components = 2, metric = 'EUCLIDEAN', seed = 42, device = 'AUTO', ...rest } = options;
  // By UMAP the kernels take more, which could not be seen.
  if (components !== 2 && components !== 3) throw mistake(`components is ${components}; wanted: 2 or 3.`);
  const mapOptions: MapOptions = { ...rest, method, components, metric, seed };
  const job = `page-${crypto.randomUUID?.() ?? Math.random()}`;
  const name = `${method}-${components}d`.toLowerCase();

  let state: JobState = 'RUNNING';
  let progress = 0;
  let coordinates: Matrix | null = null;
  let made: ComputeAnswers['map'] | null = null;
  let failure: Error | null = null;
  const watchers = new Set<Watching>();
  const tell = () => {
    for (const { onJob } of watchers) onJob({ state, stage: null, progress });
  };
  const end = (as: JobState) => {
    state = as;
    tell();
  };

  const starting = PageCompute.start(places, {
    onProgress(done) {
      progress = done;
      if (state === 'RUNNING') tell();
    },
    onFrame(bytes) {
      if (state !== 'RUNNING') return;
      const frame = frameFromBytes(bytes);
      ({ coordinates, progress } = frame);
      tell();
      for (const { onFrame } of watchers) onFrame(bytes);
    },
  });
  void (async () => {
    try {
      const compute = await starting;
      const found = await compute.call('map', { matrix: given.matrix, options: mapOptions, device });
      if (!found.coordinates.data.every(Number.isFinite)) {
        throw new ComputeMistake(
          'The vectors are so long that coordinates go beyond the range of 32-bit numbers. Scale them down.',
        );
      }
      made = found;
      ({ coordinates } = found);
      if (state === 'RUNNING' || state === 'PAUSED') end('SUCCEEDED');
    } catch (error) {
      if (state !== 'RUNNING' && state !== 'PAUSED') return;
      failure = error instanceof ComputeMistake ? mistake(error.message) : new Error(messageOf(error) ?? '');
      end('FAILED');
    }
  })();

  class Page extends classes.HttpClient {
    override async ask<Data>(): Promise<Data> {
      throw new classes.ClientError('UNAVAILABLE', "These vectors are the page's own: there is no server to ask.");
    }

    watch(_job: string, watching: Watching, signal: AbortSignal): void {
      watchers.add(watching);
      signal.addEventListener('abort', () => watchers.delete(watching));
      watching.onJob({ state, stage: null, progress });
    }

    pause(paused: boolean): void {
      if (state !== (paused ? 'RUNNING' : 'PAUSED')) return;
      void starting.then((compute) => compute.call('pause', { paused })).catch(() => {}); // it has ended
      end(paused ? 'PAUSED' : 'RUNNING');
    }

    async perturb(share?: number): Promise<void> {
      if (!movingMethods.includes(method))
        throw mistake(`By ${method} the vectors give the places: there is nothing to push.`);
      if (state !== 'RUNNING' && state !== 'PAUSED') return;
      await (await starting).call('perturb', { share }).catch(toMistake);
    }

    get making(): readonly OpenJob[] {
      if (state !== 'RUNNING' && state !== 'PAUSED') return [];
      const map = { embedding: EMBEDDING, name, method, components };
      return [{ id: job, kind: 'PROJECT_EMBEDDING', state, stage: null, progress, map }];
    }

    cancel(): void {
      if (state !== 'RUNNING' && state !== 'PAUSED') return;
      end('CANCELLED');
      void starting.then((compute) => compute.close());
    }

    close(): void {
      if (state === 'RUNNING' || state === 'PAUSED') state = 'CANCELLED';
      watchers.clear();
      void starting.then((compute) => compute.close()).catch(() => {});
    }

    override async dataset(): Promise<DatasetSummary> {
      if (failure !== null) throw failure;
      if (state === 'CANCELLED' && coordinates === null)
        throw mistake('The map was cancelled before its points had places.');
      const open = this.making;
      const projection = {
        ...{ name, method, components, seed, version: `${job} ${state}`, createdAt: new Date().toISOString() },
        ...{
          parameters: made === null ? null : { ...made.parameters, threads: made.threads },
          device: made?.device ?? null,
          milliseconds: made?.milliseconds ?? null,
        },
        ...{ explainedVariance: made?.explainedVariance ?? null, stale: false, quality: null },
      };
      return {
        ...{ slug: PAGE_DATASET, title: given.title, description: made?.notes.join(' ') || null, kind: 'VECTOR' },
        ...{ licence: null, source: null, itemCount: given.matrix.rows, clusterings: [], jobs: open, mayChange: false },
        fields: [...given.fields].map(([field, { type }]) => ({ name: field, type })),
        embeddings: [
          {
            ...{ name: EMBEDDING, dimension: given.matrix.columns, metric, itemCount: given.matrix.rows, model: null },
            projections: open.length > 0 ? [] : [projection],
          },
        ],
      };
    }

    override async points(): Promise<PointsFile> {
      return { count: given.matrix.rows, url: '', mediaType: '', version: job };
    }

    async pointsInTheMaking() {
      return { state, points: coordinates === null ? null : await this.points() };
    }

    override async readPoints(): Promise<Points> {
      if (coordinates === null) throw new Error('There are no points yet.');
      const columns = new Map<string, Column>([['label', categories(given.labels)]]);
      for (const [field, { column }] of given.fields) columns.set(field, column);
      const none = new Float32Array(given.matrix.rows);
      const empty: Points = {
        ...{
          count: given.matrix.rows,
          components,
          x: none,
          y: none,
          z: none,
          middle: [0, 0, 0],
          halfExtent: 1,
          rows: null,
        },
        key: (index) => given.keys[index] ?? '',
        columns,
      };
      return pointsOfFrame(empty, coordinates) ?? empty;
    }

    override async item(_dataset: string, key: string): Promise<Item | null> {
      const row = rowOf(key);
      return row === undefined ? null : itemAt(row);
    }

    async items(keys: readonly string[]): Promise<readonly Item[]> {
      return keys.flatMap((key) => {
        const row = rowOf(key);
        return row === undefined ? [] : [itemAt(row)];
      });
    }

    override async nearest(_names: object, key: string, first: number, wanted: string | null): Promise<Neighbors> {
      const begun = performance.now();
      const by = metrics.find((name) => name === (wanted ?? metric));
      if (by === undefined) throw mistake(`\`metric\` is "${wanted}"; wanted: one of ${metrics.join(', ')}.`);
      const row = rowOf(key);
      if (row === undefined) throw mistake(`There is no item "${key}".`);
      const { rows, distances } = await (await finished()).call('nearest', { row, first, metric: by }).catch(toMistake);
      const neighbors = Array.from(rows, (near, i) => {
        const distance = distances[i] ?? 0;
        const similarity = by === 'EUCLIDEAN' ? 1 / (1 + distance) : by === 'COSINE' ? 1 - distance : -distance;
        return { ...summaryAt(near), rank: i + 1, distance, similarity };
      });
      return {
        neighbors,
        search: { method: 'EXACT', exact: true, metric: by, complete: true, milliseconds: performance.now() - begun },
      };
    }

    async place(_names: object, rows: readonly Float32Array[]): Promise<readonly (readonly number[])[]> {
      const data = createMatrix(rows.length, rows[0]?.length ?? 0);
      for (const [i, row] of rows.entries()) {
        if (row.length !== data.columns)
          throw mistake(`Row 0 has ${data.columns} numbers, row ${i} has ${row.length}.`);
        data.data.set(row, i * data.columns);
      }
      const placed = await (await finished()).call('place', { rows: data }).catch(toMistake);
      return rows.map((_, i) => Array.from(placed.data.subarray(i * placed.columns, (i + 1) * placed.columns)));
    }

    override async search(_dataset: string, field: string, text: string, mode: 'text' | 'regex'): Promise<Matches> {
      const matches =
        mode === 'regex' ? matcherOf(text) : (value: string) => value.toLowerCase().includes(text.toLowerCase());
      const values =
        field === 'label' ? given.labels : field === 'key' ? given.keys : (given.fields.get(field)?.values ?? []);
      const found = [...given.keys.keys()].filter((row) => matches(String(values[row] ?? '')));
      return { totalCount: found.length, items: found.slice(0, MOST_MATCHES).map(summaryAt) };
    }
  }

  const rows = new Map(given.keys.map((key, row) => [key, row]));
  const rowOf = (key: string) => rows.get(key);
  const summaryAt = (row: number): ItemSummary => ({
    ...{ key: given.keys[row] ?? '', label: given.labels[row] ?? '', image: null },
  });
  const itemAt = (row: number): Item => ({
    ...summaryAt(row),
    fields: Object.fromEntries([...given.fields].map(([field, { values }]) => [field, values[row] ?? null])),
  });
  const matcherOf = (pattern: string) => {
    try {
      const regex = new RegExp(pattern, 'u');
      return (label: string) => regex.test(label);
    } catch (error) {
      throw mistake(messageOf(error) ?? 'This is no regular expression.');
    }
  };
  const toMistake = (error: unknown): never => {
    throw error instanceof ComputeMistake ? mistake(error.message) : error;
  };
  const finished = async (): Promise<PageCompute> => {
    if (state !== 'SUCCEEDED') throw mistake('The map is not finished: neighbours and places are known when it is.');
    return await starting;
  };
  return new Page(endpoint);
}

/** @throws what `mistake` makes of a sentence */
function take(vectors: PageVectors, mistake: (message: string) => Error): Given {
  const matrix = matrixOf(vectors, mistake);
  const n = matrix.rows;
  if (n === 0) throw mistake('There are no vectors: `rows` is empty.');
  if (matrix.columns === 0) throw mistake('The rows have no numbers; wanted: one number at least.');
  const bad = matrix.data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const [row, place] = [Math.floor(bad / matrix.columns), bad % matrix.columns];
    const given = vectors.rows instanceof Float32Array ? matrix.data[bad] : vectors.rows[row]?.[place];
    throw mistake(`Row ${row} has ${given} at place ${place}; wanted: finite numbers in the range of 32 bits.`);
  }
  const perRow = (what: string, length: number) => {
    if (length !== n) throw mistake(`There are ${n} rows and ${length} ${what}; wanted: one per row.`);
  };
  const keys = vectors.keys ?? Array.from({ length: n }, (_, row) => String(row));
  perRow('keys', keys.length);
  if (new Set(keys).size !== n) throw mistake('Two rows have the same key; wanted: each key once.');
  const labels = vectors.labels ?? keys;
  perRow('labels', labels.length);
  const fields = new Map(
    Object.entries(vectors.fields ?? {}).map(([name, values]) => {
      perRow(`values of "${name}"`, values.length);
      return [name, fieldOf(values)] as const;
    }),
  );
  return { matrix, keys, labels, fields, title: vectors.title ?? 'Vectors of this page' };
}

function matrixOf({ rows, dimension }: PageVectors, mistake: (message: string) => Error): Matrix {
  if (rows instanceof Float32Array) {
    if (dimension === undefined || !Number.isInteger(dimension) || dimension < 1) {
      throw mistake(`\`dimension\` is ${dimension}; wanted: how many numbers a row has, since \`rows\` is one array.`);
    }
    if (rows.length % dimension !== 0) {
      throw mistake(`\`rows\` has ${rows.length} numbers, which are no whole rows of ${dimension}.`);
    }
    return createMatrix(rows.length / dimension, dimension, rows.slice());
  }
  if (!Array.isArray(rows)) {
    throw mistake('`rows` is no list; wanted: a Float32Array with `dimension`, or an array of numbers per row.');
  }
  for (const [i, row] of rows.entries()) {
    if (!Array.isArray(row) && !ArrayBuffer.isView(row)) throw mistake(`Row ${i} is no array; wanted: its numbers.`);
  }
  const columns = dimension ?? rows[0]?.length ?? 0;
  const matrix = createMatrix(rows.length, columns);
  for (const [i, row] of rows.entries()) {
    if (row.length !== columns) throw mistake(`Row ${i} has ${row.length} numbers; wanted: ${columns}, as the others.`);
    matrix.data.set(row, i * columns);
  }
  return matrix;
}

function fieldOf(values: readonly (string | number | boolean | null)[]) {
  const isNumber =
    values.every((value) => value === null || typeof value === 'number') && values.some((value) => value !== null);
  const column: Column = isNumber
    ? {
        kind: 'number',
        unit: 'number',
        values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))),
      }
    : categories(values.map((value) => (value === null ? null : String(value))));
  return { type: isNumber ? ('NUMBER' as const) : ('CATEGORY' as const), column, values };
}

function categories(texts: readonly (string | null)[]): Column {
  const codeOf = new Map<string, number>();
  const codes = Int32Array.from(texts, (text) => {
    if (text === null) return -1;
    const code = codeOf.get(text) ?? codeOf.size;
    codeOf.set(text, code);
    return code;
  });
  const distinct = [...codeOf.keys()];
  return { kind: 'category', codes, value: (code) => distinct[code] ?? '' };
}
