/**
 * Data set × model → embedding: what its items are, as texts or pictures, becomes vectors. Only items without one are looked
 * at, so that new items are added later at the cost of the new ones alone, and a run that was cut off goes on where it was.
 */
import type { Database, Queryable } from '../database/database.ts';
import { type Dataset, findDatasetsById, lockDataset } from '../datasets/datasets.ts';
import { readImageSizes, readImages } from '../datasets/images.ts';
import { readItemTexts } from '../datasets/items.ts';
import { didYouMean, UserError } from '../errors.ts';
import { addJob } from '../jobs/jobs.ts';
import type { Rejection, TaskContext } from '../jobs/task.ts';
import { type ImageTower, layerNames, type ModelDescription } from '../models/describeModel.ts';
import { type Encoded, encodePictures, encodeTexts } from '../models/encode.ts';
import { requireModel } from '../models/findModels.ts';
import { fetchPicture } from '../models/pictures/fetchPicture.ts';
import {
  analyzeVectors,
  appendVectors,
  createEmbedding,
  dropEmbedding,
  type Embedding,
  findEmbedding,
  findEmbeddingsById,
  type Metric,
  PARTITION_ITEMS,
  partitionEmbedding,
  type Recipe,
  recordAppended,
} from './embeddings.ts';
import { indexJob, indexWanted } from './indexEmbedding.ts';
import { countUnembedded, listUnembedded } from './vectors.ts';

/** Checked by `checkEmbedItems`. */
export interface EmbedItemsInput {
  readonly datasetId: number;
  /** Name of the embedding. */
  readonly name: string;
  readonly recipe: Recipe;
  readonly metric: Metric;
  /** Null: the usual ones. */
  readonly projections: readonly MapToMake[] | null;
}

export interface MapToMake {
  readonly name: string;
  readonly method: string;
  readonly components: number;
}

/** Where a run stands. */
interface Checkpoint {
  /** The embedding; null until the first vectors are kept. */
  readonly embeddingId: number | null;
  /** Whether this job has made it. */
  readonly isNew: boolean;
  /** The last item that was looked at. */
  readonly after: number;
  /** Texts that were cut so far, and by how many tokens at most. */
  readonly cut: number;
  readonly mostCut: number;
}

/** Texts are small, and models take many at once; a checkpoint is kept after so many. */
const TEXTS_AT_ONCE = 1024;
/** Pictures are read together up to this many bytes. */
const PICTURES_AT_ONCE = 128;
/** Pictures that come from elsewhere: at most 512 MiB together, and few requests to others at a time. */
const FETCHED_AT_ONCE = 16;
const REQUESTS = 4;
const PICTURES_BYTES = 48 << 20;

const NAME_LENGTH_LIMIT = 200;
const MAPS_LIMIT = 20;
/** As imports make them. */
const usualMaps: readonly MapToMake[] = [
  { name: 'umap-2d', method: 'UMAP', components: 2 },
  { name: 'pca-2d', method: 'PCA', components: 2 },
  { name: 'pca-3d', method: 'PCA', components: 3 },
];
const SEED = 42;

/** What can be asked for. */
export interface EmbedItemsWish {
  readonly name?: string | null | undefined;
  readonly modality?: Recipe['modality'] | null | undefined;
  readonly field?: string | null | undefined;
  readonly layer?: string | null | undefined;
  readonly pooling?: Recipe['pooling'] | undefined;
  readonly metric: Metric;
  readonly projections?: readonly MapToMake[] | null | undefined;
}

/** What is asked for, with everything that is not said decided. @throws UserError where it cannot be done */
export function checkEmbedItems(dataset: Dataset, model: ModelDescription, wish: EmbedItemsWish): EmbedItemsInput {
  const pictures =
    wish.layer != null ||
    wish.pooling != null ||
    (dataset.kind === 'IMAGE' && model.image !== null && wish.field == null) ||
    model.text === null;
  const modality = wish.modality ?? (pictures ? 'IMAGE' : 'TEXT');
  const tower = modality === 'TEXT' ? model.text : model.image;
  if (tower === null) {
    throw wrong(
      `The model "${model.name}" makes no vectors of ${modality === 'TEXT' ? 'texts' : 'pictures'}. \`Model.modalities\` says what it takes.`,
    );
  }
  if (modality === 'TEXT' && (wish.layer != null || wish.pooling != null))
    throw wrong('A `layer` and its `pooling` are of pictures; texts have none.');
  if (modality === 'IMAGE' && wish.field === 'label')
    throw wrong('Labels are no addresses of pictures. Name another `field`, or none for the pictures of the items.');
  const layer = wish.layer ?? null;
  if (layer !== null && model.image !== null) requireLayer(model.name, model.image, layer);
  // A model whose own output is a layer as well is pooled as a layer is.
  const pooling = wish.pooling ?? (layer === null ? null : 'AVERAGE');
  const shown = layer === null ? '' : `/${layer}${pooling === 'AVERAGE' ? '' : `-${pooling?.toLowerCase()}`}`;
  const name = wish.name ?? `${model.name}${shown}`;
  if (name.trim() === '' || name.length > NAME_LENGTH_LIMIT || name.includes('\0')) {
    throw wrong(`The name of an embedding has 1 to ${NAME_LENGTH_LIMIT} characters.`);
  }
  if (wish.projections != null && wish.projections.length > MAPS_LIMIT) {
    throw new UserError('LIMIT_EXCEEDED', `At most ${MAPS_LIMIT} maps are made at once.`);
  }
  return {
    datasetId: dataset.id,
    name,
    recipe: {
      model: model.name,
      modality,
      field: modality === 'TEXT' || wish.field != null ? fieldOf(dataset, wish.field ?? null) : null,
      layer,
      pooling,
    },
    metric: wish.metric,
    projections: wish.projections ?? null,
  };
}

/** @throws UserError where the model has no layer of that name */
function requireLayer(model: string, tower: ImageTower, layer: string): void {
  const names = layerNames(tower);
  if (names.includes(layer)) return;
  const near =
    didYouMean(layer, names) || ` There is ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}.`;
  throw wrong(
    `The model "${model}" has no layer "${layer.slice(0, 100)}".${near} \`Model.layers\` lists all ${names.length}.`,
  );
}

/** The field with the text, or with the address of the picture; null: the label. @throws UserError where there is none of that name */
function fieldOf({ slug, fields }: Dataset, asked: string | null): string | null {
  if (asked === null)
    return ['text', 'sentence', 'content'].find((name) => fields.some((field) => field.name === name)) ?? null;
  if (asked === 'label') return null;
  if (fields.some(({ name }) => name === asked)) return asked;
  throw wrong(
    `The data set "${slug}" has no field "${asked}". There is label${fields.map(({ name }) => `, ${name}`).join('')}.`,
  );
}

/**
 * @throws UserError BAD_USER_INPUT where the model cannot be used or nothing has a vector, CONFLICT where another embedding
 *   has the name, CANCELLED where the data set is removed meanwhile
 */
export async function embedItems(
  context: TaskContext,
  input: EmbedItemsInput,
): Promise<{ dataset: number; embedding: number }> {
  const { database, signal } = context;
  context.progress('Opening the model', null);
  const dataset = await requireDatasetById(database, input.datasetId);
  await context.worksOn(dataset.id);
  const model = await requireModel(context.models, input.recipe.model);
  let state = readCheckpoint(context.checkpoint) ?? (await begin(database, input));
  const job: Work = { context, input, dataset, model };

  const before = state.after;
  const left = await countLeft(database, input, state);
  const startedAt = performance.now();
  let done = 0;
  for (;;) {
    const ids = await nextItems(database, input, state);
    if (ids.length === 0) break;
    const encoded = await encodeBatch(job, ids, (share) => {
      const finished = done + share * ids.length;
      const seconds = (performance.now() - startedAt) / 1000;
      const rate = finished / seconds;
      const what = input.recipe.modality === 'TEXT' ? 'texts' : 'pictures';
      context.progress(
        `Embedding ${left.toLocaleString('en')} ${what}`,
        left === 0 ? 1 : finished / left,
        ...(seconds > 0.25 && rate > 0
          ? [{ itemsPerSecond: rate, secondsLeft: Math.max(0, left - finished) / rate }]
          : []),
      );
    });
    state = await keepBatch(job, state, ids, encoded);
    done += ids.length;
    signal.throwIfAborted();
  }
  return await finish(job, state, before === 0 && done === 0);
}

interface Work {
  readonly context: TaskContext;
  readonly input: EmbedItemsInput;
  readonly dataset: Dataset;
  readonly model: ModelDescription;
}

/** An embedding that is there is gone on with, if it was made in the same way. */
async function begin(database: Database, { datasetId, name, recipe }: EmbedItemsInput): Promise<Checkpoint> {
  const there = await findEmbedding(database, datasetId, name);
  if (there !== null) checkSame(there, recipe);
  return { embeddingId: there?.id ?? null, isNew: there === null, after: 0, cut: 0, mostCut: 0 };
}

/** @throws UserError CONFLICT */
function checkSame(there: Embedding, recipe: Recipe): void {
  const made = there.recipe;
  const same =
    made !== null &&
    made.model === recipe.model &&
    made.modality === recipe.modality &&
    made.field === recipe.field &&
    made.layer === recipe.layer &&
    made.pooling === recipe.pooling;
  if (same) return;
  const how =
    made === null
      ? 'was imported'
      : `is of ${made.modality === 'TEXT' ? `the texts in ${made.field ?? 'label'}` : `pictures${made.field === null ? '' : ` whose addresses are in ${made.field}`}${made.layer === null ? '' : `, of the layer "${made.layer}"`}`} by "${made.model}"`;
  throw new UserError('CONFLICT', `The embedding "${there.name}" ${how}. Choose another name, or remove it first.`);
}

/** Items that are still to be looked at. */
async function countLeft(
  database: Database,
  { datasetId }: EmbedItemsInput,
  { embeddingId, after }: Checkpoint,
): Promise<number> {
  return await countUnembedded(database, { id: embeddingId ?? NONE, datasetId }, after);
}

/** No embedding has this id. */
const NONE = 0;

async function nextItems(
  database: Database,
  { datasetId, recipe }: EmbedItemsInput,
  { embeddingId, after }: Checkpoint,
): Promise<number[]> {
  const addressed = recipe.modality === 'IMAGE' && recipe.field !== null;
  const first = addressed ? FETCHED_AT_ONCE : recipe.modality === 'TEXT' ? TEXTS_AT_ONCE : PICTURES_AT_ONCE;
  const ids = await listUnembedded(database, { id: embeddingId ?? NONE, datasetId }, { after, first });
  if (recipe.modality === 'TEXT' || addressed) return ids;
  let bytes = 0;
  const sizes = await readImageSizes(database, datasetId, ids);
  const fits = sizes.findIndex((size) => {
    bytes += size;
    return bytes > PICTURES_BYTES;
  });
  return fits === -1 ? ids : ids.slice(0, Math.max(1, fits));
}

/** Vectors of a batch of items, and what is told of those without one. */
interface EncodedBatch {
  readonly dimension: number;
  readonly ids: readonly number[];
  readonly vectors: Float32Array;
  readonly rejections: readonly Rejection[];
  readonly cut: number;
  readonly mostCut: number;
}

async function encodeBatch(
  job: Work,
  ids: readonly number[],
  onProgress: (share: number) => void,
): Promise<EncodedBatch> {
  const { context, input, dataset, model } = job;
  const { database, signal, models } = context;
  const options = { signal, onProgress };
  if (input.recipe.modality === 'TEXT') {
    const items = await readItemTexts(database, dataset.id, ids, input.recipe.field);
    const encoded = await encodeTexts(
      models,
      model,
      items.map(({ text }) => text ?? ''),
      'passage',
      options,
    );
    const cut = encoded.cut.map(({ tokens }) => tokens);
    return { ...batchOf(items, encoded), cut: cut.length, mostCut: Math.max(0, ...cut) };
  }
  const { field, layer, pooling } = input.recipe;
  if (field !== null) {
    const items = await readItemTexts(database, dataset.id, ids, field);
    const { fetched, rejections } = await fetchPictures(items, field, signal);
    const encoded = await encodePictures(models, model, fetched, { ...options, layer, pooling });
    const batch = batchOf(fetched, encoded);
    return { ...batch, rejections: [...rejections, ...batch.rejections], cut: 0, mostCut: 0 };
  }
  const pictures = await readImages(database, dataset.id, ids);
  const encoded = await encodePictures(models, model, pictures, { ...options, layer, pooling });
  const found = new Set(pictures.map(({ id }) => id));
  const without = await readItemTexts(
    database,
    dataset.id,
    ids.filter((id) => !found.has(id)),
    null,
  );
  const batch = batchOf(pictures, encoded);
  return {
    ...batch,
    rejections: [...batch.rejections, ...without.map(({ key }) => rejection(key, NO_PICTURE))],
    cut: 0,
    mostCut: 0,
  };
}

const NO_PICTURE = 'The item has no picture of its own. Where a field holds the address of one, name that `field`.';

type Addressed = Awaited<ReturnType<typeof readItemTexts>>[number];

/** The pictures behind the addresses of items, in the order of the items, and why some are not there. */
async function fetchPictures(
  items: readonly Addressed[],
  field: string,
  signal: AbortSignal,
): Promise<{ fetched: { id: number; key: string; bytes: Uint8Array }[]; rejections: Rejection[] }> {
  const found = new Map<Addressed, Uint8Array>();
  const rejections: Rejection[] = [];
  const waiting = [...items];
  const fetchNext = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        if (item.text === null || item.text.trim() === '') {
          throw wrong(`The item has no address of a picture in the field "${field}".`);
        }
        found.set(item, await fetchPicture(item.text.trim(), { signal }));
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof UserError)) throw error;
        rejections.push(rejection(item.key, error.message));
      }
    }
  };
  await Promise.all(Array.from({ length: REQUESTS }, fetchNext));
  const fetched = items.flatMap((item) => {
    const bytes = found.get(item);
    return bytes === undefined ? [] : [{ id: item.id, key: item.key, bytes }];
  });
  return { fetched, rejections };
}

function batchOf(
  items: readonly { readonly id: number; readonly key: string }[],
  { dimension, places, vectors, refused }: Encoded,
): Omit<EncodedBatch, 'cut' | 'mostCut'> {
  return {
    dimension,
    ids: places.map((place) => items[place]?.id ?? 0),
    vectors,
    rejections: refused.map(({ index, error }) => rejection(items[index]?.key ?? '', error.message)),
  };
}

/** What an import calls a file is here the item. */
function rejection(key: string, reason: string): Rejection {
  return { file: key, line: null, reason };
}

/** Vectors and checkpoint in one transaction: both are kept, or neither. */
async function keepBatch(
  { context, input, dataset, model }: Work,
  state: Checkpoint,
  looked: readonly number[],
  batch: EncodedBatch,
): Promise<Checkpoint> {
  const { dimension, ids, vectors } = batch;
  return await context.database.transaction(
    async (transaction) => {
      await lockDataset(transaction, dataset.id);
      const embedding =
        ids.length === 0 ? null : await embeddingFor(transaction, state, input, dataset, model, dimension);
      if (embedding !== null) {
        await appendVectors(transaction, embedding, ids, vectors);
        await recordAppended(transaction, embedding.id, ids.length);
      }
      const next: Checkpoint = {
        embeddingId: embedding?.id ?? state.embeddingId,
        isNew: state.isNew,
        after: looked.at(-1) ?? state.after,
        cut: state.cut + batch.cut,
        mostCut: Math.max(state.mostCut, batch.mostCut),
      };
      await context.reject(batch.rejections);
      await context.saveCheckpoint(next, transaction);
      return next;
    },
    { signal: context.signal },
  );
}

async function embeddingFor(
  transaction: Queryable,
  { embeddingId }: Checkpoint,
  input: EmbedItemsInput,
  dataset: Dataset,
  model: ModelDescription,
  dimension: number,
): Promise<Embedding> {
  if (embeddingId === null) {
    const there = await findEmbedding(transaction, dataset.id, input.name);
    if (there !== null)
      throw new UserError(
        'CONFLICT',
        `Another job has made an embedding "${input.name}" meanwhile. Ask again to add to it.`,
      );
    const partitioned = dataset.itemCount >= PARTITION_ITEMS;
    const { name, metric, recipe } = input;
    return await createEmbedding(transaction, {
      datasetId: dataset.id,
      name,
      model: model.name,
      dimension,
      metric,
      partitioned,
      recipe,
    });
  }
  const [embedding] = await findEmbeddingsById(transaction, [embeddingId]);
  if (!embedding) throw new UserError('CANCELLED', 'The embedding was removed meanwhile.');
  if (embedding.dimension !== dimension) {
    throw new UserError(
      'CONFLICT',
      `The model "${model.name}" makes vectors of ${dimension} numbers now; those of the embedding "${embedding.name}" have ${embedding.dimension}. Embed the data set anew under another name.`,
    );
  }
  if (!embedding.partitioned && dataset.itemCount >= PARTITION_ITEMS) {
    await partitionEmbedding(transaction, embedding);
    return { ...embedding, partitioned: true };
  }
  return embedding;
}

/** What is said at the end, and the maps and the index of a new embedding. */
async function finish(
  { context, input, dataset, model }: Work,
  state: Checkpoint,
  nothingNew: boolean,
): Promise<{ dataset: number; embedding: number }> {
  const { database } = context;
  if (state.embeddingId === null) {
    throw wrong(
      `No item of "${dataset.slug}" has got a vector from the model "${model.name}". The rows that were left out say why.`,
    );
  }
  if (state.cut > 0) {
    const many = state.cut === 1 ? 'One text was' : `${state.cut.toLocaleString('en')} texts were`;
    context.warn(
      `${many} longer than the ${model.text?.maxTokens} tokens that the model reads, and cut; the longest by ${state.mostCut.toLocaleString('en')} tokens.`,
    );
  }
  if (nothingNew) context.warn('Every item had a vector already: nothing was added.');
  const embeddingId = state.embeddingId;
  await database.transaction(async (transaction) => {
    const [embedding] = await findEmbeddingsById(transaction, [embeddingId]);
    if (!embedding) throw new UserError('CANCELLED', 'The embedding was removed meanwhile.');
    await analyzeVectors(transaction, embedding);
    if (state.isNew) {
      for (const { name, method, components } of input.projections ?? usualMaps) {
        if (input.projections === null && (embedding.dimension < components || embedding.itemCount <= components))
          continue;
        const map = { embeddingId, name, method, components, seed: SEED, device: 'AUTO' };
        await addJob(transaction, { kind: 'PROJECT_EMBEDDING', input: map, datasetId: dataset.id });
      }
      if (embedding.index === null && indexWanted(database.engine, embedding.itemCount, embedding.dimension)) {
        await addJob(transaction, indexJob(embedding));
      }
    }
    await context.guard(transaction);
  });
  return { dataset: dataset.id, embedding: embeddingId };
}

async function requireDatasetById(database: Database, id: number): Promise<Dataset> {
  const [dataset] = await findDatasetsById(database, [id]);
  if (!dataset) throw new UserError('CANCELLED', 'The data set was removed meanwhile.');
  return dataset;
}

/** Removes an embedding with its vectors, maps and what was told of it. @throws UserError NOT_FOUND */
export async function removeEmbedding(
  database: Database,
  { id, datasetId }: Pick<Embedding, 'id' | 'datasetId'>,
): Promise<void> {
  await database.transaction(async (transaction) => {
    await lockDataset(transaction, datasetId);
    const [embedding] = await findEmbeddingsById(transaction, [id]);
    if (!embedding) throw new UserError('NOT_FOUND', 'The embedding was removed meanwhile.');
    await dropEmbedding(transaction, embedding);
  });
}

function readCheckpoint(value: unknown): Checkpoint | null {
  if (typeof value !== 'object' || value === null) return null;
  const { embeddingId, isNew, after, cut, mostCut }: Partial<Record<keyof Checkpoint, unknown>> = value;
  return {
    embeddingId: typeof embeddingId === 'number' ? embeddingId : null,
    isNew: isNew === true,
    after: typeof after === 'number' ? after : 0,
    cut: typeof cut === 'number' ? cut : 0,
    mostCut: typeof mostCut === 'number' ? mostCut : 0,
  };
}

function wrong(message: string): UserError {
  return new UserError('BAD_USER_INPUT', message);
}
