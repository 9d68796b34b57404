/** Texts and pictures that are asked for become vectors of an embedding, by the model that made it. */
import type { ModelSettings } from '../config.ts';
import { UserError } from '../errors.ts';
import type { ModelDescription } from '../models/describeModel.ts';
import { encodePictures, encodeTexts } from '../models/encode.ts';
import { listModels, requireModel } from '../models/findModels.ts';
import { recommended } from '../models/knownModels.ts';
import { fetchPicture } from '../models/pictures/fetchPicture.ts';
import type { Embedding } from './embeddings.ts';

export type Modality = 'TEXT' | 'IMAGE';

type Made = Pick<Embedding, 'name' | 'dimension' | 'model' | 'recipe'>;

/** What an embedding can be asked with beside items and vectors. */
export async function acceptedBy(settings: ModelSettings, embedding: Made): Promise<Modality[]> {
  const name = embedding.recipe?.model ?? embedding.model?.name;
  if (name === undefined) return [];
  const model = (await listModels(settings)).find((each) => each.name === name);
  return model === undefined || model.problem !== null ? [] : modalitiesOf(model, embedding);
}

/**
 * A layer is reached through pictures alone. Of vectors that were imported nothing is known but the model's name: its vectors
 * have to be of the same length at least.
 */
function modalitiesOf({ text, image }: ModelDescription, { recipe, dimension }: Made): Modality[] {
  const fits = (tower: { readonly dimension: number | null } | null) =>
    tower !== null &&
    (recipe !== null ? tower.dimension === null || tower.dimension === dimension : tower.dimension === dimension);
  if (recipe !== null && recipe.layer !== null) return image === null ? [] : ['IMAGE'];
  return [...(fits(text) ? (['TEXT'] as const) : []), ...(fits(image) ? (['IMAGE'] as const) : [])];
}

/** The model behind an embedding, which takes this. @throws UserError that says why it cannot be asked so */
export async function requireModelFor(
  settings: ModelSettings,
  embedding: Made,
  modality: Modality,
): Promise<ModelDescription> {
  const name = embedding.recipe?.model ?? embedding.model?.name;
  const wanted = modality === 'TEXT' ? 'texts' : 'pictures';
  if (name === undefined) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The embedding "${embedding.name}" takes no ${wanted}: what made its vectors is not known. Ask with an item or a vector, or make an embedding by \`embedItems\`.`,
    );
  }
  const model = await requireModel(settings, name).catch((error: unknown) => {
    if (embedding.recipe !== null || !(error instanceof UserError) || error.code !== 'NOT_FOUND') throw error;
    const advice = recommended.some((known) => known.name === name) ? 'Fetch that by `fetchModel`, ask' : 'Ask';
    throw new UserError(
      'BAD_USER_INPUT',
      `The embedding "${embedding.name}" takes no ${wanted}: its vectors were imported, and the model "${name}" that made them is not here. ${advice} with an item or a vector, or make an embedding by \`embedItems\`.`,
    );
  });
  if (!modalitiesOf(model, embedding).includes(modality)) {
    const why =
      embedding.recipe?.layer != null
        ? `it is of the layer "${embedding.recipe.layer}" of a model of pictures`
        : `its model "${name}" makes no vectors of ${wanted} in its space`;
    throw new UserError(
      'BAD_USER_INPUT',
      `The embedding "${embedding.name}" takes no ${wanted}: ${why}. \`Embedding.accepts\` says what it takes.`,
    );
  }
  return model;
}

/** Vectors of texts that ask. @throws UserError for the first that has none */
export async function encodeQueryTexts(
  settings: ModelSettings,
  embedding: Made,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  signal?.throwIfAborted();
  const model = await requireModelFor(settings, embedding, 'TEXT');
  // A thread that is at work for others as well is not ended because one of them has gone.
  const { vectors, dimension, refused } = await encodeTexts(settings, model, texts, 'query');
  const [first] = refused;
  if (first !== undefined) throw first.error;
  return rowsOf(vectors, checkDimension(dimension, embedding));
}

/** Vectors of pictures that ask. @throws UserError for the first that has none */
export async function encodeQueryPictures(
  settings: ModelSettings,
  embedding: Made,
  urls: readonly string[],
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const model = await requireModelFor(settings, embedding, 'IMAGE');
  const pictures = await Promise.all(
    urls.map(async (url) => ({ bytes: await fetchPicture(url, signal === undefined ? {} : { signal }) })),
  );
  const { layer = null, pooling = null } = embedding.recipe ?? {};
  const { vectors, dimension, refused } = await encodePictures(settings, model, pictures, { layer, pooling });
  const [first] = refused;
  if (first !== undefined) throw first.error;
  return rowsOf(vectors, checkDimension(dimension, embedding));
}

/** @throws UserError CONFLICT where the model is no longer the one that made the embedding */
function checkDimension(got: number, { name, dimension, recipe, model }: Made): number {
  if (got === dimension) return got;
  throw new UserError(
    'CONFLICT',
    `The model "${recipe?.model ?? model?.name}" makes vectors of ${got} numbers now; those of the embedding "${name}" have ${dimension}. Embed the data set anew under another name.`,
  );
}

function rowsOf(vectors: Float32Array, dimension: number): Float32Array[] {
  return Array.from({ length: vectors.length / dimension }, (_, i) =>
    vectors.slice(i * dimension, (i + 1) * dimension),
  );
}
