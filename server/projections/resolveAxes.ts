/** The ends of the axes of a map, which are given as targets, as vectors. */
import type { Axis } from '#kernels/axes.ts';
import type { ModelSettings } from '../config.ts';
import type { Queryable } from '../database/database.ts';
import type { Dataset } from '../datasets/datasets.ts';
import type { Embedding } from '../embeddings/embeddings.ts';
import { resolveTarget, type TargetInput } from '../embeddings/targets.ts';
import { UserError } from '../errors.ts';

/** As in the schema. */
export interface AxisInput {
  readonly label?: string | null | undefined;
  readonly from: readonly TargetInput[];
  readonly to: readonly TargetInput[];
}

/** An axis as a job keeps it: JSON. */
export interface ResolvedAxis {
  /** What people read. */
  readonly label: string;
  /** Base64 of little-endian float32. */
  readonly from: string;
  readonly to: string;
  /** As they can be asked for again; not known of an axis of an older version. */
  readonly ends?: Pick<AxisInput, 'from' | 'to'>;
}

type Space = Pick<Embedding, 'id' | 'name' | 'dimension' | 'metric' | 'model' | 'recipe'>;

const TARGETS_LIMIT = 100;
/** Longer ends, of pictures for example, are told as the vectors that they are. */
const ENDS_LIMIT_CHARACTERS = 32_000;

/**
 * Each end is the middle of its targets; where the metric is the cosine, of their directions.
 * @param models where the embedding's model is found, for texts and pictures
 * @throws UserError for targets that there are none of, and for axes whose ends are the same
 */
export async function resolveAxes(
  database: Queryable,
  dataset: Pick<Dataset, 'id' | 'slug'>,
  embedding: Space,
  axes: readonly AxisInput[],
  models?: ModelSettings,
): Promise<ResolvedAxis[]> {
  return await Promise.all(
    axes.map(async ({ label, from, to }, i) => {
      const [start, end] = await Promise.all([
        middleOf(database, dataset, embedding, from, models),
        middleOf(database, dataset, embedding, to, models),
      ]);
      if (start.every((value, j) => value === end[j])) {
        throw new UserError('BAD_USER_INPUT', `Both ends of axis ${i + 1} are the same place: it has no direction.`);
      }
      const vectors = { from: toBase64(start), to: toBase64(end) };
      const asked = { from: from.map(asJson), to: to.map(asJson) };
      const short = JSON.stringify(asked).length <= ENDS_LIMIT_CHARACTERS;
      const ends = short ? asked : { from: [{ vector: vectors.from }], to: [{ vector: vectors.to }] };
      return { label: label ?? `${wordsOf(from)} → ${wordsOf(to)}`, ...vectors, ends };
    }),
  );
}

/** The axis as the kernel takes it. */
export function axisOf({ from, to }: ResolvedAxis): Axis {
  return { from: fromBase64(from), to: fromBase64(to) };
}

async function middleOf(
  database: Queryable,
  dataset: Pick<Dataset, 'id' | 'slug'>,
  embedding: Space,
  targets: readonly TargetInput[],
  models: ModelSettings | undefined,
): Promise<Float32Array> {
  if (targets.length === 0 || targets.length > TARGETS_LIMIT) {
    throw new UserError(
      'BAD_USER_INPUT',
      `An end of an axis is the middle of ${targets.length} targets; wanted: 1 to ${TARGETS_LIMIT}.`,
    );
  }
  const middle = new Float64Array(embedding.dimension);
  for (const target of targets) {
    const { vector } = await resolveTarget(database, dataset, embedding, target, models);
    const length = embedding.metric === 'COSINE' ? Math.hypot(...vector) : 1;
    vector.forEach((value, j) => {
      middle[j] = (middle[j] ?? 0) + value / length / targets.length;
    });
  }
  return Float32Array.from(middle);
}

/** A target as it can be asked for in JSON: vectors in base64. */
function asJson({ vector, sum, ...target }: TargetInput): TargetInput {
  if (sum) return { sum: sum.map(({ to, weight }) => ({ to: asJson(to), weight })) };
  if (vector == null) return target;
  return { vector: typeof vector === 'string' ? vector : toBase64(Float32Array.from(vector)) };
}

/** What a target is called by itself. */
function wordsOf(targets: readonly TargetInput[]): string {
  return targets
    .slice(0, 3)
    .map(({ item, text, image, sum }) => item ?? text ?? (image ? 'a picture' : sum ? 'a sum' : 'a vector'))
    .join(', ')
    .concat(targets.length > 3 ? ', …' : '');
}

function toBase64(values: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => {
    bytes.setFloat32(4 * i, value, true);
  });
  return Buffer.from(bytes.buffer).toString('base64');
}

function fromBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}
